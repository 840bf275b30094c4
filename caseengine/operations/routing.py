"""Cases find their agent: decided, recorded with all the reasons, offered or assigned, and taken back.

Two workers may decide at once: each decision is written behind a check of the case and of what its agent was given, so
that of two that would be one too many, one is made again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.agents import Agents
from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.errors import NotOffered, TextMissing
from caseengine.model.events import CaseOffered, CaseReturned
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.needs import Needs
from caseengine.operations.applying import judge_anew
from caseengine.operations.assigning import hold
from caseengine.operations.needing import Likely, ask_for, set_needs
from caseengine.operations.offers import end_offer
from caseengine.operations.permission import agent_of, permitted_case
from caseengine.policies.routing import Decision, Request, decide
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.reading.candidates import Known, candidates_for, kind_of_work
from caseengine.reading.waiting_cases import (
    came_by,
    classes_waiting,
    declined_by,
    first_waiting,
    knows_it,
    waiting_since,
)
from caseengine.routing_rules import routing_rules
from caseengine.tables import agent_work, assignments, cases
from storage.errors import Conflict
from storage.transaction import UnitOfWork

ROUTING = "routing"
"""The topic that wakes the sweep."""
OVERFLOW = "overflow"
GIVEN_BACK = "given_back"
LOCKED_OUT = "agent_locked"
PASSED_OVER_MAX = 5
"""How many behind the first of those that need the same are tried, when nobody can have the first."""

Notice = Callable[[str], Mapping[str, Any]]
"""From an agent's name to what the customer reads when they join."""


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
        ask: somebody to look at besides, who comes first if they can have it.
    """
    version, policy = await routing_rules(work)
    since = await waiting_since(work, case)
    waited = max(at - since, timedelta(0))
    channel, kind = await kind_of_work(work, case)
    sticky = ask or await knows_it(work, case)
    again = timedelta(seconds=policy.decline_again_s)
    request = Request(
        department=case.department,
        channel=channel,
        units=policy.cost(kind),
        needs=Needs.read(case.needs),
        waited_s=round(waited.total_seconds(), 3),
        declined=await declined_by(work, case.id, since=max(since, at - again)),
        sticky=str(sticky) if sticky else "",
    )
    known = await candidates_for(
        work, case, request.needs, policy, waited=waited, also=[sticky] if sticky else [], at=at
    )
    return Weighed(request, known, decide(request, [one.candidate for one in known], policy), version, policy)


async def route(
    work: UnitOfWork,
    case: Case,
    *,
    likely: Likely | None = None,
    ask: UUID | None = None,
    mode: Mode | None = None,
    notice: Notice | None = None,
    at: datetime,
) -> Decision | None:
    """Find an agent for a case that waits, and offer or assign it as its department has it.

    Args:
        likely: what past cases tell of it, see `set_needs`.
        ask, mode: see `weigh`; another mode than the department's.

    Returns:
        None when it does not wait or its department is not routed; a decision for nobody when it has to wait on.

    Raises (at commit):
        Conflict: somebody else decided about the case or the agent at the same moment; decide again.
    """
    _, policy = await routing_rules(work)
    how = mode or policy.of(case.department).mode
    if how is Mode.PULL or not waits(case):
        return None
    if likely:
        await set_needs(work, case, likely=likely, at=at)
    weighed = await weigh(work, case, ask=ask, at=at)
    chosen = next((one for one in weighed.known if one.candidate.id == weighed.decision.agent_id), None)
    if chosen is None:
        await _overflow(work, case, weighed, at=at)
        return weighed.decision
    await _give(work, case, weighed, chosen, how=how, notice=notice, at=at)
    return weighed.decision


async def route_next(
    work: UnitOfWork, department: str, *, notice: Notice | None = None, at: datetime
) -> Decision | None:
    """Place the case of a department that comes first among those somebody can have; None when nobody can have any.

    For a sweep see `app.jobs.routing`, which remembers what could not be placed.
    """
    heads = [
        head
        for key in await classes_waiting(work, department)
        for head in await first_waiting(work, department, key, limit=PASSED_OVER_MAX)
    ]
    for head in sorted(heads, key=lambda one: one.order):
        case = await Cases(work).by_id(head.id)
        decision = await route(work, case, notice=notice, at=at)
        if decision is not None and decision.agent_id is not None:
            return decision
    return None


def waits(case: Case) -> bool:
    """Nobody holds it and nobody is asked to."""
    return case.agent_id is None and case.offered_to is None and case.status in (Status.NEW, Status.OPEN)


async def accept(
    work: UnitOfWork, number: str, *, by: Actor, at: datetime, notice: Mapping[str, Any] | None = None
) -> Case:
    """The agent who is asked takes it.

    Raises:
        NotOffered: it is not offered to them (any more).
        CaseNotFound, NotPermitted: see `permitted_case`.
        TransitionNotAllowed: it has ended meanwhile.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    if case.offered_to != agent.id:
        raise NotOffered(case.number)
    row = await work.first(
        sa.select(assignments.c.id).where(assignments.c.case_id == case.id, sa.text("assignments.state = 'offered'"))
    )
    await hold(work, case, agent, by=by, at=at, notice=notice, assignment_id=row.id if row else None)
    return case


