"""How the desk stands now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from caseengine.model.lifecycle import Status
from caseengine.reading.boards.counting import counting, due_how
from caseengine.reading.boards.counting_up import count_by
from caseengine.reading.boards.figures import BUCKETS, Drill, Figure, Number, Whose
from caseengine.tables import cases
from storage.transaction import Snapshot

Cell = tuple[str, Status]
UNASSIGNED = "nobody"


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
        ages, stale: by bucket: since they were opened; since anybody last did anything.
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


async def now_board(
    snapshot: Snapshot, whose: Whose, *, at: datetime, within: timedelta = timedelta(hours=2)
) -> NowBoard:
    """One look at the live cases and their open clocks.

    Args:
        within: what is due in less than this, and not overdue, is due soon.
    """
    drill = Drill(figure=Figure.LIVE, whose=whose, at=at, within=within)
    parts = _Parts(await _live(snapshot, drill))
    waiting = (Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY)
    return NowBoard(
        at=at,
        live=Number(parts.live.total(), drill),
        unassigned=Number(parts.unassigned.total(), drill.to(Figure.UNASSIGNED)),
        overdue=Number(parts.due[Figure.OVERDUE].total(), drill.to(Figure.OVERDUE)),
        due_soon=Number(parts.due[Figure.DUE_SOON].total(), drill.to(Figure.DUE_SOON)),
        waiting={one: Number(parts.statuses[one], drill.to(Figure.LIVE, status=one)) for one in waiting},
        ages={name: Number(parts.ages[name], drill.to(Figure.AGE, bucket=name)) for name in BUCKETS},
        stale={name: Number(parts.stale[name], drill.to(Figure.STALE, bucket=name)) for name in BUCKETS},
        cells=[_standing(cell, drill, parts) for cell in sorted(parts.live)],
    )


async def _live(snapshot: Snapshot, drill: Drill) -> Counter[tuple[str, ...]]:
    unassigned = sa.case((cases.c.agent_id.is_(None), UNASSIGNED), else_=sa.literal(""))
    age, stale = (_bucket(column, drill.present) for column in (cases.c.opened_at, cases.c.acted_at))
    columns = (cases.c.department, cases.c.status, unassigned, age, stale, due_how(drill))
    return await count_by(snapshot, counting(drill), *columns)


def _bucket(column: sa.Column[datetime], at: datetime) -> sa.Case[Any]:
    """The name of the bucket."""
    young = [(column > sa.literal(at - most, column.type), name) for name, (_, most) in BUCKETS.items() if most]
    return sa.case(*young, else_=next(name for name, (_, most) in BUCKETS.items() if most is None))


class _Parts:
    """The counted parts, summed up in every way the board shows."""

    def __init__(self, counted: Counter[tuple[str, ...]]) -> None:
        self.live: Counter[Cell] = Counter()
        self.unassigned: Counter[Cell] = Counter()
        self.due: dict[str, Counter[Cell]] = {Figure.OVERDUE: Counter(), Figure.DUE_SOON: Counter(), "": Counter()}
        self.statuses: Counter[Status] = Counter()
        self.ages: Counter[str] = Counter()
        self.stale: Counter[str] = Counter()
        for (department, status, unassigned, age, stale, due), many in counted.items():
            cell = (department, Status(status))
            self.live[cell] += many
            self.unassigned[cell] += many if unassigned == UNASSIGNED else 0
            self.due[due][cell] += many
            self.statuses[Status(status)] += many
            self.ages[age] += many
            self.stale[stale] += many


def _standing(cell: Cell, drill: Drill, parts: _Parts) -> Standing:
    department, status = cell
    here = Drill(
        figure=Figure.LIVE, whose=_in(drill.whose, department), at=drill.at, status=status, within=drill.within
    )
    return Standing(
        department,
        status,
        Number(parts.live[cell], here),
        Number(parts.unassigned[cell], here.to(Figure.UNASSIGNED)),
        Number(parts.due[Figure.OVERDUE][cell], here.to(Figure.OVERDUE)),
        Number(parts.due[Figure.DUE_SOON][cell], here.to(Figure.DUE_SOON)),
    )


def _in(whose: Whose, department: str) -> Whose:
    return Whose(whose.seen, department, whose.agent_id, whose.case_type, whose.priority, whose.policy)
