"""What the customer is promised: to hear from the desk by a time its calendar allows.

Source: docs/decisions/0014-sla-clocks.md, which goes on from 0007
"""

from contextlib import suppress
from datetime import datetime, timedelta

from caseengine.calendars import desk_calendar
from caseengine.clocks import CaseClocks, clocks_of
from caseengine.model.actor import Actor
from caseengine.model.calendar import Calendar, due_at
from caseengine.model.case import Case
from caseengine.model.errors import NoWorkingTime
from caseengine.model.sla import Clock, Target
from storage.transaction import UnitOfWork

PROMISE = timedelta(hours=4)
"""Working time until the customer hears from the desk, where no policy says another."""
NOBODY_CAME = "nobody_came"
"""The reason an escalation names when a promise was not kept."""


async def make_promise(
    work: UnitOfWork, case: Case, *, by: Actor, at: datetime, within: timedelta | None = None
) -> datetime:
    """Promise that the customer hears from the desk; returns by when.

    Args:
        within: working time of the desk's calendar. When left out, the promise is the due time of the clock that
            counts the desk's answer; where it has passed, its target counted anew; where there is none, `PROMISE`.
            A calendar that opens no more stops nobody: the desk's own counts then, and at the last the wall's.
    """
    clocks = await clocks_of(work, case)
    answer = _answer(clocks) if within is None else None
    if answer is not None and answer.due_at is not None and answer.due_at > at:
        due = answer.due_at
    else:
        policys = clocks.current().measure(clocks.book).calendar if answer is not None else None
        length = answer.goal if answer is not None else within or PROMISE
        due = _due(at, length, policys, await desk_calendar(work))
    case.promise(due, by=by, at=at)
    return due


async def renew_promise(work: UnitOfWork, case: Case, *, by: Actor, at: datetime) -> Case:
    """The promise was not kept: raise the case a level and promise anew, counted from now.

    A case whose policy has a ladder that raises those it lets down is raised by that alone. One whose promise is not
    overdue at `at` (kept meanwhile, or renewed by another sweep) stays as it is.
    """
    if case.is_live and case.due_at is not None and case.due_at <= at:
        if not await _raised_by_ladder(work, case):
            case.escalate(NOBODY_CAME, by=by, at=at)
        await make_promise(work, case, by=by, at=at)
    return case


def _answer(clocks: CaseClocks) -> Clock | None:
    """The clock that counts how long the customer waits for words, where somebody promises them; of two the sooner."""
    measure = clocks.current().measure(clocks.book)
    running = clocks.current().running(Target.FIRST_RESPONSE, Target.NEXT_RESPONSE)
    promised = [clock for clock in running if measure.goal(clock.target) is not None]
    return min(promised, key=lambda clock: (clock.due_at is None, clock.due_at), default=None)


def _due(at: datetime, length: timedelta, *calendars: Calendar | None) -> datetime:
    """By the first of these calendars that opens; else so long on the wall."""
    for calendar in calendars:
        if calendar is not None:
            with suppress(NoWorkingTime):
                return due_at(at, length, calendar)
    return at + length


async def _raised_by_ladder(work: UnitOfWork, case: Case) -> bool:
    clocks = await clocks_of(work, case)
    answer, policy = _answer(clocks), clocks.current().policy
    return answer is not None and policy is not None and policy.raises(answer.target, case.department)
