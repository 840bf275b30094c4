"""Times at which somebody is free to call: real people's hours, less their leave and what is booked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import LOCKED
from caseengine.calendars import desk_calendar
from caseengine.model.calendar import DAY, Calendar
from caseengine.policies.routing_policy import CallbackPolicy, RoutingPolicy
from caseengine.reading.candidates import read_shifts
from caseengine.tables import agent_departments, agent_work, agents, callbacks
from storage.transaction import Snapshot

TAKEN = sa.text("callbacks.state IN ('booked', 'called')")


@dataclass(frozen=True, slots=True)
class CallbackSlot:
    """`free`: the agents who could call then, who has fewest appointments that day first."""

    starts_at: datetime
    ends_at: datetime
    free: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Callback:
    """An appointment. `state`: booked, called (its time came and somebody has the case), kept, missed, cancelled."""

    id: UUID
    case_id: UUID
    agent_id: UUID
    department: str
    starts_at: datetime
    ends_at: datetime
    state: str


async def free_slots(
    snapshot: Snapshot,
    department: str,
    policy: RoutingPolicy,
    *,
    at: datetime,
    since: datetime | None = None,
    limit: int = 50,
) -> list[CallbackSlot]:
    """The next slots at which the desk is open and somebody of the department works and is free.

    Args:
        since: not before this instant.
    """
    rules = policy.callbacks
    begin = max(since or at, at + timedelta(seconds=rules.lead_s))
    end = at + DAY * rules.days
    people = await _people(snapshot, department, policy)
    if not people or begin >= end:
        return []
    booked = await _booked(snapshot, [row.id for row in people], begin - DAY, end + DAY)
    found: list[CallbackSlot] = []
    for starts_at, ends_at in slots(await desk_calendar(snapshot), rules, begin, end):
        free = _free(people, booked, starts_at, ends_at)
        if free:
            found.append(CallbackSlot(starts_at, ends_at, free))
        if len(found) == limit:
            break
    return found


def slots(
    calendar: Calendar, rules: CallbackPolicy, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Each opening cut into slots from its beginning; what is left over at its end is none."""
    length = timedelta(seconds=rules.slot_s)
    day = begin.astimezone(calendar.zone).date()
    while day <= end.astimezone(calendar.zone).date():
        for opens, closes in calendar.openings(day):
            starts_at = opens
            while starts_at + length <= closes:
                if begin <= starts_at < end:
                    yield starts_at, starts_at + length
                starts_at += length
        day += DAY


async def callbacks_due(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> list[Callback]:
    """Appointments that have begun by `at` and are neither kept nor over with."""
    rows = await snapshot.rows(
        sa.select(*_COLUMNS).where(TAKEN, callbacks.c.starts_at <= at).order_by(callbacks.c.starts_at).limit(limit)
    )
    return [Callback(*tuple(row)) for row in rows]


async def callback_of(snapshot: Snapshot, case_id: UUID) -> Callback | None:
    """The appointment of a case that is still to be kept."""
    row = await snapshot.first(sa.select(*_COLUMNS).where(TAKEN, callbacks.c.case_id == case_id))
    return Callback(*tuple(row)) if row else None


_COLUMNS = [callbacks.c[name] for name in Callback.__dataclass_fields__]


async def _people(snapshot: Snapshot, department: str, policy: RoutingPolicy) -> Sequence[sa.Row[Any]]:
    """Whoever works there, can do anything at all, and can sign in."""
    capacity = sa.func.coalesce(agent_work.c.capacity, policy.capacity)
    return await snapshot.rows(
        sa.select(agents.c.id, agent_work.c.shifts)
        .join(agent_departments, agent_departments.c.agent_id == agents.c.id)
        .outerjoin(agent_work, agent_work.c.agent_id == agents.c.id)
        .where(agent_departments.c.department == department, capacity > 0, agents.c.password_hash != LOCKED)
        .order_by(agents.c.id)
    )


async def _booked(
    snapshot: Snapshot, ids: Sequence[UUID], begin: datetime, end: datetime
) -> list[tuple[UUID, datetime, datetime]]:
    rows = await snapshot.rows(
        sa.select(callbacks.c.agent_id, callbacks.c.starts_at, callbacks.c.ends_at).where(
            TAKEN, callbacks.c.agent_id.in_(ids), callbacks.c.starts_at >= begin, callbacks.c.starts_at < end
        )
    )
    return [(row.agent_id, row.starts_at, row.ends_at) for row in rows]


def _free(
    people: Sequence[sa.Row[Any]],
    booked: list[tuple[UUID, datetime, datetime]],
    starts_at: datetime,
    ends_at: datetime,
) -> tuple[UUID, ...]:
    taken = {who for who, begins, ends in booked if begins < ends_at and starts_at < ends}
    today = [who for who, begins, _ in booked if abs(begins - starts_at) < timedelta(hours=12)]
    free = [
        row.id
        for row in people
        if row.id not in taken and (not row.shifts or read_shifts(row.shifts).works_through(starts_at, ends_at))
    ]
    return tuple(sorted(free, key=lambda who: (today.count(who), str(who))))
