"""Which step of a clock has to be taken next: pure, for the sweep as for a replay."""

from datetime import datetime

from caseengine.model.sla.clock import Clock
from caseengine.model.sla.policy import Book, Step, StepKind, Target
from caseengine.model.sla.state import Clocks


def due_step(clocks: Clocks, book: Book, which: tuple[Target, int], at: datetime) -> tuple[int, Step, Clock] | None:
    """The next step of a clock that is past due; of several warnings only the last is worth a word.

    Args:
        which: the clock's target and cycle.

    Returns:
        Its place among the clock's steps, the step, and the clock; None when nothing is past due.
    """
    measure = clocks.measure(book)
    clock = next((one for one in clocks.running() if (one.target, one.cycle) == which), None)
    if clock is None or clock.next_at is None or clock.next_at >= at:
        return None
    steps = measure.steps(clock.target)
    past = [place for place in range(clock.steps, len(steps)) if clock.has_come(steps[place], measure, at)]
    if not past:
        return None
    heeded = [place for place in past if steps[place].kind is not StepKind.WARN]
    place = heeded[0] if heeded else past[-1]
    return place, steps[place], clock


def taken_elsewhere(clocks: Clocks, place: int, step: Step, clock: Clock) -> int:
    """How many steps after this one are not taken here, because they were for the same wait where the clock came from.

    Only a breach has any: it is told in each case, and steps before it lie behind a clock from when it came.

    Args:
        clocks: folded from all that happened to the case.
    """
    return max(0, clocks.steps_taken(clock) - place - 1) if step.kind is StepKind.BREACH else 0
