"""What the customer is promised: to hear from the desk by a time its calendar allows.

Source: docs/decisions/0007-sla-clock.md
"""

from datetime import datetime, timedelta

from caseengine.calendars import desk_calendar
from caseengine.model.actor import Actor
from caseengine.model.calendar import due_at
from caseengine.model.case import Case
from storage.transaction import UnitOfWork

PROMISE = timedelta(hours=4)
"""Working time until the customer hears from the desk, where nothing else is agreed."""
NOBODY_CAME = "nobody_came"
"""The reason an escalation names when a promise was not kept."""


async def make_promise(
    work: UnitOfWork, case: Case, *, by: Actor, at: datetime, within: timedelta = PROMISE
) -> datetime:
    """Promise that the customer hears from the desk within some working time; returns by when.

    Raises:
        NoWorkingTime: the desk never opens.
    """
    due = due_at(at, within, await desk_calendar(work))
    case.promise(due, by=by, at=at)
    return due


async def renew_promise(work: UnitOfWork, case: Case, *, by: Actor, at: datetime) -> Case:
    """The promise was not kept: raise the case a level and promise anew, counted from now.

    A case whose promise is not overdue at `at` (kept meanwhile, or renewed by another sweep) stays as it is.
    """
    if case.is_live and case.due_at is not None and case.due_at <= at:
        case.escalate(NOBODY_CAME, by=by, at=at)
        await make_promise(work, case, by=by, at=at)
    return case
