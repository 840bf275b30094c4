"""The history of a case, one line an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.event_rows import actor_of
from caseengine.model.actor import Actor
from caseengine.tables import case_events, cases
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `kind` is the event's name; `data` its fields, in JSON's own types.

    `number` is that of the case it happened to: one that was merged into the case has its lines among them.
    """

    number: str
    seq: int
    kind: str
    actor: Actor
    at: datetime
    public: bool
    data: Mapping[str, Any]


async def timeline(snapshot: Snapshot, case_id: UUID, *, public_only: bool) -> list[TimelineEntry]:
    """The events of a case in order, with those of the cases that go on in it.

    Args:
        public_only: what the customer may read: public events, without the fields that are for agents alone.
    """
    told = await snapshot.rows(
        sa.select(cases.c.id, cases.c.number).where(sa.or_(cases.c.id == case_id, cases.c.merged_into == case_id))
    )
    numbers = {row.id: row.number for row in told}
    statement = sa.select(case_events).where(case_events.c.case_id.in_(list(numbers)))
    if public_only:
        statement = statement.where(case_events.c.public)
    lines: dict[UUID, list[TimelineEntry]] = {}
    for row in await snapshot.rows(statement.order_by(case_events.c.case_id, case_events.c.seq)):
        lines.setdefault(row.case_id, []).append(_entry(row, numbers[row.case_id], public_only=public_only))
    return list(merge(*lines.values(), key=lambda entry: entry.at))


def _entry(row: sa.Row[Any], number: str, *, public_only: bool) -> TimelineEntry:
    data = row.data if public_only else {**row.data, **row.internal}
    return TimelineEntry(number, row.seq, row.kind, actor_of(row), row.at, bool(row.public), data)
