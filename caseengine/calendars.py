"""The desk's opening hours, kept: several calendars by name, one of which is the desk's own."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from caseengine.cursors import begin_anew
from caseengine.model.calendar import LOOKAHEAD_DAYS_MAX, Calendar, Window
from caseengine.model.errors import NoWorkingTime
from caseengine.rule_timers import ENROLLED
from caseengine.tables import calendars
from storage.transaction import Snapshot, UnitOfWork, insertion

DESK = "desk"
CALENDARS_KEPT_MAX = 64
"""Calendars that are remembered with the months found in them."""

_OFFICE_HOURS = (Window(time(9), time(17)),)
DEFAULT_CALENDAR = Calendar(ZoneInfo("Europe/London"), (_OFFICE_HOURS,) * 5 + ((), ()))
"""What holds until the desk has a calendar of its own: Monday to Friday, nine to five."""


async def desk_calendar(snapshot: Snapshot) -> Calendar:
    """The desk's calendar as kept, or the default one."""
    return (await calendars_by_id(snapshot, [DESK])).get(DESK, DEFAULT_CALENDAR)


async def calendars_by_id(snapshot: Snapshot, ids: Iterable[str]) -> dict[str, Calendar]:
    """The calendars of these names; one that there is not is left out. A unit of work reads each of them once."""
    wanted = set(ids)
    found = {name: kept for name in wanted if (kept := _kept(snapshot, name)) is not None}
    missing = sorted(wanted - set(found))
    rows = await snapshot.rows(sa.select(calendars).where(calendars.c.id.in_(missing))) if missing else []
    for row in rows:
        found[row.id] = _read(row.zone, json.dumps([row.windows, row.holidays, row.overrides]))
        _keep(snapshot, row.id, found[row.id])
    return found


async def known_calendars(snapshot: Snapshot) -> frozenset[str]:
    """The names there are; the desk's own is always one of them."""
    return frozenset({DESK, *(row.id for row in await snapshot.rows(sa.select(calendars.c.id)))})


def set_desk_calendar(work: UnitOfWork, calendar: Calendar, *, at: datetime | None = None) -> None:
    """Replace the desk's calendar; see `set_calendar`."""
    set_calendar(work, DESK, calendar, at=at)


def set_calendar(work: UnitOfWork, name: str, calendar: Calendar, *, at: datetime | None = None) -> None:
    """Put a calendar in place of the one of this name; promises made before keep their time.

    Clocks that were counted by it are counted anew by whoever calls `calendar_corrections.look_again`. Rules of time
    count by the desk's own: when that is replaced, the walk over all cases that sets their timers begins anew.

    Args:
        at: what opened before opens nothing any more; when left out, every day there ever was counts.

    Raises:
        NoWorkingTime: it never opens.
    """
    if not calendar.ever_opens(at.date() if at else date.min):
        raise NoWorkingTime(LOOKAHEAD_DAYS_MAX)
    values = {
        "zone": calendar.zone.key,
        "windows": [_hours(day) for day in calendar.windows],
        "holidays": sorted(day.isoformat() for day in calendar.holidays),
        "overrides": {day.isoformat(): _hours(windows) for day, windows in sorted(calendar.overrides.items())},
    }
    work.write(sa.delete(calendars).where(calendars.c.id == name))
    work.write(insertion(calendars, id=name, **values))
    _keep(work, name, calendar)
    if name == DESK:
        begin_anew(work, ENROLLED)


def _hours(windows: Iterable[Window]) -> list[list[str]]:
    return [[f"{window.opens:%H:%M}", f"{window.closes:%H:%M}"] for window in windows]


def _windows(hours: Iterable[Iterable[str]]) -> tuple[Window, ...]:
    return tuple(Window(*map(time.fromisoformat, window)) for window in hours)


@lru_cache(CALENDARS_KEPT_MAX)
def _read(zone: str, document: str) -> Calendar:
    """The same rows are the same calendar, whose openings need not be found again."""
    windows, holidays, overrides = json.loads(document)
    changed: Mapping[date, Any] = {date.fromisoformat(day): _windows(hours) for day, hours in overrides.items()}
    closed = frozenset(map(date.fromisoformat, holidays))
    return Calendar(ZoneInfo(zone), tuple(map(_windows, windows)), closed, changed)


def _kept(snapshot: Snapshot, name: str) -> Calendar | None:
    return snapshot.kept(("calendar", name)) if isinstance(snapshot, UnitOfWork) else None


def _keep(snapshot: Snapshot, name: str, calendar: Calendar) -> None:
    if isinstance(snapshot, UnitOfWork):
        snapshot.keep(("calendar", name), calendar, tuple)
