"""Cases find their agent: decided, recorded with all the reasons, offered or assigned, and taken back.

Two workers may decide at once: each decision is written behind a check of the case and of what its agent was given, so
that of two that would be one too many, one is made again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.agents import Agent, Agents, Presence, seen_lately
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.errors import NotOffered, TextMissing
from caseengine.model.events import CaseOffered, CaseReturned
from caseengine.model.lifecycle import AWAITING_AGENT, LIVE
from caseengine.model.needs import Needs
from caseengine.operations.applying import judge_anew
from caseengine.operations.assigning import hold
from caseengine.operations.conversing import wait_again
from caseengine.operations.needing import Likely, ask_for, set_needs
from caseengine.operations.offers import end_offer
from caseengine.operations.permission import agent_of, permitted_case
from caseengine.operations.weighing import Weighed, weigh
from caseengine.policies.routing import Decision
from caseengine.policies.routing_policy import Mode
from caseengine.reading.absence import on_leave
from caseengine.reading.waiting_cases import GIVEN_BACK, OVERFLOW, came_by
from caseengine.routing_rules import routing_rules
from caseengine.tables import agent_work, assignments, cases
from storage.errors import Conflict
from storage.transaction import UnitOfWork, insertion

ROUTING = "routing"
"""The topic that wakes the sweep."""
LOCKED_OUT = "agent_locked"
LEFT = "agent_left"
ON_LEAVE = "agent_on_leave"
VANISHED = "agent_vanished"

Notice = Callable[[str], Mapping[str, Any]]
"""From an agent's name to what the customer reads when they join."""


async def route(
    work: UnitOfWork,
    case: Case,
    *,
    likely: Likely | None = None,
    notice: Notice | None = None,
    at: datetime,
) -> Decision | None:
    """Find an agent for a case that waits, and offer or assign it as its department has it.

    Args:
        likely: what past cases tell of it, see `set_needs`.

    Returns:
        None when it does not wait or its department is not routed; a decision for nobody when it has to wait on.

    Raises (at commit):
        Conflict: somebody else decided about the case or the agent at the same moment; decide again.
    """
    _, policy = await routing_rules(work)
    how = policy.of(case.department).mode
    if how is Mode.PULL or not waits(case):
        return None
    if likely:
        await set_needs(work, case, likely=likely, at=at)
    weighed = await weigh(work, case, at=at)
    if not await give(work, case, weighed, how=how, notice=notice, at=at):
        await _overflow(work, case, weighed, at=at)
    return weighed.decision


def waits(case: Case) -> bool:
    """Nobody holds it and nobody is asked to."""
    return case.agent_id is None and case.offered_to is None and case.status in AWAITING_AGENT


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


async def give_back(
    work: UnitOfWork,
    number: str,
    *,
    needs: Needs | None = None,
    language: str = "",
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Back to the queue of its department, for somebody else, or for somebody who can do this.

    Whoever gives it back is not asked again for as long as one who declined.

    Args:
        needs: instead of what it needed.
        language: where nothing else is told, it needs what it needed and this language.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        SkillsInvalid: a skill there is not.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if needs is None and language:
        needs = replace(Needs.read(case.needs), language=language)
    if needs is not None:
        await ask_for(work, case, needs, by=by, at=at)
    await return_work(work, case, GIVEN_BACK, by=by, at=at)
    return case


async def return_work(work: UnitOfWork, case: Case, reason: str, *, by: Actor = SYSTEM, at: datetime) -> None:
    """Whoever holds it, or is asked to, does not any more; visibly, and the customer goes on as `wait_again` says.

    Args:
        reason: a code: "given_back", "agent_vanished", "agent_locked", "agent_left", "agent_on_leave" ...
    """
    await end_offer(work, case, "withdrawn", reason=reason, by=by, at=at)
    if case.agent_id is None:
        return
    agent = await Agents(work).get(case.agent_id)
    told: dict[str, Any] = {"agent_id": agent.id, "agent_name": agent.name, "reason": reason}
    case.record(CaseReturned(case_id=case.id, actor=by, at=at, **told))
    await wait_again(work, case, left=agent.id, by=by, at=at)
    work.after_commit_wake(ROUTING)


async def leave_the_gone(work: UnitOfWork, case: Case, *, soon: bool = False, by: Actor = SYSTEM, at: datetime) -> None:
    """A case that goes on waits for somebody else, where whoever had it does not come back to it soon, or at all.

    Args:
        soon: the customer sits there and waits; who is off until tomorrow is not there for them.
    """
    if case.agent_id is None:
        return
    if (reason := await _gone(work, case, await Agents(work).get(case.agent_id), at, soon=soon)) is not None:
        await return_work(work, case, reason, by=by, at=at)


async def _gone(work: UnitOfWork, case: Case, agent: Agent, at: datetime, *, soon: bool) -> str | None:
    """Locked out, in another department, on leave where routing finds somebody else, or off where they are needed."""
    if agent.is_locked:
        return LOCKED_OUT
    if not agent.may_see(case.department):
        return LEFT
    _, policy = await routing_rules(work)
    if policy.of(case.department).mode is not Mode.PULL and await on_leave(work, agent, at):
        return ON_LEAVE
    off = agent.presence is Presence.OFFLINE or not seen_lately(agent.seen_at, at)
    return VANISHED if soon and off else None


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


async def give(
    work: UnitOfWork, case: Case, weighed: Weighed, *, how: Mode, notice: Notice | None = None, at: datetime
) -> bool:
    """Offer or assign it to whoever was decided on, and record why; False where it is nobody.

    Raises (at commit):
        Conflict: the agent was given something at the same moment; weigh again.
    """
    chosen = next((one for one in weighed.known if one.candidate.id == weighed.decision.agent_id), None)
    if chosen is None:
        return False
    agent_id, assignment_id = UUID(chosen.candidate.id), uuid4()
    _claim(work, agent_id, chosen.version, at)
    seconds = weighed.policy.of(case.department).offer_s
    expires_at = at + timedelta(seconds=seconds) if how is Mode.OFFER else None
    _record(work, case, weighed, assignment_id=assignment_id, expires_at=expires_at, at=at)
    if expires_at is not None:
        told: dict[str, Any] = {"agent_id": agent_id, "agent_name": chosen.name, "expires_at": expires_at}
        case.record(CaseOffered(case_id=case.id, actor=SYSTEM, at=at, assignment_id=assignment_id, **told))
        return True
    agent = await Agents(work).get(agent_id)
    joins = notice(agent.name) if notice else None
    await hold(work, case, agent, by=SYSTEM, at=at, notice=joins, assignment_id=assignment_id)
    return True


def _claim(work: UnitOfWork, agent_id: UUID, version: int | None, at: datetime) -> None:
    """Only what was decided on what the agent has now counts."""
    if version is None:
        work.write(insertion(agent_work, agent_id=agent_id, version=1, given_at=at), duplicate=Conflict())
        return
    as_seen = sa.and_(agent_work.c.agent_id == agent_id, agent_work.c.version == version)
    work.write(sa.update(agent_work).where(as_seen).values(version=version + 1, given_at=at), rows=1)


def _record(
    work: UnitOfWork, case: Case, weighed: Weighed, *, assignment_id: UUID, expires_at: datetime | None, at: datetime
) -> None:
    work.write(
        insertion(
            assignments,
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
