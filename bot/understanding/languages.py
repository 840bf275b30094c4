"""Which language a message is in, when that is plain: by script, and by the small words every sentence has."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import yaml

from bot.understanding.phrases import data_text
from bot.understanding.words import everyday_words

ENGLISH = "en"
OTHER = "other"
WORDS_MIN = 3
"""Words of a message in Latin letters below which it is taken as English."""
WORDS_MAX = 200
HITS_MIN = 2
SHARE_MIN = 0.34  # of the words, that must be small words of the language
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")


def language_of(text: str) -> str:
    """ "en", "de", "es", "fr", "pl", or "other" for anything else; "en" whenever it is not plain."""
    words = [word.casefold().replace("\u2019", "'") for word in _WORD.findall(text)[:WORDS_MAX]]
    foreign = sum(not _latin(word) for word in words)
    if foreign and foreign * 2 >= len(words):
        return OTHER if len(words) >= WORDS_MIN or sum(map(len, words)) >= WORDS_MIN * 2 else ENGLISH
    return _by_small_words(words) if len(words) >= WORDS_MIN else ENGLISH


def _by_small_words(words: list[str]) -> str:
    hits = {language: sum(word in small for word in words) for language, small in _small_words().items()}
    best = max(hits, key=lambda language: hits[language])
    rivals = [count for language, count in hits.items() if language != best]
    english = sum(word in everyday_words().common for word in words)
    plain = hits[best] >= max(HITS_MIN, SHARE_MIN * len(words)) and hits[best] > max(*rivals, english)
    return best if plain else ENGLISH


def _latin(word: str) -> bool:
    return unicodedata.name(word[0], "LATIN").startswith("LATIN")


@lru_cache(maxsize=1)
def _small_words() -> Mapping[str, frozenset[str]]:
    document = yaml.safe_load(data_text("languages.yaml"))
    return {str(language): frozenset(words.split()) for language, words in document.items()}
