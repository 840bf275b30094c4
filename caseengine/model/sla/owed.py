"""What a case owes its customer, told so that another case can go on with it: when each of its clocks ran.

Instants, no working time: what they come to is for the calendar of whoever counts them, also when it is corrected.
Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from caseengine.model.events import CaseAbsorbed, CaseEvent
from caseengine.model.events.relations import Stretches
from caseengine.model.sla.clock import Clock
from caseengine.model.sla.fold import Awaits, Clocks, fold
from caseengine.model.sla.policy import Book, Target
from caseengine.model.sla.why import Span, SpanKind, why


@dataclass(frozen=True, slots=True)
class Owed:
    """`customer_waits` for words; `ran` tells when the clocks ran that have not ended."""

    customer_waits: bool = True
    ran: dict[Target, Stretches] = field(default_factory=dict)


def owed(events: Sequence[CaseEvent], book: Book, at: datetime) -> Owed:
    """By a case, as of `at`: of each clock that is promised and has not ended, when it ran."""
    clocks = fold(events, book)
    ran = {one.target: _ran(why(events, one.target, one.cycle, book, at), at) for one in _promised(clocks, book)}
    return Owed(clocks.awaits is not Awaits.NOBODY, ran)


def owed_without(events: Sequence[CaseEvent], other_id: UUID, book: Book, at: datetime) -> Owed:
    """By a case as if the other one had never been merged into it; clocks that go on as they are are left out."""
    taken = next((event for event in reversed(events) if _took(event, other_id)), None)
    if not isinstance(taken, CaseAbsorbed):
        return Owed()
    brought = [target for target in Target if getattr(taken, target) is not None]
    if not brought:  # nothing was owed there, or the fact is from before it was told
        return Owed()
    alone = replace(taken, customer_waits=False, first_response=None, next_response=None, resolution=None)
    left = owed([alone if event is taken else event for event in events], book, at)
    here = {clock.target for clock in _promised(fold(events, book), book)}
    new = {target: stretches for target, stretches in left.ran.items() if target not in here}
    return Owed(left.customer_waits, {**new, **{target: left.ran.get(target, ()) for target in brought}})


def _took(event: CaseEvent, other_id: UUID) -> bool:
    return isinstance(event, CaseAbsorbed) and event.other_id == other_id


def _promised(clocks: Clocks, book: Book) -> list[Clock]:
    measure = clocks.measure(book)
    return [clock for clock in clocks.running() if measure.goal(clock.target) is not None]


def _ran(spans: Sequence[Span], at: datetime) -> Stretches:
    """Joined where one follows the other: whether the desk was open then is not theirs to say."""
    found: list[tuple[datetime, datetime]] = []
    for span in spans:
        begins, ends = span.begins, min(span.ends, at)
        if span.kind is SpanKind.PAUSED or begins >= ends:
            continue
        if found and found[-1][1] == begins:
            begins = found.pop()[0]
        found.append((begins, ends))
    return tuple(found)
