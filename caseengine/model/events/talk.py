"""What customer, agents and others said, and where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from caseengine.model.events.fact import INTERNAL, CaseEvent, Was
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class CustomerWrote(CaseEvent):
    verb = Verb.HEAR_CUSTOMER
    text: str
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class AgentReplied(CaseEvent):
    """An answer keeps the promise: nothing is due until the customer writes again.

    `files`: those said with it, as they are called where the customer reads; see `NoteAdded`.
    """

    verb = Verb.REPLY
    text: str
    key: str
    files: tuple[Mapping[str, Any], ...] = ()

    def sets(self, case: Was) -> dict[str, Any]:
        return {"due_at": None}


@dataclass(frozen=True, kw_only=True)
class CustomerAsked(CaseEvent):
    """`files`: as of `AgentReplied`."""

    verb = Verb.ASK_CUSTOMER
    text: str
    key: str
    files: tuple[Mapping[str, Any], ...] = ()

    def sets(self, case: Was) -> dict[str, Any]:
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
    """`files`: of the case; "id", "name", "content_type" and "size" in bytes of each."""

    public = False
    verb = Verb.NOTE
    text: str
    key: str = ""
    files: tuple[Mapping[str, Any], ...] = ()


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
class ConversationLinked(CaseEvent):
    """The case goes on in this conversation: replies go there."""

    verb = Verb.LINK
    conversation_id: UUID
    channel: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"conversation_id": self.conversation_id}


@dataclass(frozen=True, kw_only=True)
class CustomerIdentified(CaseEvent):
    """Whoever opened the case has proved who they are."""

    public = False
    verb = Verb.IDENTIFY
    contact_id: UUID
    account_id: UUID | None

    def sets(self, case: Was) -> dict[str, Any]:
        return {"contact_id": self.contact_id, "account_id": self.account_id}
