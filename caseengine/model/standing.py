"""A case's history as if merges that are undone had never been: what is its own, and what it has from others still.

Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from caseengine.model import events as happened
from caseengine.model.events import CaseEvent

_OWES = (happened.CaseOpened, happened.CustomerWrote, happened.HandoverRequested, happened.CaseReopened)
_ANSWERS = (happened.AgentReplied, happened.CustomerAsked, happened.CaseResolved)


def standing(events: Sequence[CaseEvent], without: UUID | None = None) -> list[CaseEvent]:
    """The events but those that say that other cases came and went, where they went again.

    Args:
        without: another case that goes now, too.
    """
    gone = {without}
    kept: list[CaseEvent] = []
    promised: CaseEvent | None = None
    for event in reversed(events):
        if isinstance(event, happened.CaseReleased):
            gone.add(event.other_id)
        elif isinstance(event, happened.CaseAbsorbed) and event.other_id in gone:
            gone.discard(event.other_id)
            if promised is not None and kept[-1] is promised and _came_with(promised, event):
                kept.pop()
        else:
            kept.append(event)
        promised = event if isinstance(event, happened.PromiseMade) else None
    return kept[::-1]


def owes_words(standing: Iterable[CaseEvent]) -> bool:
    """Whether the desk owes its customer words, and so a time by when they come, by a history of what stands."""
    owed = False
    for event in standing:
        if _answers(event):
            owed = False
        elif isinstance(event, _OWES) or (isinstance(event, happened.CaseAbsorbed) and event.customer_waits):
            owed = True
    return owed


def _answers(event: CaseEvent) -> bool:
    if isinstance(event, happened.CallbackEnded):
        return event.reached_the_customer
    return isinstance(event, _ANSWERS)


def _came_with(promised: CaseEvent, absorbed: happened.CaseAbsorbed) -> bool:
    """What was promised in the other case is promised here in the same act."""
    return (promised.at, promised.actor) == (absorbed.at, absorbed.actor)
