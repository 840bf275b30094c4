"""Appointments to call a customer: booked out of somebody's real hours, kept, missed or called off."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa

from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.errors import NoCallback, SlotTaken
from caseengine.model.events import CallbackBooked, CallbackEnded
from caseengine.operations.routing import route, waits
from caseengine.policies.routing_policy import Mode
from caseengine.reading.callbacks import Callback, callback_of, free_slots
from caseengine.routing_rules import routing_rules
from caseengine.tables import callbacks
from storage.errors import Conflict
from storage.transaction import UnitOfWork

MISSED = "callback_missed"
"""The reason an escalation names when nobody called at the time agreed."""


async def book_callback(work: UnitOfWork, case: Case, starts_at: datetime, *, by: Actor, at: datetime) -> Callback:
    """Keep that time of somebody free for this customer; an earlier appointment of the case is called off.

    Raises:
        SlotTaken: nobody is free then, or it is no time the desk offers.
        TransitionNotAllowed: the case was merged away.
        Conflict (at commit): the last who was free was booked at the same moment; decide again.
    """
    _, policy = await routing_rules(work)
    slots = await free_slots(work, case.department, policy, at=at, since=starts_at, limit=1)
    if not slots or slots[0].starts_at != starts_at:
        raise SlotTaken
    before = await callback_of(work, case.id)
    if before is not None:
        _end(work, case, before, "cancelled", by=by, at=at)
    slot = slots[0]
    callback = Callback(uuid4(), case.id, slot.free[0], case.department, slot.starts_at, slot.ends_at, "booked")
    values = {name: getattr(callback, name) for name in Callback.__dataclass_fields__}
    work.write(sa.insert(callbacks).values(**values, booked_at=at), duplicate=Conflict())
    case.record(
        CallbackBooked(
            case_id=case.id,
            actor=by,
            at=at,
            callback_id=callback.id,
            starts_at=callback.starts_at,
            ends_at=callback.ends_at,
        )
    )
    return callback


async def book_soonest(work: UnitOfWork, case: Case, at: datetime) -> Mapping[str, str] | None:
    """The next time at which somebody is free is kept for the customer of a case; an appointment there is stays.

    None where its department takes no callbacks, nobody knows whom to call, or nobody is free.
    """
    booked = await callback_of(work, case.id)
    if booked is None:
        _, policy = await routing_rules(work)
        known = case.contact_id is not None or "phone" in case.claimed
        asked = known and policy.of(case.department).callbacks
        slots = await free_slots(work, case.department, policy, at=at, limit=1) if asked else []
        if not slots:
            return None
        booked = await book_callback(work, case, slots[0].starts_at, by=SYSTEM, at=at)
    return {"callback": str(booked.id), "starts_at": booked.starts_at.isoformat()}


async def end_callback(work: UnitOfWork, case: Case, how: str, *, by: Actor, at: datetime) -> None:
    """
    Args:
        how: "kept" or "cancelled".

    Raises:
        NoCallback: there is no appointment.
    """
    callback = await callback_of(work, case.id)
    if callback is None:
        raise NoCallback
    _end(work, case, callback, how, by=by, at=at)


async def call_now(work: UnitOfWork, case: Case, callback: Callback, *, at: datetime) -> None:
    """The time has come: whoever kept it free gets the case, or somebody else who can have it.

    While nobody can, it waits in its queue and is looked at again until the appointment is over.
    """
    if not case.is_live:
        _end(work, case, callback, "cancelled", by=SYSTEM, at=at)  # closed before anybody had to call
        return
    if waits(case):
        decision = await route(work, case, ask=callback.agent_id, mode=Mode.ASSIGN, at=at)
        if decision is None or decision.agent_id is None:
            return
    work.write(
        sa.update(callbacks).where(callbacks.c.id == callback.id, callbacks.c.state == "booked").values(state="called"),
        rows=1,
    )


async def miss(work: UnitOfWork, case: Case, callback: Callback, *, at: datetime) -> None:
    """The appointment is over. Who had the case meanwhile has called, unless they say otherwise; else it was missed."""
    if callback.state == "called" or not case.is_live:
        if at < callback.ends_at + timedelta(hours=1) and case.is_live:
            return
        _end(work, case, callback, "kept" if callback.state == "called" else "cancelled", by=SYSTEM, at=at)
        return
    _end(work, case, callback, "missed", by=SYSTEM, at=at)
    case.escalate(MISSED, by=SYSTEM, at=at)


def _end(work: UnitOfWork, case: Case, callback: Callback, how: str, *, by: Actor, at: datetime) -> None:
    as_seen = sa.and_(callbacks.c.id == callback.id, callbacks.c.state == callback.state)
    work.write(sa.update(callbacks).where(as_seen).values(state=how), rows=1)
    case.record(CallbackEnded(case_id=case.id, actor=by, at=at, callback_id=callback.id, how=how))
