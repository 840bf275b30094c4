"""The clocks of a case, folded over its events. One step of the fold is all that is ever done, at once or later.

What each target means, when it runs, pauses and ends: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from caseengine.model.actor import ActorKind
from caseengine.model.events import (
    AgentReplied,
    CallbackEnded,
    CaseAbsorbed,
    CaseEvent,
    CaseMerged,
    CaseMoved,
    CaseOpened,
    CasePrioritised,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    CaseUnmerged,
    CustomerAsked,
    CustomerWrote,
    HandoverRequested,
    LadderStepTaken,
    PolicyApplied,
    TargetBreached,
    TargetWarned,
)
from caseengine.model.events.relations import ClocksCarried
from caseengine.model.lifecycle import LIVE, TRANSITIONS, Status
from caseengine.model.sla.carrying import with_carried
from caseengine.model.sla.clock import Clock, Measure
from caseengine.model.sla.policy import DEFAULT, Book, Step, StepKind, Target
from caseengine.model.sla.state import RESPONSE, Awaits, Clocks, held, new_clock, only, with_clocks


def fold(events: Iterable[CaseEvent], book: Book) -> Clocks:
    """The clocks that a case's events add up to, the first of which opened it."""
    first, *rest = events
    clocks = _begun(first, book)
    for event in rest:
        clocks = advance(clocks, event, book)
    return clocks


def unfolded(events: Iterable[CaseEvent], book: Book) -> Iterator[tuple[CaseEvent, Clocks]]:
    """Each event of a case with the clocks after it, the first of which opened it."""
    clocks: Clocks | None = None
    for event in events:
        clocks = advance(clocks, event, book) if clocks is not None else _begun(event, book)
        yield event, clocks


def _begun(first: CaseEvent, book: Book) -> Clocks:
    if not isinstance(first, CaseOpened):
        raise ValueError("a history begins with CaseOpened")
    return begin(first, book)


def begin(opened: CaseOpened, book: Book) -> Clocks:
    """A case was opened; until a policy is applied, the one for desks that decided nothing holds."""
    clocks = Clocks(
        status=Status.NEW,
        merged_from=None,
        priority=int(opened.priority),
        department=opened.department,
        policy=DEFAULT,
        awaits=Awaits.FIRST,
    )
    return _with_new(clocks, opened.at, book)


def advance(before: Clocks, event: CaseEvent, book: Book) -> Clocks:
    """The clocks after one more event."""
    after = _told(before, event, book)
    after = _with_ended(before, after, event, book)
    after = _measured(before, after, event.at, book)
    after = held(after, event.at, book)
    after = _stepped(after, event, book)
    if isinstance(event, ClocksCarried):
        after = with_carried(after, event, book)
    return _with_new(after, event.at, book)


def as_of(clocks: Clocks, now: datetime) -> tuple[Clock, ...]:
    """The clocks as they stand at `now`, which only a due time that has passed can change."""
    return tuple(clock.late(now) if clock.is_open else clock for clock in clocks.every)


def _told(before: Clocks, event: CaseEvent, book: Book) -> Clocks:
    """What the event says of the case itself."""
    status = TRANSITIONS.get((before.status, event.verb), before.status)
    after = replace(before, status=status, awaits=_awaits(before.awaits, event), carried=frozenset())
    match event:
        case CaseMerged():
            return replace(after, merged_from=before.status)
        case CaseAbsorbed() if event.customer_waits and before.status is Status.WAITING_ON_CUSTOMER:
            return replace(after, status=Status.OPEN)
        case CaseReleased() if event.status is not None:
            return replace(after, status=event.status)
        case CaseUnmerged():
            return replace(after, status=before.merged_from or status, merged_from=None)
        case CasePrioritised():
            return replace(after, priority=int(event.priority))
        case CaseMoved():
            return replace(after, department=event.department)
        case PolicyApplied():
            return replace(after, policy=book.policy(event.policy, event.version) if event.policy else None)
    return after


def _awaits(before: Awaits, event: CaseEvent) -> Awaits:
    if _answers(event) or isinstance(event, CaseResolved):
        return Awaits.NOBODY
    if isinstance(event, CaseReleased) and not event.customer_waits:
        return Awaits.NOBODY
    return Awaits.NEXT if before is Awaits.NOBODY and _asks(event) else before


