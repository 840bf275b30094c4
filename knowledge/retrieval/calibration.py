"""From what a search found to the probability that its first hit is right.

The numbers are data, fitted by `python -m bench.answers fit` on public development sets and kept in calibration.json
beside this module: never set by hand, one set of numbers for every company. Source: docs/decisions/0009-retrieval.md
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from knowledge.retrieval.retriever import Search

FITTED = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic curve over a search's features, and the two thresholds.

    Attributes:
        weights: one for each feature of `features`.
        answer: at or above this probability the first hit is the answer.
        choose: at or above this one a choice is offered; below it, "I don't know".
    """

    intercept: float
    weights: tuple[float, ...]
    answer: float
    choose: float

    def probability(self, search: Search) -> float:
        """That the first hit is the right one, 0 to 1; 0 when there is none."""
        if not search.hits:
            return 0.0
        return sigmoid(self.intercept + sum(w * x for w, x in zip(self.weights, features(search), strict=True)))


@dataclass(frozen=True, slots=True)
class Calibrations:
    """One for searches by meaning and words, one for words alone."""

    fused: Calibration
    lexical: Calibration

    def of(self, search: Search) -> Calibration:
        """The one that fits how this search was made."""
        return self.fused if search.dense else self.lexical


def features(search: Search) -> tuple[float, float]:
    """Score of the first hit, and its margin to the next document (to nothing when it stands alone)."""
    first = search.hits[0].score
    second = search.hits[1].score if len(search.hits) > 1 else 0.0
    return first, first - second


def sigmoid(x: float) -> float:
    """The logistic curve, for any x."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


@cache
def fitted() -> Calibrations:
    """The calibrations that come with this release."""
    document = orjson.loads(FITTED.read_bytes())
    return Calibrations(_read(document["fused"]), _read(document["lexical"]))


def _read(document: Mapping[str, Any]) -> Calibration:
    return Calibration(
        document["intercept"],
        tuple(document["weights"]),
        document["thresholds"]["answer"],
        document["thresholds"]["choose"],
    )
