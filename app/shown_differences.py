"""A case that would differ, as a line of a table and as a document."""

from collections.abc import Iterator
from typing import Any

import orjson

from app.backtest.draft import CaseDifference


def difference_document(found: CaseDifference) -> dict[str, Any]:
    """JSON's own types, one case."""
    return {
        "number": found.number,
        "case_id": str(found.case_id),
        "uncertain": found.uncertain,
        "differences": [
            {"what": one.what, "current": one.current, "draft": one.draft, "at": one.at.isoformat() if one.at else None}
            for one in found.differences
        ],
    }


def difference_rows(found: CaseDifference) -> Iterator[tuple[str, str, str, str, str]]:
    """One row a difference; the case is named in the first. "?" behind it: uncertain."""
    name = found.number + (" ?" if found.uncertain else "")
    for one in found.differences:
        at = f"{one.at:%Y-%m-%d %H:%M}" if one.at else ""
        yield name, one.what, _shown(one.current), _shown(one.draft), at
        name = ""


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return "-" if value is None else str(value)
