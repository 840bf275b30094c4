"""A case waits for somebody outside: a carrier, a maker."""

from datetime import datetime

from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.operations.permission import permitted_case
from caseengine.operations.routing import leave_the_gone
from storage.transaction import UnitOfWork


async def ask_third_party(
    work: UnitOfWork, number: str, text: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """Somebody outside has to act first; `text` says who and what, for agents alone.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: nobody works on it.
        TextMissing: there are no words.
    """
    case = await permitted_case(work, number, by=by, version=version)
    case.ask_third_party(text, by=by, at=at)
    return case


async def hear_third_party(
    work: UnitOfWork, number: str, text: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """They answered: the desk goes on.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it does not wait for anybody outside.
        TextMissing: there are no words.
    """
    case = await permitted_case(work, number, by=by, version=version)
    case.hear_third_party(text, by=by, at=at)
    await leave_the_gone(work, case, at=at)
    return case
