"""The words that contacts and accounts are found by, kept beside them, so that finding costs by what is found."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from customers.tables import search_words
from storage.errors import Conflict
from storage.transaction import UnitOfWork, Write, insertion

CHARACTERS_MAX = 80
WORDS_MAX = 60
"""Of one owner; a name of 200 characters seldom has more than ten."""
NUMBER = "#"
"""Before the digits of a telephone number, which are kept from the last to the first. No word begins like this."""
HIGHEST = "\U0010ffff"


def folded(text: str) -> str:
    """As it is compared: without capitals, accents and forms of width."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))[:CHARACTERS_MAX]


def folded_tokens(text: str) -> list[str]:
    """What stands between spaces, folded, from its first letter or digit."""
    return [token for word in text.split() if (token := re.sub(r"^\W+", "", folded(word)))]


def words_of(texts: Iterable[str], numbers: Iterable[str] = ()) -> list[str]:
    """Each word from each place it may be begun at: "ana@corner.example" also from "corner.example" and "example"."""
    found = dict.fromkeys(word for text in texts for word in _beginnings(text))
    found |= dict.fromkeys(number_word(number) for number in numbers)
    return list(found)[:WORDS_MAX]


def number_word(digits: str) -> str:
    """A telephone number, or the end of one, as a word that begins with its end."""
    return NUMBER + re.sub(r"\D", "", digits)[::-1]


def owners_of(word: str) -> sa.Select[Any]:
    """The ids of whoever has a word that begins like this one, which is folded."""
    kept = search_words.c.word
    return sa.select(search_words.c.owner_id).where(kept >= word, kept < word + HIGHEST)


def added_words(owner_id: UUID, words: Iterable[str]) -> Iterator[Write]:
    """The rows of a new owner."""
    if rows := [{"owner_id": owner_id, "word": word} for word in words]:
        yield Write(insertion(search_words, rows))


def change_words(work: UnitOfWork, owner_id: UUID, words: Iterable[str]) -> None:
    """These instead of those that were.

    Raises (at commit):
        Conflict: somebody changed them at the same moment; decide again.
    """
    work.write(sa.delete(search_words).where(search_words.c.owner_id == owner_id))
    for write in added_words(owner_id, words):
        work.write(write.statement, duplicate=Conflict())


def _beginnings(text: str) -> Iterator[str]:
    for token in folded_tokens(text):
        yield from (token[begin.start() :] for begin in re.finditer(r"\b\w", token))
