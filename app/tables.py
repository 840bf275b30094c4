"""What the agent's side keeps of its own: who is signed in."""

import sqlalchemy as sa

from storage.tables import Instant, metadata

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
