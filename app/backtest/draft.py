"""What every kind of draft answers: how one case would differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from caseengine.facts import Conversed
from caseengine.model.events import CaseEvent
from caseengine.rule_replay import Period
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case as its log tells it."""

    case_id: UUID
    number: str
    events: Sequence[CaseEvent]
    conversed: Conversed


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would be otherwise at the end of the period.

    Attributes:
        what: "priority", "fields.<name>", "said", "fired" ... of rules; "first_response.1.due_at" ... of a clock, by
            target and cycle; "decision.agent" ... of a decision of routing.
        current, draft: JSON's own types.
        at: when it would have begun to differ, where that is known.
    """

    what: str
    current: Any
    draft: Any
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that would differ.

    `uncertain`: people did things then that they could not have done after the draft, or the log and the tables do not
    tell all that the draft asks about.
    """

    number: str
    case_id: UUID
    differences: Sequence[Difference]
    uncertain: bool = False

    def joined(self, other: "CaseDifference") -> "CaseDifference":
        """What another draft would change in the same case, too."""
        differences = (*self.differences, *other.differences)
        return CaseDifference(self.number, self.case_id, differences, self.uncertain or other.uncertain)


class Draft(Protocol):
    """A draft beside what is in force, both ready to be asked about any cases."""

    async def compared(
        self, snapshot: Snapshot, histories: Sequence[CaseHistory], period: Period, /
    ) -> list[CaseDifference]:
        """Those of these cases that would differ, in order. No effect: a snapshot cannot be written to."""
        ...


@dataclass(frozen=True, slots=True)
class Together:
    """Several drafts, each beside what is in force of its kind: none of them knows what another would have made."""

    drafts: Sequence[Draft]

    async def compared(
        self, snapshot: Snapshot, histories: Sequence[CaseHistory], period: Period
    ) -> list[CaseDifference]:
        found: dict[UUID, CaseDifference] = {}
        for draft in self.drafts:
            for one in await draft.compared(snapshot, histories, period):
                known = found.get(one.case_id)
                found[one.case_id] = one if known is None else known.joined(one)
        return [found[history.case_id] for history in histories if history.case_id in found]


class ReadDraft(Protocol):
    """Makes a `Draft` from its document and what is in force.

    Raises (when called):
        RulebookInvalid: the document cannot mean what it says.
    """

    async def __call__(self, snapshot: Snapshot, document: Mapping[str, Any], period: Period, /) -> Draft: ...
