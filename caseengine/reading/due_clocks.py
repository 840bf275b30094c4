"""Which cases have a clock that somebody has to look at."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.tables import case_clocks
from storage.transaction import Snapshot


async def due_steps(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> list[UUID]:
    """The cases a step of whose clocks is past due, longest first; it costs by what is due, not by what runs.

    What is due just now is not past: an answer at this very instant is in time.
    """
    rows = await snapshot.rows(
        sa.select(case_clocks.c.case_id).where(case_clocks.c.next_at < at).order_by(case_clocks.c.next_at).limit(limit)
    )
    return list(dict.fromkeys(row.case_id for row in rows))
