"""What a case needs, who is asked to take it, who gave it back, and when somebody calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.model.actor import ActorKind
from caseengine.model.events.fact import CaseEvent, Was
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class NeedsSet(CaseEvent):
    """What whoever works on it has to be able to do.

    Attributes:
        skills: from skill id to {"least": 1-5} (required) or {"weight": 0-1} (preferred).
        language: as in "de"; empty for any.
        source: "rulebook" (of routing), "classifier", "customer", "rule" (of the desk) or "agent".
    """

    public = False
    verb = Verb.REQUIRE
    skills: Mapping[str, Any]
    language: str = ""
    source: str = ""

    def sets(self, case: Was) -> dict[str, Any]:
        return {"needs": {"skills": dict(self.skills), "language": self.language}}


@dataclass(frozen=True, kw_only=True)
class CaseOffered(CaseEvent):
    """An agent is asked to take it, until `expires_at`; `assignment_id` is the record of the decision."""

    public = False
    verb = Verb.OFFER
    agent_id: UUID
    agent_name: str
    expires_at: datetime
    assignment_id: UUID | None = None

    def sets(self, case: Was) -> dict[str, Any]:
        return {"offered_to": self.agent_id}


@dataclass(frozen=True, kw_only=True)
class OfferEnded(CaseEvent):
    """Not taken. `how`: "declined", "expired" or "withdrawn"."""

    public = False
    verb = Verb.END_OFFER
    agent_id: UUID
    agent_name: str
    how: str
    reason: str = ""

    def sets(self, case: Was) -> dict[str, Any]:
        return {"offered_to": None}


@dataclass(frozen=True, kw_only=True)
class CaseReturned(CaseEvent):
    """Back in its queue. `reason` is a code: why whoever held it does not any more."""

    public = False
    verb = Verb.RETURN
    agent_id: UUID | None
    agent_name: str
    reason: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"agent_id": None, "offered_to": None}


@dataclass(frozen=True, kw_only=True)
class CallbackBooked(CaseEvent):
    """`agent_id`, `agent_name`: whose time is kept free."""

    verb = Verb.BOOK
    callback_id: UUID
    starts_at: datetime
    ends_at: datetime
    agent_id: UUID | None = None
    agent_name: str = ""

    def sets(self, case: Was) -> dict[str, Any]:
        return {"callback_at": self.starts_at}


@dataclass(frozen=True, kw_only=True)
class CallbackEnded(CaseEvent):
    """
    Attributes:
        how: "kept", "unreached" (somebody called, and did not reach them), "missed", "cancelled", or "moved" to the
            case that this one goes on in.
        starts_at, agent_name: what was agreed, and with whose time.
    """

    verb = Verb.END_CALL
    callback_id: UUID
    how: str
    starts_at: datetime | None = None
    agent_name: str = ""

    @property
    def reached_the_customer(self) -> bool:
        """An agent says that they spoke with them. That the system finds a call was made tells nothing of that, and
        facts that do not tell what was agreed are of a time when it ended nothing."""
        return self.how == "kept" and self.actor.kind is ActorKind.AGENT and self.starts_at is not None

    def sets(self, case: Was) -> dict[str, Any]:
        """Who was spoken with has heard from the desk: that keeps the promise, as an answer does."""
        return {"callback_at": None} | ({"due_at": None} if self.reached_the_customer else {})
