"""Looking back in a conversation's log."""

from uuid import UUID

from caseengine.activities import ActivityRow, latest
from storage.transaction import Snapshot

LOOK_BACK_MAX = 40
"""Lines of the log that are looked at for somebody's latest words."""


async def last_words(snapshot: Snapshot, conversation: UUID) -> ActivityRow | None:
    """What a customer said or sent there last."""
    rows = await latest(snapshot, conversation, LOOK_BACK_MAX)
    theirs = (row for row in rows if row.body["kind"] == "message" and row.body["sender"]["role"] == "customer")
    return next((row for row in theirs if row.body.get("text", "").strip() or row.body.get("attachments")), None)


async def latest_said(snapshot: Snapshot, conversation: UUID, *, role: str, limit: int) -> list[str]:
    """The latest words of a role in a conversation, oldest of them first."""
    rows = await latest(snapshot, conversation, LOOK_BACK_MAX)
    texts = [row.body.get("text", "") for row in rows if row.body.get("sender", {}).get("role") == role]
    return [text for text in texts if text.strip()][:limit][::-1]
