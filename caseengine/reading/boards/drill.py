"""The cases behind a figure, a page at a time, in the order in which it happened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.reading.boards.counting import Counting, counting
from caseengine.reading.boards.figures import Drill
from caseengine.reading.cases import CaseRow, case_rows, read_case_row
from caseengine.tables import cases
from storage.transaction import Snapshot

ROWS_MAX = 500
Sees = Callable[[str], bool]
"""Whether somebody may open the cases of a department."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list behind a figure."""

    at: datetime
    case_id: UUID
    tie: int


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One line: what was counted when, and its case as it is now; None where it went where the reader sees nothing."""

    place: Place
    case: CaseRow | None


async def count_behind(snapshot: Snapshot, drill: Drill) -> int:
    """The figure itself."""
    return int(await snapshot.scalar(counting(drill).count()))


async def cases_behind(
    snapshot: Snapshot, drill: Drill, *, sees: Sees | None = None, after: Place | None = None, limit: int = 50
) -> Sequence[DrillRow]:
    """One line for each thing the figure counts: as many in all as the figure says.

    Args:
        sees: the reader's; a case is counted where it was, and may have moved. None for who sees all.
        after: the `place` of the last line of the page before.
    """
    behind = counting(drill)
    order = (behind.at, behind.case_id, behind.tie)
    found = await snapshot.rows(
        sa.select(behind.at.label("at"), behind.case_id.label("case_id"), behind.tie.label("tie"))
        .where(*behind.where, *_beyond(behind, after))
        .order_by(*order)
        .limit(min(max(limit, 1), ROWS_MAX))
    )
    places = [Place(row.at, row.case_id, row.tie) for row in found]
    known = await _rows(snapshot, {place.case_id for place in places})
    return [_line(place, known[place.case_id], sees) for place in places]


def _line(place: Place, case: CaseRow, sees: Sees | None) -> DrillRow:
    return DrillRow(place, case if sees is None or sees(case.department) else None)


def _beyond(behind: Counting, place: Place | None) -> list[sa.ColumnElement[bool]]:
    """After a place. The instant is compared by itself first, which is what an index can walk along."""
    if place is None:
        return []
    at = sa.literal(place.at, behind.at.type)
    rest = sa.tuple_(behind.case_id, behind.tie) > sa.tuple_(
        sa.literal(place.case_id, behind.case_id.type), sa.literal(place.tie)
    )
    return [behind.at >= at, sa.or_(behind.at > at, rest)]


async def _rows(snapshot: Snapshot, ids: set[UUID]) -> dict[UUID, CaseRow]:
    found: Sequence[sa.Row[Any]] = await snapshot.rows(case_rows().where(cases.c.id.in_(ids))) if ids else []
    return {row.id: read_case_row(row) for row in found}
