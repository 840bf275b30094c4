"""What the bot remembers between turns, and what became of its answers."""

import sqlalchemy as sa

from storage.tables import Instant, Json, Serial, metadata

dialog_states = sa.Table(
    "dialog_states",
    metadata,
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", Json, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
)

answer_outcomes = sa.Table(
    "answer_outcomes",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("article", sa.String(120)),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.CheckConstraint("outcome IN ('solved', 'not_solved', 'unanswered')", name="outcome"),
    sa.Index("ix_answer_outcomes_article_at", "article", "at"),
)

answer_checks = sa.Table(
    "answer_checks",
    metadata,
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("conversation_id", sa.Uuid(), sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("case_id", sa.Uuid(), nullable=False),
    sa.Column("article", sa.String(120), nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("answered_at", Instant),
    sa.Column("solved", sa.Boolean),
)
"""Answers sent by mail whose links ask whether they helped; each is answered once."""
