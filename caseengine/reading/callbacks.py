"""Times at which somebody is free to call: hours of people who can do what the case needs, less what is booked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import LOCKED
from caseengine.calendars import desk_calendar
from caseengine.model.calendar import DAY, Calendar
from caseengine.model.needs import Needs
from caseengine.policies.routing_policy import CallbackPolicy, RoutingPolicy
from caseengine.reading.behind import beyond
from caseengine.reading.candidates import read_shifts
from caseengine.reading.out_of_place import PAGE
from caseengine.tables import agent_departments, agent_skills, agent_work, agents, callbacks
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
    """An appointment. `state`: booked, called (its time came and somebody has the case), kept, missed, cancelled.

    `agent_id`, `agent_name`: whose time is kept free.
    """

    id: UUID
    case_id: UUID
    agent_id: UUID
    agent_name: str
    department: str
    starts_at: datetime
    ends_at: datetime
    state: str


async def free_slots(
    snapshot: Snapshot,
    department: str,
    policy: RoutingPolicy,
    *,
    needs: Needs | None = None,
    channel: str = "",
    at: datetime,
    since: datetime | None = None,
    limit: int = 50,
) -> list[CallbackSlot]:
    """The next slots at which the desk is open and somebody of the department works, is free and can do it.

    None where the department takes no callbacks.

    Args:
        needs, channel: of the case; nothing of them is relaxed, for nobody knows how long it will have waited.
        since: not before this instant.
    """
    if not policy.of(department).callbacks:
        return []
    rules = policy.callbacks
    begin = max(since or at, at + timedelta(seconds=rules.lead_s))
    end = at + DAY * rules.days
    people = await _people(snapshot, department, policy, needs or Needs(), channel)
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


async def callbacks_begun(snapshot: Snapshot, at: datetime, *, behind: Callback | None = None) -> list[Callback]:
    """Appointments whose time has come by `at`, and whose case nobody was given yet; a page, from one on."""
    return await _due(snapshot, "booked", callbacks.c.starts_at <= at, behind)


async def callbacks_over(snapshot: Snapshot, at: datetime, *, behind: Callback | None = None) -> list[Callback]:
    """Appointments for which somebody had the case, and whose time is over by `at`; a page, from one on."""
    return await _due(snapshot, "called", sa.and_(callbacks.c.starts_at <= at, callbacks.c.ends_at <= at), behind)


async def _due(snapshot: Snapshot, state: str, when: sa.ColumnElement[bool], behind: Callback | None) -> list[Callback]:
    place = callbacks.c.starts_at, callbacks.c.id
    further = [] if behind is None else [beyond(place, (behind.starts_at, behind.id))]
    rows = await snapshot.rows(
        _callbacks().where(callbacks.c.state == state, when, *further).order_by(*place).limit(PAGE)
    )
    return [Callback(*tuple(row)) for row in rows]


async def callback_of(snapshot: Snapshot, case_id: UUID) -> Callback | None:
    """The appointment of a case that is still to be kept."""
    row = await snapshot.first(_callbacks().where(callbacks.c.case_id == case_id))
    return Callback(*tuple(row)) if row else None


def _callbacks() -> sa.Select[Any]:
    """Those still to be kept."""
    names = Callback.__dataclass_fields__
    columns = (agents.c.name if name == "agent_name" else callbacks.c[name] for name in names)
    return sa.select(*columns).join_from(callbacks, agents, agents.c.id == callbacks.c.agent_id).where(TAKEN)


async def _people(
    snapshot: Snapshot, department: str, policy: RoutingPolicy, needs: Needs, channel: str
) -> Sequence[sa.Row[Any]]:
    """Whoever works there, can sign in, can do anything at all, and what the case needs."""
    capacity = sa.func.coalesce(agent_work.c.capacity, policy.capacity)
    able = [
        agents.c.id.in_(
            sa.select(agent_skills.c.agent_id).where(agent_skills.c.skill == skill, agent_skills.c.level >= least)
        )
        for skill, least in sorted(needs.required.items())
    ]
    rows = await snapshot.rows(
        sa.select(agents.c.id, agent_work.c.shifts, agent_work.c.languages, agent_work.c.channels)
        .join(agent_departments, agent_departments.c.agent_id == agents.c.id)
        .outerjoin(agent_work, agent_work.c.agent_id == agents.c.id)
        .where(agent_departments.c.department == department, capacity > 0, agents.c.password_hash != LOCKED, *able)
        .order_by(agents.c.id)
    )
    return [row for row in rows if _speaks(row, needs.language) and _may_write(row, channel)]


def _speaks(row: sa.Row[Any], language: str) -> bool:
    return not language or language in (row.languages or ())


def _may_write(row: sa.Row[Any], channel: str) -> bool:
    return row.channels is None or not channel or channel in row.channels


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
