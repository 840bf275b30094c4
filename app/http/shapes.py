"""The JSON that goes in and out of the agents' API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.http.endpoint import Answer, Body, Plain
from caseengine.agents import PRESENCE_EXPIRES_AFTER, Agent, Presence
from caseengine.departments import Department
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import ResolutionCode
from caseengine.reading.case_view import CaseView
from caseengine.reading.cases import CaseRow
from caseengine.reading.timeline import TimelineEntry
from customers.reading import ContactCard

PLACE_MAX = 2**31 - 1
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,100}$")]
Slug = Annotated[Plain, Field(min_length=1, max_length=40)]
Version = Annotated[int, Field(ge=1, le=PLACE_MAX)]


class SignInBody(Body):
    email: Plain = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=200)


class AgentAnswer(Answer):
    id: UUID
    name: str
    email: str
    role: str
    departments: list[str]
    presence: Presence = Field(description="Offline when not heard of for two minutes, whatever they said.")


class SessionAnswer(Answer):
    agent: AgentAnswer
    csrf: str = Field(description="Comes back in the header X-CSRF-Token with every change.")


class PresenceBody(Body):
    presence: Presence


class QueueAnswer(Answer):
    department: str
    name: str
    counts: dict[Status, int] = Field(description="Cases by status; a status without cases is left out.")


class QueuesAnswer(Answer):
    queues: list[QueueAnswer]


class DepartmentAnswer(Answer):
    id: str
    name: str


class DepartmentsAnswer(Answer):
    departments: list[DepartmentAnswer]


class CasesQuery(Body):
    department: Slug | None = None
    status: Status | None = Field(None, description="The live statuses when left out.")
    mine: bool = Field(False, description="Those you hold.")
    unassigned: bool = Field(False, description="Those nobody holds.")
    after: str | None = Field(None, description="`next` of the page before.", max_length=200)
    limit: int = Field(50, ge=1, le=100)


class CaseAnswer(Answer):
    id: UUID
    number: str
    subject: str
    status: Status
    department: str
    department_name: str
    priority: int = Field(description="1 (first) to 4.")
    agent_id: UUID | None
    agent_name: str | None
    escalation_level: int
    due_at: datetime | None = Field(description="By when the customer was promised to hear from us.")
    opened_at: datetime
    updated_at: datetime
    version: int


class CasesAnswer(Answer):
    cases: list[CaseAnswer]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last.")


class ParticipantAnswer(Answer):
    kind: str
    id: str
    name: str


class ConversationAnswer(Answer):
    id: UUID
    channel: str
    mode: str
    agent_id: UUID | None
    participants: list[ParticipantAnswer]


class CaseInFullAnswer(CaseAnswer):
    description: str
    case_type: str
    impact: int
    urgency: int
    contact_id: UUID | None
    account_id: UUID | None
    claimed: dict[str, Any]
    products: list[str]
    order_number: str | None
    reply_address: str | None
    resolution_code: ResolutionCode | None
    resolution_text: str | None
    conversation: ConversationAnswer | None
    linked: list[CaseAnswer]


class TimelineEntryAnswer(Answer):
    seq: int
    kind: str
    actor: dict[str, str]
    at: datetime
    public: bool
    data: dict[str, Any]


class TimelineAnswer(Answer):
    entries: list[TimelineEntryAnswer]


class SaidAnswer(Answer):
    seq: int
    at: datetime
    activity: dict[str, Any] = Field(description="The activity as the desk keeps it.")


class LogAnswer(Answer):
    activities: list[SaidAnswer]


class LogQuery(Body):
    after: int = Field(0, ge=0, le=PLACE_MAX, description="`seq` of the last activity you have.")
    limit: int = Field(200, ge=1, le=500)


class VersionBody(Body):
    version: Version | None = Field(
        None, description="What you looked at: if the case has changed since, 409. Left out, it does not matter."
    )


class TextBody(VersionBody):
    text: Plain = Field(min_length=1, max_length=8_000)


class ReplyBody(TextBody):
    key: Key = Field(description="Made by the client, the same when it tries again: the words are said once.")


class ReasonBody(VersionBody):
    reason: Plain = Field(min_length=1, max_length=2_000)


class AssignBody(VersionBody):
    agent_id: UUID


class MoveBody(ReasonBody):
    department: Slug


class PriorityBody(ReasonBody):
    priority: int = Field(ge=1, le=4, description="1 (first) to 4.")


class ResolutionBody(TextBody):
    code: ResolutionCode


class AgentsAnswer(Answer):
    agents: list[AgentAnswer]


class TypingBody(Body):
    state: Literal["typing"] = "typing"


class CardAccountAnswer(Answer):
    id: UUID
    name: str
    number: str
    role: str = Field(description="member, or manager of it and all below it")
    path: list[str] = Field(description="Names from the top of the tree to this account.")


class ContactAnswer(Answer):
    id: UUID
    name: str
    language: str
    emails: list[str] = Field(description="On file.")
    phones: list[str] = Field(description="Newest first.")
    unproved_emails: list[str] = Field(description="Given by them, not proved: never tell anything there.")
    accounts: list[CardAccountAnswer]
    cases: list[CaseAnswer] = Field(description="Their latest cases that you may see.")


class FeedQuery(Body):
    after: int | None = Field(
        None, ge=0, le=10**18, description="Where to go on, when there is no Last-Event-ID header."
    )


def agent_answer(agent: Agent, at: datetime) -> AgentAnswer:
    return AgentAnswer(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        role=str(agent.role),
        departments=sorted(agent.departments),
        presence=agent.presence if seen_lately(agent, at) else Presence.OFFLINE,
    )


def seen_lately(agent: Agent, at: datetime) -> bool:
    return agent.seen_at is not None and at - agent.seen_at <= PRESENCE_EXPIRES_AFTER


def departments_answer(departments: list[Department]) -> DepartmentsAnswer:
    return DepartmentsAnswer(departments=[DepartmentAnswer(id=one.id, name=one.name) for one in departments])


def contact_answer(card: ContactCard, rows: list[CaseRow]) -> ContactAnswer:
    known = ("id", "name", "language", "emails", "phones", "unproved_emails")
    accounts = [CardAccountAnswer.model_validate(account) for account in card.accounts]
    theirs = [case_answer(row) for row in rows]
    return ContactAnswer(**{name: getattr(card, name) for name in known}, accounts=accounts, cases=theirs)


def case_answer(row: CaseRow) -> CaseAnswer:
    return CaseAnswer(**{name: getattr(row, name) for name in CaseAnswer.model_fields})


def case_in_full(view: CaseView) -> CaseInFullAnswer:
    own = set(CaseInFullAnswer.model_fields) - set(CaseAnswer.model_fields) - {"conversation", "linked"}
    return CaseInFullAnswer(
        **case_answer(view.row).model_dump(),
        **{name: getattr(view, name) for name in own},
        conversation=_conversation(view),
        linked=[case_answer(row) for row in view.linked],
    )


def timeline_answer(entries: list[TimelineEntry]) -> TimelineAnswer:
    return TimelineAnswer(
        entries=[
            TimelineEntryAnswer(
                seq=entry.seq,
                kind=entry.kind,
                actor={"kind": str(entry.actor.kind), "id": entry.actor.id, "name": entry.actor.name},
                at=entry.at,
                public=entry.public,
                data=dict(entry.data),
            )
            for entry in entries
        ]
    )


def _conversation(view: CaseView) -> ConversationAnswer | None:
    found = view.conversation
    if found is None:
        return None
    people = [ParticipantAnswer(kind=str(who.kind), id=who.id, name=who.name) for who in found.participants]
    return ConversationAnswer(
        id=found.id, channel=found.channel, mode=str(found.mode), agent_id=found.agent_id, participants=people
    )
