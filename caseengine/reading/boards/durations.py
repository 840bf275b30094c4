"""Percentiles of how long it took, to the second."""

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from caseengine.packing.columns import Array
from caseengine.reading.boards.figures import Drill
from caseengine.reading.boards.happened import Happened

SHARES = (0.5, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Nearest rank: the least duration that at least this share did not exceed."""

    p50: timedelta
    p90: timedelta
    p95: timedelta


@dataclass(frozen=True, slots=True)
class Durations:
    """`working`: of working time; `wall`: from start to end, nights and pauses included."""

    working: Percentiles
    wall: Percentiles


def durations(found: Happened, drill: Drill) -> Durations | None:
    """Of the clocks behind a figure; None when there are none."""
    working, wall = found.values(drill, "working", "wall")
    return Durations(percentiles(working), percentiles(wall)) if len(wall) else None


def percentiles(seconds: Array) -> Percentiles:
    """
    Args:
        seconds: whole ones, in any order; not empty.
    """
    ranks = [math.ceil(share * len(seconds)) - 1 for share in SHARES]
    found = [np.partition(seconds, rank)[rank] for rank in ranks]  # one by one: numpy is quick for a single rank
    return Percentiles(*(timedelta(seconds=int(one)) for one in found))
