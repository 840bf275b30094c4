"""Which intent it is, when a fixed phrase, a plain wish, the classifier and the entities each have a say.

Order: a whole fixed phrase; a person or a call asked for in so many words; what the classifier is sure of; then what
the shape of the message gives away (a bare case number, a thing with its trouble).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process, utils

from bot.understanding.hints import impact_of
from bot.understanding.problems import reports_trouble, troubled
from bot.understanding.understanding import Entity, EntityKind, Intent, Wants

if TYPE_CHECKING:
    from bot.understanding.classifier import Ranking

WISHED = 0.9  # confidence of an intent asked for in so many words
SHAPED = 0.6  # of one the message's shape gives away
LIKENESS_MIN = 82  # of 100: a message this like an example means the same, where no classifier is there yet
STOP_WORDS_MAX = 10
_BARE_WORDS_MAX = 3

_ABOUT_A_CASE = frozenset({Intent.CASE_STATUS, Intent.ADD_TO_CASE, Intent.CLOSE_CASE, Intent.REOPEN_CASE})
_STOPS = frozenset({Intent.CANCEL, Intent.START_OVER, Intent.GO_BACK})
_STATUS = re.compile(
    r"\b(?:status|update|news|progress|happening|how far|stand|any word|latest|looked at|solved|done|when)\b",
    re.IGNORECASE,
)
_OVER = re.compile(r"\b(?:start (?:over|again|from)|from the (?:start|beginning)|restart)\b", re.IGNORECASE)
_BACK = re.compile(r"\b(?:go|step) back\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Guessed:
    """What a classifier thinks: (label, confidence) best first, and the label it is sure of, if any."""

    guesses: tuple[tuple[str, float], ...]
    best: str | None

    @classmethod
    def of(cls, ranking: "Ranking", *, easier: float = 0.0) -> "Guessed":
        """`easier`: by how much the threshold is lowered."""
        best = ranking.guesses[0] if ranking.guesses else None
        sure = best is not None and best.confidence >= ranking.threshold - easier
        guesses = tuple((guess.label, guess.confidence) for guess in ranking.guesses)
        return cls(guesses, best.label if best and sure else None)

    @property
    def confidence(self) -> float:
        """Of the best guess, sure or not."""
        return self.guesses[0][1] if self.guesses else 0.0


def guess_by_likeness(text: str, examples: Mapping[Intent, Sequence[str]]) -> Guessed:
    """The intent of the example most like the message: what there is until something was learnt."""
    labels = {sentence: intent for intent, sentences in examples.items() for sentence in sentences}
    found = process.extractOne(
        text, list(labels), scorer=fuzz.token_sort_ratio, processor=utils.default_process, score_cutoff=LIKENESS_MIN
    )
    return Guessed(((str(labels[found[0]]), found[1] / 100),), str(labels[found[0]])) if found else Guessed((), None)


def decide(
    text: str,
    phrase: Intent | None,
    wish: Wants,
    guessed: Guessed,
    *,
    entities: Sequence[Entity],
    expecting: str | None,
) -> tuple[Intent, float]:
    """The intent and how sure."""
    sure = _not_denied(Intent(guessed.best), wish) if guessed.best else None
    if phrase is not None:
        return phrase, 1.0
    if wish.new_code and not wish.person and not wish.callback:
        return Intent.SOMETHING_ELSE, WISHED  # "it has not arrived" is no lost order where a code was asked for
    if wished := _wished(wish, sure):
        return wished, max(WISHED, guessed.confidence if wished is sure else 0.0)
    if bare := _bare(text, entities, expecting):
        return bare, WISHED
    if sure is not None and sure is not Intent.SOMETHING_ELSE:
        return sure, guessed.confidence
    return _shaped(text, wish, entities) or (Intent.SOMETHING_ELSE, guessed.confidence if sure else 0.0)


def _not_denied(sure: Intent, wish: Wants) -> Intent:
    """ "I don't want to talk to an agent" looks to a classifier much like the wish for one."""
    denied = {Intent.TALK_TO_PERSON: wish.no_person, Intent.CALL_ME_BACK: wish.no_callback}
    return Intent.DENY if denied.get(sure) else sure


def _wished(wish: Wants, sure: Intent | None) -> Intent | None:
    if wish.callback and sure is not Intent.TALK_TO_PERSON:
        return Intent.CALL_ME_BACK
    if wish.person:
        return Intent.TALK_TO_PERSON
    if wish.callback:
        return Intent.CALL_ME_BACK
    if wish.case and sure not in _ABOUT_A_CASE:
        return Intent.REPORT_PROBLEM
    return None


def _bare(text: str, entities: Sequence[Entity], expecting: str | None) -> Intent | None:
    """A case or order number with hardly a word: where does it stand? Unless it is the answer to a question of ours."""
    for kind, intent in ((EntityKind.CASE_NUMBER, Intent.CASE_STATUS), (EntityKind.ORDER_NUMBER, Intent.ORDER_STATUS)):
        found = next((entity for entity in entities if entity.kind is kind), None)
        if found and expecting is None:
            rest = f"{text[: found.start]} {text[found.end :]}"
            if len(_WORD.findall(rest)) <= _BARE_WORDS_MAX and (not rest.strip(" .,:?!#") or _STATUS.search(rest)):
                return intent
    return None


def _names_a_thing(text: str, entities: Sequence[Entity]) -> bool:
    return impact_of(text) == 1 or any(entity.kind in (EntityKind.PRODUCT, EntityKind.STORE) for entity in entities)


def _shaped(text: str, wish: Wants, entities: Sequence[Entity]) -> tuple[Intent, float] | None:
    if wish.stop and len(_WORD.findall(text)) <= STOP_WORDS_MAX:
        return (
            Intent.START_OVER if _OVER.search(text) else Intent.GO_BACK if _BACK.search(text) else Intent.CANCEL
        ), SHAPED
    if any(entity.kind is EntityKind.CASE_NUMBER for entity in entities) and _STATUS.search(text):
        return Intent.CASE_STATUS, SHAPED
    if reports_trouble(text) or (troubled(text) and _names_a_thing(text, entities)):
        return Intent.REPORT_PROBLEM, SHAPED
    return None
