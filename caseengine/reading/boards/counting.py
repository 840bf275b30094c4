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


def of(table: sa.Table, whose: Whose) -> list[sa.ColumnElement[bool]]:
    """The filter, in the words of a table."""
    here: list[sa.ColumnElement[bool]] = []
    if whose.department is not None:
        here.append(table.c.department == whose.department)
    if whose.seen is not None:
        here.append(table.c.department.in_(sorted(whose.seen)))
    named = ("agent_id", "policy", "case_type", "priority")
    return here + [table.c[name] == value for name in named if (value := getattr(whose, name)) is not None]
