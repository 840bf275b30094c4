"""Promises that were not kept."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.model.lifecycle import LIVE
from caseengine.reading.behind import Due, behind
from caseengine.tables import cases
from storage.transaction import Snapshot


async def overdue(snapshot: Snapshot, at: datetime, *, after: Due | None = None, limit: int = 100) -> list[Due]:
    """The live cases whose customer should have heard from the desk by `at`, longest overdue first."""
    due_at = cases.c.due_at
    rows = await snapshot.rows(
        sa.select(due_at, cases.c.id)
        .where(cases.c.status.in_(LIVE), due_at <= at, *behind(after, due_at, cases.c.id))
        .order_by(due_at, cases.c.id)
        .limit(limit)
    )
    return [Due(*tuple(row)) for row in rows]
