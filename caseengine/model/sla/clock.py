"""One clock: a target of a case, counted once. Its moves are pure: each returns the clock as it is afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from caseengine.model.calendar import Calendar, due_at, working_time
from caseengine.model.errors import NoWorkingTime
from caseengine.model.events.relations import Stretches
from caseengine.model.sla.policy import Policy, Step, StepKind, Target

NOTHING = timedelta(0)


class ClockState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"  # whether it still runs or has ended


@dataclass(frozen=True, slots=True)
class Measure:
    """What a clock is measured by at a moment. Without a calendar nothing is ever due."""

    policy: Policy
    calendar: Calendar | None
    priority: int
    department: str

    def goal(self, target: Target) -> timedelta | None:
        return self.policy.goal(target, self.priority)

    def steps(self, target: Target) -> tuple[Step, ...]:
        return self.policy.steps_for(target, self.department)

    def has_ladder_of(self, other: "Measure", target: Target) -> bool:
        """Whether a step that was taken by the other measure was taken by this one."""
        policy, of = self.policy, other.policy
        return (policy.id, policy.version, self.steps(target)) == (of.id, of.version, other.steps(target))

    def due(self, since: datetime, rest: timedelta) -> datetime | None:
        """When so much working time has passed; None when it never does."""
        if rest <= NOTHING:
            return since
        if self.calendar is None:
            return None
        try:
            return due_at(since, rest, self.calendar)
        except NoWorkingTime:
            return None

    def spent(self, since: datetime, until: datetime) -> timedelta:
        return working_time(since, until, self.calendar) if self.calendar else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A target that runs, or ran.

    Attributes:
        cycle: counts from 1 for each target of a case.
        policy, version: what it is measured by, or was when it ended or was missed.
        goal: the target's working time; of one that was missed the goal it missed, whatever holds later.
        touched_at: when it last began, paused, went on, ended, or got another goal.
        spent: working time up to `running_since`, or in all while it stands still.
        running_since: None while it is paused, and once it has ended.
        due_at: None while it is paused, unless it was missed by then.
        breached_at: when the target was missed.
        steps: how many of its steps were taken or left behind.
        next_at: when the next of them is due.
    """

    target: Target
    cycle: int
    policy: str
    version: int
    goal: timedelta
    started_at: datetime
    touched_at: datetime
    spent: timedelta = NOTHING
    running_since: datetime | None = None
    due_at: datetime | None = None
    breached_at: datetime | None = None
    ended_at: datetime | None = None
    steps: int = 0
    next_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def state(self) -> ClockState:
        if self.breached_at is not None:
            return ClockState.BREACHED
        if self.ended_at is not None:
            return ClockState.MET
        return ClockState.RUNNING if self.running_since is not None else ClockState.PAUSED

    @classmethod
    def begin(cls, target: Target, cycle: int, goal: timedelta, measure: Measure, at: datetime) -> "Clock":
        """It runs from `at`, with the whole of its target before it."""
        policy = measure.policy
        clock = cls(
            target=target,
            cycle=cycle,
            policy=policy.id,
            version=policy.version,
            goal=goal,
            started_at=at,
            touched_at=at,
        )
        return clock.resumed(measure, at)

    def late(self, at: datetime) -> "Clock":
        """As it is at `at`: missed once that is past its due time. What ends just when it is due was in time."""
        running = self.running_since is not None and self.breached_at is None
        if running and self.due_at is not None and at > self.due_at:
            return replace(self, breached_at=self.due_at)
        return self

    def paused(self, measure: Measure, at: datetime) -> "Clock":
        if self.running_since is None:
            return self
        stopped = self._stopped(measure, at)
        return replace(stopped, due_at=stopped.breached_at, next_at=None)

    def resumed(self, measure: Measure, at: datetime) -> "Clock":
        """It goes on with what is left of its target."""
        if self.running_since is not None or not self.is_open:
            return self
        since = max(at, self.touched_at)
        due = self.breached_at or measure.due(since, self.goal - self.spent)
        return replace(self, running_since=since, touched_at=since, due_at=due)._looked_ahead(measure)

    def ended(self, measure: Measure, at: datetime) -> "Clock":
        """Met or missed for good."""
        stopped = self._stopped(measure, at)
        return replace(stopped, ended_at=stopped.touched_at, next_at=None)

    def measured(self, before: Measure, after: Measure, goal: timedelta, at: datetime) -> "Clock":
        """By another goal, policy or ladder from now on; the working time spent so far is kept.

        A clock that was missed by then stays missed, with the goal and policy it missed: no later goal undoes that.
        """
        clock = self._stopped(before, at)
        if clock.breached_at is None:
            clock = replace(clock, policy=after.policy.id, version=after.policy.version, goal=goal, due_at=None)
        changed = replace(clock, steps=clock._steps_behind(before, after), next_at=None)
        return changed.resumed(after, at) if self.running_since is not None else changed

    def taken_over(self, stretches: Stretches, measure: Measure, at: datetime, steps: int | None) -> "Clock":
        """As one that ran in these stretches by now, by this measure; one that was missed stays as it is.

        Args:
            steps: how many of this measure's steps were taken of it; None where nobody told: those that lie behind by
                what it ran, beside what it ran before.
        """
        clock = self._stopped(measure, at)
        if clock.breached_at is not None:
            return self
        spent = sum((measure.spent(*stretch) for stretch in stretches), NOTHING)
        ran = replace(clock, started_at=stretches[0][0], spent=spent, due_at=None, next_at=None)
        behind = ran._behind(measure)
        if steps is None:
            steps = behind if spent > clock.spent else clock.steps
        ran = replace(ran, steps=min(steps, behind))
        return ran.resumed(measure, at) if self.running_since is not None else ran

    def laid_aside(self, before: Measure, after: Measure, at: datetime) -> "Clock | None":
        """Nobody promises this target any more: it stands still with what it spent. None where it spent nothing."""
        clock = self._stopped(before, at)
        if clock.breached_at is None and not clock.spent:
            return None
        return replace(clock, due_at=clock.breached_at, steps=clock._steps_behind(before, after), next_at=None)

    def stepped(self, place: int, measure: Measure) -> "Clock":
        """The step at this place was taken; those before it are left behind."""
        if place < self.steps:
            return self
        return replace(self, steps=place + 1)._looked_ahead(measure)

    def has_come(self, step: Step, measure: Measure, at: datetime) -> bool:
        """Whether so much is spent by then and, for the breach and what follows it, the target is missed.

        Just when a target is due all of it is spent, and nothing is missed yet.
        """
        if step.share is None and self.late(at).breached_at is None:
            return False
        return step.due(self.goal) <= self.spent_at(measure, at)

    def spent_at(self, measure: Measure, at: datetime) -> timedelta:
        """Working time it has counted up to `at`."""
        if self.running_since is None:
            return self.spent
        return self.spent + measure.spent(self.running_since, at)

    def _stopped(self, measure: Measure, at: datetime) -> "Clock":
        """A clock on the wall that was set back moves nothing back."""
        until = max(at, self.touched_at)
        late = self.late(until)
        return replace(late, spent=late.spent_at(measure, until), running_since=None, touched_at=until)

    def _looked_ahead(self, measure: Measure) -> "Clock":
        steps = measure.steps(self.target)
        if self.running_since is None or self.steps >= len(steps):
            return replace(self, next_at=None)
        if measure.calendar is None:  # whoever sweeps has it, and looks again
            return replace(self, next_at=self.running_since)
        rest = steps[self.steps].due(self.goal) - self.spent
        return replace(self, next_at=measure.due(self.running_since, rest))

    def _steps_behind(self, before: Measure, after: Measure) -> int:
        """How many of the new steps count as taken: a step is taken once for each goal it is measured by."""
        old, new = before.steps(self.target), after.steps(self.target)
        same = after.has_ladder_of(before, self.target)
        if self.breached_at is not None:
            told = self.steps > _breach(old)
            return self.steps if same else _breach(new) + told
        behind = self._behind(after)
        return min(self.steps, behind) if same else behind

    def _behind(self, measure: Measure) -> int:
        """How many steps before the breach lie behind, taken or not."""
        steps = measure.steps(self.target)
        return sum(step.due(self.goal) <= self.spent for step in steps[: _breach(steps)])


def _breach(steps: tuple[Step, ...]) -> int:
    return next(place for place, step in enumerate(steps) if step.kind is StepKind.BREACH)
