"""Which conversations in Teams reach one person alone. Nothing of Microsoft's library is imported for it."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.tables import teams_conversations
from storage.transaction import Snapshot

PERSONAL = "personal"
"""`channels.teams.received.Scope.PERSONAL`, as a place is written down."""


async def reached_alone(snapshot: Snapshot, conversations: Sequence[UUID]) -> set[UUID]:
    """Of these, the chats of one person with the bot that still take what is said."""
    if not conversations:
        return set()
    table = teams_conversations
    rows = await snapshot.rows(
        sa.select(table.c.conversation_id, table.c.place).where(
            table.c.conversation_id.in_(conversations), table.c.unreachable_at.is_(None)
        )
    )
    return {row.conversation_id for row in rows if row.place["scope"] == PERSONAL}
