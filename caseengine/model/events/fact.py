"""One fact of a case, and what it is told from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from caseengine.model.actor import Actor, ActorKind
from caseengine.model.checklist import CheckItem
from caseengine.model.lifecycle import Status, Verb

INTERNAL = {"internal": True}


class Was(Protocol):
    """What an event may ask about the case as it was before."""

    status: Status
    merged_from: Status | None
    links: tuple[UUID, ...]
    tags: tuple[str, ...]
    watchers: tuple[UUID, ...]
    checklist: tuple[CheckItem, ...]
    fields: Mapping[str, Any]
    reopened: int


@dataclass(frozen=True, kw_only=True)
class CaseEvent:
    """One fact. `public`: the customer may see that it happened."""

    public: ClassVar[bool] = True
    verb: ClassVar[Verb]
    case_id: UUID
    actor: Actor
    at: datetime

    def sets(self, case: Was) -> dict[str, Any]:
        """The fields of the case that change, besides its status; `case` is as it was before."""
        return {}

    @property
    def is_somebodys(self) -> bool:
        """Somebody did it: a customer, an agent, the bot they talk to. Rules, routing and clocks are nobody."""
        return self.actor.kind is not ActorKind.SYSTEM
