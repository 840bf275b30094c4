"""Promises that were not kept."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.lifecycle import LIVE
from caseengine.tables import cases
from storage.transaction import Snapshot


async def overdue(snapshot: Snapshot, at: datetime, *, limit: int = 100) -> list[UUID]:
    """The live cases whose customer should have heard from the desk by `at`, longest overdue first."""
    rows = await snapshot.rows(
        sa.select(cases.c.id)
        .where(cases.c.status.in_(LIVE), cases.c.due_at <= at)
        .order_by(cases.c.due_at, cases.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]
