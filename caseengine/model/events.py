"""What happened to a case, in the past tense. The history of a case is the list of its events.

Each names the verb that made it and the fields of the case it sets, so that a case can be folded from its events.
A field marked `INTERNAL` is for agents alone, even where the event is public.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from caseengine.model.actor import Actor
from caseengine.model.lifecycle import Verb
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution

INTERNAL = {"internal": True}


@dataclass(frozen=True, kw_only=True)
class CaseEvent:
    """One fact. `public`: the customer may see that it happened."""

    public: ClassVar[bool] = True
    verb: ClassVar[Verb]
    case_id: UUID
    actor: Actor
    at: datetime

    def sets(self) -> dict[str, Any]:
        """The fields of the case that change, besides its status."""
        return {}


@dataclass(frozen=True, kw_only=True)
class CaseOpened(CaseEvent):
    number: str
    subject: str
    description: str
    case_type: str
    department: str
    impact: int
    urgency: int
    priority: Priority
    products: tuple[str, ...] = ()
    order_number: str | None = None
    conversation_id: UUID | None = None
    contact_id: UUID | None = field(default=None, metadata=INTERNAL)
    account_id: UUID | None = field(default=None, metadata=INTERNAL)
    claimed: Mapping[str, Any] = field(default_factory=dict, metadata=INTERNAL)
    reply_address: str | None = field(default=None, metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class CaseAssigned(CaseEvent):
    verb = Verb.ASSIGN
    agent_id: UUID
    agent_name: str

    def sets(self) -> dict[str, Any]:
        return {"agent_id": self.agent_id}


@dataclass(frozen=True, kw_only=True)
class CustomerWrote(CaseEvent):
    verb = Verb.HEAR_CUSTOMER
    text: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class CaseReopened(CaseEvent):
    verb = Verb.REOPEN
    reason: str
    key: str = ""

    def sets(self) -> dict[str, Any]:
        return {"resolution": None}


@dataclass(frozen=True, kw_only=True)
class AgentReplied(CaseEvent):
    """An answer keeps the promise: nothing is due until the customer writes again."""

    verb = Verb.REPLY
    text: str
    key: str

    def sets(self) -> dict[str, Any]:
        return {"due_at": None}


@dataclass(frozen=True, kw_only=True)
class CustomerAsked(CaseEvent):
    verb = Verb.ASK_CUSTOMER
    text: str
    key: str

    def sets(self) -> dict[str, Any]:
        return {"due_at": None}


@dataclass(frozen=True, kw_only=True)
class ThirdPartyAsked(CaseEvent):
    verb = Verb.ASK_THIRD_PARTY
    text: str = field(metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class ThirdPartyAnswered(CaseEvent):
    verb = Verb.HEAR_THIRD_PARTY
    text: str = field(metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class NoteAdded(CaseEvent):
    public = False
    verb = Verb.NOTE
    text: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class HandoverRequested(CaseEvent):
    """`summary` is what the agent gets to read: words, what was tried, sentiment; never the customer's."""

    verb = Verb.HAND_OVER
    conversation_id: UUID
    reason: str
    summary: Mapping[str, Any] = field(metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class HandedBack(CaseEvent):
    verb = Verb.HAND_BACK
    conversation_id: UUID


@dataclass(frozen=True, kw_only=True)
class PromiseMade(CaseEvent):
    """The customer hears from the desk by `due_at`."""

    verb = Verb.PROMISE
    due_at: datetime

    def sets(self) -> dict[str, Any]:
        return {"due_at": self.due_at}


@dataclass(frozen=True, kw_only=True)
class CaseEscalated(CaseEvent):
    public = False
    verb = Verb.ESCALATE
    level: int
    reason: str

    def sets(self) -> dict[str, Any]:
        return {"escalation_level": self.level}


@dataclass(frozen=True, kw_only=True)
class CasePrioritised(CaseEvent):
    public = False
    verb = Verb.PRIORITISE
    priority: Priority
    reason: str

    def sets(self) -> dict[str, Any]:
        return {"priority": self.priority}


@dataclass(frozen=True, kw_only=True)
class CaseMoved(CaseEvent):
    """To another department: whoever held it lets go. `left` is where it was, whose people have to hear of it too."""

    verb = Verb.MOVE
    department: str
    left: str | None = None
    reason: str = field(metadata=INTERNAL)

    def sets(self) -> dict[str, Any]:
        return {"department": self.department, "agent_id": None}


@dataclass(frozen=True, kw_only=True)
class CasesLinked(CaseEvent):
    """Internal: an agent may link a stranger's case."""

    public = False
    verb = Verb.LINK
    other_id: UUID
    other_number: str


@dataclass(frozen=True, kw_only=True)
class ConversationLinked(CaseEvent):
    """The case goes on in this conversation: replies go there."""

    verb = Verb.LINK
    conversation_id: UUID
    channel: str

    def sets(self) -> dict[str, Any]:
        return {"conversation_id": self.conversation_id}


@dataclass(frozen=True, kw_only=True)
class CustomerIdentified(CaseEvent):
    """Whoever opened the case has proved who they are."""

    public = False
    verb = Verb.IDENTIFY
    contact_id: UUID
    account_id: UUID | None

    def sets(self) -> dict[str, Any]:
        return {"contact_id": self.contact_id, "account_id": self.account_id}


@dataclass(frozen=True, kw_only=True)
class CaseResolved(CaseEvent):
    verb = Verb.RESOLVE
    resolution: Resolution

    def sets(self) -> dict[str, Any]:
        return {"resolution": self.resolution, "due_at": None}


@dataclass(frozen=True, kw_only=True)
class CaseClosed(CaseEvent):
    verb = Verb.CLOSE


@dataclass(frozen=True, kw_only=True)
class CaseMerged(CaseEvent):
    verb = Verb.MERGE
    into_id: UUID

    def sets(self) -> dict[str, Any]:
        return {"merged_into": self.into_id, "due_at": None}
