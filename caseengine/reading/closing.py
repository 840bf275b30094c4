"""Resolved cases whose customer has said nothing more."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.actor import ActorKind
from caseengine.model.events import CaseClosed
from caseengine.model.lifecycle import Status
from caseengine.tables import case_events, cases
from storage.transaction import Snapshot


async def silent(snapshot: Snapshot, since: datetime, *, limit: int = 200) -> list[UUID]:
    """The cases that were resolved at `since` or before and are resolved still, longest first."""
    rows = await snapshot.rows(
        sa.select(cases.c.id)
        .where(cases.c.status == Status.RESOLVED, cases.c.resolved_at <= since)
        .order_by(cases.c.resolved_at, cases.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]


async def closed_by_silence(snapshot: Snapshot, case_id: UUID) -> bool:
    """Whether nobody said that it is done when it was closed last."""
    closings = sa.select(case_events.c.actor_kind).where(
        case_events.c.case_id == case_id, case_events.c.kind == CaseClosed.__name__
    )
    last = await snapshot.scalar(closings.order_by(case_events.c.seq.desc()).limit(1))
    return last is not None and last == ActorKind.SYSTEM
