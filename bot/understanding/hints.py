"""Hints from fixed words: impact, urgency, mood. Irony, denied words and other languages are beyond it."""

import re
from dataclasses import dataclass
from functools import lru_cache

import yaml

from bot.understanding.phrases import data_text
from bot.understanding.problems import any_of
from bot.understanding.understanding import Mood

SHOUTED_LETTERS_MIN = 20
SHOUTED_SHARE = 0.8
_MARKS = re.compile(r"[!?]{3,10}")


@dataclass(frozen=True, slots=True)
class _HintWords:
    impact: dict[int, re.Pattern[str]]
    urgency: dict[int, re.Pattern[str]]
    angry: re.Pattern[str]


def impact_of(text: str) -> int | None:
    """1 when a whole shop is hit, 3 when one thing is, None when the words do not say."""
    return _level(text, _hint_words().impact)


def urgency_of(text: str) -> int | None:
    """1 when it cannot wait, 3 when it can, None when the words do not say."""
    return _level(text, _hint_words().urgency)


def mood_of(text: str) -> Mood:
    """Angry by strong words, shouting or heaped marks with a reproach; else neutral."""
    letters = [character for character in text if character.isalpha()]
    shouted = len(letters) >= SHOUTED_LETTERS_MIN and sum(map(str.isupper, letters)) > SHOUTED_SHARE * len(letters)
    return Mood.ANGRY if shouted or _hint_words().angry.search(text) or len(_MARKS.findall(text)) > 1 else Mood.NEUTRAL


def _level(text: str, words: dict[int, re.Pattern[str]]) -> int | None:
    """The low hint is looked for first: "not urgent" holds "urgent"."""
    calm = words[3].sub(" ", text)
    if words[1].search(calm):
        return 1
    return 3 if calm != text else None


@lru_cache(maxsize=1)
def _hint_words() -> _HintWords:
    document = yaml.safe_load(data_text("hints.en.yaml"))
    levels = {name: {level: any_of(document[name][level]) for level in (1, 3)} for name in ("impact", "urgency")}
    return _HintWords(levels["impact"], levels["urgency"], any_of(document["angry"]))
