"""When an agent works: weekly windows in their own zone, days that differ, and leave.

Kept as a document: {"zone": "Europe/Berlin", "weekly": {"monday": ["08:00-12:00", "13:00-17:00"]}, "days":
{"2026-12-24": ["08:00-12:00"]}, "leave": [["2026-08-01", "2026-08-14"]]}. A window that ends before it begins runs over
midnight, and ends there where the next day is one of leave. Leave counts both its days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from caseengine.model.errors import ShiftsInvalid

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = timedelta(days=1)

Hours = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Shifts:
    """
    Attributes:
        weekly: seven days, Monday first; several windows a day.
        days: what holds on a date instead of its weekday's.
        leave: first and last day of each.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Hours, ...], ...]
    days: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    leave: tuple[tuple[date, date], ...] = ()

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """
        Raises:
            ShiftsInvalid: no such zone, weekday, date or hour, or leave that ends before it begins.
        """
        try:
            weekly = document.get("weekly", {})
            if unknown := set(weekly) - set(WEEKDAYS):
                raise ShiftsInvalid(str(min(unknown)))
            return cls(
                ZoneInfo(document["zone"]),
                tuple(tuple(map(_hours, weekly.get(day, ()))) for day in WEEKDAYS),
                {_date(day): tuple(map(_hours, hours)) for day, hours in document.get("days", {}).items()},
                tuple(_span(first, last) for first, last in document.get("leave", ())),
            )
        except (KeyError, TypeError, ValueError, AttributeError, ZoneInfoNotFoundError) as error:
            raise ShiftsInvalid(str(error)[:100]) from error

    def on_leave(self, at: datetime) -> bool:
        return self._is_of_leave(at.astimezone(self.zone).date())

    def on_shift(self, at: datetime) -> bool:
        """Whether they work at an instant; not any more at the end of a window. Leave counts as not working."""
        return any(begins <= at < ends for begins, ends in self._around(at))

    def works_through(self, begins: datetime, ends: datetime) -> bool:
        """Whether one window holds the whole of a span."""
        return any(first <= begins and ends <= last for first, last in self._around(begins))

    def _around(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The windows of the day of `at` and of the day before, which may run over midnight."""
        today = at.astimezone(self.zone).date()
        for day in (today - DAY, today):
            if self._is_of_leave(day):
                continue
            for begins, ends in self.days.get(day, self.weekly[day.weekday()]):
                yield self._instant(day, begins), self._end(day, begins, ends)

    def _end(self, day: date, begins: time, ends: time) -> datetime:
        """When a window of this day is over."""
        if begins < ends:
            return self._instant(day, ends)
        morrow = day + DAY
        return self._instant(morrow, time.min if self._is_of_leave(morrow) else ends)

    def _is_of_leave(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.leave)

    def _instant(self, day: date, wall: time) -> datetime:
        return datetime.combine(day, wall, self.zone).astimezone(UTC)


def _hours(text: str) -> Hours:
    begins, ends = text.split("-")
    return time.fromisoformat(begins), time.fromisoformat("00:00" if ends == "24:00" else ends)


def _date(day: Any) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)


def _span(first: Any, last: Any) -> tuple[date, date]:
    begins, ends = _date(first), _date(last)
    if ends < begins:
        raise ShiftsInvalid(f"{begins} > {ends}")
    return begins, ends
