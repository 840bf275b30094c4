"""The rows behind a figure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.lifecycle import Status
from caseengine.packing.sources import SOURCES
from caseengine.reading.boards.definitions import DEFINITIONS
from caseengine.reading.boards.figures import BUCKETS, PRESENT, Drill, Figure, Whose
from caseengine.tables import case_clocks, cases


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
    return _live(drill) if drill.figure in PRESENT else _happened(drill)


def _happened(drill: Drill) -> Counting:
    defined, period = DEFINITIONS[drill.figure], drill.in_period
    source = SOURCES[defined.happening]
    here = [*source.where, source.at >= period.begins, source.at < period.ends, *of(source.table, drill.whose)]
    here += [condition.sql(source.table) for condition in defined.conditions(drill)]
    return Counting(source.table, tuple(here), source.at, source.case_id, source.tie)


def _live(drill: Drill) -> Counting:
    """Live cases, by whatever is asked of them. They are those that neither were resolved nor went on in another."""
    here = [cases.c.resolved_at.is_(None), cases.c.status != Status.MERGED, *of(cases, drill.whose)]
    here += [cases.c.status == drill.status] if drill.status else []
    if drill.figure is Figure.UNASSIGNED:
        here.append(cases.c.agent_id.is_(None))
    if drill.figure in (Figure.AGE, Figure.STALE):
        here += _in_bucket(drill)
    if drill.figure is Figure.OVERDUE:
        here.append(cases.c.id.in_(_overdue(drill)))
    if drill.figure is Figure.DUE_SOON:
        here += [cases.c.id.in_(_due_soon(drill)), cases.c.id.not_in(_overdue(drill))]
    return Counting(cases, tuple(here), cases.c.opened_at, cases.c.id, cases.c.version)


def _in_bucket(drill: Drill) -> list[sa.ColumnElement[bool]]:
    column = cases.c.opened_at if drill.figure is Figure.AGE else cases.c.acted_at
    least, most = BUCKETS[drill.bucket or "older"]
    young = [] if most is None else [column > drill.present - most]
    old = [] if not least else [column <= drill.present - least]
    return [*young, *old]


def due_how(drill: Drill) -> sa.Case[Any]:
    """`OVERDUE`, else `DUE_SOON`, else nothing, by the clocks of a case that have not ended."""
    return sa.case(
        (cases.c.id.in_(_overdue(drill)), sa.literal(str(Figure.OVERDUE))),
        (cases.c.id.in_(_due_soon(drill)), sa.literal(str(Figure.DUE_SOON))),
        else_=sa.literal(""),
    )


def _overdue(drill: Drill) -> sa.CompoundSelect[Any]:
    """The cases of clocks whose time is over, or was when they paused."""
    running, paused = case_clocks.c.due_at <= drill.present, case_clocks.c.due_at.is_(None)
    return sa.union_all(_clocks().where(running), _clocks().where(paused, case_clocks.c.breached_at.is_not(None)))


def _due_soon(drill: Drill) -> sa.Select[Any]:
    due = case_clocks.c.due_at
    return _clocks().where(due > drill.present, due <= drill.present + drill.within)


def _clocks() -> sa.Select[Any]:
    return sa.select(case_clocks.c.case_id).where(case_clocks.c.ended_at.is_(None))


def of(table: sa.Table, whose: Whose) -> list[sa.ColumnElement[bool]]:
    """The filter, in the words of a table."""
    here: list[sa.ColumnElement[bool]] = []
    if whose.department is not None:
        here.append(table.c.department == whose.department)
    if whose.seen is not None:
        here.append(table.c.department.in_(sorted(whose.seen)))
    named = ("agent_id", "policy", "case_type", "priority")
    return here + [table.c[name] == value for name in named if (value := getattr(whose, name)) is not None]
