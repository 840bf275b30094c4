"""A clock runs towards its due time, or past it: warnings, the breach, and the steps of the ladder, each once.

Source: docs/decisions/0015-escalation-ladder.md
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.agents import Agent, Agents, is_staffed, supervisors_of
from caseengine.cases import Cases, history
from caseengine.clocks import CaseClocks, all_clocks, book_for, clocks_of
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.events import LadderStepTaken, TargetBreached, TargetWarned
from caseengine.model.notice import AgentNotice
from caseengine.model.sla import Action, Clock, Step, StepKind, due_step, taken_elsewhere
from caseengine.notices import give_notice, tell_department
from caseengine.operations.routing import return_work
from caseengine.reading.absence import is_absent
from caseengine.reading.waiting_cases import ESCALATED
from storage.transaction import UnitOfWork

TARGET_MISSED = "target_missed"
"""The reason of an escalation that a ladder made."""

Did = Mapping[str, Any]
BookCallback = Callable[[UnitOfWork, Case, datetime], Awaitable[Did | None]]
"""Books a call to the customer of a case, as of an instant, and says which; None where nobody calls, or has time."""


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
        taken = -1  # only rising: a step that moved no clock on would be due for ever
        while (step := due_step(clocks.current(), clocks.book, (clock.target, clock.cycle), at)) and step[0] > taken:
            taken, what, running = step
            elsewhere = taken_elsewhere(clocks.current(), taken, what, running)
            await _take(
                work, case, running, taken, what, elsewhere=elsewhere, at=at, by=by, book_callback=book_callback
            )
    return case


async def _take(
    work: UnitOfWork,
    case: Case,
    clock: Clock,
    place: int,
    step: Step,
    *,
    elsewhere: int,
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
        await _notify(work, case, AgentNotice.TARGET_WARNED, notice, at=at)
    elif step.kind is StepKind.BREACH:
        case.record(TargetBreached(**told, due_at=clock.due_at or at, elsewhere=elsewhere))
        await _notify(work, case, AgentNotice.TARGET_BREACHED, notice, at=at)
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
            return await _notify(work, case, AgentNotice.LADDER_NOTIFY, notice, at=at)
        case Action.TELL_MANAGER:
            managers = [agent.id for agent in await supervisors_of(work, case.department)]
            return _people(give_notice(work, case, managers, AgentNotice.LADDER_TELL_MANAGER, notice, at=at))
        case Action.RAISE:
            case.escalate(TARGET_MISSED, by=by, at=at)
            return {"level": case.escalation_level}
        case Action.REASSIGN:
            return await _return(work, case, at=at, by=by)
        case Action.CALLBACK:
            booked = await book_callback(work, case, at) if book_callback is not None else None
            return booked or await _notify(work, case, AgentNotice.LADDER_CALLBACK, notice, at=at)


async def _notify(work: UnitOfWork, case: Case, kind: AgentNotice, data: Did, *, at: datetime) -> Did:
    """Whoever holds the case and is there; else all of its department; else whoever holds it, or its supervisors."""
    told = await _holding(work, case)
    if (not told or await is_absent(work, told[0], at)) and await is_staffed(work, case.department):
        tell_department(work, case, kind, data, at=at)
        return {"department": case.department}
    told = told or await supervisors_of(work, case.department)
    return _people(give_notice(work, case, [agent.id for agent in told], kind, data, at=at))


async def _holding(work: UnitOfWork, case: Case) -> list[Agent]:
    if case.agent_id is None:
        return []
    agent = await Agents(work).get(case.agent_id)
    return [agent] if agent.may_see(case.department) and not agent.is_locked else []


async def _return(work: UnitOfWork, case: Case, *, at: datetime, by: Actor) -> Did:
    """Back to its queue, for somebody else than who holds it or is asked to; there already where nobody does."""
    left = case.agent_id or case.offered_to
    await return_work(work, case, ESCALATED, by=by, at=at)
    return {"from": str(left) if left else None}


def _people(agents: Iterable[UUID]) -> Did:
    return {"to": [str(agent_id) for agent_id in agents]}
