"""Looking back in a conversation's log."""

from uuid import UUID

import sqlalchemy as sa

from caseengine.tables import activities
from storage.transaction import Snapshot

LOOK_BACK_MAX = 40
"""Lines of the log that are looked at for somebody's latest words."""


async def latest_said(snapshot: Snapshot, conversation: UUID, *, role: str, limit: int) -> list[str]:
    """The latest words of a role in a conversation, oldest of them first."""
    rows = await snapshot.rows(
        sa.select(activities.c.body)
        .where(activities.c.conversation_id == conversation)
        .order_by(activities.c.seq.desc())
        .limit(LOOK_BACK_MAX)
    )
    texts = [row.body.get("text", "") for row in rows if row.body.get("sender", {}).get("role") == role]
    return [text for text in texts if text.strip()][:limit][::-1]
