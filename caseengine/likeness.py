"""How like two texts are by their words: rare words count, slips and endings do not."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz import fuzz, process

from knowledge.retrieval.words import stems

WORDS_MAX = 60
"""Of a text; what matters stands at the beginning."""
SAME_MIN = 84.0
"""Of 100: from here two words are one with a slip in it."""
SHORT = 3
"""Characters up to which a word says little."""
SHORT_WEIGHT = 0.3


class Meaning(Protocol):
    """What knows how like texts are by what they mean."""

    async def likeness(self, text: str, others: Sequence[str]) -> Sequence[float] | None:
        """From 0 (nothing in common) to 1 for each of the others; None when nobody can tell now."""


def likeness(text: str, others: Sequence[str]) -> list[float]:
    """From 0 to 1 for each of the others: the shared part of their words, each weighed by how rare it is among them."""
    mine = _words(text)
    theirs = [_words(other) for other in others]
    frequency = Counter(word for words in [mine, *theirs] for word in words)
    count = len(others) + 1
    weights = {word: _weight(word, often, count) for word, often in frequency.items()}
    return [_shared(mine, words, weights) for words in theirs]


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(stems(text)))[:WORDS_MAX]


def _weight(word: str, often: int, count: int) -> float:
    rarity = math.log(1 + count / (often + 0.5))
    return rarity * (SHORT_WEIGHT if len(word) <= SHORT and not word.isdigit() else 1.0)


def _shared(mine: list[str], theirs: list[str], weights: dict[str, float]) -> float:
    """Dice's coefficient over weighed words, where a word with a slip is half the way between."""
    if not mine or not theirs:
        return 0.0
    total = sum(weights[word] for word in mine) + sum(weights[word] for word in theirs)
    common = sum(_met(word, theirs, weights) for word in mine) + sum(_met(word, mine, weights) for word in theirs)
    return common / total if total else 0.0


def _met(word: str, others: list[str], weights: dict[str, float]) -> float:
    if word in others:
        return weights[word]
    if word.isdigit() or len(word) <= SHORT:
        return 0.0
    found = process.extractOne(word, others, scorer=fuzz.ratio, score_cutoff=SAME_MIN)
    return weights[word] * found[1] / 100 if found else 0.0
