"""A case needs more attention than it gets."""

from datetime import datetime

from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.priority import Priority
from caseengine.operations.applying import judge_anew
from caseengine.operations.permission import permitted_case
from storage.transaction import UnitOfWork


async def escalate(
    work: UnitOfWork, number: str, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """One level up, with the reason; its priority stays what it was.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
        TextMissing: there is no reason.
    """
    case = await permitted_case(work, number, by=by, version=version)
    case.escalate(reason, by=by, at=at)
    return case


async def prioritise(
    work: UnitOfWork,
    number: str,
    priority: Priority,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Another priority than impact and urgency give, with the reason.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
        TextMissing: there is no reason.
    """
    case = await permitted_case(work, number, by=by, version=version)
    case.prioritise(priority, reason, by=by, at=at)
    await judge_anew(work, case, at=at)
    return case
