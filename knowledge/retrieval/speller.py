"""A small speller made of the knowledge base's own words: one slip a word, the commonest word wins."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from knowledge.retrieval.words import words

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORD_CHARS_MIN = 4
"""Shorter words are left alone: too many of them are one slip apart."""
WORD_CHARS_MAX = 30
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


class Speller:
    """Mends words that nobody uses.

    Args:
        counts: the words of the knowledge base and how often each is in it; these win.
        language: words of the language at large, commonest first (rank by word); they are never mended themselves.
    """

    def __init__(self, counts: Mapping[str, int], language: Mapping[str, int]) -> None:
        self._counts = counts
        self._language = language

    def mended(self, text: str) -> str:
        """The text with its slips mended; everything else, numbers and punctuation too, stays as it was."""
        return WORD.sub(lambda match: self._mend(match[0]), text)

    def _mend(self, word: str) -> str:
        lower = "".join(words(word))
        if not WORD_CHARS_MIN <= len(lower) <= WORD_CHARS_MAX or lower in self._counts or lower in self._language:
            return word
        candidates = set(one_slip(lower))
        if ours := [known for known in candidates if known in self._counts]:
            return max(ours, key=lambda known: (self._counts[known], known))
        if common := [known for known in candidates if known in self._language]:
            return min(common, key=lambda known: (self._language[known], known))
        return word


def one_slip(word: str) -> Iterator[str]:
    """Every string that is one deletion, swap of neighbours, replacement or insertion away."""
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in LETTERS if letter != tail[0])
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in LETTERS)


@lru_cache(maxsize=4)
def whole_wordpieces(vocabulary: Path) -> Mapping[str, int]:
    """The words the encoder knows whole, with their place in its vocabulary: roughly the commonest first."""
    pieces = vocabulary.read_text(encoding="utf-8").split("\n")
    return {piece: rank for rank, piece in enumerate(pieces) if piece.isalpha() and piece.isascii()}
