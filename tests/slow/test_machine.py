"""R19: 2,000 plays of 50 steps over all operations on cases, with what must hold looked at after every step."""

import time
from pathlib import Path

import pytest

from tests.caseengine.machine import ACTS, play
from tests.slow.results import write_results

RUNS, STEPS = 2_000, 50

pytestmark = [pytest.mark.slow, pytest.mark.bar, pytest.mark.timeout(7_200)]


def test_cases_hold_together_whatever_is_done(tmp_path: Path) -> None:
    began = time.monotonic()
    tally = play(tmp_path, runs=RUNS, steps=STEPS)
    done = {act: tally[act] for act in sorted(ACTS)}
    refused = {name: count for name, count in sorted(tally.items()) if ": " in name}
    figures = {"runs": RUNS, "steps_max": STEPS, "steps": tally.total(), "s": round(time.monotonic() - began)}
    write_results("R19", {**figures, "done": done, "refused": refused})
    assert min(done.values()) > 0
