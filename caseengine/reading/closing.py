"""Resolved cases whose customer has said nothing more."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.actor import ActorKind
from caseengine.model.events import CaseClosed
from caseengine.model.lifecycle import Status
from caseengine.reading.behind import Due, behind
from caseengine.tables import case_events, cases
from storage.transaction import Snapshot


async def silent(snapshot: Snapshot, since: datetime, *, after: Due | None = None, limit: int = 200) -> list[Due]:
    """The cases that were resolved at `since` or before and are resolved still, longest first."""
    resolved_at, here = cases.c.resolved_at, cases.c.status == Status.RESOLVED
    rows = await snapshot.rows(
        sa.select(resolved_at, cases.c.id)
        .where(here, resolved_at <= since, *behind(after, resolved_at, cases.c.id))
        .order_by(resolved_at, cases.c.id)
        .limit(limit)
    )
    return [Due(*tuple(row)) for row in rows]


async def closed_by_customer(snapshot: Snapshot, case_id: UUID) -> bool:
    """Whether the customer said that it is done when it was closed last."""
    closings = sa.select(case_events.c.actor_kind).where(
        case_events.c.case_id == case_id, case_events.c.kind == CaseClosed.__name__
    )
    last = await snapshot.scalar(closings.order_by(case_events.c.seq.desc()).limit(1))
    return last is not None and last == ActorKind.CUSTOMER
