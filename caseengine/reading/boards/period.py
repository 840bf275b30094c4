"""A period of days of the desk."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from storage.refusal import Refusal


@dataclass(eq=False)
class PeriodBackwards(Refusal):
    """A period has to end after it begins."""

    code = "board.period_backwards"


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant on, to the one it does not hold any more.

    Raises:
        PeriodBackwards: there is nothing in between.
    """

    begins: datetime
    ends: datetime

    def __post_init__(self) -> None:
        if self.ends <= self.begins:
            raise PeriodBackwards


def desk_days(first_on: date, before_on: date, zone: ZoneInfo) -> Period:
    """The days from `first_on` to the day before `before_on`, as the clock on the desk's wall has them.

    A day on which the clocks change is 23 or 25 hours long, and is still one day.

    Raises:
        PeriodBackwards: there is no day in between.
    """
    return Period(_midnight(first_on, zone), _midnight(before_on, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day; where the clocks jump over midnight, the instant after the jump."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)
