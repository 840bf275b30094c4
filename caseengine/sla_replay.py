"""What a case's clocks would have been by another rulebook: its real events, one after another, with no effect.

Policies that were chosen in a period are left out and chosen anew, at the same moments and by the same function as at
work; steps of clocks are left out too and taken just when they are due. What a case took over from another is what that
one would have owed, so it is replayed until then. What was before the period stays as it was.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import (
    CaseEvent,
    CaseMerged,
    CaseOpened,
    CaseReleased,
    CaseSplit,
    CaseSplitOff,
    LadderStepTaken,
    PolicyApplied,
    TargetBreached,
    TargetWarned,
)
from caseengine.model.events.relations import ClocksCarried
from caseengine.model.sla import (
    Book,
    Clock,
    Clocks,
    Step,
    StepKind,
    Target,
    advance,
    as_of,
    due_step,
    owed,
    owed_without,
    taken_elsewhere,
)
from caseengine.model.sla.fold import begin
from caseengine.policies.judging import POLICY_IS_CHOSEN_AFTER
from caseengine.rule_replay import Period
from caseengine.sla_choosing import Chooser

Key = tuple[Target, int]
"""A clock's target and cycle."""
STEPS = (TargetWarned, TargetBreached, LadderStepTaken)
TICK = timedelta(microseconds=1)
"""A step is taken once its time is past: what happens at that very instant is in time."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that would have been taken: "warn 0.8", "breach", or what a ladder does."""

    what: str
    at: datetime


@dataclass(slots=True)
class Measured:
    """What came of it.

    Attributes:
        clocks: as they stand when the period ends.
        steps: those taken in the period.
        chosen_at: when a policy was first chosen in the period.
    """

    clocks: dict[Key, Clock] = field(default_factory=dict)
    steps: dict[Key, list[Taken]] = field(default_factory=dict)
    chosen_at: datetime | None = None


def chooses(event: CaseEvent) -> bool:
    """Whether a policy is chosen after this, or was just then."""
    return isinstance(event, (*POLICY_IS_CHOSEN_AFTER, PolicyApplied))


@dataclass(frozen=True, slots=True)
class Others:
    """The cases that others took something over from.

    Attributes:
        histories: all their events, and those of cases that these took something over from.
        choosers: None for the policies as they were chosen.
    """

    histories: Mapping[UUID, Sequence[CaseEvent]]
    book: Book
    period: Period
    choosers: Mapping[UUID, Chooser] | None = None

    def chooser(self, other_id: UUID) -> Chooser | None:
        return self.choosers.get(other_id) if self.choosers is not None else None

    def lived(self, taken: ClocksCarried) -> list[CaseEvent] | None:
        """What would have happened to the other case until this was taken over; None where its log is not known."""
        events = self.histories.get(taken.other_id)
        if events is None:
            return None
        lane = _Lane(self.book, self.period, self.chooser(taken.other_id), self)
        for event in _until(events, taken):
            lane.hears(event)
        lane.waits(taken.at)
        return lane.lived


def _until(events: Sequence[CaseEvent], taken: ClocksCarried) -> Iterator[CaseEvent]:
    """Those before the one that made the other case take it over."""
    for event in events:
        into = event.into_id if isinstance(event, CaseMerged) else None
        into = event.other_id if isinstance(event, CaseSplit) else into
        if (into, event.at) == (taken.case_id, taken.at):
            return
        yield event


def replay(
    history: Sequence[CaseEvent],
    book: Book,
    period: Period,
    chooser: Chooser | None = None,
    others: Others | None = None,
) -> Measured:
    """
    Args:
        history: all events of one case, in order.
        book: every policy that may be chosen, and the calendars.
        chooser: None for the policies as they were chosen.
        others: whom it took something over from; when left out, it took over what it did.
    """
    lane = _Lane(book, period, chooser, others)
    for event in history:
        if event.at >= period.end:
            break
        lane.hears(event)
    lane.ends()
    return lane.done


