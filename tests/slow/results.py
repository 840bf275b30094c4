"""Figures of slow runs: printed, and kept in tests/results/ (not in git)."""

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"


def write_results(name: str, figures: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(figures, indent=2)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    print(f"{name}: {text}")  # noqa: T201 - read by who runs it
