"""What a set of rules would have made of a case: its real events of a period, one after another, with no effect.

What rules did then is left out and done anew by the rules that are asked about; what people did is taken as it was.
The same functions judge as at work: `policies.rules`, `policies.effects`.

Source: docs/decisions/0017-rules.md
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from caseengine.facts import Conversed, spoken_in
from caseengine.model.anchors import Anchors, rule_actor, rule_behind, undoes
from caseengine.model.calendar import Calendar, is_open
from caseengine.model.case import Case
from caseengine.model.errors import TransitionNotAllowed
from caseengine.model.events import CaseAssigned, CaseEvent, CaseOpened, NeedsSet, PolicyApplied, RuleFired
from caseengine.model.rule import Action, Firing, Rule, RuleSet
from caseengine.operations.needing import asked_for
from caseengine.policies.effects import DONE, House, act, is_so, words
from caseengine.policies.rules import (
    FIRINGS_WITHIN,
    Guard,
    Timer,
    due,
    evaluate,
    fired,
    firing_of,
    guard,
    look_again,
    timer,
)
from caseengine.rule_facts import rule_facts
from storage.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, but without, `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """Rules that are asked about; `since` as in `Law`, for rules of time."""

    rules: RuleSet
    since: Mapping[str, datetime]
    house: House
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Fired:
    """A firing that would have been. `outcomes` as in `RuleFired.actions`."""

    rule: str
    at: datetime
    guard: str
    outcomes: tuple[Mapping[str, Any], ...]
    reasons: tuple[Mapping[str, Any], ...]


@dataclass(slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: as it would be; None where it was not opened before the period ended.
        said: words to the customer; `noticed`: words to colleagues.
        uncertain: something people did is not possible after what the rules would have done: from there it is a guess.
    """

    case: Case | None = None
    firings: list[Fired] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    noticed: list[str] = field(default_factory=list)
    uncertain: bool = False


def replay(history: Sequence[CaseEvent], draft: Draft, period: Period, conversed: Conversed) -> Replayed:
    """
    Args:
        history: all events of one case, in order.
        conversed: for conditions that ask about the channel.
    """
    before, then = _apart(history, period)
    lane = Lane(draft, period, conversed)
    lane.begins(before)
    for at, together in groupby(then, key=lambda event: event.at):
        lane.time_passes(at)
        lane.hears(list(together))
    if lane.done.case is not None:
        lane.time_passes(period.end)
    return lane.done


