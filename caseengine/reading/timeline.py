"""The history of a case, one line an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.event_rows import actor_of
from caseengine.model.actor import Actor
from caseengine.tables import case_events
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line. `kind` is the event's name; `data` its fields, in JSON's own types."""

    seq: int
    kind: str
    actor: Actor
    at: datetime
    public: bool
    data: Mapping[str, Any]


async def timeline(snapshot: Snapshot, case_id: UUID, *, public_only: bool) -> list[TimelineEntry]:
    """The events of a case in order.

    Args:
        public_only: what the customer may read: public events, without the fields that are for agents alone.
    """
    statement = sa.select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.seq)
    if public_only:
        statement = statement.where(case_events.c.public)
    return [_entry(row, public_only) for row in await snapshot.rows(statement)]


def _entry(row: sa.Row[Any], public_only: bool) -> TimelineEntry:
    data = row.data if public_only else {**row.data, **row.internal}
    return TimelineEntry(row.seq, row.kind, actor_of(row), row.at, bool(row.public), data)
