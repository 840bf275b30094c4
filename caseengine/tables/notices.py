"""What agents have to be told: one row a word, to one agent or to all of a department, and who has read it."""

import sqlalchemy as sa

from storage.tables import Instant, Json, metadata

agent_notices = sa.Table(
    "agent_notices",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE")),
    sa.Column("department", sa.String(40), sa.ForeignKey("departments.id")),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("(agent_id IS NULL) <> (department IS NULL)", name="one_reader"),
    sa.Index("ix_agent_notices_agent_id_at", "agent_id", "at", "id"),
    sa.Index("ix_agent_notices_department_at", "department", "at", "id"),
    sa.Index("ix_agent_notices_case_id", "case_id"),
    sa.Index("ix_agent_notices_at", "at"),
)
"""`kind` is a code, and `data` its parameters: the words are in the workspace's catalogue."""

notice_readings = sa.Table(
    "notice_readings",
    metadata,
    sa.Column("notice_id", sa.Uuid(), sa.ForeignKey("agent_notices.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("read_at", Instant, nullable=False),
)
"""A row an agent who has read one."""
