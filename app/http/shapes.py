"""The JSON that goes in and out of the agents' API."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.http.endpoint import Answer, Body, Plain
from app.live.watching import Attention, Watcher
from caseengine.agents import PRESENCE_EXPIRES_AFTER, Agent, AgentRole, Presence
from caseengine.departments import Department
from caseengine.model.actor import ActorKind
from caseengine.model.case import CaseType
from caseengine.model.conversation import Conversation, Mode
from caseengine.model.lifecycle import Status, Verb
from caseengine.model.resolution import ResolutionCode
from caseengine.reading.case_view import CaseView
from caseengine.reading.cases import CaseRow
from caseengine.reading.timeline import TimelineEntry
from customers.accounts import Role
from customers.identities import IdentityKind
from customers.reading import ContactCard, Proved

PLACE_MAX = 2**31 - 1
Key = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{8,100}$")]
Slug = Annotated[Plain, Field(min_length=1, max_length=40)]
AssuranceLevel = Literal["anonymous", "claimed", "channel", "verified"]
AudienceLabel = Literal["public", "customer", "retailer", "internal"]
Version = Annotated[int, Field(ge=1, le=PLACE_MAX)]


class SignInBody(Body):
    email: Plain = Field(min_length=3, max_length=254)
    password: str = Field(min_length=1, max_length=200)


class AgentAnswer(Answer):
    id: UUID
    name: str
    email: str
    role: AgentRole
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
    mine: int = Field(description="Live cases you hold: as many as `GET /api/cases?mine=true` lists.")
    unassigned: int = Field(description="Live cases nobody holds: as many as `GET /api/cases?unassigned=true` lists.")


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
    contact_name: str | None = Field(description="Null while nobody has proved whose case it is.")
    escalation_level: int
    due_at: datetime | None = Field(description="By when the customer was promised to hear from us.")
    opened_at: datetime
    updated_at: datetime
    version: int


class CasesAnswer(Answer):
    cases: list[CaseAnswer]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last.")


class ActorAnswer(Answer):
    kind: ActorKind
    id: str = Field(description="Empty for bot and system.")
    name: str


class ParticipantAnswer(Answer):
    kind: ActorKind
    id: str
    name: str


class AssuranceAnswer(Answer):
    level: AssuranceLevel = Field(description="What was proved and has not expired.")
    contact_id: UUID | None = Field(description="Who it is; null below `channel`.")
    proof: str | None = Field(description="By what: `one_time_code`, `identity_token`, or the channel's own word.")
    proved_at: datetime | None
    expires_at: datetime | None = Field(description="Until when, if nothing more is said.")
    claimed: dict[IdentityKind, str] = Field(description="What they typed; it proves nothing.")


class ConversationAnswer(Answer):
    id: UUID
    channel: str
    mode: Mode = Field(description="Who has the word; `queued`: a person was asked for and has not come yet.")
    agent_id: UUID | None
    participants: list[ParticipantAnswer]
    assurance: AssuranceAnswer


class CaseInFullAnswer(CaseAnswer):
    description: str
    case_type: CaseType
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
    can: list[Verb] = Field(description="What its status allows; everything else is refused.")


class TimelineEntryAnswer(Answer):
    seq: int
    kind: str
    actor: ActorAnswer
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


class NoteBody(TextBody):
    key: Key | None = Field(None, description="As of a reply. Left out, a second try is a second note.")


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
    role: Role = Field(description="member, or manager of it and all below it")
    path: list[str] = Field(description="Names from the top of the tree to this account.")


class IdentityAnswer(Answer):
    kind: IdentityKind
    value: str
    on_file: bool = Field(description="False: given by them, not proved. Never tell anything there.")
    source: str = Field(description="Who told us: an import, an agent, the contact, a token's issuer.")
    since: datetime


class ContactAnswer(Answer):
    id: UUID
    name: str
    language: str
    identities: list[IdentityAnswer] = Field(description="By what they are known; newest first within a kind.")
    accounts: list[CardAccountAnswer]
    cases: list[CaseAnswer] = Field(description="Their latest cases that you may see.")


class SuggestedArticleAnswer(Answer):
    slug: str
    title: str
    heading: str = Field(description="Headings above the passage, joined by ` > `; empty at the top.")
    text: str = Field(description="The passage that fits best, in Markdown.")
    url: str = Field(description="Where the whole is read; good for a day unless it is public. Empty: internal.")
    audience: AudienceLabel = Field(description="Who may be told.")


class SuggestedResolutionAnswer(Answer):
    number: str
    subject: str
    text: str = Field(description="What helped then, in Markdown.")


class SuggestionsAnswer(Answer):
    articles: list[SuggestedArticleAnswer] = Field(description="Best first.")
    resolutions: list[SuggestedResolutionAnswer] = Field(description="Of past cases that you may see, best first.")
    available: bool = Field(description="False when the search failed or was too slow; the lists are empty then.")


class WatchingBody(Body):
    state: Attention | Literal["gone"] = Field(description="Again at least every 30 seconds while it stays so.")


class WatcherAnswer(Answer):
    id: UUID
    name: str
    state: Attention


class WatchingAnswer(Answer):
    agents: list[WatcherAnswer] = Field(description="The others who have this case open now.")


class FeedQuery(Body):
    after: int | None = Field(
        None, ge=0, le=10**18, description="Where to go on, when there is no Last-Event-ID header."
    )


def agent_answer(agent: Agent, at: datetime) -> AgentAnswer:
    return AgentAnswer(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        role=agent.role,
        departments=sorted(agent.departments),
        presence=agent.presence if seen_lately(agent, at) else Presence.OFFLINE,
    )


def seen_lately(agent: Agent, at: datetime) -> bool:
    return agent.seen_at is not None and at - agent.seen_at <= PRESENCE_EXPIRES_AFTER


def departments_answer(departments: list[Department]) -> DepartmentsAnswer:
    return DepartmentsAnswer(departments=[DepartmentAnswer(id=one.id, name=one.name) for one in departments])


def contact_answer(card: ContactCard, rows: list[CaseRow]) -> ContactAnswer:
    return ContactAnswer(
        id=card.id,
        name=card.name,
        language=card.language,
        identities=[IdentityAnswer.model_validate(identity) for identity in card.identities],
        accounts=[CardAccountAnswer.model_validate(account) for account in card.accounts],
        cases=[case_answer(row) for row in rows],
    )


def case_answer(row: CaseRow) -> CaseAnswer:
    return CaseAnswer(**{name: getattr(row, name) for name in CaseAnswer.model_fields})


def case_in_full(view: CaseView, proved: Proved | None) -> CaseInFullAnswer:
    """`proved` is what the case's conversation has proved; None when it has no conversation."""
    own = set(CaseInFullAnswer.model_fields) - set(CaseAnswer.model_fields) - {"conversation", "linked"}
    return CaseInFullAnswer(
        **case_answer(view.row).model_dump(),
        **{name: getattr(view, name) for name in own},
        conversation=_conversation(view.conversation, proved) if view.conversation and proved else None,
        linked=[case_answer(row) for row in view.linked],
    )


def timeline_answer(entries: list[TimelineEntry]) -> TimelineAnswer:
    return TimelineAnswer(
        entries=[
            TimelineEntryAnswer(
                seq=entry.seq,
                kind=entry.kind,
                actor=ActorAnswer.model_validate(entry.actor),
                at=entry.at,
                public=entry.public,
                data=dict(entry.data),
            )
            for entry in entries
        ]
    )


def watchers_answer(watchers: Iterable[Watcher]) -> WatchingAnswer:
    return WatchingAnswer(agents=[WatcherAnswer.model_validate(watcher) for watcher in watchers])


def _conversation(found: Conversation, proved: Proved) -> ConversationAnswer:
    return ConversationAnswer(
        id=found.id,
        channel=found.channel,
        mode=found.mode,
        agent_id=found.agent_id,
        participants=[ParticipantAnswer.model_validate(who) for who in found.participants],
        assurance=_assurance(proved),
    )


def _assurance(proved: Proved) -> AssuranceAnswer:
    rest = {name: getattr(proved, name) for name in AssuranceAnswer.model_fields if name != "level"}
    return AssuranceAnswer(level=proved.level.label, **rest)
