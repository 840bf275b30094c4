"""The values of custom fields: what counts as the same."""

from collections.abc import Mapping
from typing import Any


def same(known: Any, told: Any) -> bool:
    """Whether two values are one: of one type, and equal all the way down. 1, 1.0 and yes are three."""
    if isinstance(known, Mapping) and isinstance(told, Mapping):
        return known.keys() == told.keys() and all(same(known[name], told[name]) for name in known)
    if isinstance(known, list) and isinstance(told, list):
        return len(known) == len(told) and all(map(same, known, told))
    return type(known) is type(told) and bool(known == told)


def news(fields: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that the fields do not hold yet; None stands for no value."""
    return {name: value for name, value in values.items() if not same(fields.get(name), value)}
