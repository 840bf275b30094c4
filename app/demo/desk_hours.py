"""The demo desk's calendar: its hours, the public holidays of its country and its own days."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import holidays

from app.demo.files import CalendarRecord
from caseengine.model.calendar import Calendar, Window

YEARS_BEFORE, YEARS_AFTER = 1, 2


def desk_hours(record: CalendarRecord, *, at: datetime) -> Calendar:
    """The calendar for the years around `at`."""
    years = range(at.year - YEARS_BEFORE, at.year + YEARS_AFTER + 1)
    windows = tuple(tuple(map(_window, hours)) for hours in record.windows.values())
    return Calendar(ZoneInfo(record.zone), windows, frozenset(_closed_days(record, years)))


def _window(hours: str) -> Window:
    opens, closes = hours.split("-")
    return Window(time.fromisoformat(opens), time.fromisoformat(closes))


def _closed_days(record: CalendarRecord, years: range) -> Iterable[date]:
    where = record.holidays
    yield from holidays.country_holidays(where.country, subdiv=where.subdivision, years=years)
    for year in years:
        yield from (date(year, own.month, own.day) for own in record.own_days)
