"""A case begins, changes hands, is raised, ends, and may begin again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.model.case_type import CaseType
from caseengine.model.events.fact import INTERNAL, CaseEvent, Was
from caseengine.model.lifecycle import Verb
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution


@dataclass(frozen=True, kw_only=True)
class CaseOpened(CaseEvent):
    """`channel`: how it came in where nobody wrote, so that there is no conversation: "telephone", for one."""

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
    channel: str = ""
    language: str = ""
    parent_id: UUID | None = field(default=None, metadata=INTERNAL)
    follows: UUID | None = field(default=None, metadata=INTERNAL)
    fields: Mapping[str, Any] = field(default_factory=dict, metadata=INTERNAL)
    contact_id: UUID | None = field(default=None, metadata=INTERNAL)
    account_id: UUID | None = field(default=None, metadata=INTERNAL)
    claimed: Mapping[str, Any] = field(default_factory=dict, metadata=INTERNAL)
    reply_address: str | None = field(default=None, metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class CaseAssigned(CaseEvent):
    """`assignment_id` is the record of the decision, where routing made it."""

    verb = Verb.ASSIGN
    agent_id: UUID
    agent_name: str
    assignment_id: UUID | None = field(default=None, metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        return {"agent_id": self.agent_id, "offered_to": None}


@dataclass(frozen=True, kw_only=True)
class CaseReopened(CaseEvent):
    verb = Verb.REOPEN
    reason: str
    key: str = ""

    def sets(self, case: Was) -> dict[str, Any]:
        return {"resolution": None, "resolved_at": None, "closed_at": None, "reopened": case.reopened + 1}


@dataclass(frozen=True, kw_only=True)
class CaseResolved(CaseEvent):
    """`with_parent`: it ended because the case above it did."""

    verb = Verb.RESOLVE
    resolution: Resolution
    with_parent: UUID | None = field(default=None, metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        return {"resolution": self.resolution, "resolved_at": self.at, "due_at": None, "offered_to": None}


@dataclass(frozen=True, kw_only=True)
class CaseClosed(CaseEvent):
    verb = Verb.CLOSE

    def sets(self, case: Was) -> dict[str, Any]:
        return {"closed_at": self.at}


@dataclass(frozen=True, kw_only=True)
class CaseEscalated(CaseEvent):
    public = False
    verb = Verb.ESCALATE
    level: int
    reason: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"escalation_level": self.level}


@dataclass(frozen=True, kw_only=True)
class CasePrioritised(CaseEvent):
    public = False
    verb = Verb.PRIORITISE
    priority: Priority
    reason: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"priority": self.priority}


@dataclass(frozen=True, kw_only=True)
class CaseAssessed(CaseEvent):
    """It reaches further, or is more urgent, than was thought, or less. The priority that follows is another fact."""

    public = False
    verb = Verb.CLASSIFY
    impact: int
    urgency: int
    reason: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"impact": self.impact, "urgency": self.urgency}


@dataclass(frozen=True, kw_only=True)
class CaseMoved(CaseEvent):
    """To another department: whoever held it lets go. `left` is where it was, whose people have to hear of it too."""

    verb = Verb.MOVE
    department: str
    left: str | None = None
    reason: str = field(metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        return {"department": self.department, "agent_id": None, "offered_to": None}


@dataclass(frozen=True, kw_only=True)
class PromiseMade(CaseEvent):
    """The customer hears from the desk by `due_at`."""

    verb = Verb.PROMISE
    due_at: datetime

    def sets(self, case: Was) -> dict[str, Any]:
        return {"due_at": self.due_at}


@dataclass(frozen=True, kw_only=True)
class CaseClassified(CaseEvent):
    """It is of another type than it was opened as."""

    public = False
    verb = Verb.CLASSIFY
    case_type: str
    reason: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"case_type": CaseType(self.case_type)}
