"""When the desk is open, and when an amount of working time has passed.

Source: docs/decisions/0014-sla-clocks.md, which goes on from 0007
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from caseengine.model.errors import CalendarInvalid, NoWorkingTime

LOOKAHEAD_DAYS_MAX = 400
"""Days in a row without an opening after which we say that the desk never opens."""
MONTHS_KEPT_MAX = 600

MIDNIGHT = time(0)
DAY = timedelta(days=1)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `opens` to `closes`, wall time in the desk's zone.

    A window that closes no later than it opens ends on the next day: 22:00 to 06:00 is a night shift, and midnight as
    `closes` the end of the day. It belongs whole to the day on which it opens.
    """

    opens: time
    closes: time

    @property
    def over_midnight(self) -> bool:
        return self.closes <= self.opens

    @property
    def into_next_day(self) -> time | None:
        """Until when of the next day it is open; None when it ends on its own."""
        return self.closes if self.over_midnight and self.closes != MIDNIGHT else None


@dataclass(frozen=True, slots=True)
class Month:
    """The openings that begin in one month, in order, and the working time up to the end of each."""

    opens: tuple[datetime, ...]
    closes: tuple[datetime, ...]
    worked: tuple[timedelta, ...]

    @property
    def total(self) -> timedelta:
        return self.worked[-1] if self.worked else NOTHING

    def worked_until(self, at: datetime) -> timedelta:
        """Working time of this month up to an instant."""
        place = bisect_left(self.closes, at)
        if place == len(self.closes):
            return self.total
        before = self.worked[place - 1] if place else NOTHING
        return before + max(at - self.opens[place], NOTHING)

    def when_worked(self, amount: timedelta) -> datetime:
        """The instant at which so much of this month's working time has passed; it has as much, and some is asked."""
        place = bisect_left(self.worked, amount)
        return self.closes[place] - (self.worked[place] - amount)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening windows for each weekday, Monday first, several a day and in order.

    Attributes:
        holidays: days on which nothing opens; a night shift of the evening before goes on to its end.
        overrides: other windows for a particular day, which win over weekday and holiday; none for a closed day.

    Raises:
        CalendarInvalid: windows overlap, also into the next day, are out of order, or are as long as nothing.
    """

    zone: ZoneInfo
    windows: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date] = frozenset()
    overrides: Mapping[date, tuple[Window, ...]] = field(default_factory=dict, hash=False)
    _months: dict[tuple[int, int], Month] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        if len(self.windows) != 7:
            raise CalendarInvalid(len(self.windows))
        for weekday, day in enumerate(self.windows):
            _check(day, self.windows[(weekday + 1) % 7], weekday)
        for changed in self.overrides:
            for first in (changed - DAY, changed):
                _check(self.windows_on(first), self.windows_on(first + DAY), first.weekday())

    def ever_opens(self, since: date) -> bool:
        """Whether anything opens that day or later; a particular day that has passed opens nothing any more."""
        return any(self.windows) or any(hours for day, hours in self.overrides.items() if day >= since)

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The windows that open on a day of its own zone."""
        if day in self.overrides:
            return self.overrides[day]
        return () if day in self.holidays else self.windows[day.weekday()]

    def openings(self, day: date) -> list[tuple[datetime, datetime]]:
        """The UTC instants between which the desk is open, for the windows that open on a day of its own zone."""
        found = []
        for window in self.windows_on(day):
            closing_day = day + DAY if window.over_midnight else day
            opens, closes = self._instant(day, window.opens), self._instant(closing_day, window.closes)
            if opens < closes:
                found.append((opens, closes))
        return found

    def month(self, year: int, number: int) -> Month:
        """The openings of a month of its own zone; found once and remembered."""
        known = self._months.get((year, number))
        if known is None:
            if len(self._months) >= MONTHS_KEPT_MAX:
                self._months.clear()
            known = self._months[year, number] = self._find(date(year, number, 1))
        return known

    def _find(self, first: date) -> Month:
        days = (first + n * DAY for n in range(31))
        found = [opening for day in days if day.month == first.month for opening in self.openings(day)]
        worked = tuple(accumulate(closes - opens for opens, closes in found))
        return Month(tuple(opens for opens, _ in found), tuple(closes for _, closes in found), worked)

    def _instant(self, day: date, wall: time) -> datetime:
        """The first instant the clock on the wall shows this, or has just jumped over it."""
        local = datetime.combine(day, wall, self.zone)
        instant = local.astimezone(UTC)
        jumped = instant.astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None)
        return self._jump(local.replace(fold=1).astimezone(UTC), instant) if jumped else instant

    def _jump(self, before: datetime, after: datetime) -> datetime:
        """The whole second within (before, after] at which the zone's offset changes."""
        offset = before.astimezone(self.zone).utcoffset()
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
            if middle.astimezone(self.zone).utcoffset() == offset:
                before = middle
            else:
                after = middle
        return after


