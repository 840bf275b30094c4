"""Decisions of routing that are dropped by their age, and how many are missing."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.model.lifecycle import LIVE
from caseengine.tables import assignments, case_events, cases
from storage.transaction import Snapshot, UnitOfWork

DROPPED_AT_ONCE_MAX = 500


async def drop_assignments(work: UnitOfWork, *, before: datetime) -> bool:
    """Drop what was decided before an instant about cases that have ended; whether there may be more of it.

    What is decided about a live case counts when it is decided again, and stays. Who had a case, and when, is in its
    history; nothing is counted from the decisions.
    """
    ended = cases.c.status.not_in(LIVE)
    old = (
        sa.select(assignments.c.id)
        .join(cases, cases.c.id == assignments.c.case_id)
        .where(assignments.c.decided_at < before, ended)
        .order_by(assignments.c.decided_at)
        .limit(DROPPED_AT_ONCE_MAX)
    )
    ids = [row.id for row in await work.rows(old)]
    if ids:
        work.write(sa.delete(assignments).where(assignments.c.id.in_(ids)))
    return len(ids) == DROPPED_AT_ONCE_MAX


async def dropped_assignments(snapshot: Snapshot, *, since: datetime | None, until: datetime | None) -> int:
    """How many decisions of a time the histories of cases name that are not there any more."""
    before = [case_events.c.at < until] if until else []
    rows = await snapshot.rows(
        sa.select(case_events.c.at, case_events.c.data, case_events.c.internal)
        .where(case_events.c.kind.in_(("CaseOffered", "CaseAssigned")), *before)
        .order_by(case_events.c.at)
    )
    decided: dict[str, datetime] = {}
    for row in rows:  # an offer that was taken names it twice
        if named := {**row.data, **row.internal}.get("assignment_id"):
            decided.setdefault(named, row.at)
    kept = {str(row.id) for row in await snapshot.rows(sa.select(assignments.c.id))}
    return sum(since is None or at >= since for named, at in decided.items() if named not in kept)
