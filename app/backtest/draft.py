"""What every kind of draft answers: how one case would differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from caseengine.model.events import CaseEvent
from caseengine.rule_replay import Period
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case as its log tells it. `channel`: of the conversation replies go to."""

    case_id: UUID
    number: str
    events: Sequence[CaseEvent]
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would be otherwise at the end of the period.

    Attributes:
        what: "priority", "department", "agent", "tags", "fields.<name>", "escalation_level", "said", "fired" ...
        current, draft: JSON's own types.
        at: when it would have begun to differ, where that is known.
    """

    what: str
    current: Any
    draft: Any
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """A case that would differ; `uncertain`: people did things then that they could not have done after the draft."""

    number: str
    case_id: UUID
    differences: Sequence[Difference]
    uncertain: bool = False


class Draft(Protocol):
    """A draft beside what is in force, both ready to be asked about any case."""

    def differences(self, history: CaseHistory, period: Period) -> CaseDifference | None:
        """None where the case would be the same. No effect, and nothing is read: all it needs it was given."""


class ReadDraft(Protocol):
    """Makes a `Draft` from its document and what is in force.

    Raises (when called):
        RulebookInvalid: the document cannot mean what it says.
    """

    async def __call__(self, snapshot: Snapshot, document: Mapping[str, Any], period: Period) -> Draft: ...
