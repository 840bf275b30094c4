"""An input that failed too often is set aside with its raw bytes, and a person is asked to look."""

from uuid import UUID

from bot.dialogs.desk import BOT
from bot.dialogs.report_problem import subject_of
from bot.dialogs.steps import Line
from bot.turn import Bot
from caseengine.activities import Activities, said
from caseengine.conversations import Conversations
from caseengine.operations.opening import Opening, open_case
from storage.inbox import Inbox, InboxRow


async def set_aside(bot: Bot, row: InboxRow, error: str) -> None:
    """Quarantine the input, open a case with its words as far as they can be read, and tell the customer."""
    words, at = bot.catalogue.words, bot.clock()
    text = str(row.payload.get("text", "")).strip()
    async with bot.database.unit_of_work() as work:
        Inbox(work).quarantine(row, error, at=at)
        conversation = await Conversations(work).find(UUID(row.stream)) if _is_uuid(row.stream) else None
        opening = Opening(
            subject=subject_of(text) or words["quarantine.subject"],
            description=text or words["quarantine.subject"],
            department=bot.fallback_department,
            conversation=conversation.id if conversation else None,
        )
        case = await open_case(work, opening, by=BOT, at=at)
        case.note(words["quarantine.note"].format(error=error, input=row.id), by=BOT, at=at)
        if conversation is not None:
            line = Line("fallback.case", {"number": case.number, "next_update": case.due_at})
            told = {"text": bot.catalogue.reply(line, at=at).text}
            body = said(told, conversation=conversation.id, channel=row.source, key=f"set-aside:{row.id}", by=BOT)
            Activities(work).append(
                conversation.id, key=body["key"], body=body, at=at, channel=row.source, deliver=True
            )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
