"""The rulebook of service levels as a document, read and checked: docs/reference/sla.md."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from caseengine.model.condition import Condition, read_condition
from caseengine.model.errors import RulebookInvalid
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.sla.policy import (
    ANY_DEPARTMENT,
    BREACH,
    DEFAULT,
    DESK,
    NO_SLA,
    PAUSES,
    Action,
    Policy,
    Step,
    StepKind,
    Steps,
    Target,
)

T = TypeVar("T")
PRIORITIES = ("1", "2", "3", "4")
TIERS = ("A", "B", "C")
DURATION = re.compile(r"(?P<minus>-?)(?:(?P<h>\d{1,5})h)?(?:(?P<m>\d{1,5})m)?")
DURATION_MAX = timedelta(hours=20_000)
STEPS_MAX = 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Sla:
    """One version of the rulebook.

    Attributes:
        entitlements, tiers: which policy they get; "none" is no SLA.
        conditions: the first that holds says which, where neither entitlement nor tier did.
        default: where nothing else did.
    """

    version: int
    policies: Mapping[str, Policy] = field(default_factory=dict)
    entitlements: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    conditions: tuple[tuple[Condition, str], ...] = ()
    default: str = DEFAULT.id

    def policy(self, name: str) -> Policy | None:
        """None where no SLA holds."""
        return self.policies.get(name)

    @property
    def calendars(self) -> frozenset[str]:
        return frozenset(policy.calendar for policy in self.policies.values())

    @property
    def ladders(self) -> Iterator[tuple[str, str]]:
        """A policy and a department, for each ladder of a department's own."""
        named = ((policy.id, department) for policy in self.policies.values() for department in policy.steps)
        return (one for one in named if one[1] != ANY_DEPARTMENT)


def read_sla(document: Mapping[str, Any], version: int = 0, *, known: Collection[str] | None = None) -> Sla:
    """
    Args:
        known: the facts conditions may ask about.

    Raises:
        RulebookInvalid: an unknown field, target, status, action or policy, a time that is none or not positive.
    """
    _fields(document, ("policies", "choose"), "sla")
    told = _mapping(document.get("policies", {}), "policies")
    policies = {DEFAULT.id: replace(DEFAULT, version=version)}
    policies |= {_name(name, "policies"): _policy(name, told[name], version) for name in told}
    return _choice(_mapping(document.get("choose", {}), "choose"), Sla(version, policies), known)


def check_steps(sla: Sla) -> None:
    """For a version that comes into force: those that are already never change, and are read as they were written.

    Raises:
        RulebookInvalid: two steps of one clock are the same ("twice").
    """
    for policy in sla.policies.values():
        for department, ladder in policy.steps.items():
            for steps in ladder.values():
                _once(steps, f"policies.{policy.id}", f"ladders.{department}" if department else "ladder")


def _once(steps: tuple[Step, ...], where: str, ladder: str) -> None:
    for place, step in enumerate(steps):
        if step in steps[:place]:
            raise RulebookInvalid(f"{where}.{'warn_at' if step.kind is StepKind.WARN else ladder}", "twice")


def _choice(choose: Mapping[str, Any], sla: Sla, known: Collection[str] | None) -> Sla:
    _fields(choose, ("entitlement", "tier", "type_and_priority", "default"), "choose")
    policy = _policy_name(sla)
    conditions = []
    for place, row in enumerate(_list(choose.get("type_and_priority", []), "choose.type_and_priority")):
        where = f"choose.type_and_priority[{place}]"
        _fields(_mapping(row, where), ("when", "policy"), where)
        condition = read_condition(row.get("when"), where=f"{where}.when", known=known)
        conditions.append((condition, policy(row.get("policy"), where)))
    tiers = _mapping(choose.get("tier", {}), "choose.tier")
    return replace(
        sla,
        entitlements=_each(choose.get("entitlement", {}), "choose.entitlement", policy),
        tiers={_of(tier, TIERS, "choose.tier", "unknown_tier"): policy(tiers[tier], "choose.tier") for tier in tiers},
        conditions=tuple(conditions),
        default=policy(choose.get("default", DEFAULT.id), "choose.default"),
    )


def _policy_name(sla: Sla) -> Callable[[Any, str], str]:
    def read(value: Any, where: str) -> str:
        if not isinstance(value, str) or (value != NO_SLA and value not in sla.policies):
            raise RulebookInvalid(where, "unknown_policy")
        return value

    return read


def _policy(name: str, told: Any, version: int) -> Policy:
    where = f"policies.{name}"
    if name == NO_SLA:
        raise RulebookInvalid(where, "reserved")
    _fields(_mapping(told, where), ("calendar", "targets", "pauses_in", "warn_at", "ladder", "ladders"), where)
    targets = _mapping(told.get("targets", {}), f"{where}.targets")
    goals = {_target(target, where): _goals(targets[target], f"{where}.targets.{target}") for target in targets}
    return Policy(
        name,
        version,
        calendar=_name(told.get("calendar", DESK), f"{where}.calendar"),
        goals=goals,
        pauses_in=_pauses(told.get("pauses_in", {}), f"{where}.pauses_in"),
        steps=_steps(told, where),
    )


