"""What a case's clocks would have been by another rulebook: its real events, one after another, with no effect.

Policies that were chosen in a period are left out and chosen anew, at the same moments and by the same function as at
work; steps of clocks are left out too and taken just when they are due. What was before the period stays as it was.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from caseengine.facts import Conversed, spoken_in
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import (
    CaseEvent,
    CaseOpened,
    LadderStepTaken,
    PolicyApplied,
    TargetBreached,
    TargetWarned,
)
from caseengine.model.lifecycle import Verb
from caseengine.model.sla import Book, Clock, Clocks, Sla, Step, StepKind, Target, advance, as_of, due_step
from caseengine.model.sla.fold import begin
from caseengine.operations.applying import applying, policy_for
from caseengine.policies.judging import POLICY_IS_CHOSEN_AFTER
from caseengine.policies.service_level import Because
from caseengine.rule_replay import Period

Key = tuple[Target, int]
"""A clock's target and cycle."""
STEPS = (TargetWarned, TargetBreached, LadderStepTaken)
TICK = timedelta(microseconds=1)
"""A step is taken once its time is past: what happens at that very instant is in time."""


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known today of a customer as they were at a moment: see `Chooser`."""

    entitlements: tuple[str, ...] = ()
    tier: str | None = None


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


class Chooser:
    """Chooses by a draft.

    The log tells the tier of then and what the choice of then came from. Agreements are known as they are today: where
    they no longer explain what was chosen, it is taken from the log, and `uncertain` says so.

    Args:
        sla: the draft, in the version it would have.
        past: the rulebooks that the case's policies were chosen by.
        customers: what is known today, by the moment it is about.
    """

    def __init__(
        self, sla: Sla, past: Mapping[int, Sla], customers: Mapping[datetime, Customer], conversed: Conversed
    ) -> None:
        self._sla = sla
        self._past = past
        self._customers = customers
        self._conversed = conversed
        self.uncertain = False

    def choose(self, case: Case, recorded: PolicyApplied | None, at: datetime) -> PolicyApplied | None:
        """
        Args:
            recorded: what was chosen then; None where nothing was, because nothing was decided yet.
        """
        if not case.can(Verb.APPLY_POLICY):
            return None
        known = self._customers.get(at, Customer())
        if recorded is None:
            tier, entitlements = known.tier, known.entitlements
        else:
            tier, entitlements = recorded.tier, self._then(recorded, known.entitlements)
        spoken = spoken_in(case, self._conversed)
        chosen = policy_for(self._sla, case, entitlements, tier, spoken)
        if recorded is None and chosen != policy_for(self._sla, case, entitlements, None, spoken):
            self.uncertain = True
        return applying(case, chosen, self._sla, tier, by=SYSTEM, at=at)

    def _then(self, recorded: PolicyApplied, today: tuple[str, ...]) -> tuple[str, ...]:
        """The entitlements that explain what was chosen."""
        sla = self._past.get(recorded.version)
        if sla is None:
            return today
        named = next((name for name in today if name in sla.entitlements), None)
        if recorded.because != Because.ENTITLEMENT:
            self.uncertain = self.uncertain or named is not None
            return tuple(name for name in today if name not in sla.entitlements)
        if named is not None and _policy(sla, named) == recorded.policy:
            return today
        self.uncertain = True
        return (*(name for name in sla.entitlements if _policy(sla, name) == recorded.policy), *today)


def _policy(sla: Sla, entitlement: str) -> str:
    """As the fact names it: empty where no SLA holds."""
    policy = sla.policy(sla.entitlements[entitlement])
    return policy.id if policy else ""


def chooses(event: CaseEvent) -> bool:
    """Whether a policy is chosen after this, or was just then."""
    return isinstance(event, (*POLICY_IS_CHOSEN_AFTER, PolicyApplied))


def replay(history: Sequence[CaseEvent], book: Book, period: Period, chooser: Chooser | None = None) -> Measured:
    """
    Args:
        history: all events of one case, in order.
        book: every policy that may be chosen, and the calendars.
        chooser: None for the policies as they were chosen.
    """
    lane = _Lane(book, period, chooser)
    for event in history:
        if event.at >= period.end:
            break
        lane.hears(event)
    lane.ends()
    return lane.done


class _Lane:
    """One case on its way through a period."""

    def __init__(self, book: Book, period: Period, chooser: Chooser | None) -> None:
        self.done = Measured()
        self._book = book
        self._period = period
        self._chooser = chooser
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
        self._happens(event)
        if self._begun and chooses(event):
            self.done.chosen_at = self.done.chosen_at or event.at
            self._to_choose = event.at

    def ends(self) -> None:
        self._time_passes(self._period.end)
        if self._clocks is not None:
            clocks = as_of(self._clocks, self._period.end)
            self.done.clocks = {(clock.target, clock.cycle): clock for clock in clocks}

    def _happens(self, event: CaseEvent) -> None:
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
        stepped = tuple(one.stepped(place, measure) if one is clock else one for one in self._clocks.clocks)
        self._clocks = replace(self._clocks, clocks=stepped)
        if clock.next_at >= self._period.start:
            taken = self.done.steps.setdefault((clock.target, clock.cycle), [])
            taken.append(Taken(_named(step), clock.next_at))


def _named(step: Step) -> str:
    if step.kind is StepKind.WARN:
        return f"warn {step.share:g}"
    return str(step.action or step.kind)
