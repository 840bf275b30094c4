"""The cases of this conversation, newest first."""

from bot.dialogs.desk import Desk
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations.keeping import case_rules
from caseengine.reading.closing import closed_by_silence


async def cases_here(desk: Desk) -> list[Case]:
    """Every case that was opened in this conversation or joined it."""
    cases = Cases(desk.work)
    return [await cases.by_id(case_id) for case_id in reversed(desk.conversation.cases)]


async def awaiting_confirmation(desk: Desk) -> Case | None:
    """The case that was resolved last and that the customer has not spoken about since.

    Silence may have closed it meanwhile: that is no answer, as long as a reply still reopens it.
    """
    here = await cases_here(desk)
    resolved = [case for case in here if case.status is Status.RESOLVED]
    if resolved:
        return max(resolved, key=lambda case: case.updated_at)
    closed = max((case for case in here if case.status is Status.CLOSED), key=lambda one: one.updated_at, default=None)
    if closed is None or not (await case_rules(desk.work)).reopens(closed, at=desk.at):
        return None
    return closed if await closed_by_silence(desk.work, closed.id) else None


async def open_case_here(desk: Desk) -> Case | None:
    """The newest case the desk still owes something for."""
    return next((case for case in await cases_here(desk) if case.is_live), None)
