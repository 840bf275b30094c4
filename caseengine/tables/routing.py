"""Who can do what, when they work, what they were given and why, and when somebody calls."""

import sqlalchemy as sa

from caseengine.tables.cases import cases
from caseengine.tables.conversations import conversations
from storage.tables import EMPTY, Instant, Json, metadata

skills = sa.Table(
    "skills",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("parent", sa.String(40), sa.ForeignKey("skills.id")),
)

agent_skills = sa.Table(
    "agent_skills",
    metadata,
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("skill", sa.String(40), sa.ForeignKey("skills.id"), primary_key=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("own_level", sa.SmallInteger),
    sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    sa.Index("ix_agent_skills_skill", "skill", "agent_id", "level"),
)
"""Also the skills above those they have. `level` is what counts, the best of what was told and of what follows from a
skill below; `own_level` is what was told, empty where nothing was."""

agent_work = sa.Table(
    "agent_work",
    metadata,
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False, server_default="0"),
    sa.Column("given_at", Instant),
    sa.Column("capacity", sa.SmallInteger),
    sa.Column("languages", Json, nullable=False, server_default="[]"),
    sa.Column("channels", Json),
    sa.Column("shifts", Json),
)
"""
One row an agent. `version` counts what they were given: two decisions made from the same one exclude each other.
`capacity` in units; the rulebook's where empty. `channels`, `shifts`: all of them, and always, where empty.
"""

assignments = sa.Table(
    "assignments",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("department", sa.String(40), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("decided_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("reason", sa.String(200), nullable=False, server_default=EMPTY),
    sa.Column("policy_version", sa.Integer, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("decision", Json, nullable=False),
    sa.CheckConstraint(
        "state IN ('assigned', 'offered', 'accepted', 'declined', 'expired', 'withdrawn')", name="state"
    ),
    sa.Index("ix_assignments_case_id", "case_id", "decided_at"),
    sa.Index("ix_assignments_decided_at", "decided_at", "id"),
    sa.Index(
        "ix_assignments_offered",
        "expires_at",
        sqlite_where=sa.text("state = 'offered'"),
        postgresql_where=sa.text("state = 'offered'"),
    ),
)
"""What routing decided: `facts` are all it knew, `decision` who was excluded why and how the others scored."""

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id"), nullable=False),
    sa.Column("department", sa.String(40), nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("booked_at", Instant, nullable=False),
    sa.CheckConstraint("state IN ('booked', 'called', 'kept', 'missed', 'cancelled')", name="state"),
    sa.Index("ix_callbacks_case_id", "case_id"),
    sa.Index(
        "uq_callbacks_agent_id_starts_at",
        "agent_id",
        "starts_at",
        unique=True,
        sqlite_where=sa.text("state IN ('booked', 'called')"),
        postgresql_where=sa.text("state IN ('booked', 'called')"),
    ),
    sa.Index(
        "ix_callbacks_due",
        "starts_at",
        sqlite_where=sa.text("state IN ('booked', 'called')"),
        postgresql_where=sa.text("state IN ('booked', 'called')"),
    ),
)
"""An hour of an agent kept free for a customer: one agent has one appointment at a time, whoever asks at once."""

WAITS = "agent_id IS NULL AND offered_to IS NULL AND status IN ('new', 'open', 'waiting_on_third_party')"
"""Nobody holds it and nobody is asked to, and its status is one of `AWAITING_AGENT`: word for word as the index has it,
so that the index can answer."""

sa.Index(
    "ix_cases_waiting",
    cases.c.department,
    cases.c.needs_key,
    cases.c.sla_due_at,
    sa.text("coalesce(tier, 'Z')"),
    cases.c.opened_at,
    cases.c.id,
    sqlite_where=sa.text(WAITS),
    postgresql_where=sa.text(WAITS),
)
sa.Index(
    "ix_cases_offered_to",
    cases.c.offered_to,
    sqlite_where=sa.text("offered_to IS NOT NULL"),
    postgresql_where=sa.text("offered_to IS NOT NULL"),
)
sa.Index("ix_cases_department_resolved_at", cases.c.department, cases.c.resolved_at)
sa.Index(
    "ix_conversations_with_agent",
    conversations.c.agent_id,
    sqlite_where=sa.text("mode = 'agent'"),
    postgresql_where=sa.text("mode = 'agent'"),
)