def _pauses(told: Any, where: str) -> Mapping[Target, frozenset[Status]]:
    """Statuses by target; a list is the resolution's. A target that is not named keeps what holds without a word."""
    named: Mapping[str, Any] = {Target.RESOLUTION: told} if isinstance(told, list) else _mapping(told, where)
    return PAUSES | {_target(target, where): _statuses(named[target], where) for target in named}


def _statuses(told: Any, where: str) -> frozenset[Status]:
    return frozenset(Status(_of(one, LIVE, where, "unknown_status")) for one in _list(told, where))


def _goals(told: Any, where: str) -> Mapping[int, timedelta]:
    """One time for all priorities, or a time for each; `default` stands for those that are not named."""
    if isinstance(told, str):
        return dict.fromkeys(map(int, PRIORITIES), _duration(told, where))
    named = {str(key): value for key, value in _mapping(told, where).items()}
    _fields(named, (*PRIORITIES, "default"), where)
    wanted = {priority: named.get(priority, named.get("default")) for priority in PRIORITIES}
    return {int(one): _duration(value, f"{where}.{one}") for one, value in wanted.items() if value is not None}


def _steps(told: Mapping[str, Any], where: str) -> Steps:
    warnings = [Step(StepKind.WARN, _share(one, f"{where}.warn_at")) for one in _list(told.get("warn_at", []), where)]
    ladders = {ANY_DEPARTMENT: told.get("ladder", [])}
    for department, ladder in _mapping(told.get("ladders", {}), f"{where}.ladders").items():
        ladders[_name(department, f"{where}.ladders")] = ladder
    return {department: _ladder(ladder, warnings, where) for department, ladder in ladders.items()}


def _ladder(told: Any, warnings: list[Step], where: str) -> Mapping[Target, tuple[Step, ...]]:
    found: dict[Target, list[Step]] = {target: [*warnings, BREACH] for target in Target}
    for place, row in enumerate(_list(told, f"{where}.ladder")):
        here = f"{where}.ladder[{place}]"
        _fields(_mapping(row, here), ("target", "share", "after", "do"), here)
        found[_target(row.get("target"), here)].append(_step(row, here))
    if any(len(steps) > STEPS_MAX for steps in found.values()):
        raise RulebookInvalid(f"{where}.ladder", "too_many")
    return {target: tuple(sorted(steps, key=lambda step: step.place)) for target, steps in found.items()}


def _step(row: Mapping[str, Any], where: str) -> Step:
    action = Action(_of(row.get("do"), tuple(Action), where, "unknown_action"))
    if ("share" in row) == ("after" in row):
        raise RulebookInvalid(where, "share_or_after")
    if "share" in row:
        return Step(StepKind.LADDER, _share(row["share"], where), action=action)
    return Step(StepKind.LADDER, after=_duration(row["after"], where, least=timedelta(0)), action=action)


def _duration(told: Any, where: str, least: timedelta = timedelta(minutes=1)) -> timedelta:
    """Working time as in "4h", "30m" or "1h30m"."""
    found = DURATION.fullmatch(told) if isinstance(told, str) else None
    if found is None or not (found["h"] or found["m"]):
        raise RulebookInvalid(where, "duration")
    length = timedelta(hours=int(found["h"] or 0), minutes=int(found["m"] or 0))
    if found["minus"] or length < least:
        raise RulebookInvalid(where, "not_positive")
    if length > DURATION_MAX:
        raise RulebookInvalid(where, "too_long")
    return length


def _share(told: Any, where: str) -> float:
    if not isinstance(told, (int, float)) or isinstance(told, bool) or not 0 < told <= 1:
        raise RulebookInvalid(where, "share")
    return float(told)


def _target(told: Any, where: str) -> Target:
    return Target(_of(told, tuple(Target), where, "unknown_target"))


def _name(told: Any, where: str) -> str:
    if not isinstance(told, str) or not NAME.fullmatch(told):
        raise RulebookInvalid(where, "name")
    return told


def _of(told: Any, allowed: Collection[str], where: str, problem: str) -> str:
    if told not in allowed:
        raise RulebookInvalid(where, problem)
    return str(told)


def _each(told: Any, where: str, read: Callable[[Any, str], T]) -> Mapping[str, T]:
    return {_name(key, where): read(value, f"{where}.{key}") for key, value in _mapping(told, where).items()}


def _fields(told: Mapping[str, Any], allowed: Collection[str], where: str) -> None:
    for name in told:
        if name not in allowed:
            raise RulebookInvalid(f"{where}.{name}", "unknown_field")


def _mapping(told: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise RulebookInvalid(where, "mapping")
    return told


def _list(told: Any, where: str) -> list[Any]:
    if not isinstance(told, list):
        raise RulebookInvalid(where, "list")
    return told


__all__ = ["Sla", "check_steps", "read_sla"]