async def decline(work: UnitOfWork, number: str, *, reason: str, by: Actor, at: datetime) -> Case:
    """The agent who is asked would rather not, and says why; somebody else is asked.

    Raises:
        NotOffered: it is not offered to them (any more).
        TextMissing: there is no reason.
        CaseNotFound, NotPermitted: see `permitted_case`.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    if case.offered_to != agent.id:
        raise NotOffered(case.number)
    if not reason.strip():
        raise TextMissing
    await end_offer(work, case, "declined", reason=reason, by=by, at=at)
    work.after_commit_wake(ROUTING)
    return case


async def expire_offer(work: UnitOfWork, case: Case, *, expired: bool, at: datetime) -> None:
    """The offer ran out, or whoever was asked is not there any more."""
    how, reason = ("expired", "") if expired else ("withdrawn", "presence_lost")
    await end_offer(work, case, how, reason=reason, by=SYSTEM, at=at)
    work.after_commit_wake(ROUTING)


async def give_back(
    work: UnitOfWork,
    number: str,
    *,
    needs: Needs | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Back to the queue of its department, for somebody else, or for somebody who can do this.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        SkillsInvalid: a skill there is not.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if needs is not None:
        await ask_for(work, case, needs, by=by, at=at)
    await return_work(work, case, GIVEN_BACK, by=by, at=at)
    return case


async def return_work(work: UnitOfWork, case: Case, reason: str, *, by: Actor = SYSTEM, at: datetime) -> None:
    """Whoever holds it, or is asked to, does not any more; visibly, and the customer waits for the next.

    Args:
        reason: a code: "given_back", "agent_vanished", "agent_locked", "agent_left" ...
    """
    await end_offer(work, case, "withdrawn", reason=reason, by=by, at=at)
    if case.agent_id is None:
        return
    agent = await Agents(work).get(case.agent_id)
    told: dict[str, Any] = {"agent_id": agent.id, "agent_name": agent.name, "reason": reason}
    case.record(CaseReturned(case_id=case.id, actor=by, at=at, **told))
    conversation = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
    if conversation is not None and case.id in conversation.live_cases:
        conversation.wait_again(case.id)
    work.after_commit_wake(ROUTING)


async def leave_the_locked(work: UnitOfWork, case: Case, *, by: Actor = SYSTEM, at: datetime) -> None:
    """A case that goes on waits for somebody else, where whoever had it is locked out."""
    if case.agent_id is not None and (await Agents(work).get(case.agent_id)).is_locked:
        await return_work(work, case, LOCKED_OUT, by=by, at=at)


async def return_all(
    work: UnitOfWork, agent_id: UUID, reason: str, *, keep: Iterable[str] = (), by: Actor = SYSTEM, at: datetime
) -> int:
    """All live work of an agent goes back to its queues, but for that of the departments they keep; how many."""
    kept = list(keep)
    rows = await work.rows(
        sa.select(cases.c.id).where(
            sa.or_(sa.and_(cases.c.agent_id == agent_id, cases.c.status.in_(LIVE)), cases.c.offered_to == agent_id),
            cases.c.department.not_in(kept),
        )
    )
    for row in rows:
        await return_work(work, await Cases(work).by_id(row.id), reason, by=by, at=at)
    return len(rows)


async def _give(
    work: UnitOfWork, case: Case, weighed: Weighed, chosen: Known, *, how: Mode, notice: Notice | None, at: datetime
) -> None:
    agent_id, assignment_id = UUID(chosen.candidate.id), uuid4()
    _claim(work, agent_id, chosen.version, at)
    seconds = weighed.policy.of(case.department).offer_s
    expires_at = at + timedelta(seconds=seconds) if how is Mode.OFFER else None
    _record(work, case, weighed, assignment_id=assignment_id, expires_at=expires_at, at=at)
    if expires_at is not None:
        told: dict[str, Any] = {"agent_id": agent_id, "agent_name": chosen.name, "expires_at": expires_at}
        case.record(CaseOffered(case_id=case.id, actor=SYSTEM, at=at, assignment_id=assignment_id, **told))
        return
    agent = await Agents(work).get(agent_id)
    joins = notice(agent.name) if notice else None
    await hold(work, case, agent, by=SYSTEM, at=at, notice=joins, assignment_id=assignment_id)


def _claim(work: UnitOfWork, agent_id: UUID, version: int | None, at: datetime) -> None:
    """Only what was decided on what the agent has now counts."""
    if version is None:
        work.write(sa.insert(agent_work).values(agent_id=agent_id, version=1, given_at=at), duplicate=Conflict())
        return
    as_seen = sa.and_(agent_work.c.agent_id == agent_id, agent_work.c.version == version)
    work.write(sa.update(agent_work).where(as_seen).values(version=version + 1, given_at=at), rows=1)


def _record(
    work: UnitOfWork, case: Case, weighed: Weighed, *, assignment_id: UUID, expires_at: datetime | None, at: datetime
) -> None:
    work.write(
        sa.insert(assignments).values(
            id=assignment_id,
            case_id=case.id,
            agent_id=UUID(weighed.decision.agent_id or ""),
            department=case.department,
            state="offered" if expires_at else "assigned",
            decided_at=at,
            expires_at=expires_at,
            policy_version=weighed.version,
            facts={
                "request": weighed.request.document,
                "candidates": [one.candidate.document for one in weighed.known],
            },
            decision=weighed.decision.document,
        )
    )


async def _overflow(work: UnitOfWork, case: Case, weighed: Weighed, *, at: datetime) -> None:
    """After long enough it waits in the queue of another department; once, so that it does not go round."""
    policy = weighed.policy.of(case.department)
    if not policy.overflow or policy.overflow == case.department or weighed.request.waited_s < policy.overflow_s:
        return
    if await came_by(work, case, OVERFLOW):
        return
    case.move(policy.overflow, OVERFLOW, by=SYSTEM, at=at)
    await judge_anew(work, case, at=at)
    work.after_commit_wake(ROUTING)
