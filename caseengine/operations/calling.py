"""Appointments to call a customer: booked out of somebody's real hours, kept, missed or called off.

Source: docs/decisions/0016-routing.md
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.agents import Agents
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.errors import CallbacksOff, NoCallback, SlotTaken, TransitionNotAllowed
from caseengine.model.events import CallbackBooked, CallbackEnded
from caseengine.model.lifecycle import Verb
from caseengine.model.needs import Needs
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice
from caseengine.operations.offers import end_offer
from caseengine.operations.routing import give, return_work
from caseengine.operations.weighing import weigh
from caseengine.policies.routing_policy import Mode
from caseengine.reading.callbacks import Callback, CallbackSlot, callback_of, free_slots
from caseengine.reading.candidates import kind_of_work
from caseengine.routing_rules import routing_rules
from caseengine.tables import callbacks, case_events
from storage.errors import Conflict
from storage.transaction import UnitOfWork, insertion

MISSED = "callback_missed"
"""The reason an escalation names when nobody called at the time agreed."""
DUE = "callback_due"
"""Why a case changes hands when its appointment begins."""
WRITTEN_DOWN_WITHIN = timedelta(minutes=15)
"""So long after the end of the appointment whoever called may say so."""
UNREACHED = "unreached"
"""How an appointment ends that was kept by the desk, and of which the customer knows nothing."""
CALLED_BY = ("AgentReplied", "CustomerAsked", "NoteAdded", "ScriptAnswered", "CaseResolved")
"""What an agent does to a case about which they have called."""


async def slots_for(
    work: UnitOfWork, case: Case, *, at: datetime, since: datetime | None = None, limit: int = 50
) -> list[CallbackSlot]:
    """When somebody who can do what the case needs is free to call; see `free_slots`."""
    _, policy = await routing_rules(work)
    channel, _ = await kind_of_work(work, case)
    needs = Needs.read(case.needs)
    return await free_slots(
        work, case.department, policy, needs=needs, channel=channel, at=at, since=since, limit=limit
    )


async def book_callback(
    work: UnitOfWork, case: Case, starts_at: datetime, *, ends: str = "cancelled", by: Actor, at: datetime
) -> Callback:
    """Keep that time of somebody free for this customer; an earlier appointment of the case ends.

    It is the time of whoever has the case, where they are free; else of whoever had the earlier one. Who it is is told.

    Args:
        ends: how the earlier appointment ends, see `end_callback`.

    Raises:
        CallbacksOff: its department takes none.
        SlotTaken: nobody who can do it is free then, or it is no time the desk offers.
        TransitionNotAllowed: the case has ended or was merged away; nobody would call.
        Conflict (at commit): the last who was free was booked at the same moment; decide again.
    """
    if not case.is_live:
        raise TransitionNotAllowed(case.status, Verb.BOOK)
    _, policy = await routing_rules(work)
    if not policy.of(case.department).callbacks:
        raise CallbacksOff(case.department)
    slots = await slots_for(work, case, at=at, since=starts_at, limit=1)
    if not slots or slots[0].starts_at != starts_at:
        raise SlotTaken
    before = await callback_of(work, case.id)
    if before is not None:
        _end(work, case, before, ends, by=by, at=at)
    callback = await _keep_free(work, case, slots[0], before, at=at)
    case.record(booking(case, callback, by=by, at=at))
    _tell(work, case, {callback.agent_id} - _self(by), AgentNotice.CALLBACK_BOOKED, callback, at=at)
    return callback


async def try_again(work: UnitOfWork, case: Case, starts_at: datetime, *, by: Actor, at: datetime) -> Callback:
    """Somebody called and did not reach the customer; another time is kept free for them.

    Raises:
        NoCallback: there is no appointment. And as `book_callback`.
    """
    if await callback_of(work, case.id) is None:
        raise NoCallback
    return await book_callback(work, case, starts_at, ends=UNREACHED, by=by, at=at)


def booking(case: Case, callback: Callback, *, by: Actor, at: datetime) -> CallbackBooked:
    """The fact that this case has that appointment."""
    names = ("starts_at", "ends_at", "agent_id", "agent_name")
    told = {name: getattr(callback, name) for name in names}
    return CallbackBooked(case_id=case.id, actor=by, at=at, callback_id=callback.id, **told)


def ending(case: Case, callback: Callback, how: str, *, by: Actor, at: datetime) -> CallbackEnded:
    """The fact that this case has that appointment no more."""
    told: dict[str, Any] = {"starts_at": callback.starts_at, "agent_name": callback.agent_name}
    return CallbackEnded(case_id=case.id, actor=by, at=at, callback_id=callback.id, how=how, **told)


async def book_soonest(work: UnitOfWork, case: Case, at: datetime) -> Mapping[str, str] | None:
    """The next time at which somebody is free is kept for the customer of a case; an appointment there is stays.

    None where its department takes no callbacks, nobody knows whom to call, or nobody is free.
    """
    booked = await callback_of(work, case.id)
    if booked is None:
        known = case.contact_id is not None or "phone" in case.claimed
        slots = await slots_for(work, case, at=at, limit=1) if known else []
        if not slots:
            return None
        booked = await book_callback(work, case, slots[0].starts_at, by=SYSTEM, at=at)
    return {"callback": str(booked.id), "starts_at": booked.starts_at.isoformat()}


async def end_callback(work: UnitOfWork, case: Case, how: str, *, by: Actor, at: datetime) -> None:
    """
    Args:
        how: "kept" (an agent who says so has spoken with the customer), "unreached" or "cancelled".

    Raises:
        NoCallback: there is no appointment.
    """
    callback = await callback_of(work, case.id)
    if callback is None:
        raise NoCallback
    _end(work, case, callback, how, by=by, at=at)


async def call_now(work: UnitOfWork, case: Case, callback: Callback, *, at: datetime) -> None:
    """The time has come: whoever has the case and is there calls; else whoever kept it free, else who can have it.

    While nobody can, it stays where it is and is looked at again until the appointment is over.
    """
    if not case.is_live:
        _end(work, case, callback, "cancelled", by=SYSTEM, at=at)  # closed before anybody had to call
        return
    if not await _is_held_by_somebody_there(work, case, at) and not await _hand_over(work, case, callback, at=at):
        return
    as_booked = callbacks.c.id == callback.id, callbacks.c.state == "booked"
    work.write(sa.update(callbacks).where(*as_booked).values(state="called"), rows=1)
    caller = await Agents(work).get(case.agent_id) if case.agent_id is not None else None
    if caller is not None:
        _tell(work, case, {caller.id, callback.agent_id}, AgentNotice.CALLBACK_DUE, callback, who=caller.name, at=at)


async def miss(work: UnitOfWork, case: Case, callback: Callback, *, at: datetime) -> None:
    """The appointment is over. Kept is what somebody has called: an agent wrote, noted or solved since it began.

    Whoever had the case has WRITTEN_DOWN_WITHIN for that, or to say so; else it was missed, and the case is raised.
    """
    if await _was_called(work, case, callback):
        _end(work, case, callback, "kept", by=SYSTEM, at=at)
    elif not case.is_live:
        _end(work, case, callback, "cancelled", by=SYSTEM, at=at)
    elif callback.state != "called" or at >= callback.ends_at + WRITTEN_DOWN_WITHIN:
        _end(work, case, callback, "missed", by=SYSTEM, at=at)
        case.escalate(MISSED, by=SYSTEM, at=at)


async def _keep_free(
    work: UnitOfWork, case: Case, slot: CallbackSlot, before: Callback | None, *, at: datetime
) -> Callback:
    wanted = (case.agent_id, before.agent_id if before else None)
    agent_id = next((one for one in wanted if one in slot.free), slot.free[0])
    name = (await Agents(work).get(agent_id)).name
    kept = Callback(uuid4(), case.id, agent_id, name, case.department, slot.starts_at, slot.ends_at, "booked")
    values = {one: getattr(kept, one) for one in Callback.__dataclass_fields__ if one != "agent_name"}
    work.write(insertion(callbacks, **values, booked_at=at), duplicate=Conflict())
    return kept


async def _is_held_by_somebody_there(work: UnitOfWork, case: Case, at: datetime) -> bool:
    return case.agent_id is not None and (await Agents(work).get(case.agent_id)).can_be_reached(at)


async def _hand_over(work: UnitOfWork, case: Case, callback: Callback, *, at: datetime) -> bool:
    """To whoever kept the time free, or somebody else who can have it; False, and nothing done, where nobody can.

    An offer that nobody has answered ends, and whoever has the case and is not there does not have it any more.
    """
    weighed = await weigh(work, case, ask=callback.agent_id, at=at)
    if weighed.decision.agent_id is None:
        return False
    if case.offered_to is not None:
        await end_offer(work, case, "withdrawn", reason=DUE, by=SYSTEM, at=at)
    if case.agent_id is not None:
        await return_work(work, case, DUE, at=at)
    return await give(work, case, weighed, how=Mode.ASSIGN, at=at)


async def _was_called(work: UnitOfWork, case: Case, callback: Callback) -> bool:
    row = await work.first(
        sa.select(case_events.c.seq)
        .where(
            case_events.c.case_id == case.id,
            case_events.c.kind.in_(CALLED_BY),
            case_events.c.actor_kind == ActorKind.AGENT,
            case_events.c.at >= callback.starts_at,
        )
        .limit(1)
    )
    return row is not None


def _self(by: Actor) -> set[UUID]:
    return {UUID(by.id)} if by.kind is ActorKind.AGENT else set()


def _tell(
    work: UnitOfWork, case: Case, whom: set[UUID], kind: AgentNotice, callback: Callback, *, who: str = "", at: datetime
) -> None:
    """`who` calls; "" where that is not known yet."""
    told = {"starts_at": callback.starts_at.isoformat(), "ends_at": callback.ends_at.isoformat()}
    give_notice(work, case, whom, kind, told | ({"agent_name": who} if who else {}), at=at)


def _end(work: UnitOfWork, case: Case, callback: Callback, how: str, *, by: Actor, at: datetime) -> None:
    as_seen = sa.and_(callbacks.c.id == callback.id, callbacks.c.state == callback.state)
    state = "kept" if how == UNREACHED else how
    work.write(sa.update(callbacks).where(as_seen).values(state=state), rows=1)
    case.record(ending(case, callback, how, by=by, at=at))
