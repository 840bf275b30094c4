"""Somebody rings and says a name, an address, a number or a shop: who may that be? What is found is only suggested."""

import re

import sqlalchemy as sa

from customers.reading import ContactCard, contact_card
from customers.search_words import folded_tokens, number_word, owners_of
from customers.tables import account_roles, contacts
from storage.transaction import Snapshot

FOUND_MAX = 8
WORDS_MAX = 5
WORD_CHARACTERS_MIN = 2
"""A single letter is part of nearly every name."""
DIGITS_MIN = 4
"""Fewer digits are the end of very many telephone numbers."""
TRUNK_ZERO = re.compile(r"(?<=\d)[\s.-]*\(0\)")
"""Of "+44 (0)1632": dialled within the country alone, and never after its code."""


async def find_contacts(snapshot: Snapshot, typed: str) -> list[ContactCard]:
    """The contacts that what was typed may mean, by name; FOUND_MAX at most.

    Every word (of WORD_CHARACTERS_MIN, the first WORDS_MAX of them) has to begin a word of the name, of an e-mail
    address or of the name or number of one of their accounts, capitals and accents aside; digits may as well be the end
    of a telephone number, however it is grouped.
    """
    words = [word for word in folded_tokens(typed) if len(word) >= WORD_CHARACTERS_MIN][:WORDS_MAX]
    number = _number_in(typed)
    ways = [sa.and_(*(_theirs(word) | _their_accounts(word) for word in words))] if words else []
    if number:
        ways.append(_theirs(number_word(number)))
    if not ways:
        return []
    rows = await snapshot.rows(
        sa.select(contacts.c.id).where(sa.or_(*ways)).order_by(contacts.c.name, contacts.c.id).limit(FOUND_MAX)
    )
    return [await contact_card(snapshot, row.id) for row in rows]


def _theirs(word: str) -> sa.ColumnElement[bool]:
    return contacts.c.id.in_(owners_of(word))


def _their_accounts(word: str) -> sa.ColumnElement[bool]:
    at = sa.select(account_roles.c.contact_id).where(account_roles.c.account_id.in_(owners_of(word)))
    return contacts.c.id.in_(at)


def _number_in(typed: str) -> str:
    """The digits of a telephone number as its end is written on file; "" where it is none."""
    digits = re.sub(r"\D", "", TRUNK_ZERO.sub("", typed)).lstrip("0")
    return digits if len(digits) >= DIGITS_MIN and re.fullmatch(r"[\d\s()+./-]+", typed) else ""
