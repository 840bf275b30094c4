"""What no room below keeps: who is signed in, and how the desk stands with Teams."""

import sqlalchemy as sa

from storage.tables import EMPTY, Instant, Json, Serial, metadata

agent_sessions = sa.Table(
    "agent_sessions",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("agent_id", sa.Uuid, sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("signed_in_at", Instant, nullable=False),
    sa.Column("seen_at", Instant, nullable=False),
)
"""The cookie holds the token; only its SHA-256 is kept. `csrf` is given to the page and comes back in a header."""

teams_conversations = sa.Table(
    "teams_conversations",
    metadata,
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("place", Json, nullable=False),
    sa.Column("person", sa.String(80), nullable=False, server_default=EMPTY, index=True),
    sa.Column("unreachable_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
)
"""Where a conversation is in Teams and how to speak there unasked; `unreachable_at`: since when nothing arrives.

`person`: whose own chat with the bot it is, `tenant|object id`, where Teams vouched for it; empty for all others."""

teams_presses = sa.Table(
    "teams_presses",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("agent_id", sa.Uuid, sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
)
"""Buttons of agents' cards that were pressed and carried out: Teams may send a press again, under another id."""

teams_sendings = sa.Table(
    "teams_sendings",
    metadata,
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("activity_id", sa.String(500), nullable=False, server_default=EMPTY),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Index("ix_teams_sendings_conversation_id_activity_id", "conversation_id", "activity_id"),
)
"""What began to leave under which key; `activity_id` is Teams' own, empty while it is not known to have arrived.

`at`: when it was last sent or changed; what is a month old is forgotten."""

teams_arrivals = sa.Table(
    "teams_arrivals",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("conversation_id", sa.Uuid, sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_try_at", Instant, nullable=False, index=True),
    sa.UniqueConstraint("conversation_id", "key", name="uq_teams_arrivals_conversation_id_key"),
)
"""Messages with files, and those behind them, that were acknowledged and wait for the files to be fetched."""
