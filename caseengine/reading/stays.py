"""Where a case was talked about, and until when: what was said there is its story, wherever its replies go by now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.activities import ActivityRow, after
from caseengine.event_rows import from_row
from caseengine.model.events import (
    AgentReplied,
    CaseEvent,
    CaseMerged,
    CaseOpened,
    CaseReopened,
    CaseUnmerged,
    ConversationLinked,
    CustomerAsked,
    CustomerWrote,
)
from caseengine.tables import case_conversations, case_events, cases
from storage.transaction import Snapshot

PLACED = (CaseOpened.__name__, ConversationLinked.__name__, CaseMerged.__name__, CaseUnmerged.__name__)
SPOKEN = (CustomerWrote.__name__, CaseReopened.__name__, AgentReplied.__name__, CustomerAsked.__name__)
"""Facts that words were said, under the key that the words have."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stay:
    """A conversation that a case's replies went to.

    Attributes:
        until: when they last began to go elsewhere; None while they have not. What is said there later is about other
            things, but for words that are a fact of the case. `NEVER`: it was there by a merge that was undone.
    """

    conversation_id: UUID
    until: datetime | None


async def stays(snapshot: Snapshot, case_id: UUID) -> list[Stay]:
    """Of a case and of those merged into it, in the order in which they came there."""
    rows = await snapshot.rows(
        sa.select(case_events)
        .where(case_events.c.case_id.in_(_family(case_id)), case_events.c.kind.in_(PLACED))
        .order_by(case_events.c.at, case_events.c.case_id, case_events.c.seq)
    )
    here = sa.select(case_conversations.c.conversation_id).where(case_conversations.c.case_id == case_id)
    talked_in = {row.conversation_id for row in await snapshot.rows(here)}
    until = _until(map(from_row, rows))
    return [Stay(place, left if place in talked_in else NEVER) for place, left in until.items()]


def _family(case_id: UUID) -> sa.Select[Any]:
    return sa.select(cases.c.id).where(sa.or_(cases.c.id == case_id, cases.c.merged_into == case_id))


def _until(events: Iterable[CaseEvent]) -> dict[UUID, datetime | None]:
    """Somewhere that one of them has left, and another has not, they are still. A merged one is where its target is."""
    until: dict[UUID, datetime | None] = {}
    last: dict[UUID, UUID] = {}
    now_in: dict[UUID, UUID] = {}
    for event in events:
        before = now_in.pop(event.case_id, None)
        place = None if isinstance(event, CaseMerged) else last.get(event.case_id)
        if isinstance(event, CaseOpened | ConversationLinked):
            place = event.conversation_id
        if place is not None:
            now_in[event.case_id] = last[event.case_id] = place
            until[place] = None
        if before is not None and before not in now_in.values():
            until[before] = event.at
    return until


async def said_during(snapshot: Snapshot, case_id: UUID, stay: Stay, *, seq: int, limit: int) -> Sequence[ActivityRow]:
    """What was said there about the case behind a place, in order."""
    keys = await _keys(snapshot, case_id) if stay.until is not None else ()
    return await after(snapshot, stay.conversation_id, seq, limit, until=stay.until, keys=keys)


async def _keys(snapshot: Snapshot, case_id: UUID) -> list[str]:
    rows = await snapshot.rows(
        sa.select(case_events.c.data).where(case_events.c.case_id.in_(_family(case_id)), case_events.c.kind.in_(SPOKEN))
    )
    return [row.data["key"] for row in rows if row.data.get("key")]
