"""Conversations, who takes part, and what was said in them."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Json, metadata

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
    sa.Column("outcome", sa.String(12), nullable=False, server_default=EMPTY),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_conversations_opened_at", "opened_at", "channel", "outcome"),
    sa.CheckConstraint("mode IN ('bot', 'queued', 'agent')", name="mode"),
)
"""`outcome`: how far the bot got by itself; see `Outcome`."""

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

case_files = sa.Table(
    "case_files",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("case_id", sa.Uuid(), sa.ForeignKey("cases.id"), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("content_type", sa.String(100), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("kept", sa.Boolean(), nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
"""Put there by agents, where no customer reads; `kept`: the case's history names it. See caseengine/case_files.py."""
