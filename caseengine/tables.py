"""The case engine's tables: the desk's people and hours, conversations and their log, cases and their events."""

import sqlalchemy as sa

import customers.tables  # noqa: F401  (contacts and accounts are referenced below)
from storage.tables import Instant, Json, metadata

departments = sa.Table(
    "departments",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("examples", Json, nullable=False),
)

agents = sa.Table(
    "agents",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("email", sa.String(254), nullable=False, unique=True),
    sa.Column("password_hash", sa.String(200), nullable=False),
    sa.Column("role", sa.String(12), nullable=False, server_default="agent"),
    sa.Column("presence", sa.String(12), nullable=False, server_default="offline"),
    sa.Column("seen_at", Instant),
    sa.CheckConstraint("role IN ('agent', 'supervisor')", name="role"),
    sa.CheckConstraint("presence IN ('available', 'busy', 'away', 'offline')", name="presence"),
)

agent_departments = sa.Table(
    "agent_departments",
    metadata,
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("department", sa.String(40), sa.ForeignKey("departments.id"), primary_key=True),
    sa.Index("ix_agent_departments_department", "department"),
)

calendars = sa.Table(
    "calendars",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("zone", sa.String(60), nullable=False),
    sa.Column("windows", Json, nullable=False),
    sa.Column("holidays", Json, nullable=False),
)
"""`windows`: seven lists, Monday first, of ["09:00", "12:30"]; `holidays`: dates as "2026-12-25"."""

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("channel", sa.String(20), nullable=False),
    sa.Column("visitor", sa.String(200), nullable=False),
    sa.Column("locale", sa.String(35), nullable=False),
    sa.Column("mode", sa.String(8), nullable=False, server_default="bot"),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id")),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint("mode IN ('bot', 'queued', 'agent')", name="mode"),
)

participants = sa.Table(
    "participants",
    metadata,
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("kind", sa.String(8), primary_key=True),
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("joined_at", Instant, nullable=False),
)

activities = sa.Table(
    "activities",
    metadata,
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("body", Json, nullable=False),
    sa.UniqueConstraint("conversation_id", "key", name="uq_activities_conversation_id_key"),
)
"""`body` is the JSON document of one activity; `seq` counts from 1 in each conversation."""

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("content_type", sa.String(100), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

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
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id")),
    sa.Column("escalation_level", sa.SmallInteger, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("resolution_code", sa.String(24)),
    sa.Column("resolution_text", sa.Text),
    sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.CheckConstraint(f"status IN ({STATUSES})", name="status"),
    sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    sa.Index("ix_cases_queue", "department", "status", "priority", "opened_at", "id"),
    sa.Index("ix_cases_agent_id_status", "agent_id", "status", "department", "priority", "opened_at", "id"),
    sa.Index("ix_cases_contact_id", "contact_id"),
    sa.Index("ix_cases_account_id", "account_id"),
    sa.Index("ix_cases_status_due_at", "status", "due_at"),
)
"""`version` is the `seq` of the newest event; `conversation_id` is where replies go."""

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
