"""Fixed phrases: short messages that mean one thing whatever went before, known without any model."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from rapidfuzz.distance import OSA

from bot.understanding.understanding import Intent

PHRASE_MAX = 60  # characters: nothing longer is a fixed phrase
PIECE_WORDS_MAX = 10
SLIP_LENGTH_MIN = 5  # characters: a shorter phrase must be spelt right ("no" is one slip from "now")

_POLITE_WORDS = (
    "please pls plz hi hello hey ok okay well oh um uh hmm er just then now actually sorry mate lol haha thanks "
    "so and but you"
)
_POLITE = frozenset(_POLITE_WORDS.split())
_ODD_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00b4": "'", "`": "'"})
_THUMBS = {
    "\U0001f44d": Intent.AFFIRM,
    "\U0001f44e": Intent.DENY,
    "\U0001f64f": Intent.THANK,
    "\U0001f44b": Intent.GREET,
}
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Phrases:
    """Which intent a whole message says in so many words, or None.

    Source: docs/decisions/0010-understanding.md
    """

    def __init__(self, phrases: Mapping[Intent, Sequence[str]]) -> None:
        self._intents = {plain(text): intent for intent, texts in phrases.items() for text in texts}
        self._long = [phrase for phrase in self._intents if len(phrase) >= SLIP_LENGTH_MIN]

    def intent(self, text: str) -> Intent | None:
        """The intent of a short message: as written, without its politeness, or with one slip of the keys."""
        if len(text) > PHRASE_MAX:
            return None
        said = plain(text)
        if not said:
            return _THUMBS.get(text.strip()[:1])
        found = self._intents.get(said) or self._intents.get(without_politeness(said))
        return found or self._with_a_slip(said) or self._in_pieces(said)

    def _in_pieces(self, said: str) -> Intent | None:
        """ "yeah go on then", "yes, thank you": several ways to say yes, or to say no, one after another."""
        words = said.split()[:PIECE_WORDS_MAX]
        told = {0: {Intent.AFFIRM, Intent.DENY}} if " ".join(words) == said else {}
        for end in range(1, len(words) + 1):
            for start in range(end):
                piece = " ".join(words[start:end])
                meant = self._intents.get(piece)
                fits = {Intent.AFFIRM, Intent.DENY} if piece in _POLITE or meant is Intent.THANK else {meant}
                told[end] = told.get(end, set()) | (told.get(start, set()) & fits)
        found = told.get(len(words), set())
        return found.pop() if len(found) == 1 else None

    def _with_a_slip(self, said: str) -> Intent | None:
        if len(said) < SLIP_LENGTH_MIN:
            return None
        near = {self._intents[phrase] for phrase in self._long if _one_slip(said, phrase)}
        return near.pop() if len(near) == 1 else None


def plain(text: str) -> str:
    """Lower case, straight apostrophes, single spaces, no punctuation, no emoji."""
    flat = unicodedata.normalize("NFKC", text).translate(_ODD_APOSTROPHES).casefold()
    return " ".join(_WORD.findall(flat))


def without_politeness(said: str) -> str:
    """`plain` words without please, hello and the like at either end."""
    words = said.split()
    while words and words[0] in _POLITE:
        words.pop(0)
    while words and words[-1] in _POLITE:
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=1)
def english_phrases() -> Phrases:
    """The phrases that ship with the desk: data/phrases.en.yaml."""
    return Phrases(_shipped())


@lru_cache(maxsize=1)
def phrases_of_a_solution() -> Phrases:
    """The same where it was asked whether something is solved: "it works again" is a yes there, and nowhere else."""
    shipped = _shipped()
    return Phrases({**shipped, Intent.AFFIRM: [*shipped[Intent.AFFIRM], *yaml.safe_load(data_text("solved.en.yaml"))]})


def _shipped() -> dict[Intent, list[str]]:
    document: dict[str, Any] = yaml.safe_load(data_text("phrases.en.yaml"))
    return {Intent(name): texts for name, texts in document.items()}


def data_text(name: str) -> str:
    """A file of bot/understanding/data."""
    return (files("bot.understanding") / "data" / name).read_text(encoding="utf-8")


def _one_slip(said: str, phrase: str) -> bool:
    return abs(len(said) - len(phrase)) <= 1 and OSA.distance(said, phrase, score_cutoff=1) <= 1