def _answers(event: CaseEvent) -> bool:
    """Words of an agent to the customer, written or spoken; the bot's never count."""
    if isinstance(event, CallbackEnded):
        return event.reached_the_customer
    return event.actor.kind is ActorKind.AGENT and isinstance(event, (AgentReplied, CustomerAsked, CaseResolved))


def _asks(event: CaseEvent) -> bool:
    """Words of the customer, also where the bot passes them on, and those that came in with another case."""
    if isinstance(event, CaseAbsorbed):
        return event.customer_waits
    if isinstance(event, CaseReopened):
        return event.actor.kind in (ActorKind.CUSTOMER, ActorKind.BOT)
    return isinstance(event, (CustomerWrote, HandoverRequested))


def _with_ended(before: Clocks, after: Clocks, event: CaseEvent, book: Book) -> Clocks:
    """Clocks that this event answers have ended.

    What nobody promises or owes any more by then disappears without a verdict, unless it was missed before.
    """
    measure = before.measure(book)
    answered, resolved = _answers(event), isinstance(event, CaseResolved)
    found = []
    for clock in (one.late(event.at) if one.is_open else one for one in after.clocks):
        answers = resolved if clock.target is Target.RESOLUTION else answered
        if not clock.is_open or not (answers or resolved):
            found.append(clock)
        elif clock.breached_at is not None or (answers and measure.goal(clock.target) is not None):
            found.append(clock.ended(measure, event.at))
    return only(after, found)


def _measured(before: Clocks, after: Clocks, at: datetime, book: Book) -> Clocks:
    """Another priority, policy or ladder: what runs is measured anew, what has ended keeps its verdict."""
    old, new = before.measure(book), after.measure(book)
    if old == new:
        return after
    found = (_measured_anew(clock, old, new, at) for clock in after.clocks)
    elsewhere = {key: steps for key, steps in after.elsewhere.items() if new.has_ladder_of(old, key[0])}
    return only(replace(after, elsewhere=elsewhere), [clock for clock in found if clock is not None])


def _measured_anew(clock: Clock, old: Measure, new: Measure, at: datetime) -> Clock | None:
    goal = new.goal(clock.target)
    if not clock.is_open:
        return clock
    return clock.measured(old, new, goal, at) if goal is not None else clock.laid_aside(old, new, at)


def _with_new(after: Clocks, at: datetime, book: Book) -> Clocks:
    """Whatever the customer waits for and no clock counts yet is counted from now."""
    measure = after.measure(book)
    if after.status not in LIVE:
        return after
    answers = any(measure.goal(clock.target) is not None for clock in after.running(*RESPONSE.values()))
    wanted = [None if answers else RESPONSE.get(after.awaits), Target.RESOLUTION]
    new = [
        new_clock(after, target, measure, at)
        for target in wanted
        if target is not None and measure.goal(target) is not None and not after.running(target)
    ]
    return with_clocks(after, new, at, book)


def _stepped(after: Clocks, event: CaseEvent, book: Book) -> Clocks:
    """Which of its steps a clock has behind it.

    By a calendar that was corrected since, a step may have been taken before its time: it lies ahead again.
    """
    measure = after.measure(book)
    if not isinstance(event, (TargetWarned, TargetBreached, LadderStepTaken)):
        return after
    found = []
    for clock in after.clocks:
        mine = (clock.target, clock.cycle) == (event.target, event.cycle) and clock.is_open
        place = _place(event, measure.steps(clock.target)) if mine else None
        has_come = place is not None and clock.has_come(measure.steps(clock.target)[place], measure, event.at)
        found.append(clock.stepped(place + _skipped(event), measure) if place is not None and has_come else clock)
    return replace(after, clocks=tuple(found))


def _skipped(event: CaseEvent) -> int:
    """How many steps after this one are behind the clock with it."""
    return event.elsewhere if isinstance(event, TargetBreached) else 0


def _place(event: TargetWarned | TargetBreached | LadderStepTaken, steps: tuple[Step, ...]) -> int | None:
    """The last of steps that are the same, which an old rulebook may have: it is the one that is taken."""
    return next((place for place in reversed(range(len(steps))) if _tells(event, place, steps[place])), None)


def _tells(event: TargetWarned | TargetBreached | LadderStepTaken, place: int, step: Step) -> bool:
    match event:
        case TargetWarned():
            return step.kind is StepKind.WARN and step.share == event.share
        case TargetBreached():
            return step.kind is StepKind.BREACH
        case LadderStepTaken():
            return place == event.step
