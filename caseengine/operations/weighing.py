"""Who would get a case now, and why: everything a decision is made from, read at one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from caseengine.calendars import desk_calendar
from caseengine.model.case import Case
from caseengine.model.needs import Needs
from caseengine.policies.routing import Decision, Request, decide
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.policies.waiting import waited
from caseengine.reading.candidates import Known, candidates_for, kind_of_work
from caseengine.reading.waiting_cases import declined_by, knows_it, waiting_since
from caseengine.routing_rules import routing_rules
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class Weighed:
    """All that a decision is made from, and the decision."""

    request: Request
    known: list[Known]
    decision: Decision
    version: int
    policy: RoutingPolicy


async def weigh(work: UnitOfWork, case: Case, *, ask: UUID | None = None, at: datetime) -> Weighed:
    """Who would get the case now, and why; nothing is done.

    Args:
        ask: somebody to look at besides, who has kept this time free: they come first, however full they are.
    """
    version, policy = await routing_rules(work)
    waits = await _waited(work, case, at)
    channel, kind = await kind_of_work(work, case)
    sticky = ask or await knows_it(work, case)
    again = at - timedelta(seconds=policy.decline_again_s)
    request = Request(
        department=case.department,
        channel=channel,
        units=policy.cost(kind),
        needs=Needs.read(case.needs),
        waited_s=round(waits.total_seconds(), 3),
        declined=await declined_by(work, case.id, since=again),
        sticky=str(sticky) if sticky else "",
        kept=str(ask) if ask else "",
    )
    known = await candidates_for(
        work, case, request.needs, policy, waited=waits, also=[sticky] if sticky else [], at=at
    )
    return Weighed(request, known, decide(request, [one.candidate for one in known], policy), version, policy)


async def _waited(work: UnitOfWork, case: Case, at: datetime) -> timedelta:
    since = await waiting_since(work, [case.id])
    return waited(since.get(case.id, case.opened_at), at, await desk_calendar(work))
