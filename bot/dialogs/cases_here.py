"""The cases of this conversation, newest first."""

from datetime import datetime

from bot.dialogs.desk import Desk
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations.keeping import case_rules
from caseengine.reading.closing import closed_by_customer


async def cases_here(desk: Desk) -> list[Case]:
    """Every case that was opened in this conversation or joined it."""
    cases = Cases(desk.work)
    return [await cases.by_id(case_id) for case_id in reversed(desk.conversation.cases)]


async def ended_last(desk: Desk) -> Case | None:
    """The closed case of this conversation that anything happened to last."""
    closed = [case for case in await cases_here(desk) if case.status is Status.CLOSED]
    return max(closed, key=_last, default=None)


async def unconfirmed(desk: Desk) -> Case | None:
    """The case that was resolved last and that the customer has not spoken about since.

    It may have been closed meanwhile, by silence or by an agent: that is no answer of theirs.
    """
    resolved = [case for case in await cases_here(desk) if case.status is Status.RESOLVED]
    if resolved:
        return max(resolved, key=_last)
    closed = await ended_last(desk)
    return None if closed is None or await closed_by_customer(desk.work, closed.id) else closed


async def awaiting_confirmation(desk: Desk) -> Case | None:
    """The same, as long as a reply would still reopen it."""
    case = await unconfirmed(desk)
    if case is None or case.status is Status.RESOLVED:
        return case
    return await _while_it_reopens(case, desk)


async def open_case_here(desk: Desk) -> Case | None:
    """The newest case the desk still owes something for."""
    return next((case for case in await cases_here(desk) if case.is_live), None)


async def case_to_go_on(desk: Desk) -> Case | None:
    """The same; where there is none, the case that ended last, as long as words of its customer reopen it."""
    owed = await open_case_here(desk) or await awaiting_confirmation(desk)
    closed = await ended_last(desk) if owed is None else None
    return owed if closed is None else await _while_it_reopens(closed, desk)


async def _while_it_reopens(case: Case, desk: Desk) -> Case | None:
    return case if (await case_rules(desk.work)).reopens(case, at=desk.at) else None


def _last(case: Case) -> tuple[datetime, str]:
    return case.updated_at, case.number
