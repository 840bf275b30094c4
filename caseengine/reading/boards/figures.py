"""What can be counted, of which cases, and the query behind a number."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from caseengine.model.lifecycle import Status
from caseengine.packing.sources import TARGETS
from caseengine.reading.boards.period import Period

BUCKETS: Mapping[str, tuple[timedelta, timedelta | None]] = {
    "hour": (timedelta(0), timedelta(hours=1)),
    "day": (timedelta(hours=1), timedelta(days=1)),
    "three_days": (timedelta(days=1), timedelta(days=3)),
    "week": (timedelta(days=3), timedelta(days=7)),
    "older": (timedelta(days=7), None),
}
"""Ages: at least the first, less than the second; in wall time."""


class Figure(StrEnum):
    """What is counted; docs/reference/boards.md has the definition of each."""

    LIVE = "live"
    UNASSIGNED = "unassigned"
    AGE = "age"
    STALE = "stale"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"
    OPENED = "opened"
    RESOLVED = "resolved"
    RESOLUTIONS = "resolutions"
    TAKEN_BACK = "taken_back"
    CLOSED = "closed"
    REOPENED = "reopened"
    HANDED_OVER = "handed_over"
    REPLIED = "replied"
    HELD = "held"
    MET = "met"
    MISSED = "missed"
    TIMED = "timed"
    SURVEYED = "surveyed"
    RESPONDED = "responded"
    RATED = "rated"
    EASE = "ease"


PRESENT = (Figure.LIVE, Figure.UNASSIGNED, Figure.AGE, Figure.STALE, Figure.OVERDUE, Figure.DUE_SOON)
"""The figures that speak of now; all others are of a period."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Which cases count.

    Attributes:
        seen: the departments the reader may see; None for all.
        department ... policy: only these; None for all.
    """

    seen: frozenset[str] | None = None
    department: str | None = None
    agent_id: UUID | None = None
    case_type: str | None = None
    priority: int | None = None
    policy: str | None = None


class Drill(NamedTuple):
    """The query behind one figure.

    Attributes:
        at: the present of the figures that speak of it.
        period: of all others.
        status, bucket, within: of the figures that speak of the present.
        target: of `MET`, `MISSED` and `TIMED`.
        reason: of `HANDED_OVER`; any when left out.
        score: of `RATED` and `EASE`; any when left out.
        channel: of the cases of `SURVEYED`, `RESPONDED`, `RATED` and `EASE`; any when left out.
    """

    figure: Figure
    whose: Whose = Whose()
    at: datetime | None = None
    period: Period | None = None
    status: Status | None = None
    bucket: str | None = None
    within: timedelta = timedelta(hours=2)
    target: str | None = None
    reason: str | None = None
    score: int | None = None
    channel: str | None = None

    @property
    def present(self) -> datetime:
        """Of a figure that speaks of now."""
        if self.at is None:
            raise ValueError("this figure needs a present")
        return self.at

    @property
    def in_period(self) -> Period:
        """Of a figure of a period."""
        if self.period is None:
            raise ValueError("this figure needs a period")
        return self.period

    def to(self, figure: Figure, **more: Any) -> "Drill":
        """The same reader, filter and time, another figure."""
        return self._replace(figure=figure, **more)

    def whose_agent(self, agent_id: UUID | None) -> "Drill":
        return self._replace(whose=replace(self.whose, agent_id=agent_id))


class Number(NamedTuple):
    """A figure and the query that lists what it counts, a line each. A tuple, as a board has thousands of them.

    Attributes:
        near: that query, or one of the same reader, filter and time: few are followed.
        figure, target: what is asked otherwise than `near` asks it.
    """

    value: int
    near: Drill
    figure: Figure | None = None
    target: str | None = None

    @property
    def drill(self) -> Drill:
        return self.near if self.figure is None else self.near.to(self.figure, target=self.target)


__all__ = ["BUCKETS", "PRESENT", "TARGETS", "Drill", "Figure", "Number", "Whose"]
