"""What a case has to do with other cases."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.model.events.fact import INTERNAL, CaseEvent, Was
from caseengine.model.lifecycle import Status, Verb

Stretches = tuple[tuple[datetime, datetime], ...]
"""When a clock ran, from and until, in order."""


@dataclass(frozen=True, kw_only=True)
class CasesLinked(CaseEvent):
    """Internal: an agent may link a stranger's case."""

    public = False
    verb = Verb.LINK
    other_id: UUID
    other_number: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"links": (*case.links, self.other_id)}


@dataclass(frozen=True, kw_only=True)
class CasesUnlinked(CaseEvent):
    """They have nothing to do with each other after all."""

    public = False
    verb = Verb.LINK
    other_id: UUID
    other_number: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"links": tuple(other_id for other_id in case.links if other_id != self.other_id)}


@dataclass(frozen=True, kw_only=True)
class CaseMerged(CaseEvent):
    """It goes on in another case.

    Attributes:
        worked_in: the conversation in which people worked on it.
        target_worked_here: they worked on the other case in that conversation, too.
        target_left: the conversation the other case came from.
        brought: the conversations in which the other case is talked about since.
    """

    verb = Verb.MERGE
    into_id: UUID
    into_number: str = ""
    worked_in: UUID | None = field(default=None, metadata=INTERNAL)
    target_worked_here: bool = field(default=False, metadata=INTERNAL)
    target_left: UUID | None = field(default=None, metadata=INTERNAL)
    brought: tuple[UUID, ...] = field(default=(), metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        return {"merged_into": self.into_id, "merged_from": case.status, "due_at": None, "offered_to": None}


@dataclass(frozen=True, kw_only=True)
class CaseUnmerged(CaseEvent):
    """The merge was a mistake: it goes on by itself, in the status it had."""

    verb = Verb.UNMERGE
    from_id: UUID
    from_number: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"status": case.merged_from, "merged_into": None, "merged_from": None}


@dataclass(frozen=True, kw_only=True)
class CaseAbsorbed(CaseEvent):
    """Another case goes on in this one.

    Attributes:
        customer_waits: the desk owed words in the other case, and owes them here now.
        first_response, next_response, resolution: when the clock of this target ran there, which goes on here; None
            where none did.
    """

    verb = Verb.ABSORB
    other_id: UUID
    other_number: str
    customer_waits: bool = field(default=False, metadata=INTERNAL)
    first_response: Stretches | None = field(default=None, metadata=INTERNAL)
    next_response: Stretches | None = field(default=None, metadata=INTERNAL)
    resolution: Stretches | None = field(default=None, metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        waited_for_them = self.customer_waits and case.status is Status.WAITING_ON_CUSTOMER
        return {"status": Status.OPEN} if waited_for_them else {}


@dataclass(frozen=True, kw_only=True)
class CaseReleased(CaseEvent):
    """The other case goes on by itself again; what happened here meanwhile stays here.

    Attributes:
        customer_waits: the desk owes words here without the other case, too.
        first_response, next_response, resolution: when this clock would have run without the other case; empty where
            there would be none, None where it went on as it was.
    """

    verb = Verb.RELEASE
    other_id: UUID
    other_number: str
    customer_waits: bool = field(default=True, metadata=INTERNAL)
    first_response: Stretches | None = field(default=None, metadata=INTERNAL)
    next_response: Stretches | None = field(default=None, metadata=INTERNAL)
    resolution: Stretches | None = field(default=None, metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class CaseSplit(CaseEvent):
    """A second problem in this case goes on in a case of its own."""

    verb = Verb.SPLIT
    other_id: UUID
    other_number: str


@dataclass(frozen=True, kw_only=True)
class ParentSet(CaseEvent):
    """It is part of a larger case, a known problem for one."""

    public = False
    verb = Verb.ATTACH
    parent_id: UUID
    parent_number: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"parent_id": self.parent_id}


@dataclass(frozen=True, kw_only=True)
class ParentRemoved(CaseEvent):
    public = False
    verb = Verb.DETACH
    parent_id: UUID
    parent_number: str

    def sets(self, case: Was) -> dict[str, Any]:
        return {"parent_id": None}


@dataclass(frozen=True, kw_only=True)
class FollowUpOpened(CaseEvent):
    """The customer wrote after the time in which a reply reopens: a new case follows this one."""

    verb = Verb.LINK
    other_id: UUID
    other_number: str
