"""The JSON that comes out of the agents' API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.http.endpoint import Answer
from app.live.watching import Attention
from caseengine.agents import AgentRole, Presence
from caseengine.model.actor import ActorKind
from caseengine.model.case_type import CaseType
from caseengine.model.conversation import Mode
from caseengine.model.lifecycle import Status, Verb
from caseengine.model.resolution import ResolutionCode
from caseengine.operations.reaching import Hears
from customers.accounts import Role
from customers.identities import IdentityKind

AssuranceLevel = Literal["anonymous", "claimed", "channel", "verified"]
AudienceLabel = Literal["public", "customer", "retailer", "internal"]


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


class QueueAnswer(Answer):
    department: str
    name: str
    counts: dict[Status, int] = Field(
        description="Live and resolved cases by status; a status without cases is left out."
    )


class QueuesAnswer(Answer):
    queues: list[QueueAnswer]
    mine: int = Field(description="Live cases you hold: as many as `GET /api/cases?mine=true` lists.")
    unassigned: int = Field(description="Live cases nobody holds: as many as `GET /api/cases?unassigned=true` lists.")


class DepartmentAnswer(Answer):
    id: str
    name: str


class DepartmentsAnswer(Answer):
    departments: list[DepartmentAnswer]


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
    due_at: datetime | None = Field(
        description="By when the customer was promised to hear from us; a call agreed on, where that is sooner."
    )
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


class FieldProblem(Answer):
    field: str = Field(description="Its name; empty for the form as a whole.")
    problem: str = Field(description="required, unknown, too_large, or the word of JSON Schema that does not hold.")


class CheckItemAnswer(Answer):
    id: str
    text: str
    required: bool = Field(description="The case cannot be resolved before.")
    done: bool


class CallbackAnswer(Answer):
    starts_at: datetime
    ends_at: datetime
    state: Literal["booked", "called"] = Field(
        description="`called`: its time has come, and whoever holds the case calls."
    )
    agent_id: UUID = Field(description="Whose time is kept free for it.")
    agent_name: str
    holder_id: UUID | None = Field(description="Who holds the case, and with it the call when its time has come.")
    holder_name: str | None
    phone: str = Field(description="What they gave for this case, else their newest on file; empty: nobody knows one.")
    zone: str = Field(description="The customer's, by IANA name; empty: they never named one.")


class KeptByAnswer(Answer):
    id: UUID
    name: str


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
    earlier: list[UUID] = Field(
        description="Conversations its replies went to before, or those of cases merged into it; the first first."
    )
    hears: Hears = Field(
        description="How the customer hears what you say: in the conversation, by a notice to where they proved to be "
        "reached and want to be told, or nowhere. Then replies are refused."
    )
    channel: str = Field(description='How it came in where nobody wrote: "telephone", for one; else empty.')
    linked: list[CaseAnswer]
    language: str = Field(description="Of the customer; empty while unknown.")
    fields: dict[str, Any] = Field(description="Custom fields of its type.")
    form_problems: list[FieldProblem] = Field(description="What the form wants before the case may be resolved.")
    checklist: list[CheckItemAnswer]
    tags: list[str]
    watchers: list[KeptByAnswer] = Field(description="Agents who want to hear of it.")
    parent: CaseAnswer | None
    children: int = Field(description="Cases right below it.")
    live_children: int
    follows: CaseAnswer | None = Field(description="The ended case it goes on from.")
    merged_into: CaseAnswer | None = Field(description="Where it goes on, when it was merged.")
    merged: list[str] = Field(description="Numbers of the cases that go on in this one.")
    expected_wait_s: int | None = Field(
        description="Seconds of working time until somebody has it; null when it waits for nobody, or nobody can say."
    )
    callback: CallbackAnswer | None = Field(description="The appointment to call the customer, while it stands.")
    takes_callbacks: bool = Field(description="Its department takes appointments to call.")
    csat: int | None = Field(description="How happy the customer was, 1 to 5; null while they have not said.")
    effort: int | None = Field(
        description="How hard it was for them, 1 (very easy) to 5; null while they have not said."
    )
    can: list[Verb] = Field(description="What you may ask for in its status; everything else is refused.")


class TimelineEntryAnswer(Answer):
    number: str = Field(description="The case it happened to: this one, or one that goes on in it.")
    seq: int = Field(description="Its place in the history of that case.")
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


class AgentsAnswer(Answer):
    agents: list[AgentAnswer]


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


class WatcherAnswer(Answer):
    id: UUID
    name: str
    state: Attention


class WatchingAnswer(Answer):
    agents: list[WatcherAnswer] = Field(description="The others who have this case open now.")


class FileAnswer(Answer):
    id: UUID
    name: str
    content_type: str
    size: int = Field(description="Bytes.")
