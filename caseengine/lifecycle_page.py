"""The reference page of the lifecycle, drawn from the transition table.

`python -m caseengine.lifecycle_page docs/reference/lifecycle.md` writes it; a test compares.
"""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from caseengine.event_rows import KINDS
from caseengine.model.lifecycle import TRANSITIONS, Status, Verb

INTRODUCTION = """# The lifecycle of a case

This page is generated from `TRANSITIONS` in `caseengine/model/lifecycle.py`:
`python -m caseengine.lifecycle_page docs/reference/lifecycle.md`. What is not in the table is refused with
`case.transition_not_allowed`.

## Drawing

Verbs that leave a case where it is are left out here; they are in the table.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([INTRODUCTION, *_drawing(), "", *_table(), "", *_events(), ""])


def _drawing() -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2", f"    [*] --> {Status.NEW}")
    moves = sorted((_place(a), _place(b), verb) for (a, verb), b in TRANSITIONS.items() if a is not b)
    for (a, b), found in groupby(moves, key=lambda move: move[:2]):
        verbs = ", ".join(verb for _, _, verb in found)
        yield f"    {list(Status)[a]} --> {list(Status)[b]}: {verbs}"
    yield "```"


def _table() -> Iterator[str]:
    yield from (
        "## Table",
        "",
        "Rows are verbs, columns the status a case is in, cells the status it is in afterwards.",
        "",
    )
    yield "| verb | " + " | ".join(Status) + " |"
    yield "|---" * (len(Status) + 1) + "|"
    for verb in Verb:
        yield f"| {verb} | " + " | ".join(TRANSITIONS.get((status, verb), "") for status in Status) + " |"


def _events() -> Iterator[str]:
    yield from ("## Events", "", "Each verb leaves one event. What is not public is for agents alone.", "")
    yield from ("| event | verb | public |", "|---|---|---|")
    for name, kind in KINDS.items():
        if hasattr(kind, "verb") or name == "CaseOpened":
            yield f"| {name} | {getattr(kind, 'verb', 'open')} | {'yes' if kind.public else 'no'} |"


def _place(status: Status) -> int:
    return list(Status).index(status)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
