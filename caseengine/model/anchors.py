"""The instants of a case that rules of time count from."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.events import CaseEvent, CaseOpened, CaseReturned, RuleFired
from caseengine.model.lifecycle import TRANSITIONS, Status
from caseengine.model.rule import Since

BY_RULE = "rule:"
"""What the id of an actor begins with that is a rule."""


def rule_actor(rule_id: str, name: str) -> Actor:
    return Actor(ActorKind.SYSTEM, f"{BY_RULE}{rule_id}", name)


def rule_behind(actor: Actor) -> str | None:
    """The id of the rule that acted; None when somebody else did."""
    return actor.id.removeprefix(BY_RULE) if actor.kind is ActorKind.SYSTEM and actor.id.startswith(BY_RULE) else None


def undoes(event: CaseEvent) -> bool:
    """Whether the desk itself takes back whom a case was given to: what led to the gift led to this."""
    back = isinstance(event, CaseReturned) and event.actor.kind is ActorKind.SYSTEM
    return back and rule_behind(event.actor) is None


class Anchors:
    """Kept up with one event after another; what the desk did by itself is no change.

    Attributes:
        fired_at: when time last made each rule fire, by its id.
    """

    def __init__(self, events: Iterable[CaseEvent] = ()) -> None:
        self.found: dict[Since, datetime] = {}
        self.fired_at: dict[str, datetime] = {}
        self._case: Case | None = None
        for event in events:
            self.hear(event)

    @property
    def status(self) -> Status | None:
        """Where the case is; None before it was opened."""
        return self._case.status if self._case else None

    @property
    def at(self) -> Mapping[Since, datetime]:
        return self.found

    def hear(self, event: CaseEvent) -> None:
        if isinstance(event, CaseOpened):
            self._case = Case.fold([event])
            self.found = dict.fromkeys((Since.OPENED, Since.STATUS), event.at)
        elif self._case is not None:
            self._move(self._case, event)
        if event.actor.kind is ActorKind.CUSTOMER:
            self.found[Since.CUSTOMER] = event.at
        if isinstance(event, RuleFired) and not event.cause:
            self.fired_at[event.rule] = event.at
        if event.is_somebodys:
            self.found[Since.CHANGE] = event.at

    def _move(self, case: Case, event: CaseEvent) -> None:
        before = case.status
        if (before, event.verb) in TRANSITIONS:
            case.record(event)
        if case.status is not before:
            self.found[Since.STATUS] = event.at
