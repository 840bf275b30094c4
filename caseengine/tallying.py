"""Tallies, kept: written in the transaction of the events they count."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from uuid import UUID

import sqlalchemy as sa

from caseengine.event_rows import from_row
from caseengine.model.happening import Happening
from caseengine.model.tally import HOLD_BEGINS, PLAIN, Counted, Merged, Tally, TallyKind, Undone, tallied
from caseengine.packing.touching import touch_days_of_case, touches
from caseengine.tables import case_events, tallies
from storage.transaction import Snapshot, Statement, UnitOfWork, Write, insertion

UNDOABLE = (TallyKind.RESOLVED, TallyKind.CLOSED)
HAPPENINGS = {kind: Happening[kind.name] for kind in TallyKind}
TALLIED = Happening(sum(HAPPENINGS.values()))
UNDONE = Happening.RESOLVED | Happening.CLOSED
MERGED = Happening.OPENED | Happening.REOPENED | UNDONE
"""What a case that goes on in another is left out of."""
REBUILT_AT_ONCE = 200
"""Cases whose tallies are made anew in one unit of work."""


def tally_writes(counted: Iterable[Counted]) -> Iterator[Write]:
    """In order; the events themselves are written before."""
    counted = list(counted)
    yield from touches((HAPPENINGS[one.kind], one.at) for one in counted if isinstance(one, Tally))
    for one in counted:
        if isinstance(one, Tally):
            yield Write(_row(one))
        elif isinstance(one, Undone):
            undone = _of_case(one).where(tallies.c.kind.in_(UNDOABLE), tallies.c.undone_at.is_(None))
            yield Write(undone.values(undone_at=one.at))
            yield touch_days_of_case(UNDONE, one.case_id, _events_of(UNDONE))
        else:
            yield Write(_of_case(one).where(tallies.c.kind.in_(list(TallyKind))).values(merged=one.into_other))
            yield touch_days_of_case(MERGED, one.case_id, _events_of(MERGED))


def _row(tally: Tally) -> Statement:
    """Where a holding began is found by the database as it writes."""
    if tally.kind is TallyKind.HELD:
        return sa.insert(tallies).values(**asdict(tally), since=_since(tally))
    return insertion(tallies, asdict(tally))


def _events_of(happenings: Happening) -> list[str]:
    """The names of the events that make these."""
    return [event.__name__ for event, kind in PLAIN.items() if HAPPENINGS[kind] in happenings]


async def tally_anew(work: UnitOfWork, after: UUID | None = None) -> tuple[list[UUID], UUID | None]:
    """Count some cases anew from their histories, as if nothing had been counted before; nobody else is at work.

    Returns:
        These cases, and what to go on after: None when that were all.
    """
    place = [] if after is None else [case_events.c.case_id > after]
    some = await work.rows(
        sa.select(case_events.c.case_id)
        .where(case_events.c.seq == 1, *place)
        .order_by(case_events.c.case_id)
        .limit(REBUILT_AT_ONCE)
    )
    for row in some:
        work.write(touch_days_of_case(TALLIED, row.case_id).statement)
        work.write(sa.delete(tallies).where(*_rows_of(row.case_id)))
        for write in tally_writes(await _history(work, row.case_id)):
            work.write(write.statement)
    seen = [row.case_id for row in some]
    return seen, seen[-1] if len(seen) == REBUILT_AT_ONCE else None


async def _history(snapshot: Snapshot, case_id: UUID) -> list[Counted]:
    rows = await snapshot.rows(
        sa.select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.seq)
    )
    return tallied(None, map(from_row, rows), 1)


def _since(tally: Tally) -> sa.ScalarSelect[object]:
    """When the holding that ends here began: the newest event before that gave the case to somebody."""
    begins = [kind.__name__ for kind in HOLD_BEGINS]
    mine = case_events.c.case_id == tally.case_id, case_events.c.seq < tally.seq, case_events.c.kind.in_(begins)
    return sa.select(sa.func.max(case_events.c.at)).where(*mine).scalar_subquery()


def _of_case(change: Undone | Merged) -> sa.Update:
    return sa.update(tallies).where(*_rows_of(change.case_id))


def _rows_of(case_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    """Found by the instants of the case's own events: no index by case is kept for what happens so rarely."""
    instants = sa.select(case_events.c.at).where(case_events.c.case_id == case_id)
    return tallies.c.kind.in_(list(TallyKind)), tallies.c.at.in_(instants), tallies.c.case_id == case_id
