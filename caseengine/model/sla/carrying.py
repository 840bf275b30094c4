"""Clocks that a fact carries from one case to another go on there, and cease to where a merge is undone.

Source: docs/decisions/0014-sla-clocks.md
"""

from dataclasses import replace
from datetime import datetime

from caseengine.model.events import CaseReleased
from caseengine.model.events.relations import ClocksCarried, Stretches
from caseengine.model.lifecycle import LIVE
from caseengine.model.sla.clock import Clock, Measure
from caseengine.model.sla.policy import Book, Target
from caseengine.model.sla.state import Clocks, new_clock, only, with_clocks


def with_carried(after: Clocks, event: ClocksCarried, book: Book) -> Clocks:
    """What was owed in another case is owed here, or is no more."""
    if after.status not in LIVE:
        return after
    change = _restored if isinstance(event, CaseReleased) else _brought
    for target in Target:
        ran: Stretches | None = getattr(event, target)
        if ran is not None:
            after = change(after, target, ran, event, book)
    return after


def _brought(after: Clocks, target: Target, ran: Stretches, event: ClocksCarried, book: Book) -> Clocks:
    """Of two waits for one answer the longer counts."""
    measure = after.measure(book)
    if not ran or measure.goal(target) is None:
        return after
    here = _here(after, target)
    clock = here or new_clock(after, target, measure, event.at)
    taken = _steps_taken(event, target, measure)
    brought = clock.taken_over(ran, measure, event.at, taken if taken is None else max(taken, clock.steps))
    if here is None or brought.spent > here.spent_at(measure, event.at):
        return _with_told(after, brought, max(taken or 0, after.steps_taken(clock)), event.at, book)
    return after


def _restored(after: Clocks, target: Target, ran: Stretches, event: ClocksCarried, book: Book) -> Clocks:
    """As without the other case, but for what was missed meanwhile: that ends, missed."""
    measure, here = after.measure(book), _here(after, target)
    if event.steps is None and measure.goal(target) is None:
        return after  # such facts were read like this, and rows say so
    if here is not None and here.breached_at is not None:
        if event.steps is None:  # such facts were read like this, and rows say so
            return after
        after = with_clocks(after, [here.ended(measure, event.at)], event.at, book)
        here = None
    if ran and (here is not None or measure.goal(target) is not None):
        clock = here or new_clock(after, target, measure, event.at)
        taken = _steps_taken(event, target, measure)
        return _with_told(after, clock.taken_over(ran, measure, event.at, taken), taken or 0, event.at, book)
    return only(after, [clock for clock in after.clocks if clock is not here])


def _here(after: Clocks, target: Target) -> Clock | None:
    return next(iter(after.running(target)), None)


def _steps_taken(event: ClocksCarried, target: Target, measure: Measure) -> int | None:
    """How many of this measure's steps were taken where the clock ran; None where the fact does not tell."""
    if event.steps is None:
        return None
    policy = measure.policy
    same = (event.policy, event.version) == (policy.id, policy.version)
    same = same and policy.steps_for(target, event.department) == measure.steps(target)
    return event.steps.get(target, 0) if same else 0


def _with_told(after: Clocks, clock: Clock, taken: int, at: datetime, book: Book) -> Clocks:
    """With a clock whose stretches the event tells, and how many steps were taken where it ran."""
    elsewhere = {**after.elsewhere, (clock.target, clock.cycle): taken}
    return replace(with_clocks(after, [clock], at, book), carried=after.carried | {clock.target}, elsewhere=elsewhere)
