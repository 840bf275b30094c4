"""Which cases have a clock that somebody has to look at."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.reading.behind import Due, behind
from caseengine.tables import case_clocks
from storage.transaction import Snapshot


async def due_steps(snapshot: Snapshot, at: datetime, *, after: Due | None = None, limit: int = 200) -> list[Due]:
    """The clocks a step of which is past due, longest first; it costs by what is due, not by what runs.

    What is due just now is not past: an answer at this very instant is in time.
    """
    next_at, case_id = case_clocks.c.next_at, case_clocks.c.case_id
    rows = await snapshot.rows(
        sa.select(next_at, case_id)
        .where(next_at < at, *behind(after, next_at, case_id))
        .order_by(next_at, case_id)
        .limit(limit)
    )
    return [Due(*tuple(row)) for row in rows]
