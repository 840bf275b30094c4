"""Whoever writes into a day that may be packed says so, in the same transaction.

A packed day holds while no touch names it. Days are packed only some time after they were announced to be over; from
then on every writer touches them. So there is no moment at which a row could come into a day unseen: either the packer
reads the row, or the row's touch outlives the packing. Nobody's clock is trusted, and no writer waits for another.
Source: docs/decisions/0018-days-are-packed.md
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseengine.cursors import Cursor, advance, cursor
from caseengine.model.happening import NOTHING, Happening
from caseengine.packing.sql import day_of
from caseengine.tables import case_events, cursors, touched_days
from storage.transaction import UnitOfWork, Write

OVER = "days_over"
"""The cursor whose place is the first day that is not over yet, and whose position is when that was announced."""
SETTLES_AFTER = timedelta(minutes=10)
"""No commit that began before an announcement is still under way by then."""
_BEFORE = sa.select(cursors.c.place).where(cursors.c.name == OVER).scalar_subquery()
_INTO = ["day", "happenings"]


def touches(happened: Iterable[tuple[Happening, datetime | None]]) -> Iterator[Write]:
    """What is written happened then: one row for each day that is over, none for a day that is not."""
    by_day: dict[str, Happening] = {}
    for happening, at in happened:
        if at is not None:
            by_day[day_text(at)] = by_day.get(day_text(at), NOTHING) | happening
    for day, happenings in by_day.items():
        told = sa.select(sa.literal(day), sa.literal(int(happenings))).where(sa.literal(day) < _BEFORE)
        yield Write(sa.insert(touched_days).from_select(_INTO, told))


def touch_days_of_case(happenings: Happening, case_id: UUID, kinds: Iterable[str] = ()) -> Write:
    """These kinds, on all days on which something happened to a case.

    Args:
        kinds: of events; all when left out.
    """
    day = day_of(case_events.c.at)
    mine = [case_events.c.case_id == case_id, day < _BEFORE]
    mine += [case_events.c.kind.in_(sorted(kinds))] if kinds else []
    told = sa.select(day, sa.literal(int(happenings))).where(*mine).distinct()
    return Write(sa.insert(touched_days).from_select(_INTO, told))


async def announce(work: UnitOfWork, at: datetime) -> date | None:
    """Say which days are over.

    Returns:
        The first day that may not be packed yet; None while an announcement has to settle.

    Raises (at commit):
        Conflict: another worker announced it first.
    """
    known = await cursor(work, OVER)
    today = at.astimezone(UTC).date().isoformat()
    if known is None or known.place < today:
        advance(work, known, Cursor(OVER, int(at.timestamp()), today))
        return None
    settled = at.timestamp() >= known.position + SETTLES_AFTER.total_seconds()
    return date.fromisoformat(known.place) if settled else None


def day_text(at: datetime) -> str:
    """The day of UTC of an instant, as it is stored."""
    return at.astimezone(UTC).date().isoformat()
