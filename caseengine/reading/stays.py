"""Where a case was talked about, and until when: what was said there is its story, wherever its replies go by now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.activities import ActivityRow, after
from caseengine.event_rows import from_row
from caseengine.model.events import CaseEvent, CaseOpened, ConversationLinked
from caseengine.tables import case_conversations, case_events, cases
from storage.transaction import Snapshot

PLACED = (CaseOpened.__name__, ConversationLinked.__name__)


@dataclass(frozen=True, slots=True)
class Stay:
    """A conversation that a case's replies went to.

    Attributes:
        until: when they last began to go elsewhere; None while they have not. What is said there later is about other
            things.
    """

    conversation_id: UUID
    until: datetime | None


async def stays(snapshot: Snapshot, case_id: UUID) -> list[Stay]:
    """Of a case and of those merged into it, in the order in which they came there."""
    family = sa.select(cases.c.id).where(sa.or_(cases.c.id == case_id, cases.c.merged_into == case_id))
    rows = await snapshot.rows(
        sa.select(case_events)
        .where(case_events.c.case_id.in_(family), case_events.c.kind.in_(PLACED))
        .order_by(case_events.c.at, case_events.c.case_id, case_events.c.seq)
    )
    here = sa.select(case_conversations.c.conversation_id).where(case_conversations.c.case_id == case_id)
    talked_in = {row.conversation_id for row in await snapshot.rows(here)}
    return [one for one in _stays(map(from_row, rows)) if one.conversation_id in talked_in]


def _stays(events: Iterable[CaseEvent]) -> list[Stay]:
    """Somewhere that one of them has left, and another has not, they are still."""
    now_in: dict[UUID, UUID] = {}
    until: dict[UUID, datetime | None] = {}
    for event in events:
        if not isinstance(event, CaseOpened | ConversationLinked) or event.conversation_id is None:
            continue
        before = now_in.get(event.case_id)
        now_in[event.case_id] = event.conversation_id
        until[event.conversation_id] = None
        if before is not None and before not in now_in.values():
            until[before] = event.at
    return [Stay(place, left) for place, left in until.items()]


async def said_during(snapshot: Snapshot, stay: Stay, *, seq: int, limit: int) -> Sequence[ActivityRow]:
    """What was said there behind a place, in order."""
    return await after(snapshot, stay.conversation_id, seq, limit, until=stay.until)
