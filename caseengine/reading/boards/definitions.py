"""What each figure of a period counts, said once: the number is counted in columns by it, the list is a query by it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import sqlalchemy as sa

from caseengine.model.happening import Happening
from caseengine.packing.columns import Columns, Mask, microseconds
from caseengine.reading.boards.figures import Drill, Figure


class Condition(Protocol):
    """About one column, in two languages that say the same."""

    def sql(self, table: sa.Table) -> sa.ColumnElement[bool]: ...

    def mask(self, columns: Columns) -> Mask: ...


@dataclass(frozen=True, slots=True)
class Is:
    """It has this value."""

    name: str
    value: str | int

    def sql(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return table.c[self.name] == self.value

    def mask(self, columns: Columns) -> Mask:
        return np.equal(columns.values[self.name], columns.code(self.name, self.value))


@dataclass(frozen=True, slots=True)
class Given:
    """It has any value."""

    name: str

    def sql(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return table.c[self.name].is_not(None)

    def mask(self, columns: Columns) -> Mask:
        return np.not_equal(columns.values[self.name], columns.nothing(self.name))


@dataclass(frozen=True, slots=True)
class NotBefore:
    """It came at this instant or later, or never."""

    name: str
    at: datetime

    def sql(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.or_(table.c[self.name].is_(None), table.c[self.name] >= self.at)

    def mask(self, columns: Columns) -> Mask:
        return np.greater_equal(columns.values[self.name], microseconds(self.at))


@dataclass(frozen=True, slots=True)
class Definition:
    """Things of one kind that happened in the period, of which these conditions hold."""

    happening: Happening
    conditions: Callable[[Drill], list[Condition]] = lambda _: []


def _stands(drill: Drill) -> list[Condition]:
    """What was not taken back before the end of the period: each case at most once."""
    return [NotBefore("undone_at", drill.in_period.ends)]


def _of_target(drill: Drill) -> list[Condition]:
    return [] if drill.target is None else [Is("target", drill.target)]


def _of_channel(drill: Drill) -> list[Condition]:
    return [] if drill.channel is None else [Is("case_channel", drill.channel)]


def _scored(name: str) -> Callable[[Drill], list[Condition]]:
    return lambda drill: [*_of_channel(drill), Given(name) if drill.score is None else Is(name, drill.score)]


DEFINITIONS: Mapping[Figure, Definition] = {
    Figure.OPENED: Definition(Happening.OPENED),
    Figure.RESOLVED: Definition(Happening.RESOLVED, _stands),
    Figure.RESOLUTIONS: Definition(Happening.RESOLVED),
    Figure.TAKEN_BACK: Definition(Happening.RESOLVED, lambda _: [Given("undone_at")]),
    Figure.CLOSED: Definition(Happening.CLOSED, _stands),
    Figure.REOPENED: Definition(Happening.REOPENED),
    Figure.HANDED_OVER: Definition(
        Happening.HANDOVER, lambda drill: [] if drill.reason is None else [Is("detail", drill.reason)]
    ),
    Figure.REPLIED: Definition(Happening.REPLIED),
    Figure.HELD: Definition(Happening.HELD),
    Figure.MET: Definition(Happening.ENDED, lambda drill: [*_of_target(drill), Is("state", "met")]),
    Figure.MISSED: Definition(Happening.BREACHED, _of_target),
    Figure.TIMED: Definition(Happening.ENDED, _of_target),
    Figure.SURVEYED: Definition(Happening.ASKED, _of_channel),
    Figure.RESPONDED: Definition(Happening.ASKED, lambda drill: [*_of_channel(drill), Given("answered_at")]),
    Figure.RATED: Definition(Happening.ANSWERED, _scored("csat")),
    Figure.EASE: Definition(Happening.ANSWERED, _scored("effort")),
}
