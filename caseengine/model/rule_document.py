"""Rules as a document of the rulebook, read and checked: docs/reference/rules.md shows a whole one."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from caseengine.model import events
from caseengine.model.actions import read_action
from caseengine.model.condition import ALWAYS, read_condition
from caseengine.model.errors import RulebookInvalid
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.rule import Rule, RuleSet, Since, Wait

RULES_MAX = 1_000
ACTIONS_MAX = 20
WAIT_MAX = timedelta(days=366)
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
NAME_CHARACTERS_MAX = 100
UNITS = ("minutes", "hours", "days")
NOT_HEARD = {"INTERNAL", "CaseEvent", "RuleFired"}
"""A rule that fires is no reason for another to fire: what it does is."""
EVENT_KINDS = frozenset(events.__all__) - NOT_HEARD
STATUSES = (*LIVE, Status.RESOLVED)
"""In which something may still be due."""


def read_rules(document: Mapping[str, Any], *, known: Collection[str] | None = None) -> RuleSet:
    """The rules of a document; an empty one has none.

    Args:
        known: the facts conditions may ask about; None: any.

    Raises:
        RulebookInvalid: the place and what is wrong there.
    """
    _only(document, ("rules",), "rules")
    written = document.get("rules", [])
    if not isinstance(written, list) or len(written) > RULES_MAX:
        raise RulebookInvalid("rules", "list")
    rules = tuple(_rule(part, f"rules[{place}]", known) for place, part in enumerate(written))
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.id in seen:
            raise RulebookInvalid(f"rules[{place}].id", "twice")
        seen.add(rule.id)
    return RuleSet(rules)


def read_waits(document: Mapping[str, Any]) -> dict[str, Wait]:
    """What the enabled rules of time of a document waited for, by id.

    It was sound once; whatever else it says may be unknown by now.

    Raises:
        RulebookInvalid: a wait is unknown.
    """
    of_time = [part for part in document.get("rules", []) if "every" in part and part.get("enabled", True)]
    return {part["id"]: _wait(part["every"], "every") for part in of_time}


def _rule(document: Any, where: str, known: Collection[str] | None) -> Rule:
    if not isinstance(document, Mapping):
        raise RulebookInvalid(where, "mapping")
    _only(document, ("id", "name", "events", "every", "when", "then", "stop", "enabled"), where)
    if ("events" in document) == ("every" in document):
        raise RulebookInvalid(where, "events_or_every")
    name = document.get("name", document.get("id"))
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_CHARACTERS_MAX:
        raise RulebookInvalid(f"{where}.name", "text")
    wait = _wait(document["every"], f"{where}.every") if "every" in document else None
    when = read_condition(document["when"], where=f"{where}.when", known=known) if "when" in document else ALWAYS
    return Rule(
        id=_id(document.get("id"), f"{where}.id"),
        name=name,
        events=_kinds(document["events"], f"{where}.events") if wait is None else frozenset(),
        wait=wait,
        when=when,
        then=tuple(
            read_action(part, where=f"{where}.then[{place}]")
            for place, part in enumerate(_listed(document.get("then"), f"{where}.then", ACTIONS_MAX))
        ),
        stop=_truth(document, "stop", where, default=False),
        enabled=_truth(document, "enabled", where, default=True),
    )


def _id(value: Any, where: str) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise RulebookInvalid(where, "id")
    return value


def _kinds(value: Any, where: str) -> frozenset[str]:
    kinds = _listed(value, where, len(EVENT_KINDS))
    for place, kind in enumerate(kinds):
        if not isinstance(kind, str) or kind not in EVENT_KINDS:
            raise RulebookInvalid(f"{where}[{place}]", "unknown_event")
    return frozenset(kinds)


def _wait(document: Any, where: str) -> Wait:
    if not isinstance(document, Mapping):
        raise RulebookInvalid(where, "mapping")
    _only(document, ("status", "for", "time", "since"), where)
    statuses = _listed(document.get("status", [str(status) for status in LIVE]), f"{where}.status", len(STATUSES))
    time = document.get("time", "working")
    since = document.get("since", Since.STATUS)
    if any(status not in STATUSES for status in statuses):
        raise RulebookInvalid(f"{where}.status", "unknown_status")
    if time not in ("working", "wall"):
        raise RulebookInvalid(f"{where}.time", "value")
    if since not in list(Since):
        raise RulebookInvalid(f"{where}.since", "value")
    length = _length(document.get("for"), f"{where}.for")
    return Wait(frozenset(map(Status, statuses)), length, time == "working", Since(since))


def _length(document: Any, where: str) -> timedelta:
    """{"hours": 4}, or several units together."""
    if not isinstance(document, Mapping) or not document:
        raise RulebookInvalid(where, "duration")
    _only(document, UNITS, where)
    if not all(type(value) in (int, float) and 0 <= value <= WAIT_MAX.total_seconds() for value in document.values()):
        raise RulebookInvalid(where, "duration")
    length = timedelta(**document)
    if not timedelta(0) < length <= WAIT_MAX:
        raise RulebookInvalid(where, "duration")
    return length


def _truth(document: Mapping[str, Any], name: str, where: str, *, default: bool) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise RulebookInvalid(f"{where}.{name}", "truth")
    return value


def _listed(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise RulebookInvalid(where, "list")
    return value


def _only(document: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    strange = sorted(str(name) for name in document if name not in set(names))
    if strange:
        raise RulebookInvalid(f"{where}.{strange[0]}", "unknown_field")
