"""When the desk is open, and when an amount of working time has passed.

Source: docs/decisions/0007-sla-clock.md
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from caseengine.model.errors import CalendarInvalid, NoWorkingTime

LOOKAHEAD_DAYS_MAX = 400
"""Days in a row without an opening after which we say that the desk never opens."""

MIDNIGHT = time(0)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Open from `opens` to `closes`, wall time in the desk's zone; midnight as `closes` is the end of the day."""

    opens: time
    closes: time

    @property
    def runs_forwards(self) -> bool:
        return self.closes == MIDNIGHT or self.opens < self.closes


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening windows for each weekday, Monday first, several a day and in order; holidays are closed all day.

    Raises:
        CalendarInvalid: windows of a day overlap, are out of order or run backwards.
    """

    zone: ZoneInfo
    windows: tuple[tuple[Window, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        for weekday, day in enumerate(self.windows):
            in_order = all(a.closes != MIDNIGHT and a.closes <= b.opens for a, b in pairwise(day))
            if not in_order or not all(window.runs_forwards for window in day):
                raise CalendarInvalid(weekday)
        if len(self.windows) != 7:
            raise CalendarInvalid(len(self.windows))

    def openings(self, day: date) -> list[tuple[datetime, datetime]]:
        """The UTC instants between which the desk is open on a day of its own zone."""
        if day in self.holidays:
            return []
        found = []
        for window in self.windows[day.weekday()]:
            closing_day = day + DAY if window.closes == MIDNIGHT else day
            opens, closes = self._instant(day, window.opens), self._instant(closing_day, window.closes)
            if opens < closes:
                found.append((opens, closes))
        return found

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
        calendar: opening windows (several a day) and holidays in the desk's own zone.

    Returns:
        Aware UTC instant. A target that ends at closing time is due then, not next morning; a target of nothing is
        due at `start`.

    Raises:
        NoWorkingTime: nothing opens within LOOKAHEAD_DAYS_MAX days.

    Source: docs/decisions/0007-sla-clock.md
    """
    if target < timedelta(0):
        raise ValueError("a target is not negative")
    if not target:
        return start.astimezone(UTC)
    for opens, closes in _openings_from(start, calendar):
        if target <= closes - opens:
            return opens + target
        target -= closes - opens
    raise NoWorkingTime(LOOKAHEAD_DAYS_MAX)


def working_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How long the desk was open between two instants; nothing when `end` is not after `start`."""
    total = timedelta(0)
    for opens, closes in _openings_from(start, calendar):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


def is_open(at: datetime, calendar: Calendar) -> bool:
    """Whether the desk is open at an instant; it is not any more at closing time."""
    opening = next(_openings_from(at, calendar), None)
    return opening is not None and opening[0] <= at


def _openings_from(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """What is left of the openings after `start`; ends when nothing opens for LOOKAHEAD_DAYS_MAX days."""
    utc = start.astimezone(UTC)
    day, closed_days = utc.astimezone(calendar.zone).date() - DAY, 0
    while closed_days <= LOOKAHEAD_DAYS_MAX + 1:
        openings = [(max(opens, utc), closes) for opens, closes in calendar.openings(day) if closes > utc]
        yield from openings
        day, closed_days = day + DAY, 0 if openings else closed_days + 1
