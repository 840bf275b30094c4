"""One case with what stands around it, for the agent who opens it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.conversations import find_conversation
from caseengine.model.checklist import CheckItem
from caseengine.model.conversation import Conversation
from caseengine.model.errors import CaseNotFound, NotPermitted, NumberMistyped
from caseengine.model.lifecycle import Verb, asked_from
from caseengine.model.number import Mistyped, read_number
from caseengine.reading.appointments import Appointment, appointment_of
from caseengine.reading.case_kept import Kept, kept
from caseengine.reading.cases import CaseRow, case_rows, read_case_row
from caseengine.reading.stays import Stay, stays
from caseengine.tables import case_conversations, case_links, cases
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case in full; the conversation is the one replies go to.

    Attributes:
        conversations: those the customer may speak of it in.
        talked_in: those its replies ever went to.
    """

    row: CaseRow
    description: str
    case_type: str
    impact: int
    urgency: int
    contact_id: UUID | None
    account_id: UUID | None
    claimed: Mapping[str, Any]
    products: Sequence[str]
    order_number: str | None
    reply_address: str | None
    channel: str
    resolution_code: str | None
    resolution_text: str | None
    conversation: Conversation | None
    conversations: Sequence[UUID]
    talked_in: Sequence[Stay]
    linked: Sequence[CaseRow]
    fields: Mapping[str, Any]
    checklist: Sequence[CheckItem]
    language: str
    csat: int | None
    effort: int | None
    kept: Kept
    callback: Appointment | None

    @property
    def id(self) -> UUID:
        return self.row.id

    @property
    def conversation_id(self) -> UUID | None:
        return self.conversation.id if self.conversation else None

    @property
    def earlier(self) -> Sequence[UUID]:
        """Where it was talked about before it was in `conversation`."""
        return [stay.conversation_id for stay in self.talked_in if stay.conversation_id != self.conversation_id]

    @property
    def can(self) -> Sequence[Verb]:
        """What an agent may ask for in its status."""
        return asked_from(self.row.status)


DETAILS = (
    *("description", "case_type", "impact", "urgency", "contact_id", "account_id", "claimed", "products"),
    *("order_number", "reply_address", "channel", "resolution_code", "resolution_text", "fields", "language"),
    *("csat", "effort"),
)
RELATED = ("parent_id", "merged_into", "follows", "case_type")


async def case_view(snapshot: Snapshot, agent: Agent, number: str) -> CaseView:
    """The case an agent opens.

    Raises:
        NumberMistyped: the check symbol does not fit.
        CaseNotFound: there is none.
        NotPermitted: the agent does not work for its department.
    """
    read = read_number(number)
    if isinstance(read, Mistyped):
        raise NumberMistyped
    extra = [cases.c[name] for name in dict.fromkeys([*DETAILS, *RELATED, "conversation_id", "checklist"])]
    row = await snapshot.first(case_rows().add_columns(*extra).where(cases.c.number == str(read)))
    if row is None:
        raise CaseNotFound
    if not agent.may_see(row.department):
        raise NotPermitted(row.department)
    return await _around(snapshot, agent, row)


async def _around(snapshot: Snapshot, agent: Agent, row: sa.Row[Any]) -> CaseView:
    others = sa.select(case_links.c.other_id).where(case_links.c.case_id == row.id)
    linked = await snapshot.rows(case_rows().where(cases.c.id.in_(others)).order_by(cases.c.opened_at, cases.c.id))
    held = await snapshot.rows(
        sa.select(case_conversations.c.conversation_id)
        .where(case_conversations.c.case_id == row.id)
        .order_by(case_conversations.c.since)
    )
    return CaseView(
        row=read_case_row(row),
        conversation=await find_conversation(snapshot, row.conversation_id) if row.conversation_id else None,
        conversations=[found.conversation_id for found in held],
        talked_in=await stays(snapshot, row.id),
        linked=[read_case_row(other) for other in linked if agent.may_see(other.department)],
        checklist=[CheckItem(**item) for item in row.checklist],
        kept=await kept(snapshot, agent, row),
        callback=await appointment_of(snapshot, row.id) if row.callback_at is not None else None,
        **{name: getattr(row, name) for name in DETAILS},
    )
