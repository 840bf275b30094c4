"""A clock runs towards its due time, or past it: warnings, the breach, and the steps of the ladder, each once.

Source: docs/decisions/0015-escalation-ladder.md
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.agents import Agent, AgentRole, agents_of, all_agents
from caseengine.cases import Cases, history
from caseengine.clocks import CaseClocks, all_clocks, book_for, clocks_of
from caseengine.conversations import Conversations
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.events import CaseReturned, LadderStepTaken, TargetBreached, TargetWarned
from caseengine.model.sla import Action, Clock, Step, StepKind, due_step
from caseengine.notices import give_notice
from storage.transaction import UnitOfWork

ESCALATED = "escalated"
"""Why a case went back to its queue."""
TARGET_MISSED = "target_missed"
"""The reason of an escalation that a ladder made."""

Did = Mapping[str, Any]
BookCallback = Callable[[UnitOfWork, Case], Awaitable[Did | None]]
"""Books a call to the customer of a case and says which; None where there is nobody to call, or no time."""


async def recount(work: UnitOfWork, case: Case) -> CaseClocks:
    """Count a case's clocks anew from its history, by the calendars as they are now, before anything happens to it."""
    events = await history(work, case.id)
    clocks = await clocks_of(work, case)
    clocks.learn(await book_for(work, events))
    clocks.recounted(events, await all_clocks(work, case.id))
    return clocks


async def escalate_due(
    work: UnitOfWork, case_id: UUID, *, at: datetime, by: Actor = SYSTEM, book_callback: BookCallback | None = None
) -> Case:
    """Take every step that is past due for a case: a warning, the breach, what its ladder says.

    A step is an event, written with its effect and with where the clock stands, in the commit that checks the case's
    version: of two workers one is too late and takes nothing. What was not committed is due again at the next sweep.

    Raises (at commit):
        Conflict: somebody else is at the case.
    """
    case = await Cases(work).by_id(case_id)
    clocks = await recount(work, case)
    for clock in clocks.current().running():
        while (step := due_step(clocks.current(), clocks.book, (clock.target, clock.cycle), at)) is not None:
            place, what, running = step
            await _take(work, case, running, place, what, at=at, by=by, book_callback=book_callback)
    return case


async def _take(
    work: UnitOfWork,
    case: Case,
    clock: Clock,
    place: int,
    step: Step,
    *,
    at: datetime,
    by: Actor,
    book_callback: BookCallback | None,
) -> None:
    told: dict[str, Any] = {
        "case_id": case.id,
        "actor": by,
        "at": at,
        "target": str(clock.target),
        "cycle": clock.cycle,
    }
    notice = {"target": str(clock.target), "due_at": clock.due_at.isoformat() if clock.due_at else None}
    if step.kind is StepKind.WARN:
        case.record(TargetWarned(**told, share=step.share or 0.0, due_at=clock.due_at or at))
        await _notify(work, case, "target_warned", notice, at=at)
    elif step.kind is StepKind.BREACH:
        case.record(TargetBreached(**told, due_at=clock.due_at or at))
        await _notify(work, case, "target_breached", notice, at=at)
    elif step.action is not None:
        did = await _act(work, case, step.action, notice, at=at, by=by, book_callback=book_callback)
        case.record(LadderStepTaken(**told, step=place, action=str(step.action), did=did))


async def _act(
    work: UnitOfWork,
    case: Case,
    action: Action,
    notice: Did,
    *,
    at: datetime,
    by: Actor,
    book_callback: BookCallback | None,
) -> Did:
    """What a step of the ladder does; says what came of it."""
    match action:
        case Action.NOTIFY:
            return _people(await _notify(work, case, "ladder_notify", notice, at=at))
        case Action.TELL_MANAGER:
            return _people(give_notice(work, case, await _managers(work, case), "ladder_tell_manager", notice, at=at))
        case Action.RAISE:
            case.escalate(TARGET_MISSED, by=by, at=at)
            return {"level": case.escalation_level}
        case Action.REASSIGN:
            return await _return(work, case, at=at, by=by)
        case Action.CALLBACK:
            booked = await book_callback(work, case) if book_callback is not None else None
            return booked or _people(await _notify(work, case, "ladder_callback", notice, at=at))


async def _notify(work: UnitOfWork, case: Case, kind: str, data: Did, *, at: datetime) -> list[UUID]:
    """Whoever holds the case; where nobody does, or they do not work for its department any more, all who do."""
    there = await agents_of(work, case.department)
    holder = [agent.id for agent in there if agent.id == case.agent_id] or await _supervising(work, case)
    return give_notice(work, case, holder or [agent.id for agent in there], kind, data, at=at)


async def _supervising(work: UnitOfWork, case: Case) -> list[UUID]:
    """The holder, where it is a supervisor, who works for every department."""
    return [agent.id for agent in await all_agents(work) if agent.id == case.agent_id and _is_supervisor(agent)]


async def _managers(work: UnitOfWork, case: Case) -> list[UUID]:
    """The supervisors of the case's department; where it has none of its own, all of them."""
    everyone = [agent for agent in await all_agents(work) if _is_supervisor(agent)]
    own = [agent for agent in everyone if case.department in agent.departments]
    return [agent.id for agent in own or everyone]


def _is_supervisor(agent: Agent) -> bool:
    return agent.role is AgentRole.SUPERVISOR


async def _return(work: UnitOfWork, case: Case, *, at: datetime, by: Actor) -> Did:
    """Back to its queue, with its conversation; there already where nobody holds it."""
    if case.agent_id is None:
        return {"from": None}
    holder = next((agent for agent in await all_agents(work) if agent.id == case.agent_id), None)
    name = holder.name if holder is not None else ""
    left: dict[str, Any] = {"agent_id": case.agent_id, "agent_name": name, "reason": ESCALATED}
    case.record(CaseReturned(case_id=case.id, actor=by, at=at, **left))
    conversation = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
    if conversation is not None and case.id in conversation.live_cases:
        conversation.wait_again(case.id)
    return {"from": str(left["agent_id"])}


def _people(agents: Iterable[UUID]) -> Did:
    return {"to": [str(agent_id) for agent_id in agents]}
