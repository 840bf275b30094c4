"""Who waits first, since when, and who has declined it or knows it.

Nothing here reads a whole queue: a department's queue is walked by what its cases need.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Presence, were_seen_lately
from caseengine.model.case import Case
from caseengine.policies.waiting import QUEUEING, began_to_wait
from caseengine.reading.behind import beyond
from caseengine.tables import (
    agent_departments,
    agents,
    assignments,
    case_events,
    cases,
    departments,
)
from caseengine.tables.routing import WAITS
from storage.transaction import Snapshot

WALKED_MAX = 200
"""Different needs up to which the index is walked step by step; beyond it, one look at the whole queue is cheaper."""
CLASSES_MAX = 2_000
GIVEN_BACK = "given_back"
"""Whoever held it would rather not."""
ESCALATED = "escalated"
"""It was taken from whoever let a target go by."""
FOR_SOMEBODY_ELSE = (GIVEN_BACK, ESCALATED)
"""Reasons why a case, or its offer, was taken back that are about whom it was taken from."""
OVERFLOW = "overflow"
"""The reason of a `CaseMoved` where nobody could be found for too long."""

_WAITS = sa.text(WAITS)
_TIER: sa.ColumnElement[str] = sa.literal_column("coalesce(tier, 'Z')", sa.String)
_WITHOUT_CLOCK = (_TIER, cases.c.opened_at, cases.c.id)
_COLUMNS = (cases.c.id, cases.c.needs_key, cases.c.sla_due_at, _TIER.label("tier"), cases.c.opened_at)


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody would not have a case."""

    agent_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case in a queue, and what its place there is told by."""

    id: UUID
    needs_key: str
    due_at: datetime | None
    tier: str
    opened_at: datetime

    @property
    def order(self) -> tuple[Any, ...]:
        """Least slack first, then tier, then age."""
        due = self.due_at.timestamp() if self.due_at else 0.0
        return (self.due_at is None, due, self.tier, self.opened_at, str(self.id))


async def heads_waiting(snapshot: Snapshot, department: str, *, each: int = 1) -> list[Waiting]:
    """The first of those that need the same, so many of each different need; of very many needs the most urgent."""
    keys = await classes_waiting(snapshot, department, limit=WALKED_MAX + 1)
    if len(keys) > WALKED_MAX:
        return await most_urgent(snapshot, department, each=each)
    return [head for key in keys for head in await first_waiting(snapshot, department, key, limit=each)]


async def most_urgent(snapshot: Snapshot, department: str, *, each: int = 1, limit: int = CLASSES_MAX) -> list[Waiting]:
    """The same as `heads_waiting`, in order and `limit` at most, by looking through the whole queue once."""
    order = (cases.c.sla_due_at.is_(None), cases.c.sla_due_at, *_WITHOUT_CLOCK)
    place = sa.func.row_number().over(partition_by=cases.c.needs_key, order_by=order).label("place")
    queue = sa.select(*_COLUMNS, place).where(_WAITS, cases.c.department == department).subquery()
    found = queue.c
    in_order = (found.sla_due_at.is_(None), found.sla_due_at, found.tier, found.opened_at, found.id)
    rows = await snapshot.rows(sa.select(queue).where(found.place <= each).order_by(*in_order).limit(limit))
    return [_waiting(row) for row in rows]


async def classes_waiting(snapshot: Snapshot, department: str, *, limit: int = CLASSES_MAX) -> list[str]:
    """The different needs of the cases that wait in a department, one step of the index each."""
    found: list[str] = []
    behind: list[sa.ColumnElement[bool]] = []
    while len(found) < limit:
        least = sa.select(cases.c.needs_key).where(_WAITS, cases.c.department == department, *behind)
        row = await snapshot.first(least.order_by(cases.c.needs_key).limit(1))
        if row is None:
            break
        found.append(row.needs_key)
        behind = [cases.c.needs_key > row.needs_key]
    return found


async def first_waiting(
    snapshot: Snapshot, department: str, needs_key: str, *, behind: Waiting | None = None, limit: int = 1
) -> list[Waiting]:
    """The first in the queue of those that need the same, or the first behind one of them."""
    found: list[Waiting] = []
    for part in _parts(behind):
        if len(found) == limit:
            break
        rows = await snapshot.rows(
            sa.select(*_COLUMNS)
            .where(_WAITS, cases.c.department == department, cases.c.needs_key == needs_key, *part)
            .order_by(cases.c.sla_due_at, *_WITHOUT_CLOCK)
            .limit(limit - len(found))
        )
        found += [_waiting(row) for row in rows]
    return found


def _parts(behind: Waiting | None) -> Iterator[list[sa.ColumnElement[bool]]]:
    """A line in two: those with a clock, and then those without one."""
    here = (behind.tier, behind.opened_at, behind.id) if behind else None
    if behind is None or here is None:
        yield [cases.c.sla_due_at.is_not(None)]
        yield [cases.c.sla_due_at.is_(None)]
    elif behind.due_at is None:
        yield [cases.c.sla_due_at.is_(None), beyond(_WITHOUT_CLOCK, here)]
    else:
        yield [beyond((cases.c.sla_due_at, *_WITHOUT_CLOCK), (behind.due_at, *here))]
        yield [cases.c.sla_due_at.is_(None)]


def _waiting(row: sa.Row[Any]) -> Waiting:
    return Waiting(row.id, row.needs_key, row.sla_due_at, row.tier, row.opened_at)


async def departments_waiting(snapshot: Snapshot) -> list[str]:
    """Where somebody waits."""
    somebody = sa.exists().where(_WAITS, cases.c.department == departments.c.id)
    rows = await snapshot.rows(sa.select(departments.c.id).where(somebody).order_by(departments.c.id))
    return [row.id for row in rows]


async def with_somebody_there(snapshot: Snapshot, *, at: datetime) -> frozenset[str]:
    """The departments of whose agents at least one could be given something now."""
    rows = await snapshot.rows(
        sa.select(agent_departments.c.department)
        .join(agents, agents.c.id == agent_departments.c.agent_id)
        .where(agents.c.presence == Presence.AVAILABLE, were_seen_lately(at))
        .distinct()
    )
    return frozenset(row.department for row in rows)


async def waiting_since(snapshot: Snapshot, case_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When these cases began to wait for an agent, those that do."""
    rows = await snapshot.rows(
        sa.select(case_events.c.case_id, case_events.c.kind, case_events.c.at, case_events.c.internal)
        .where(case_events.c.case_id.in_(case_ids), case_events.c.kind.in_(sorted(QUEUEING)))
        .order_by(case_events.c.case_id, case_events.c.seq)
    )
    found = {
        case_id: began_to_wait((row.kind, row.at, row.internal) for row in facts)
        for case_id, facts in groupby(rows, lambda row: row.case_id)
    }
    return {case_id: since for case_id, since in found.items() if since is not None}


