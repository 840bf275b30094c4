"""How the desk stands now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caseengine.model.lifecycle import Status
from caseengine.reading.boards.figures import BUCKETS, Drill, Figure, Number, Whose, counting
from caseengine.tables import cases
from storage.transaction import Snapshot

Cell = tuple[str, Status]


@dataclass(frozen=True, slots=True)
class Standing:
    """One department and status."""

    department: str
    status: Status
    live: Number
    unassigned: Number
    overdue: Number
    due_soon: Number


@dataclass(frozen=True, slots=True)
class NowBoard:
    """Live cases.

    Attributes:
        waiting: for the customer or somebody outside, by status.
        ages, stale: by bucket: since they were opened; since anything was last done.
        cells: by department and status; those without a case are left out.
    """

    at: datetime
    live: Number
    unassigned: Number
    overdue: Number
    due_soon: Number
    waiting: Mapping[Status, Number]
    ages: Mapping[str, Number]
    stale: Mapping[str, Number]
    cells: Sequence[Standing]


async def now_board(snapshot: Snapshot, whose: Whose, *, at: datetime, within: timedelta = timedelta(hours=2)) -> NowBoard:
    """One look at the live cases, and one at their open clocks.

    Args:
        within: what is due in less than this, and not overdue, is due soon.
    """
    drill = Drill(figure=Figure.LIVE, whose=whose, at=at, within=within)
    parts = _Parts(await snapshot.rows(_live(drill)))
    due = {figure: await _due(snapshot, drill.to(figure)) for figure in (Figure.OVERDUE, Figure.DUE_SOON)}
    waiting = (Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY)
    return NowBoard(
        at=at,
        live=Number(parts.live.total(), drill),
        unassigned=Number(parts.unassigned.total(), drill.to(Figure.UNASSIGNED)),
        overdue=Number(due[Figure.OVERDUE].total(), drill.to(Figure.OVERDUE)),
        due_soon=Number(due[Figure.DUE_SOON].total(), drill.to(Figure.DUE_SOON)),
        waiting={one: Number(parts.statuses[one], drill.to(Figure.LIVE, status=one)) for one in waiting},
        ages={name: Number(parts.ages[name], drill.to(Figure.AGE, bucket=name)) for name in BUCKETS},
        stale={name: Number(parts.stale[name], drill.to(Figure.STALE, bucket=name)) for name in BUCKETS},
        cells=[_standing(cell, drill, parts, due) for cell in sorted(parts.live)],
    )


def _live(drill: Drill) -> sa.Select[Any]:
    assert drill.at is not None
    unassigned = sa.case((cases.c.agent_id.is_(None), 1), else_=0).label("unassigned")
    age, stale = (_bucket(column, drill.at) for column in (cases.c.opened_at, cases.c.updated_at))
    columns = (cases.c.department, cases.c.status, unassigned, age.label("age"), stale.label("stale"))
    return counting(drill).count(*columns)


def _bucket(column: sa.Column[datetime], at: datetime) -> sa.Case[Any]:
    """The name of the bucket."""
    young = [(column > sa.literal(at - most, column.type), name) for name, (_, most) in BUCKETS.items() if most]
    return sa.case(*young, else_=next(name for name, (_, most) in BUCKETS.items() if most is None))


async def _due(snapshot: Snapshot, drill: Drill) -> Counter[Cell]:
    rows = await snapshot.rows(counting(drill).count(cases.c.department, cases.c.status))
    return Counter({(row.department, Status(row.status)): row.how_many for row in rows})


class _Parts:
    """The counted parts, summed up in every way the board shows."""

    def __init__(self, rows: Sequence[sa.Row[Any]]) -> None:
        self.live: Counter[Cell] = Counter()
        self.unassigned: Counter[Cell] = Counter()
        self.statuses: Counter[Status] = Counter()
        self.ages: Counter[str] = Counter()
        self.stale: Counter[str] = Counter()
        for row in rows:
            status = Status(row.status)
            self.live[row.department, status] += row.how_many
            self.unassigned[row.department, status] += row.how_many if row.unassigned else 0
            self.statuses[status] += row.how_many
            self.ages[row.age] += row.how_many
            self.stale[row.stale] += row.how_many


def _standing(cell: Cell, drill: Drill, parts: _Parts, due: Mapping[Figure, Counter[Cell]]) -> Standing:
    department, status = cell
    here = Drill(
        figure=Figure.LIVE, whose=_in(drill.whose, department), at=drill.at, status=status, within=drill.within
    )
    return Standing(
        department,
        status,
        Number(parts.live[cell], here),
        Number(parts.unassigned[cell], here.to(Figure.UNASSIGNED)),
        Number(due[Figure.OVERDUE][cell], here.to(Figure.OVERDUE)),
        Number(due[Figure.DUE_SOON][cell], here.to(Figure.DUE_SOON)),
    )


def _in(whose: Whose, department: str) -> Whose:
    return Whose(whose.seen, department, whose.agent_id, whose.case_type, whose.priority, whose.policy)
