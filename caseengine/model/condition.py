"""Conditions over facts, as rules, routing and policies write them.

A condition is a document: `{"fact": "priority", "at_most": 2}`, or several of them under `all`, `any` or `not`. Facts
are a flat mapping, see `caseengine.facts`; a fact nobody knows is None. Words are compared without regard to case.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from caseengine.model.errors import RulebookInvalid

DEPTH_MAX = 8
LISTED_MAX = 200
"""Conditions side by side, and values in a list."""

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that was read and found sound.

    Attributes:
        needs: the facts it asks about.
        document: what it was read from, to tell why it held or did not.
    """

    holds: Callable[[Facts], bool]
    needs: frozenset[str]
    document: Mapping[str, Any]


ALWAYS = Condition(lambda _: True, frozenset(), {})


def read_condition(document: Any, *, where: str, known: Collection[str] | None = None, depth: int = 0) -> Condition:
    """
    Args:
        where: the place in the rulebook, for whoever has to mend it.
        known: the facts there are; those that begin with "fields." always are. None: any.

    Raises:
        RulebookInvalid: no such form, fact or comparison, or nested too deep.
    """
    if document in (None, {}):
        return ALWAYS
    if not isinstance(document, Mapping) or depth > DEPTH_MAX:
        raise RulebookInvalid(where, "condition")
    if set(document) in ({"all"}, {"any"}):
        (name,) = document
        inners = _several(document[name], f"{where}.{name}", known, depth)
        combine = all if name == "all" else any
        needs = frozenset().union(*(part.needs for part in inners))
        return Condition(lambda facts: combine(part.holds(facts) for part in inners), needs, document)
    if set(document) == {"not"}:
        inner = read_condition(document["not"], where=f"{where}.not", known=known, depth=depth + 1)
        return Condition(lambda facts: not inner.holds(facts), inner.needs, document)
    return _comparison(document, where, known)


def _several(parts: Any, where: str, known: Collection[str] | None, depth: int) -> list[Condition]:
    if not isinstance(parts, list) or not 0 < len(parts) <= LISTED_MAX:
        raise RulebookInvalid(where, "list")
    return [
        read_condition(part, where=f"{where}[{place}]", known=known, depth=depth + 1)
        for place, part in enumerate(parts)
    ]


def _comparison(document: Mapping[str, Any], where: str, known: Collection[str] | None) -> Condition:
    fact, others = document.get("fact"), set(document) - {"fact"}
    if not isinstance(fact, str) or len(others) != 1 or not others <= set(COMPARISONS):
        raise RulebookInvalid(where, "comparison")
    if known is not None and fact not in known and not fact.startswith("fields."):
        raise RulebookInvalid(f"{where}.{fact}", "unknown_fact")
    how = others.pop()
    wanted = document[how]
    sound, holds = COMPARISONS[how]
    if not sound(wanted):
        raise RulebookInvalid(f"{where}.{how}", "value")
    ready = prepared(wanted)
    return Condition(lambda facts: holds(facts.get(fact), ready), frozenset({fact}), document)


def prepared(wanted: Any) -> Any:
    """A value as `COMPARISONS` want it: made once, not for each fact it is compared with."""
    return [_plain(item) for item in wanted] if isinstance(wanted, list) else _plain(wanted)


def _plain(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _is(found: Any, wanted: Any) -> bool:
    """Yes is not 1; 1 is 1.0, as for whoever writes a rule."""
    plain = _plain(found)
    return isinstance(plain, bool) is isinstance(wanted, bool) and bool(plain == wanted)


def _in(found: Any, wanted: list[Any]) -> bool:
    return any(_is(found, item) for item in wanted)


def _contains(found: Any, wanted: str) -> bool:
    """A word within a text, or one of a list."""
    if isinstance(found, str):
        return wanted in found.casefold()
    return isinstance(found, (list, tuple, frozenset, set)) and any(_is(item, wanted) for item in found)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, wanted: _is_number(found) and compare(found, wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


COMPARISONS: Mapping[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool]]] = {
    "is": (_is_plain, _is),
    "in": (
        lambda value: isinstance(value, list) and 0 < len(value) <= LISTED_MAX and all(map(_is_plain, value)),
        _in,
    ),
    "contains": (lambda value: isinstance(value, str) and bool(value), _contains),
    "at_least": (_is_number, _ordered(lambda found, wanted: found >= wanted)),
    "at_most": (_is_number, _ordered(lambda found, wanted: found <= wanted)),
    "exists": (
        lambda value: isinstance(value, bool),
        lambda found, wanted: (found not in (None, "", (), [], {})) is wanted,
    ),
}
"""How a fact may be compared: which values make sense, and whether it holds for a value that is `prepared`."""
