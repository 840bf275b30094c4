"""Following the published facts for the rules: which are next, and where to begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.cursors import Cursor
from caseengine.rule_law import Law
from caseengine.tables import cases
from storage.outbox import OutboxRow, last_id
from storage.tables import outbox
from storage.transaction import Snapshot

FOLLOWER = "rules"
TOPIC = "event"
WALK = 500
"""Cases looked at in one step of a walk over all of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact of a case, as published; `emitted_at` is when it happened."""

    case_id: UUID
    seq: int
    kind: str
    emitted_at: datetime


def told_of(row: OutboxRow) -> Told | None:
    """None for a fact that is not about a case."""
    payload = row.payload
    if "case_id" not in payload or "seq" not in payload:
        return None
    return Told(UUID(payload["case_id"]), int(payload["seq"]), str(payload["kind"]), row.emitted_at)


def matters(told: Told, law: Law) -> bool:
    """Whether any rule wants to hear of it; nothing of before the first rules were decided does."""
    heard = told.kind in law.rules.by_kind or bool(law.rules.of_time)
    return heard and law.decided_at is not None and told.emitted_at >= law.decided_at


async def beginning(snapshot: Snapshot, law: Law) -> Cursor:
    """Where to begin: behind what happened before the first rules were decided."""
    earlier = sa.select(sa.func.max(outbox.c.id)).where(outbox.c.topic == TOPIC, outbox.c.emitted_at < law.decided_at)
    found = await snapshot.scalar(earlier) if law.decided_at else await last_id(snapshot, TOPIC)
    return Cursor(FOLLOWER, int(found or 0))


async def cases_to_enrol(snapshot: Snapshot, law: Law, after: str) -> tuple[Sequence[UUID], str]:
    """The next step of a walk over all cases, by id: those that a rule of time may wait on, and where the walk is.

    The second is "" at its end.
    """
    behind = [cases.c.id > UUID(after)] if after else []
    rows = await snapshot.rows(sa.select(cases.c.id, cases.c.status).where(*behind).order_by(cases.c.id).limit(WALK))
    waits = [rule.wait for rule in law.rules.of_time.values() if rule.wait is not None]
    statuses = frozenset().union(*(wait.statuses for wait in waits))
    return [row.id for row in rows if row.status in statuses], str(rows[-1].id) if len(rows) == WALK else ""
