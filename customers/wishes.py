"""What a customer wants to be told of, where and when: plain values, and the arithmetic of their day.

Source: docs/decisions/0023-notices-to-customers.md
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class NoticeKind(StrEnum):
    """What a notice is about."""

    REPLY = "reply"  # words of an agent wait
    PROMISE = "promise"  # nobody came in time; a new time is promised
    RESOLVED = "resolved"
    STATUS = "status"  # the case goes another step
    SURVEY = "survey"  # how was it?


class Way(StrEnum):
    """Where a notice goes."""

    EMAIL = "email"
    CHAT = "chat"  # said in the chat, and nowhere else
    TEAMS = "teams"


class Digest(StrEnum):
    """How many notices travel together."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"


UNASKED = frozenset({NoticeKind.REPLY, NoticeKind.PROMISE, NoticeKind.RESOLVED, NoticeKind.SURVEY})
"""What somebody who wrote to the desk expects to be told. Each step of a case is told to who asked for it alone."""
HOUR = timedelta(hours=1)
LOOKED_AT = (0, 1, 2)
"""Days in which the next instant of a time of day is looked for: a clock put forward can swallow today's."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day to another, also over midnight; nothing when both are the same."""

    begins: time
    ends: time

    def covers(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether nobody wants to be disturbed at this instant."""
        local = at.astimezone(zone).time().replace(tzinfo=None)
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends

    def over(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When they are over, of an instant within them; else the instant itself."""
        if not self.covers(at, zone):
            return at
        ends = times_of_day(self.ends, at, zone)
        return next(end for end in ends if end > at and not self.covers(end, zone))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a customer wants to be told.

    Attributes:
        way: the one they like best; None: they want nothing.
        zone: IANA name of the zone their quiet hours and their digest are in.
        language: of the notices; "" for the contact's own.
    """

    way: Way | None = Way.EMAIL
    kinds: frozenset[NoticeKind] = UNASKED
    quiet: QuietHours | None = None
    digest: Digest = Digest.AT_ONCE
    digest_at: time = time(8)
    zone: str = "UTC"
    language: str = ""

    def want(self, kind: NoticeKind) -> bool:
        return self.way is not None and kind in self.kinds

    def nothing(self) -> "Wishes":
        """The same person, who wants to hear no more."""
        return replace(self, way=None)

    def quiet_at(self, at: datetime) -> bool:
        return self.quiet is not None and self.quiet.covers(at, ZoneInfo(self.zone))

    def earliest(self, at: datetime) -> datetime:
        """The first instant from `at` on at which they may be told: the digest's, moved out of their quiet hours."""
        return self.after_quiet(self._slot(at))

    def after_quiet(self, at: datetime) -> datetime:
        """The same instant, or the end of the quiet hours it is in."""
        return self.quiet.over(at, ZoneInfo(self.zone)) if self.quiet is not None else at

    def _slot(self, at: datetime) -> datetime:
        if self.digest is Digest.HOURLY:
            return full_hour(at, ZoneInfo(self.zone))
        if self.digest is Digest.DAILY:
            return next(slot for slot in times_of_day(self.digest_at, at, ZoneInfo(self.zone)) if slot >= at)
        return at


def times_of_day(clock: time, at: datetime, zone: ZoneInfo) -> list[datetime]:
    """The instants, as UTC and in order, at which the clock shows this time, on the day of `at` and the next two.

    A time that the clock shows twice is two instants; one that it skips is when it would have been.
    """
    day = at.astimezone(zone).date()
    shown = [datetime.combine(day + timedelta(days=more), clock, zone) for more in LOOKED_AT]
    return sorted({one.replace(fold=fold).astimezone(UTC) for one in shown for fold in (0, 1)})


def full_hour(at: datetime, zone: ZoneInfo) -> datetime:
    """The first instant from `at` on, as UTC, at which the clock shows a full hour; it may be moved by half of one."""
    full = at.astimezone(UTC)
    while past := _past_the_hour(full, zone):
        full += HOUR - past
    return full


def _past_the_hour(at: datetime, zone: ZoneInfo) -> timedelta:
    local = at.astimezone(zone)
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
