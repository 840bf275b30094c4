"""What a policy promises: targets by priority, when they pause, and the steps on the way to a breach and after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from caseengine.model.calendar import Calendar
from caseengine.model.lifecycle import Status

NO_SLA = "none"
"""How a rulebook writes that no policy holds; the event and the case say so with an empty name."""
ANY_DEPARTMENT = ""
DESK = "desk"


class Target(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class Action(StrEnum):
    """What a step of a ladder does."""

    NOTIFY = "notify"
    RAISE = "raise"
    REASSIGN = "reassign"
    TELL_MANAGER = "tell_manager"
    CALLBACK = "callback"


class StepKind(StrEnum):
    WARN = "warn"
    BREACH = "breach"
    LADDER = "ladder"


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do on the way: at a share of the target's working time, or so much working time after it.

    Attributes:
        share: more than 0, at most 1; None for a step after the target.
        after: working time after the target.
        action: what a step of a ladder does.
    """

    kind: StepKind
    share: float | None = None
    after: timedelta = timedelta(0)
    action: Action | None = None

    @property
    def place(self) -> tuple[bool, float, bool, timedelta]:
        """Their order, which is the same whatever the target's length: what is once taken is never ahead again."""
        return (self.share is None, self.share or 0.0, self.kind is not StepKind.BREACH, self.after)

    def due(self, goal: timedelta) -> timedelta:
        """The working time after which it is taken."""
        return goal * self.share if self.share is not None else goal + self.after


BREACH = Step(StepKind.BREACH)
PAUSES: dict[Target, frozenset[Status]] = {Target.RESOLUTION: frozenset({Status.WAITING_ON_CUSTOMER})}
"""When clocks stand still where a policy says nothing else."""

Steps = Mapping[str, Mapping[Target, tuple[Step, ...]]]
"""By department ("" for those without a ladder of their own) and target, in order."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy in one version of the rulebook; it never changes.

    Attributes:
        goals: working time by target and priority; a target or priority that is left out has no clock.
        pauses_in: statuses in which the clock of a target stands still; a target that is left out never does.
        steps: breach is always among them.
    """

    id: str
    version: int
    calendar: str = DESK
    goals: Mapping[Target, Mapping[int, timedelta]] = field(default_factory=dict)
    pauses_in: Mapping[Target, frozenset[Status]] = field(default_factory=lambda: PAUSES)
    steps: Steps = field(default_factory=dict)

    def goal(self, target: Target, priority: int) -> timedelta | None:
        return self.goals.get(target, {}).get(priority)

    def pauses(self, target: Target, status: Status) -> bool:
        return status in self.pauses_in.get(target, frozenset())

    def steps_for(self, target: Target, department: str) -> tuple[Step, ...]:
        own = self.steps.get(department, self.steps.get(ANY_DEPARTMENT, {}))
        return own.get(target, (BREACH,))

    def raises(self, target: Target, department: str) -> bool:
        """Whether its ladder raises a case that missed this target."""
        return any(step.action is Action.RAISE for step in self.steps_for(target, department))


def _everywhere(hours: int) -> Mapping[int, timedelta]:
    return dict.fromkeys(range(1, 5), timedelta(hours=hours))


DEFAULT = Policy(
    "default",
    0,
    goals={
        Target.FIRST_RESPONSE: _everywhere(4),
        Target.NEXT_RESPONSE: _everywhere(4),
        Target.RESOLUTION: _everywhere(24),
    },
    steps={ANY_DEPARTMENT: {target: (Step(StepKind.WARN, 0.8), BREACH) for target in Target}},
)
"""What holds while the company decided nothing: an answer within 4 hours of working time, a solution within 24."""
NOTHING_PROMISED = Policy("", 0)
"""What clocks are measured by where no SLA holds: no target has a goal."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the clocks are measured by: policies by name and version of the rulebook, calendars by name.

    Policies never change; a calendar may be corrected, and what is counted anew then is as if it had never been wrong.
    """

    policies: Mapping[tuple[str, int], Policy] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def policy(self, name: str, version: int) -> Policy | None:
        return self.policies.get((name, version))

    def calendar(self, policy: Policy) -> Calendar | None:
        """The policy's calendar, or the desk's where it was taken away."""
        return self.calendars.get(policy.calendar) or self.calendars.get(DESK)
