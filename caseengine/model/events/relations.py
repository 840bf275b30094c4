"""What a case has to do with other cases."""

from collections.abc import Mapping
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
class ClocksCarried(CaseEvent):
    """Clocks go on here as they ran elsewhere, or would have run.

    Attributes:
        first_response, next_response, resolution: when the clock of this target ran; None where the fact says nothing
            of it.
        policy, version, department: what gave them their steps; an empty policy where no SLA held.
        steps: by target, how many of these it had behind it; None in facts from before this was told, where all steps
            that lie behind count as taken.
    """

    other_id: UUID
    other_number: str
    first_response: Stretches | None = field(default=None, metadata=INTERNAL)
    next_response: Stretches | None = field(default=None, metadata=INTERNAL)
    resolution: Stretches | None = field(default=None, metadata=INTERNAL)
    policy: str = field(default="", metadata=INTERNAL)
    version: int = field(default=0, metadata=INTERNAL)
    department: str = field(default="", metadata=INTERNAL)
    steps: Mapping[str, int] | None = field(default=None, metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class CaseAbsorbed(ClocksCarried):
    """Another case goes on in this one, with its clocks that are promised and have not ended.

    `customer_waits`: the desk owed words in the other case, and owes them here now.
    """

    verb = Verb.ABSORB
    customer_waits: bool = field(default=False, metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        waited_for_them = self.customer_waits and case.status is Status.WAITING_ON_CUSTOMER
        return {"status": Status.OPEN} if waited_for_them else {}


@dataclass(frozen=True, kw_only=True)
class CaseReleased(ClocksCarried):
    """The other case goes on by itself again; what happened here meanwhile stays here.

    Clocks are told as they would have run without it: no stretches where there would be none.

    Attributes:
        customer_waits: the desk owes words here without the other case, too.
        status: that of this case without the other one; None in facts from before this was told, where it stays.
        due_at: by when its customer hears from the desk without the other one; counts where `status` is told.
    """

    verb = Verb.RELEASE
    customer_waits: bool = field(default=True, metadata=INTERNAL)
    status: Status | None = field(default=None, metadata=INTERNAL)
    due_at: datetime | None = field(default=None, metadata=INTERNAL)

    def sets(self, case: Was) -> dict[str, Any]:
        return {"status": self.status, "due_at": self.due_at} if self.status is not None else {}


@dataclass(frozen=True, kw_only=True)
class CaseSplit(CaseEvent):
    """A second problem in this case goes on in a case of its own."""

    verb = Verb.SPLIT
    other_id: UUID
    other_number: str


@dataclass(frozen=True, kw_only=True)
class CaseSplitOff(ClocksCarried):
    """It was a second problem in another case, whose customer goes on waiting for the first answer about it."""

    verb = Verb.SPLIT


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
