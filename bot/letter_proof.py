"""A letter came again by a way that vouches for its sender: what its first copy opened is theirs."""

from bot.dialogs.cases_here import open_case_here
from bot.dialogs.desk import BOT, Desk
from bot.dialogs.identify import welcome
from bot.dialogs.steps import Line
from caseengine.model.conversation import Mode


async def hear_proof(desk: Desk) -> list[Line]:
    """What is answered: that their words arrived, where the first copy was answered with nothing."""
    if desk.assurance.contact_id is not None:
        await welcome(desk)
    case = await open_case_here(desk)
    if not desk.details.get("silent") or case is None:
        return []
    desk.about = case.id
    told = desk.words["mail.note_vouched"]
    case.note(told.format(mail=desk.details["first"], copy=desk.details["mail"]), by=BOT, at=desk.at)
    if desk.conversation.mode is Mode.AGENT:
        return []  # who has the word has answered, or will
    return [Line("mail.opened", {"number": case.number, "next_update": case.next_update_at(desk.at)})]
