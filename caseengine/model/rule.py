"""Rules of the desk: when something happens to a case, or nothing has for long enough, things are done about it.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from caseengine.model.condition import Condition
from caseengine.model.lifecycle import Status


class Since(StrEnum):
    """From when a rule of time counts."""

    OPENED = "opened"
    STATUS = "status"  # since it came into the status it is in
    CUSTOMER = "customer"  # since the customer's last words
    CHANGE = "change"  # since anybody but a rule did anything


@dataclass(frozen=True, slots=True)
class Wait:
    """What a rule of time waits for.

    Attributes:
        statuses: the case has to be in one of them.
        length: how long, in working time of the desk's calendar where `working`, else by the clock on the wall.
    """

    statuses: frozenset[Status]
    length: timedelta
    working: bool
    since: Since


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do: `do` is its name, `told` what the rule says about it, as written."""

    do: str
    told: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        return {"do": self.do, **self.told}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of events (`events` names their kinds) or of time (`wait`), never both.

    Attributes:
        stop: when it fires, the rules behind it are not asked about this event.
    """

    id: str
    name: str
    events: frozenset[str]
    wait: Wait | None
    when: Condition
    then: tuple[Action, ...]
    stop: bool = False
    enabled: bool = True


@dataclass(frozen=True)
class RuleSet:
    """All rules of a version, in their order; those that are switched off are never asked."""

    rules: tuple[Rule, ...] = ()

    @cached_property
    def by_kind(self) -> Mapping[str, Sequence[Rule]]:
        """The enabled rules for each kind of event, in order."""
        kinds: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for kind in rule.events if rule.enabled else ():
                kinds.setdefault(kind, []).append(rule)
        return kinds

    @cached_property
    def of_time(self) -> Mapping[str, Rule]:
        """The enabled rules of time by id, in order."""
        return {rule.id: rule for rule in self.rules if rule.enabled and rule.wait is not None}

    @cached_property
    def needs(self) -> frozenset[str]:
        """The facts that conditions ask about."""
        return frozenset().union(*(rule.when.needs for rule in self.rules if rule.enabled))


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule whose condition held, and why: each comparison that decided, with what was found."""

    rule: Rule
    reasons: tuple[Mapping[str, Any], ...] = field(default=())
