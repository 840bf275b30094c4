"""An input that failed too often is set aside with its raw bytes, and a person is asked to look."""

from uuid import UUID

from bot.dialogs.desk import BOT
from bot.turn import Bot
from caseengine.conversations import Conversations
from caseengine.operations.opening import Opening, open_case
from storage.inbox import Inbox, InboxRow


async def set_aside(bot: Bot, row: InboxRow, error: str) -> None:
    """Quarantine the input and open a case for it; the words are taken from the payload as far as they can be read."""
    words = bot.catalogue.words
    async with bot.database.unit_of_work() as work:
        Inbox(work).quarantine(row, error, at=bot.clock())
        conversation = await Conversations(work).find(UUID(row.stream)) if _is_uuid(row.stream) else None
        opening = Opening(
            subject=words["quarantine.subject"].format(input=row.id),
            description=words["quarantine.description"].format(input=row.id, text=str(row.payload.get("text", ""))),
            department=bot.fallback_department,
            conversation=conversation.id if conversation else None,
        )
        await open_case(work, opening, by=BOT, at=bot.clock())


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
