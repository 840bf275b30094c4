"""Where the fold of a case's clocks stands, and what holds of its clocks after whatever happened.

Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from caseengine.model.lifecycle import Status
from caseengine.model.sla.clock import NOTHING, Clock, Measure
from caseengine.model.sla.policy import NOTHING_PROMISED, Book, Policy, Target


class Awaits(StrEnum):
    """Whose words the customer waits for."""

    FIRST = "first"  # nobody of the desk has answered yet
    NEXT = "next"  # the customer wrote after the last answer
    NOBODY = ""


Key = tuple[Target, int]
"""A clock's target and cycle."""
RESPONSE = {Awaits.FIRST: Target.FIRST_RESPONSE, Awaits.NEXT: Target.NEXT_RESPONSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Where the fold stands: all that the next event needs.

    Attributes:
        policy: None where no SLA holds.
        clocks: the newest cycle of each target, in order of beginning.
        past: the cycles before those, as far as they were counted here; nothing happens to them any more.
        carried: the targets whose clocks run since the last event as that tells their stretches.
        freed: by target, the number of its clock that was taken back last: the next one has it.
        elsewhere: how many steps of their ladder clocks had behind them in the case they came from. No row tells it:
            only who folds all that happened to a case knows it, and `TargetBreached` says what comes of it.
    """

    status: Status
    merged_from: Status | None
    priority: int
    department: str
    policy: Policy | None
    awaits: Awaits
    clocks: tuple[Clock, ...] = ()
    past: tuple[Clock, ...] = ()
    carried: frozenset[Target] = frozenset()
    freed: Mapping[Target, int] = field(default_factory=dict)
    elsewhere: Mapping[Key, int] = field(default_factory=dict)

    @property
    def every(self) -> tuple[Clock, ...]:
        return (*self.past, *self.clocks)

    def measure(self, book: Book) -> Measure:
        policy = self.policy or NOTHING_PROMISED
        return Measure(policy, book.calendar(policy), self.priority, self.department)

    def running(self, *targets: Target) -> list[Clock]:
        """The clocks that have not ended, of these targets or of all."""
        return [clock for clock in self.clocks if clock.is_open and (not targets or clock.target in targets)]

    def steps_taken(self, clock: Clock) -> int:
        """How many steps of its ladder a clock has behind it, here or where it came from."""
        return max(clock.steps, self.elsewhere.get((clock.target, clock.cycle), 0))


def new_clock(after: Clocks, target: Target, measure: Measure, at: datetime) -> Clock:
    """The next cycle of a target that is promised."""
    newest = next((clock for clock in after.clocks if clock.target is target), None)
    cycle = newest.cycle + 1 if newest is not None else after.freed.get(target, 1)
    return Clock.begin(target, cycle, measure.goal(target) or NOTHING, measure, at)


def only(after: Clocks, kept: Sequence[Clock]) -> Clocks:
    """With these as the newest cycles, changed or not; one whose target is not among them is taken back."""
    targets = {clock.target for clock in kept}
    gone = {clock.target: clock.cycle for clock in after.clocks if clock.target not in targets}
    elsewhere = {key: steps for key, steps in after.elsewhere.items() if key not in gone.items()}
    return replace(after, clocks=tuple(kept), freed={**after.freed, **gone}, elsewhere=elsewhere)


def with_clocks(after: Clocks, new: Sequence[Clock], at: datetime, book: Book) -> Clocks:
    """These clocks, each in place of the one of its target there was."""
    if not new:
        return after
    again = {clock.target for clock in new}
    kept = tuple(clock for clock in after.clocks if clock.target not in again)
    same = {(clock.target, clock.cycle) for clock in new}
    old = (clock for clock in after.clocks if clock.target in again and (clock.target, clock.cycle) not in same)
    past = (*after.past, *old)
    return held(replace(after, clocks=(*kept, *new), past=past), at, book)


def held(after: Clocks, at: datetime, book: Book) -> Clocks:
    """Clocks stand still where the status says so, and where nobody promises their target."""
    measure = after.measure(book)
    found = tuple(
        clock.paused(measure, at) if _pauses(after.status, measure, clock.target) else clock.resumed(measure, at)
        for clock in after.clocks
    )
    return replace(after, clocks=found)


def _pauses(status: Status, measure: Measure, target: Target) -> bool:
    return status is Status.MERGED or measure.goal(target) is None or measure.policy.pauses(target, status)
