"""A calendar was corrected: which cases were counted by it, and how far the walk over them has come.

Clocks are counted anew as if the calendar had never been wrong, those that have ended too; what runs comes first.
Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.calendars import DESK
from caseengine.model.events import CaseAbsorbed, CaseReleased, CaseSplitOff, PolicyApplied
from caseengine.rulebooks import Rulebook
from caseengine.service_levels import sla_of
from caseengine.tables import calendar_corrections, case_clocks, case_events, recounts_left, rulebooks
from storage.transaction import Snapshot, UnitOfWork, insertion

DAY = timedelta(days=1)
EVERY_DAY = (date.min, date.max)


@dataclass(frozen=True, slots=True)
class Correction:
    """A walk over cases, see the table; `place` is the last case that was looked at."""

    id: UUID
    calendar: str
    ended: bool
    since: datetime | None
    until: datetime | None
    place: UUID | None


@dataclass(frozen=True, slots=True)
class Left:
    """A case that a walk could not count, see the table."""

    id: UUID
    case_id: UUID


def look_again(work: UnitOfWork, *, calendar: str = DESK, days: tuple[date, date] = EVERY_DAY, at: datetime) -> None:
    """A calendar opens otherwise than it did, from the first of these days to the last."""
    first, last = days
    values = {
        "calendar": calendar,
        "since": _midnight(first - DAY) if first > date.min else None,
        "until": _midnight(last + 2 * DAY) if last < date.max else None,
        "at": at,
    }
    for ended in (False, True):
        work.write(insertion(calendar_corrections, id=uuid4(), ended=ended, **values))


async def next_correction(snapshot: Snapshot) -> Correction | None:
    """The walk that goes on now: over what runs before what has ended, the oldest first."""
    table = calendar_corrections
    columns = [table.c[name] for name in Correction.__dataclass_fields__]
    row = await snapshot.first(sa.select(*columns).order_by(table.c.ended, table.c.at, table.c.id).limit(1))
    return Correction(*tuple(row)) if row else None


async def cases_to_recount(snapshot: Snapshot, walk: Correction, *, limit: int) -> Sequence[UUID]:
    """The next cases of a walk, by id; fewer than `limit` at its end.

    It goes once along the clocks there are, and names those that the calendar may have counted.
    """
    clock = case_clocks.c
    here: list[sa.ColumnElement[bool]] = [clock.ended_at.is_not(None) if walk.ended else clock.ended_at.is_(None)]
    if walk.place is not None:
        here.append(clock.case_id > walk.place)
    if walk.until is not None:
        here.append(sa.or_(clock.started_at < walk.until, _ran_elsewhere()))
    if walk.since is not None:
        here.append(sa.or_(clock.ended_at.is_(None), clock.ended_at > walk.since))
    if walk.calendar != DESK:
        here.append(await _counted_by(snapshot, walk.calendar))
    rows = await snapshot.rows(sa.select(clock.case_id).where(*here).distinct().order_by(clock.case_id).limit(limit))
    return [row.case_id for row in rows]


def go_on(work: UnitOfWork, walk: Correction, place: UUID | None, left: Iterable[UUID] = ()) -> None:
    """The walk has come to this case; None: to its end.

    Args:
        left: cases it came by and could not count, which are kept for later.

    Raises (at commit):
        Conflict: another worker went on from there first.
    """
    table = calendar_corrections
    there = (table.c.id == walk.id, table.c.place.is_not_distinct_from(walk.place))
    if place is None:
        work.write(sa.delete(table).where(*there), rows=1)
    else:
        work.write(sa.update(table).where(*there).values(place=place), rows=1)
    if rows := [{"id": uuid4(), "case_id": case_id} for case_id in left]:
        work.write(insertion(recounts_left, rows))


async def left_to_recount(snapshot: Snapshot, after: Left | None, *, limit: int) -> list[Left]:
    """What walks could not count, in the order of `id`."""
    table = recounts_left.c
    behind = [] if after is None else [table.id > after.id]
    rows = await snapshot.rows(sa.select(table.id, table.case_id).where(*behind).order_by(table.id).limit(limit))
    return [Left(*tuple(row)) for row in rows]


def counted(work: UnitOfWork, left: Left) -> None:
    """It is counted now.

    Raises (at commit):
        Conflict: another worker counted it first.
    """
    work.write(sa.delete(recounts_left).where(recounts_left.c.id == left.id), rows=1)


def _ran_elsewhere() -> sa.ColumnElement[bool]:
    """The case was told how clocks ran in another case, maybe before its own began: which of them count may change."""
    carried = case_events.c.kind.in_([kind.__name__ for kind in (CaseAbsorbed, CaseReleased, CaseSplitOff)])
    return sa.exists().where(case_events.c.case_id == case_clocks.c.case_id, carried)


async def _counted_by(snapshot: Snapshot, calendar: str) -> sa.ColumnElement[bool]:
    """Some policy of the case counts by the calendar, or counted once; before any was applied the desk's did."""
    versions = await snapshot.rows(sa.select(rulebooks.c.version).where(rulebooks.c.kind == Rulebook.SLA))
    decided = [await sla_of(snapshot, row.version) for row in versions]
    names = {policy.id for sla in decided for policy in sla.policies.values() if policy.calendar == calendar}
    applied = case_events.c.kind == PolicyApplied.__name__
    named = case_events.c.data["policy"].as_string().in_(sorted(names))
    return sa.exists().where(case_events.c.case_id == case_clocks.c.case_id, applied, named)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)
