"""What can be counted, and which rows each figure counts. The figure and its list are made of the same condition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.lifecycle import Status
from caseengine.model.tally import TallyKind
from caseengine.reading.boards.period import Period
from caseengine.tables import case_clocks, cases, surveys, tallies

TARGETS = ("first_response", "next_response", "resolution")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The query behind one figure.

    Attributes:
        at: the present of the figures that speak of it.
        period: of all others.
        status, bucket, within: of the figures that speak of the present.
        target: of `MET`, `MISSED` and `TIMED`.
        reason: of `HANDED_OVER`; any when left out.
        score: of `RATED` and `EASE`; any when left out.
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
        """The same reader, filter and time, another figure. A board has thousands, so no general way is taken."""
        asked = more.get
        return Drill(
            figure=figure,
            whose=self.whose,
            at=self.at,
            period=self.period,
            status=asked("status", self.status),
            bucket=asked("bucket", self.bucket),
            within=self.within,
            target=asked("target", self.target),
            reason=asked("reason", self.reason),
            score=asked("score", self.score),
        )

    def whose_agent(self, agent_id: UUID | None) -> "Drill":
        return replace(self, whose=replace(self.whose, agent_id=agent_id))


@dataclass(frozen=True, slots=True)
class Number:
    """A figure and the query that lists what it counts, a line each."""

    value: int
    drill: Drill


@dataclass(frozen=True, slots=True)
class Counting:
    """The rows a figure counts: one for each line of its list.

    Attributes:
        at: when it happened, by which the list is ordered; then by case and `tie`.
    """

    table: sa.Table
    where: tuple[sa.ColumnElement[bool], ...]
    at: sa.Column[datetime]
    case_id: sa.Column[UUID]
    tie: sa.Column[Any]

    def count(self, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
        """How many; by columns, where there are some."""
        many = sa.select(*columns, sa.func.count().label("how_many")).select_from(self.table).where(*self.where)
        return many.group_by(*columns) if columns else many


def counting(drill: Drill) -> Counting:
    """The rows behind a figure."""
    return _COUNTED[drill.figure](drill)


def _tallies(kind: TallyKind, *more: sa.ColumnElement[bool], work: bool = False) -> Callable[[Drill], Counting]:
    """Tallies of a kind. Cases that went on in others are left out; `work` that people did is not."""

    def count(drill: Drill) -> Counting:
        here = [tallies.c.kind == kind, *during(tallies.c.at, drill), *of(tallies, drill.whose), *more]
        here += [] if work else [tallies.c.merged.is_(sa.false())]
        here += [tallies.c.detail == drill.reason] if kind is TallyKind.HANDOVER and drill.reason is not None else []
        return Counting(tallies, tuple(here), tallies.c.at, tallies.c.case_id, tallies.c.seq)

    return count


def _standing(kind: TallyKind) -> Callable[[Drill], Counting]:
    """What was not taken back before the end of the period: each case at most once."""

    def count(drill: Drill) -> Counting:
        stands = sa.or_(tallies.c.undone_at.is_(None), tallies.c.undone_at >= drill.in_period.ends)
        return _tallies(kind, stands)(drill)

    return count


def _clocks(at: sa.Column[datetime], *more: sa.ColumnElement[bool]) -> Callable[[Drill], Counting]:
    return lambda drill: clocks(at, drill, *more)


def clocks(at: sa.Column[datetime], drill: Drill, *more: sa.ColumnElement[bool]) -> Counting:
    """Clocks of a target, or of all, to which something happened in the period: an end, a breach."""
    targets = TARGETS if drill.target is None else (drill.target,)
    here = [case_clocks.c.target.in_(targets), *during(at, drill), *of(case_clocks, drill.whose), *more]
    return Counting(case_clocks, tuple(here), at, case_clocks.c.case_id, case_clocks.c.cycle)


def _surveys(at: sa.Column[datetime], score: sa.Column[int] | None = None) -> Callable[[Drill], Counting]:
    def count(drill: Drill) -> Counting:
        here = [*during(at, drill), *of(surveys, drill.whose)]
        here += [surveys.c.answered_at.is_not(None)] if drill.figure is Figure.RESPONDED else []
        if score is not None:
            here.append(score.is_not(None) if drill.score is None else score == drill.score)
        return Counting(surveys, tuple(here), at, surveys.c.case_id, surveys.c.cycle)

    return count


def _live(drill: Drill) -> Counting:
    """Live cases, by whatever is asked of them. They are those that neither were resolved nor went on in another."""
    here = [cases.c.resolved_at.is_(None), cases.c.status != Status.MERGED, *of(cases, drill.whose)]
    here += [cases.c.status == drill.status] if drill.status else []
    if drill.figure is Figure.UNASSIGNED:
        here.append(cases.c.agent_id.is_(None))
    if drill.figure in (Figure.AGE, Figure.STALE):
        here += _in_bucket(drill)
    if drill.figure in (Figure.OVERDUE, Figure.DUE_SOON):
        here.append(due_how(drill) == str(drill.figure))
    return Counting(cases, tuple(here), cases.c.opened_at, cases.c.id, cases.c.version)


def _in_bucket(drill: Drill) -> list[sa.ColumnElement[bool]]:
    column = cases.c.opened_at if drill.figure is Figure.AGE else cases.c.updated_at
    least, most = BUCKETS[drill.bucket or "older"]
    young = [] if most is None else [column > drill.present - most]
    old = [] if not least else [column <= drill.present - least]
    return [*young, *old]


def due_how(drill: Drill) -> sa.Case[Any]:
    """`OVERDUE`, else `DUE_SOON`, else nothing, by the clocks of a case that have not ended."""
    mine = sa.select(case_clocks.c.case_id).where(case_clocks.c.ended_at.is_(None))
    due, missed = case_clocks.c.due_at, case_clocks.c.breached_at
    paused = mine.where(due.is_(None), missed.is_not(None))
    overdue = sa.union_all(mine.where(due <= drill.present), paused)
    soon = mine.where(due > drill.present, due <= drill.present + drill.within)
    return sa.case(
        (cases.c.id.in_(overdue), sa.literal(str(Figure.OVERDUE))),
        (cases.c.id.in_(soon), sa.literal(str(Figure.DUE_SOON))),
        else_=sa.literal(""),
    )


def during(column: sa.Column[datetime], drill: Drill) -> list[sa.ColumnElement[bool]]:
    period = drill.in_period
    return [column >= period.begins, column < period.ends]


def of(table: sa.Table, whose: Whose) -> list[sa.ColumnElement[bool]]:
    """The filter, in the words of a table."""
    here: list[sa.ColumnElement[bool]] = []
    if whose.department is not None:
        here.append(table.c.department == whose.department)
    if whose.seen is not None:
        here.append(table.c.department.in_(sorted(whose.seen)))
    named = ("agent_id", "policy", "case_type", "priority")
    return here + [table.c[name] == value for name in named if (value := getattr(whose, name)) is not None]


_COUNTED: Mapping[Figure, Callable[[Drill], Counting]] = {
    **dict.fromkeys((Figure.LIVE, Figure.UNASSIGNED, Figure.AGE, Figure.STALE, Figure.OVERDUE, Figure.DUE_SOON), _live),
    Figure.OPENED: _tallies(TallyKind.OPENED),
    Figure.RESOLVED: _standing(TallyKind.RESOLVED),
    Figure.RESOLUTIONS: _tallies(TallyKind.RESOLVED),
    Figure.TAKEN_BACK: _tallies(TallyKind.RESOLVED, tallies.c.undone_at.is_not(None)),
    Figure.CLOSED: _standing(TallyKind.CLOSED),
    Figure.REOPENED: _tallies(TallyKind.REOPENED),
    Figure.HANDED_OVER: _tallies(TallyKind.HANDOVER, work=True),
    Figure.REPLIED: _tallies(TallyKind.REPLIED, work=True),
    Figure.HELD: _tallies(TallyKind.HELD, work=True),
    Figure.MET: _clocks(case_clocks.c.ended_at, case_clocks.c.state == "met"),
    Figure.MISSED: _clocks(case_clocks.c.breached_at),
    Figure.TIMED: _clocks(case_clocks.c.ended_at),
    Figure.SURVEYED: _surveys(surveys.c.asked_at),
    Figure.RESPONDED: _surveys(surveys.c.asked_at),
    Figure.RATED: _surveys(surveys.c.answered_at, surveys.c.csat),
    Figure.EASE: _surveys(surveys.c.answered_at, surveys.c.effort),
}