class Lane:
    """One case on its way through a period."""

    def __init__(self, draft: Draft, period: Period, conversed: Conversed) -> None:
        self.done = Replayed()
        self._draft = draft
        self._period = period
        self._conversed = conversed
        self._anchors = Anchors()
        self._timers: dict[str, Timer] = {}
        self._due: dict[str, datetime | None] = {}
        self._traced: list[datetime] = []
        self._rate_said: list[datetime] = []
        self._given: tuple[str, ...] = ()
        self._waiting: deque[tuple[CaseEvent, tuple[str, ...]]] = deque()

    def begins(self, before: Sequence[CaseEvent]) -> None:
        """As it really was when the period began, with what rules had done by then."""
        if not before:
            return
        self.done.case = Case.fold(before)
        self._anchors = Anchors(before)
        traces = [event for event in before if isinstance(event, RuleFired)]
        self._traced = [trace.at for trace in traces]
        self._set_timers(None)
        for name, when in self._due.items():
            if when is not None and when < self._period.start:
                self._due[name] = None  # its condition did not hold then

    def hears(self, together: Sequence[CaseEvent]) -> None:
        """Facts of one moment, then whatever rules make of them."""
        for event in together:
            if self._happens(event):
                self._waits(event, self._given if undoes(event) else ())
        self._judge_all()

    def time_passes(self, until: datetime) -> None:
        """What is due by time before `until`, in order."""
        while (name := self._next_due(until)) is not None:
            at = self._due[name]
            rule = self._draft.rules.of_time[name]
            if at is None or self.done.case is None:
                return
            facts = self._facts(None, at)
            if rule.when.holds(facts):
                self._timers[name], self._due[name] = fired(self._timers[name]), None
                if self._fire(firing_of(rule, facts), chain=(), at=at):
                    self._anchors.fired_at[name] = at
                self._judge_all()
            else:
                self._due[name] = look_again(rule, at, self._draft.calendar)

    def _happens(self, event: CaseEvent) -> bool:
        if isinstance(event, CaseOpened):
            self.done.case = Case.open(event)
        elif self.done.case is None:
            return False
        else:
            try:
                self.done.case.record(event)
            except TransitionNotAllowed:
                self.done.uncertain = True
                return False
        self._anchors.hear(event)
        return True

    def _waits(self, event: CaseEvent, chain: tuple[str, ...]) -> None:
        """To be judged, with the rules that led to it."""
        if isinstance(event, CaseAssigned):
            self._given = chain
        self._waiting.append((event, chain))

    def _judge_all(self) -> None:
        while self._waiting:
            event, chain = self._waiting.popleft()
            for firing in evaluate(self._draft.rules, self._facts(event, event.at), type(event).__name__):
                self._fire(firing, chain=chain, at=event.at)
            self._set_timers(event.at)

    def _fire(self, firing: Firing, *, chain: tuple[str, ...], at: datetime) -> bool:
        """Whether it leaves a trace."""
        case, rule = self.done.case, firing.rule
        if case is None or all(is_so(action, case, self._draft.house) for action in rule.then):
            return False
        held_back = guard(rule.id, chain, self._traced, at=at)
        if held_back is Guard.RATE and any(said > at - FIRINGS_WITHIN for said in self._rate_said):
            return False
        known = len(case.unsaved)
        outcomes = () if held_back else tuple(self._act(case, rule, action, at) for action in rule.then)
        for event in case.unsaved[known:]:
            self._anchors.hear(event)
            self._waits(event, (*chain, rule.id))
        self._traced.append(at)
        self._rate_said += [at] if held_back is Guard.RATE else []
        self.done.firings.append(Fired(rule.id, at, held_back or "", outcomes, firing.reasons))
        return True

    def _act(self, case: Case, rule: Rule, action: Action, at: datetime) -> Mapping[str, Any]:
        by = rule_actor(rule.id, rule.name)
        try:
            outcome = act(action, case, self._draft.house, why=rule.name, by=by, at=at)
        except Refusal as refusal:
            outcome = refusal.code
        if outcome == DONE and action.do in ("reply", "notify"):
            log = self.done.said if action.do == "reply" else self.done.noticed
            log.append(words(action, case, case.language))
        return {**action.document, "outcome": outcome}

    def _facts(self, event: CaseEvent | None, at: datetime) -> Mapping[str, Any]:
        case = self.done.case
        if case is None:
            return {}
        spoken = spoken_in(case, self._conversed)
        asked = "desk_open" in self._draft.rules.needs
        desk_open = is_open(at, self._draft.calendar) if asked else False
        return rule_facts(case, event, channel=spoken.channel, desk_open=desk_open)

    def _set_timers(self, at: datetime | None) -> None:
        """After something happened: as at work, a timer whose condition did not hold is looked at again."""
        status = self._anchors.status
        for name, rule in self._draft.rules.of_time.items():
            before = self._timers.get(name)
            running = (
                timer(
                    rule.wait,
                    status,
                    self._anchors.at,
                    before,
                    in_force_since=self._draft.since[name],
                    fired_at=self._anchors.fired_at.get(name),
                )
                if rule.wait is not None and status is not None
                else None
            )
            if running is None or rule.wait is None:
                self._timers.pop(name, None)
                self._due.pop(name, None)
            else:
                when = due(rule.wait, running, self._draft.calendar)
                self._timers[name] = running
                self._due[name] = max(when, at) if when is not None and at is not None else when

    def _next_due(self, until: datetime) -> str | None:
        places = {name: place for place, name in enumerate(self._draft.rules.of_time)}
        found = [(at, places[name], name) for name, at in self._due.items() if at is not None and at < until]
        return min(found)[2] if found else None


def _apart(history: Sequence[CaseEvent], period: Period) -> tuple[list[CaseEvent], list[CaseEvent]]:
    """What was before the period, whole; and what others than rules did in it."""
    begun = next((place for place, event in enumerate(history) if event.at >= period.start), len(history))
    within = (event for event in history[begun:] if event.at < period.end)
    return list(history[:begun]), [event for event in within if not _replayed(event)]


def _replayed(event: CaseEvent) -> bool:
    """A rule did it itself. What the other rulebooks made of that is no act of a rule: it is as it was."""
    if isinstance(event, PolicyApplied) or (isinstance(event, NeedsSet) and not asked_for(event)):
        return False
    return rule_behind(event.actor) is not None
