"""The drawing in the docs is the table in the code."""

from pathlib import Path

from caseengine.lifecycle_page import page
from caseengine.model.lifecycle import TRANSITIONS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "lifecycle.md"


def test_the_page_is_fresh() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == page(), (
        "python -m caseengine.lifecycle_page docs/reference/lifecycle.md"
    )


def test_the_page_shows_every_transition() -> None:
    cells = sum(line.count(" | ") for line in page().splitlines() if line.startswith("| "))
    assert cells > len(TRANSITIONS)