def due_at(start: datetime, target: timedelta, calendar: Calendar) -> datetime:
    """When `target` of working time, counted from `start`, has passed.

    Args:
        start: aware instant, any zone.
        target: working time, not wall time: 8 h on a 9-17 desk is one day. Not negative.
        calendar: opening windows (several a day), holidays and overrides in the desk's own zone.

    Returns:
        Aware UTC instant. A target that ends at closing time is due then, not next morning; a target of nothing is
        due at `start`.

    Raises:
        NoWorkingTime: nothing opens within LOOKAHEAD_DAYS_MAX days, rounded up to whole months.

    Source: docs/decisions/0014-sla-clocks.md
    """
    if target < NOTHING:
        raise ValueError("a target is not negative")
    utc = start.astimezone(UTC)
    if not target:
        return utc
    for month in _months_from(utc, calendar):
        behind = month.worked_until(utc)
        if target <= month.total - behind:
            return month.when_worked(behind + target)
        target -= month.total - behind
    raise NoWorkingTime(LOOKAHEAD_DAYS_MAX)


def working_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How long the desk was open between two instants; nothing when `end` is not after `start`."""
    total = NOTHING
    if end <= start:
        return total
    for month in _months_between(start, end, calendar):
        total += month.worked_until(end) - month.worked_until(start)
    return total


def openings_between(start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """What of the openings lies between two instants, in order."""
    for month in _months_between(start, end, calendar):
        for opens, closes in zip(month.opens, month.closes, strict=True):
            if opens < end and closes > start:
                yield max(opens, start), min(closes, end)


def is_open(at: datetime, calendar: Calendar) -> bool:
    """Whether the desk is open at an instant; it is not any more at closing time."""
    return next(openings_between(at, at + timedelta(microseconds=1), calendar), None) is not None


def differing_days(one: Calendar, other: Calendar) -> tuple[date, date] | None:
    """The first and the last day on which two calendars may open differently; None where they never do."""
    if (one.zone.key, one.windows) != (other.zone.key, other.windows):
        return date.min, date.max
    named = {*one.holidays, *other.holidays, *one.overrides, *other.overrides}
    days = sorted(day for day in named if one.windows_on(day) != other.windows_on(day))
    return (days[0], days[-1]) if days else None


def _check(day: tuple[Window, ...], next_day: tuple[Window, ...], weekday: int) -> None:
    """
    Raises:
        CalendarInvalid: see `Calendar`.
    """
    in_order = all(not a.over_midnight and a.closes <= b.opens for a, b in pairwise(day))
    if not in_order or any(window.opens == window.closes != MIDNIGHT for window in day):
        raise CalendarInvalid(weekday)
    tail = day[-1].into_next_day if day else None
    if tail is not None and next_day and next_day[0].opens < tail:
        raise CalendarInvalid(weekday)


def _months_from(start: datetime, calendar: Calendar) -> Iterator[Month]:
    """From the month in which `start` lies; ends where nothing opens for LOOKAHEAD_DAYS_MAX days."""
    open_at = start
    for first, month in _months(start, calendar):
        if month.opens:
            open_at = max(open_at, month.closes[-1])
        elif (first - open_at.date()).days > LOOKAHEAD_DAYS_MAX:
            return
        yield month


def _months_between(start: datetime, end: datetime, calendar: Calendar) -> Iterator[Month]:
    last = end.astimezone(calendar.zone).date()
    for first, month in _months(start, calendar):
        if first > last:
            return
        yield month


def _months(start: datetime, calendar: Calendar) -> Iterator[tuple[date, Month]]:
    """Months with their first days; the first holds the evening before `start`, whose night shift may go on."""
    day = start.astimezone(calendar.zone).date() - DAY
    year, number = day.year, day.month
    while year < date.max.year:
        yield date(year, number, 1), calendar.month(year, number)
        year, number = (year, number + 1) if number < 12 else (year + 1, 1)


__all__ = [
    "LOOKAHEAD_DAYS_MAX",
    "Calendar",
    "Window",
    "differing_days",
    "due_at",
    "is_open",
    "openings_between",
    "working_time",
]
