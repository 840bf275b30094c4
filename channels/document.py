"""Hostile JSON in, clean values out: no NUL, no surrogates, no bottomless nesting, no number a database refuses."""

import json
import math
import re
from typing import Any, NoReturn, Protocol

from channels.protocol import PayloadRejected

INTEGER_MAX = 2**53
"""The largest whole number every JSON reader agrees about."""
NAME_MAX = 200
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters other than tab and newline, and halves of characters."""


class DocumentLimits(Protocol):
    """How large a JSON document may be."""

    @property
    def depth_max(self) -> int:
        """How deep lists and objects may be nested."""

    @property
    def nodes_max(self) -> int:
        """How many values there may be in all."""


def parse(raw: bytes, limits: DocumentLimits) -> dict[str, Any]:
    """The JSON object in `raw`, cleaned.

    Raises:
        PayloadRejected: it is not UTF-8, not JSON, not an object, or too deep.
    """
    try:
        parsed = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise PayloadRejected("MalformedData", "The body is not valid JSON in UTF-8.") from error
    if not isinstance(parsed, dict):
        raise PayloadRejected("MalformedData", "The body must be a JSON object.")
    cleaned: dict[str, Any] = _Cleaner(limits.depth_max, limits.nodes_max).clean(parsed, 0)
    return cleaned


def clean_text(text: str) -> str:
    """`text` with one kind of line end and without what no screen can show."""
    return UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def depth(value: Any) -> int:
    """How deep lists and objects are nested; 0 for a plain value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


class _Cleaner:
    def __init__(self, depth_max: int, nodes_max: int) -> None:
        self._depth_max = depth_max
        self._nodes_left = nodes_max

    def clean(self, value: Any, level: int) -> Any:
        self._nodes_left -= 1
        if level > self._depth_max or self._nodes_left < 0:
            raise PayloadRejected("BadArgument", "The JSON is nested too deeply or has too many values.")
        if isinstance(value, str):
            return clean_text(value)
        if isinstance(value, dict):
            return {clean_text(name)[:NAME_MAX]: self.clean(item, level + 1) for name, item in value.items()}
        if isinstance(value, list):
            return [self.clean(item, level + 1) for item in value]
        return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise PayloadRejected("BadArgument", "A number is out of range.")
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return str(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
