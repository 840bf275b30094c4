"""What a case takes over from another: whoever waits, how urgent it is, who watches, who will call.

Nothing that was promised or raised gets lost by a merge, and no wait by a split.
Source: docs/decisions/0013-cases-and-relations.md
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caseengine.agents import Agents
from caseengine.cases import Cases, history
from caseengine.clocks import book_for
from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.sla import Book, owed, owed_without
from caseengine.model.standing import owes_words, standing
from caseengine.operations.applying import judge_anew
from caseengine.operations.calling import booking, end_callback, ending
from caseengine.operations.keeping import WATCHERS_MAX
from caseengine.operations.parenting import attach
from caseengine.reading.callbacks import callback_of
from caseengine.tables import callbacks
from storage.transaction import UnitOfWork

MERGED = "merged_case"
"""The reason that priority and level of a target are raised for."""
MOVED = "moved"


async def absorb(work: UnitOfWork, source: Case, target: Case, *, by: Actor, at: datetime) -> None:
    """The target goes on for both, as urgently as the more urgent of them. Called while the source is still live.

    Raises:
        ParentTooDeep, ParentCycle: the source is part of a larger case that the target cannot be part of.
        TransitionNotAllowed: the target has ended.
    """
    awaited = source.due_at
    left = owed(*await _lived(work, source), at)
    told = {**_other(source, target, by, at), **left.carried}
    target.record(happened.CaseAbsorbed(**told, customer_waits=awaited is not None))
    _promised(target, awaited, by, at)
    _as_urgent(source, target, by, at)
    await _watched(work, source, target, by=by, at=at)
    await _called(work, source, target, by=by, at=at)
    if source.parent_id is not None and target.parent_id is None and source.parent_id != target.id:
        await attach(work, target, await Cases(work).by_id(source.parent_id), by=by, at=at)
    await judge_anew(work, target, at=at)


async def release(work: UnitOfWork, source: Case, target: Case, *, by: Actor, at: datetime) -> None:
    """The target owes its customer what it would have owed without the source; what was missed meanwhile was missed.

    A promise that its customer has for words it owes by itself stands.
    """
    events, book = await _lived(work, target)
    left, stands = owed_without(events, source.id, book, at), standing(events, source.id)
    due_at = (Case.fold(stands).due_at or target.due_at) if owes_words(stands) else None
    told = {**_other(source, target, by, at), **left.carried, "status": left.status, "due_at": due_at}
    target.record(happened.CaseReleased(**told, customer_waits=left.customer_waits))


async def wait_goes_on(work: UnitOfWork, first: Case, second: Case, *, by: Actor, at: datetime) -> None:
    """Whoever waits for words in the first case has waited as long for those about the second, which was split off."""
    left = owed(*await _lived(work, first), at)
    second.record(happened.CaseSplitOff(**_other(first, second, by, at), **left.wait))
    _promised(second, first.due_at, by, at)


async def _lived(work: UnitOfWork, case: Case) -> tuple[list[happened.CaseEvent], Book]:
    """All that happened to it by now, and what that is measured by."""
    events = [*await history(work, case.id), *case.unsaved]
    return events, await book_for(work, events)


def _other(source: Case, target: Case, by: Actor, at: datetime) -> dict[str, Any]:
    return {"case_id": target.id, "actor": by, "at": at, "other_id": source.id, "other_number": source.number}


def _promised(case: Case, awaited: datetime | None, by: Actor, at: datetime) -> None:
    """By when words were promised in another case they are promised here, unless sooner ones are."""
    if awaited is not None and (case.due_at is None or awaited < case.due_at):
        case.promise(awaited, by=by, at=at)


def _as_urgent(source: Case, target: Case, by: Actor, at: datetime) -> None:
    if source.priority < target.priority:
        target.prioritise(source.priority, MERGED, by=by, at=at)
    if source.escalation_level > target.escalation_level:
        level = source.escalation_level
        target.record(happened.CaseEscalated(case_id=target.id, actor=by, at=at, level=level, reason=MERGED))


async def _watched(work: UnitOfWork, source: Case, target: Case, *, by: Actor, at: datetime) -> None:
    for agent_id in source.watchers:
        agent = await Agents(work).get(agent_id)
        if agent_id in target.watchers or len(target.watchers) >= WATCHERS_MAX or not agent.may_see(target.department):
            continue
        target.record(
            happened.WatcherAdded(case_id=target.id, actor=by, at=at, agent_id=agent.id, agent_name=agent.name)
        )


async def _called(work: UnitOfWork, source: Case, target: Case, *, by: Actor, at: datetime) -> None:
    """An appointment is the customer's: it is kept about the target, which has at most one, the one it had."""
    callback = await callback_of(work, source.id)
    if callback is None:
        return
    if await callback_of(work, target.id) is not None:
        await end_callback(work, source, "cancelled", by=by, at=at)
        return
    as_seen = callbacks.c.id == callback.id, callbacks.c.state == callback.state
    work.write(sa.update(callbacks).where(*as_seen).values(case_id=target.id), rows=1)
    source.record(ending(source, callback, MOVED, by=by, at=at))
    target.record(booking(target, callback, by=by, at=at))
