"""The desk's opening hours, kept; one calendar for the whole desk at present."""

from datetime import date, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from caseengine.model.calendar import Calendar, Window
from caseengine.tables import calendars
from storage.transaction import Snapshot, UnitOfWork

DESK = "desk"

_OFFICE_HOURS = (Window(time(9), time(17)),)
DEFAULT_CALENDAR = Calendar(ZoneInfo("Europe/London"), (_OFFICE_HOURS,) * 5 + ((), ()))
"""What holds until the desk has a calendar of its own: Monday to Friday, nine to five."""


async def desk_calendar(snapshot: Snapshot) -> Calendar:
    """The desk's calendar as kept, or the default one."""
    row = await snapshot.first(sa.select(calendars).where(calendars.c.id == DESK))
    if row is None:
        return DEFAULT_CALENDAR
    windows = tuple(tuple(Window(*map(time.fromisoformat, window)) for window in day) for day in row.windows)
    return Calendar(ZoneInfo(row.zone), windows, frozenset(map(date.fromisoformat, row.holidays)))


def set_desk_calendar(work: UnitOfWork, calendar: Calendar) -> None:
    """Replace the desk's calendar; promises made before keep their time."""
    windows = [[[f"{window.opens:%H:%M}", f"{window.closes:%H:%M}"] for window in day] for day in calendar.windows]
    holidays = sorted(day.isoformat() for day in calendar.holidays)
    work.write(sa.delete(calendars).where(calendars.c.id == DESK))
    work.write(sa.insert(calendars).values(id=DESK, zone=calendar.zone.key, windows=windows, holidays=holidays))
