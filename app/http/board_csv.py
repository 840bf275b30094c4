"""The cases behind a figure as a table for a spreadsheet, in which nothing a customer wrote is ever a formula."""

import csv
import io
from collections.abc import Iterable

from caseengine.reading.boards import DrillRow
from caseengine.reading.cases import CaseRow

COLUMNS = (
    *("number", "counted_at", "subject", "status", "department", "priority", "agent", "contact", "opened_at"),
    "updated_at",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of one."""


def as_csv(rows: Iterable[DrillRow]) -> str:
    """RFC 4180, with a heading; instants in ISO 8601. A case the reader may not open is an empty line with a time."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    table.writerows(map(_cells, rows))
    return text.getvalue()


def inert(cell: str) -> str:
    """A cell that begins like a formula begins with an apostrophe instead."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) or cell.startswith(FORMULA) else cell


def _cells(row: DrillRow) -> list[str]:
    case = row.case
    if case is None:
        return ["", row.place.at.isoformat(), *[""] * (len(COLUMNS) - 2)]
    names = (case.agent_name or "", case.contact_name or "")
    said = (case.number, row.place.at.isoformat(), case.subject, str(case.status), case.department_name)
    return [inert(cell) for cell in (*said, str(int(case.priority)), *names, *_times(case))]


def _times(case: CaseRow) -> tuple[str, str]:
    return case.opened_at.isoformat(), case.updated_at.isoformat()
