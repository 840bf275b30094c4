"""Which rules fire, when a rule of time is due, and what keeps rules from going round in circles. Pure.

All rules are judged by the same facts: what one of them does, the others see by the event it makes.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from caseengine.model.calendar import LOOKAHEAD_DAYS_MAX, Calendar, due_at
from caseengine.model.condition import Facts
from caseengine.model.errors import NoWorkingTime
from caseengine.model.lifecycle import Status
from caseengine.model.reasons import reasons
from caseengine.model.rule import Action, Firing, Rule, RuleSet, Since, Wait

CHAIN_MAX = 8
"""Rules that set each other off, one after another, from one event that no rule made."""
FIRINGS_MAX = 30
"""Firings on one case within `FIRINGS_WITHIN`."""
FIRINGS_WITHIN = timedelta(hours=1)


class Guard(StrEnum):
    """Why a rule whose condition held was not let do anything."""

    CIRCLE = "circle"  # it stands in the chain that led here
    DEPTH = "depth"  # too long a chain led here
    RATE = "rate"  # too many firings on this case within the hour


@dataclass(frozen=True, slots=True)
class Timer:
    """A rule of time and a case.

    Attributes:
        anchor: the instant the rule counts from, by what happened to the case.
        counts_from: `anchor`, or when the rule came into force where that was later: no period begins before.
        fired: once for this period is enough.
    """

    anchor: datetime
    counts_from: datetime
    fired: bool = False


def evaluate(rules: RuleSet, facts: Facts, kind: str) -> list[Firing]:
    """The rules of events that fire, in their order, up to the first that says stop.

    Args:
        facts: of the case and of the event.
        kind: of the event.
    """
    firings = []
    for rule in rules.by_kind.get(kind, ()):
        if rule.when.holds(facts):
            firings.append(firing_of(rule, facts))
            if rule.stop:
                break
    return firings


def firing_of(rule: Rule, facts: Facts) -> Firing:
    """The rule with its reasons; its condition holds."""
    return Firing(rule, reasons(rule.when.document, facts))


def guard(rule: str, chain: Sequence[str], fired_at: Iterable[datetime], *, at: datetime) -> Guard | None:
    """Why the rule must not fire now, or None.

    Args:
        chain: the rules that led to the event, the first of them first; empty when no rule made it.
        fired_at: when rules fired on this case.
    """
    if sum(at - FIRINGS_WITHIN < fired <= at for fired in fired_at) >= FIRINGS_MAX:
        return Guard.RATE  # first of all: what is held back is traced, too
    if rule in chain:
        return Guard.CIRCLE
    return Guard.DEPTH if len(chain) >= CHAIN_MAX else None


def timer(
    wait: Wait,
    status: Status,
    anchors: Mapping[Since, datetime],
    before: Timer | None,
    *,
    in_force_since: datetime,
    fired_at: datetime | None = None,
) -> Timer | None:
    """What the timer is after something happened; None while there is nothing to wait for.

    Args:
        anchors: the instants the case has, see `caseengine.model.anchors`.
        before: as it was; a new anchor begins a new period.
        in_force_since: when the rule began to wait for what it waits for; what counts from before that began anew then.
        fired_at: when time last made the rule fire: a case that left its statuses and came back is in the same period.
    """
    anchor = anchors.get(wait.since)
    if anchor is None or status not in wait.statuses:
        return None
    if before is not None and before.anchor == anchor and before.counts_from >= in_force_since:
        return before
    counts_from = max(anchor, in_force_since)
    return Timer(anchor, counts_from, fired=fired_at is not None and fired_at > counts_from)


def due(wait: Wait, running: Timer, calendar: Calendar) -> datetime | None:
    """When the time has passed; None once it has fired, or where the desk never opens."""
    if running.fired:
        return None
    if not wait.working:
        return running.counts_from + wait.length
    try:
        return due_at(running.counts_from, wait.length, calendar)
    except NoWorkingTime:
        return None


def fired(running: Timer) -> Timer:
    """It has done its work for this period."""
    return replace(running, fired=True)


def strangers_in(
    rules: RuleSet, *, departments: Collection[str], agents: Collection[str], skills: Collection[str]
) -> list[tuple[str, str]]:
    """Places where rules name a department, an agent (by e-mail) or a skill that does not exist, with the problem."""
    there = {"department": frozenset(departments), "agent": frozenset(map(str.casefold, agents))}
    there["skill"] = frozenset(skills)
    return [
        (f"rules[{place}].then[{step}].{where}", f"unknown_{kind}")
        for place, rule in enumerate(rules.rules)
        for step, action in enumerate(rule.then)
        for where, kind, name in _named_by(action)
        if name not in there[kind]
    ]


def _named_by(action: Action) -> Iterator[tuple[str, str, str]]:
    """Where, what kind of thing, and its name; an address is one however it is written."""
    if "department" in action.told:
        yield "department", "department", action.told["department"]
    if "agent" in action.told:
        yield "agent", "agent", action.told["agent"].strip().casefold()
    for skill in action.told.get("skills", ()):
        yield f"skills.{skill}", "skill", skill


def next_change(at: datetime, calendar: Calendar) -> datetime | None:
    """When the desk opens or closes next; None where it never does."""
    day = at.astimezone(calendar.zone).date() - timedelta(days=1)
    for _ in range(LOOKAHEAD_DAYS_MAX):
        edges = [edge for opening in calendar.openings(day) for edge in opening if edge > at]
        if edges:
            return min(edges)
        day += timedelta(days=1)
    return None


def look_again(rule: Rule, at: datetime, calendar: Calendar) -> datetime | None:
    """When a rule of time whose condition does not hold is looked at again without anything happening to its case."""
    return next_change(at, calendar) if "desk_open" in rule.when.needs else None
