"""Cases, what belongs to them, and their events."""

import sqlalchemy as sa

import customers.tables  # noqa: F401  (contacts and accounts are referenced below)
from storage.tables import EMPTY, Instant, Json, metadata

STATUSES = "'new', 'open', 'waiting_on_customer', 'waiting_on_third_party', 'resolved', 'closed', 'merged'"

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("number", sa.String(24), nullable=False, unique=True),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("case_type", sa.String(20), nullable=False),
    sa.Column("department", sa.String(40), sa.ForeignKey("departments.id"), nullable=False),
    sa.Column("status", sa.String(24), nullable=False),
    sa.Column("impact", sa.SmallInteger, nullable=False),
    sa.Column("urgency", sa.SmallInteger, nullable=False),
    sa.Column("priority", sa.SmallInteger, nullable=False),
    sa.Column("contact_id", sa.Uuid(), sa.ForeignKey("contacts.id")),
    sa.Column("account_id", sa.Uuid(), sa.ForeignKey("accounts.id")),
    sa.Column("claimed", Json, nullable=False),
    sa.Column("products", Json, nullable=False),
    sa.Column("order_number", sa.String(60)),
    sa.Column("reply_address", sa.String(254)),
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id")),
    sa.Column("channel", sa.String(20), nullable=False, server_default=EMPTY),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id")),
    sa.Column("escalation_level", sa.SmallInteger, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("resolution_code", sa.String(24)),
    sa.Column("resolution_text", sa.Text),
    sa.Column("resolved_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("reopened", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("merged_from", sa.String(24)),
    sa.Column("parent_id", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("follows", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("language", sa.String(35), nullable=False, server_default=EMPTY),
    sa.Column("fields", Json, nullable=False, server_default="{}"),
    sa.Column("checklist", Json, nullable=False, server_default="[]"),
    sa.Column("policy", sa.String(40)),
    sa.Column("policy_version", sa.Integer),
    sa.Column("tier", sa.String(1)),
    sa.Column("needs", Json, nullable=False, server_default="{}"),
    sa.Column("needs_key", sa.String(16), nullable=False, server_default=EMPTY),
    sa.Column("offered_to", sa.Uuid(), sa.ForeignKey("agents.id")),
    sa.Column("callback_at", Instant),
    sa.Column("csat", sa.SmallInteger),
    sa.Column("effort", sa.SmallInteger),
    sa.Column("sla_due_at", Instant),
    sa.Column("sla_awaits", sa.String(5), nullable=False, server_default=EMPTY),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("acted_at", Instant),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(f"status IN ({STATUSES})", name="status"),
    sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    sa.Index("ix_cases_queue", "department", "status", "priority", "opened_at", "id"),
    sa.Index("ix_cases_agent_id_status", "agent_id", "status", "department", "priority", "opened_at", "id"),
    sa.Index("ix_cases_contact_id", "contact_id", "status", "opened_at"),
    sa.Index("ix_cases_account_id", "account_id", "status", "opened_at"),
    sa.Index("ix_cases_status_resolved_at", "status", "resolved_at"),
    sa.Index("ix_cases_status_due_at", "status", "due_at"),
    sa.Index("ix_cases_parent_id", "parent_id"),
    sa.Index("ix_cases_opened_at", "opened_at"),
    sa.Index(
        "ix_cases_live",
        *("resolved_at", "department", "status", "agent_id", "opened_at", "acted_at", "case_type", "priority"),
        *("policy", "id"),
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
    sa.Index("ix_cases_merged_into", "merged_into"),
)
"""`version` is the `seq` of the newest event; `conversation_id` is where replies go; `channel` is how it came in where
that was no conversation. `acted_at` is never null, but came to a table that was there.

`sla_due_at` is when the nearest running clock of the case is due, from which routing takes its slack; `needs_key` is
the same for cases that need the same. `sla_awaits` says whose words the customer waits for: "first" of the desk, the
"next", or nobody's.
"""

case_conversations = sa.Table(
    "case_conversations",
    metadata,
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("opened", sa.Boolean, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Index("ix_case_conversations_case_id", "case_id"),
)
"""`opened`: the case was opened here; `live`: people work on it in this conversation now."""

case_links = sa.Table(
    "case_links",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("other_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
)
"""Each link is two rows, one from either side."""

case_tags = sa.Table(
    "case_tags",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("tag", sa.String(40), primary_key=True),
    sa.Index("ix_case_tags_tag", "tag"),
)

case_watchers = sa.Table(
    "case_watchers",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id"), primary_key=True),
    sa.Index("ix_case_watchers_agent_id", "agent_id"),
)

case_events = sa.Table(
    "case_events",
    metadata,
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("actor_kind", sa.String(8), nullable=False),
    sa.Column("actor_id", sa.String(200), nullable=False),
    sa.Column("actor_name", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("public", sa.Boolean, nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("internal", Json, nullable=False),
)
"""`data` may be shown to the customer when the event is public; `internal` is for agents alone."""