class _Lane:
    """One case on its way through a period. `lived` is what happened to it so far."""

    def __init__(self, book: Book, period: Period, chooser: Chooser | None, others: Others | None) -> None:
        self.done = Measured()
        self.lived: list[CaseEvent] = []
        self._book = book
        self._period = period
        self._chooser = chooser
        self._others = others
        self._clocks: Clocks | None = None
        self._case: Case | None = None
        self._begun = False
        self._recorded: PolicyApplied | None = None
        self._to_choose: datetime | None = None

    def hears(self, event: CaseEvent) -> None:
        self._begun = self._begun or event.at >= self._period.start
        if self._begun:
            self._time_passes(event.at)
            if isinstance(event, STEPS):
                return
        if isinstance(event, PolicyApplied):
            self._recorded = event
        if self._chooser is not None and self._begun and isinstance(event, PolicyApplied):
            self._to_choose = event.at
            self._choose()
            return
        self._happens(self._taken_over(event) if self._begun else event)
        if self._begun and chooses(event):
            self.done.chosen_at = self.done.chosen_at or event.at
            self._to_choose = event.at

    def waits(self, until: datetime) -> None:
        """Time passes, and nothing happens but what is due."""
        self._begun = True
        self._time_passes(until)

    def ends(self) -> None:
        self._time_passes(self._period.end)
        if self._clocks is not None:
            clocks = as_of(self._clocks, self._period.end)
            self.done.clocks = {(clock.target, clock.cycle): clock for clock in clocks}

    def _taken_over(self, event: CaseEvent) -> CaseEvent:
        """As the other case would have owed it, or this one without the other; of old what was told is not known."""
        if self._others is None or not isinstance(event, ClocksCarried) or event.steps is None:
            return event
        if isinstance(event, CaseReleased):
            return _carrying(event, owed_without(self.lived, event.other_id, self._book, event.at).carried)
        lived, chooser = self._others.lived(event), self._others.chooser(event.other_id)
        if lived is None:
            return event
        if self._chooser is not None and chooser is not None and chooser.uncertain:
            self._chooser.uncertain = True
        left = owed(lived, self._book, event.at)
        return _carrying(event, left.wait if isinstance(event, CaseSplitOff) else left.carried)

    def _happens(self, event: CaseEvent) -> None:
        self.lived.append(event)
        if isinstance(event, CaseOpened):
            self._case, self._clocks = Case.open(event), begin(event, self._book)
        elif self._case is not None and self._clocks is not None:
            self._case.follow(event)
            self._clocks = advance(self._clocks, event, self._book)

    def _choose(self) -> None:
        """Once all that happened at one moment is told: what was chosen then is the last of it."""
        at, self._to_choose = self._to_choose, None
        if self._chooser is None or self._case is None or at is None:
            return
        applied = self._chooser.choose(self._case, self._recorded, at)
        if applied is not None:
            self._happens(applied)

    def _time_passes(self, until: datetime) -> None:
        """Choose what is still to be chosen, and take the steps that are past due before `until`, in order."""
        if self._to_choose is not None and self._to_choose != until:
            self._choose()
        while (step := self._next_step(until)) is not None:
            self._take(*step)

    def _next_step(self, until: datetime) -> tuple[int, Step, Clock] | None:
        if self._clocks is None:
            return None
        ahead = [(clock.next_at, clock) for clock in self._clocks.running() if clock.next_at and clock.next_at < until]
        for at, clock in sorted(ahead, key=lambda one: one[0]):
            step = due_step(self._clocks, self._book, (clock.target, clock.cycle), at + TICK)
            if step is not None:
                return step
        return None

    def _take(self, place: int, step: Step, clock: Clock) -> None:
        if self._clocks is None or clock.next_at is None:
            return
        measure = self._clocks.measure(self._book)
        elsewhere = taken_elsewhere(self._clocks, place, step, clock)
        stepped = tuple(one.stepped(place + elsewhere, measure) if one is clock else one for one in self._clocks.clocks)
        self._clocks = replace(self._clocks, clocks=stepped)
        self.lived.append(_fact(self.lived[0].case_id, place, step, clock, clock.next_at + TICK, elsewhere=elsewhere))
        if clock.next_at >= self._period.start:
            taken = self.done.steps.setdefault((clock.target, clock.cycle), [])
            taken.append(Taken(_named(step), clock.next_at))


def _carrying(event: ClocksCarried, told: Mapping[str, Any]) -> ClocksCarried:
    """The fact, with this in place of what it tells of clocks."""
    return replace(event, **{**dict.fromkeys(map(str, Target)), **told})


def _fact(case_id: UUID, place: int, step: Step, clock: Clock, at: datetime, *, elsewhere: int) -> CaseEvent:
    told: dict[str, Any] = {"case_id": case_id, "actor": SYSTEM, "at": at}
    told |= {"target": str(clock.target), "cycle": clock.cycle}
    if step.kind is StepKind.LADDER:
        return LadderStepTaken(**told, step=place, action=str(step.action), did={})
    told["due_at"] = clock.due_at or at
    if step.kind is StepKind.BREACH:
        return TargetBreached(**told, elsewhere=elsewhere)
    return TargetWarned(**told, share=step.share or 0.0)


def _named(step: Step) -> str:
    if step.kind is StepKind.WARN:
        return f"warn {step.share:g}"
    return str(step.action or step.kind)
