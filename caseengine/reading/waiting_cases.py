"""Who waits first, since when, and who has declined it or knows it.

Nothing here reads a whole queue: a department's queue is walked by what its cases need.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.tables import (
    assignments,
    case_events,
    cases,
    departments,
)
from caseengine.tables.routing import WAITS
from storage.transaction import Snapshot

CLASSES_MAX = 2_000
ENTERING = ("CaseOpened", "CaseMoved", "CaseReturned", "CaseReopened", "CaseUnmerged")
"""The facts with which a case comes into a queue."""

_WAITS = sa.text(WAITS)
_TIER: sa.ColumnElement[str] = sa.literal_column("coalesce(tier, 'Z')")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in a queue; `order`: least slack first, then tier, then age."""

    id: UUID
    needs_key: str
    order: tuple[Any, ...]


async def classes_waiting(snapshot: Snapshot, department: str) -> list[str]:
    """The different needs of the cases that wait in a department, one step of the index each."""
    found: list[str] = []
    behind: list[sa.ColumnElement[bool]] = []
    while len(found) < CLASSES_MAX:
        least = sa.select(cases.c.needs_key).where(_WAITS, cases.c.department == department, *behind)
        row = await snapshot.first(least.order_by(cases.c.needs_key).limit(1))
        if row is None:
            break
        found.append(row.needs_key)
        behind = [cases.c.needs_key > row.needs_key]
    return found


async def first_waiting(snapshot: Snapshot, department: str, needs_key: str, *, limit: int = 1) -> list[Waiting]:
    """The first in the queue of those that need the same."""
    columns = (cases.c.id, cases.c.needs_key, cases.c.sla_due_at, _TIER.label("tier"), cases.c.opened_at)
    found: list[Waiting] = []
    for due in (cases.c.sla_due_at.is_not(None), cases.c.sla_due_at.is_(None)):
        if len(found) == limit:
            break
        rows = await snapshot.rows(
            sa.select(*columns)
            .where(_WAITS, cases.c.department == department, cases.c.needs_key == needs_key, due)
            .order_by(cases.c.sla_due_at, _TIER, cases.c.opened_at, cases.c.id)
            .limit(limit - len(found))
        )
        found += [Waiting(row.id, row.needs_key, _order(row)) for row in rows]
    return found


def _order(row: sa.Row[Any]) -> tuple[Any, ...]:
    due = row.sla_due_at
    return (due is None, due.timestamp() if due else 0.0, row.tier, row.opened_at, str(row.id))


async def departments_waiting(snapshot: Snapshot) -> list[str]:
    """Where somebody waits."""
    somebody = sa.exists().where(_WAITS, cases.c.department == departments.c.id)
    rows = await snapshot.rows(sa.select(departments.c.id).where(somebody).order_by(departments.c.id))
    return [row.id for row in rows]


async def waiting_since(snapshot: Snapshot, case: Case) -> datetime:
    """When the case last came into a queue."""
    row = await snapshot.first(
        sa.select(case_events.c.at)
        .where(case_events.c.case_id == case.id, case_events.c.kind.in_(ENTERING))
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    return row.at if row else case.opened_at


async def came_by(snapshot: Snapshot, case: Case, reason: str) -> bool:
    """Whether the case was moved for this reason before."""
    rows = await snapshot.rows(
        sa.select(case_events.c.internal).where(case_events.c.case_id == case.id, case_events.c.kind == "CaseMoved")
    )
    return any(row.internal.get("reason") == reason for row in rows)


async def declined_by(snapshot: Snapshot, case_id: UUID, *, since: datetime) -> frozenset[str]:
    """Who would not have it, or let the offer run out, since an instant."""
    rows = await snapshot.rows(
        sa.select(assignments.c.agent_id).where(
            assignments.c.case_id == case_id,
            assignments.c.state.in_(("declined", "expired")),
            assignments.c.ended_at >= since,
        )
    )
    return frozenset(str(row.agent_id) for row in rows)


async def knows_it(snapshot: Snapshot, case: Case) -> UUID | None:
    """Who had the case last, or the one it goes on from, unless they gave it back of their own will."""
    rows = await snapshot.rows(
        sa.select(case_events.c.kind, case_events.c.data)
        .where(case_events.c.case_id == case.id, case_events.c.kind.in_(("CaseAssigned", "CaseMoved", "CaseReturned")))
        .order_by(case_events.c.seq.desc())
        .limit(2)
    )
    for row in rows:
        if row.kind == "CaseAssigned":
            return UUID(row.data["agent_id"])
        if row.kind == "CaseMoved" or row.data.get("reason") == "given_back":
            return None
    if case.follows is None:
        return None
    holder: UUID | None = await snapshot.scalar(sa.select(cases.c.agent_id).where(cases.c.id == case.follows))
    return holder