async def came_by(snapshot: Snapshot, case: Case, reason: str) -> bool:
    """Whether the case was moved for this reason before."""
    return case.id in await moved_for(snapshot, [case.id], reason)


async def moved_for(snapshot: Snapshot, case_ids: Sequence[UUID], reason: str) -> frozenset[UUID]:
    """Those of these cases that were moved for this reason before."""
    rows = await snapshot.rows(
        sa.select(case_events.c.case_id, case_events.c.internal).where(
            case_events.c.case_id.in_(case_ids), case_events.c.kind == "CaseMoved"
        )
    )
    return frozenset(row.case_id for row in rows if row.internal.get("reason") == reason)


async def declined_by(snapshot: Snapshot, case_id: UUID, *, since: datetime) -> frozenset[str]:
    """Who would not have it, let the offer run out, gave it back, or had it taken away, since an instant."""
    found = await refusals(snapshot, [case_id], since=since)
    return frozenset(one.agent_id for one in found.get(case_id, ()))


async def refusals(
    snapshot: Snapshot, case_ids: Sequence[UUID], *, since: datetime | None = None
) -> dict[UUID, list[Refused]]:
    """Who would not, or should not, have these cases, and when; a case nobody refused is left out."""
    found: dict[UUID, list[Refused]] = {}
    taken_back = sa.and_(assignments.c.state == "withdrawn", assignments.c.reason.in_(FOR_SOMEBODY_ELSE))
    ended = sa.or_(assignments.c.state.in_(("declined", "expired")), taken_back), assignments.c.ended_at.is_not(None)
    lately = [] if since is None else [assignments.c.ended_at >= since]
    offers = sa.select(assignments.c.case_id, assignments.c.agent_id, assignments.c.ended_at).where(
        assignments.c.case_id.in_(case_ids), *ended, *lately
    )
    for row in await snapshot.rows(offers):
        found.setdefault(row.case_id, []).append(Refused(str(row.agent_id), row.ended_at))
    lately = [] if since is None else [case_events.c.at >= since]
    returns = sa.select(case_events.c.case_id, case_events.c.data, case_events.c.at).where(
        case_events.c.case_id.in_(case_ids), case_events.c.kind == "CaseReturned", *lately
    )
    for row in await snapshot.rows(returns):
        if row.data.get("reason") in FOR_SOMEBODY_ELSE and row.data.get("agent_id"):
            found.setdefault(row.case_id, []).append(Refused(row.data["agent_id"], row.at))
    return found


async def knows_it(snapshot: Snapshot, case: Case) -> UUID | None:
    """Who had the case last, or the one it goes on from, unless they would not, or should not, have it since."""
    last = await snapshot.first(
        sa.select(case_events.c.kind, case_events.c.data, case_events.c.at)
        .where(case_events.c.case_id == case.id, case_events.c.kind.in_(("CaseAssigned", "CaseMoved")))
        .order_by(case_events.c.seq.desc())
        .limit(1)
    )
    if last is not None and last.kind == "CaseMoved":
        return None
    knows: UUID | None
    if last is not None:
        knows, since = UUID(last.data["agent_id"]), last.at
    else:
        followed = sa.select(cases.c.agent_id).where(cases.c.id == case.follows)
        knows, since = await snapshot.scalar(followed) if case.follows else None, case.opened_at
    if knows is None or str(knows) in await declined_by(snapshot, case.id, since=since):
        return None
    return knows
