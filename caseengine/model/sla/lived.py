"""When each clock of a case ran and when it stood still, told along with the fold.

Source: docs/decisions/0014-sla-clocks.md
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from caseengine.model.calendar import Calendar
from caseengine.model.events import CaseEvent
from caseengine.model.events.relations import ClocksCarried, Stretches
from caseengine.model.lifecycle import Status
from caseengine.model.sla.clock import Clock
from caseengine.model.sla.fold import unfolded
from caseengine.model.sla.policy import NO_SLA, Book, Target
from caseengine.model.sla.state import Clocks


@dataclass(frozen=True, slots=True)
class Piece:
    """From `begins` to `ends` a clock ran by a calendar, or stood still.

    `because`: the calendar's id, or the status in which it stood still; "none" where no policy promised it.
    """

    begins: datetime
    ends: datetime
    ran: bool
    because: str
    calendar: Calendar | None = None


@dataclass(slots=True)
class Life:
    """One clock as it stands, and its pieces up to when it was counted last, in order and without gaps."""

    clock: Clock
    because: Piece
    pieces: list[Piece] = field(default_factory=list)

    def until(self, at: datetime) -> list[Piece]:
        """Told on until `at`, where it has not ended."""
        return [*self.pieces, *self._going_on(at)]

    def goes_on(self, clock: Clock, because: Piece, at: datetime) -> None:
        """It is as it was, or otherwise from the moment on up to which it was counted."""
        touched, same = clock.touched_at != self.clock.touched_at, _alike(because, self.because)
        if self.clock.is_open and (touched or not same):
            turned = clock.touched_at if touched else max(at, self.because.begins)
            self.pieces += self._going_on(turned)
            _cut(self.pieces, turned)  # time may have been set back since
            self.because = replace(because, begins=turned)
        self.clock = clock

    def carried(self, clock: Clock, because: Piece, ran: list[Piece]) -> None:
        """It is told anew how it ran by now."""
        self.clock, self.because, self.pieces = clock, because, ran

    def _going_on(self, at: datetime) -> list[Piece]:
        going_on = self.clock.is_open and self.because.begins < at
        return [replace(self.because, ends=at)] if going_on else []


Lives = dict[tuple[Target, int], Life]
"""By target and cycle."""


def lived(events: Iterable[CaseEvent], book: Book) -> tuple[Clocks, Lives]:
    """The clocks that a case's events add up to, and the life of each that was not taken back.

    Raises:
        ValueError: a history begins with CaseOpened.
    """
    found: dict[Target, dict[int, Life]] = {target: {} for target in Target}
    clocks: Clocks | None = None
    for event, clocks in unfolded(events, book):
        newest = {clock.target: clock for clock in clocks.clocks}
        for target, lives in found.items():
            _follow(lives, newest.get(target), clocks, event, book)
    if clocks is None:
        raise ValueError("a history begins with CaseOpened")
    return clocks, {(target, cycle): life for target, lives in found.items() for cycle, life in lives.items()}


def _follow(lives: dict[int, Life], clock: Clock | None, clocks: Clocks, event: CaseEvent, book: Book) -> None:
    """`lives`: of one target, by cycle, in order."""
    if clock is None:
        newest = next(reversed(lives), None)
        if newest is not None and lives[newest].clock.is_open:
            del lives[newest]  # it was taken back, and leaves its number to the next
        return
    because = _because(clock, clocks, book)
    life = lives.setdefault(clock.cycle, Life(clock, because))
    if clock.target in clocks.carried and isinstance(event, ClocksCarried):
        life.carried(clock, because, _elsewhere(getattr(event, clock.target), clock, clocks, book))
    else:
        life.goes_on(clock, because, event.at)


def _because(clock: Clock, clocks: Clocks, book: Book) -> Piece:
    """How it is now, from when it was counted last."""
    measure, at = clocks.measure(book), clock.touched_at
    if clock.running_since is not None:
        return Piece(at, at, True, measure.policy.calendar, measure.calendar)
    promised = measure.goal(clock.target) is not None or clocks.status is Status.MERGED
    return Piece(at, at, False, clocks.status if promised else NO_SLA)


def _elsewhere(stretches: Stretches, clock: Clock, clocks: Clocks, book: Book) -> list[Piece]:
    """How it ran until it was taken over; between the stretches it stood still where it was."""
    measure = clocks.measure(book)
    found: list[Piece] = []
    for begins, ends in stretches:
        found += [Piece(found[-1].ends, begins, False, Status.MERGED)] if found else []
        found.append(Piece(begins, ends, True, measure.policy.calendar, measure.calendar))
    return [*found, Piece(stretches[-1][1], clock.touched_at, False, Status.MERGED)]


def _alike(one: Piece, other: Piece) -> bool:
    return (one.ran, one.because) == (other.ran, other.because)


def _cut(pieces: list[Piece], at: datetime) -> None:
    while pieces and pieces[-1].begins >= at:
        pieces.pop()
    if pieces and pieces[-1].ends > at:
        pieces[-1] = replace(pieces[-1], ends=at)
