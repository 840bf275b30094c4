"""What an agent has to be told: one row a word to one agent."""

import sqlalchemy as sa

from storage.tables import Instant, Json, metadata

agent_notices = sa.Table(
    "agent_notices",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("agent_id", sa.Uuid(), sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id")),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("read_at", Instant),
    sa.Index("ix_agent_notices_agent_id_at", "agent_id", "at", "id"),
)
"""`kind` is a code, and `data` its parameters: the words are in the workspace's catalogue."""
