"""Why a condition held: the comparisons that decided, with what they found."""

from collections.abc import Iterator, Mapping
from typing import Any

from caseengine.model.condition import COMPARISONS, Facts, prepared

FOUND_CHARACTERS_MAX = 80
"""Of a text that is told as a reason; the case has the whole of it."""


def reasons(document: Mapping[str, Any], facts: Facts) -> tuple[Mapping[str, Any], ...]:
    """The comparisons of a condition that holds: {"fact": "priority", "at_most": 2, "found": 1}.

    All of `all`, the first that holds of `any`; what stands below `not` is told as {"not": ...}.
    """
    return tuple(_told(document, facts))


def _told(document: Mapping[str, Any], facts: Facts) -> Iterator[Mapping[str, Any]]:
    if "all" in document:
        for part in document["all"]:
            yield from _told(part, facts)
    elif "any" in document:
        first = next((part for part in document["any"] if _holds(part, facts)), None)
        yield from _told(first, facts) if first is not None else ()
    elif "not" in document:
        inner = document["not"]
        yield {"not": {**inner, "found": _short(facts.get(inner["fact"]))} if "fact" in inner else inner}
    elif "fact" in document:
        yield {**document, "found": _short(facts.get(document["fact"]))}


def _holds(document: Mapping[str, Any], facts: Facts) -> bool:
    if "all" in document:
        return all(_holds(part, facts) for part in document["all"])
    if "any" in document:
        return any(_holds(part, facts) for part in document["any"])
    if "not" in document:
        return not _holds(document["not"], facts)
    if "fact" not in document:
        return True
    how = next(name for name in document if name != "fact")
    return COMPARISONS[how][1](facts.get(document["fact"]), prepared(document[how]))


def _short(found: Any) -> Any:
    if isinstance(found, str) and len(found) > FOUND_CHARACTERS_MAX:
        return found[: FOUND_CHARACTERS_MAX - 1] + "…"
    return list(found)[:20] if isinstance(found, (tuple, list, set, frozenset)) else found
