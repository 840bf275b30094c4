"""Words of a text, as the lexical index and the speller see them."""

import re
import unicodedata
from functools import lru_cache

WORD = re.compile(r"[^\W_]+")
APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
STEM_CHARS_MIN = 3


def words(text: str) -> list[str]:
    """Lower case, without accents; `don't` is one word. Stop-words stay: short questions live by them."""
    plain = unicodedata.normalize("NFKD", APOSTROPHE.sub("", text).casefold())
    return WORD.findall("".join(char for char in plain if not unicodedata.combining(char)))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its commonest English endings, so that `deliveries` meets `delivery`. Never shorter than three."""
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= STEM_CHARS_MIN and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word


def stems(text: str) -> list[str]:
    """The stems of all words, in order."""
    return [stem(word) for word in words(text)]
