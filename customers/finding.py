"""Somebody rings and says a name, an address, a number or a shop: who may that be? What is found is only suggested."""

import re
from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from customers.identities import IdentityKind
from customers.reading import ContactCard, contact_card
from customers.tables import account_roles, accounts, contacts, identities
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

    Every word (of WORD_CHARACTERS_MIN, the first WORDS_MAX of them) has to be part of the name, of an e-mail address or
    of the name or number of one of their accounts; digits may as well be the end of a telephone number, however it is
    grouped.
    """
    words = [word for word in typed.split() if len(word) >= WORD_CHARACTERS_MIN][:WORDS_MAX]
    number = _number_in(typed)
    ways = [sa.and_(*map(_fits, words))] if words else []
    if number:
        ways.append(_has_number(number))
    if not ways:
        return []
    rows = await snapshot.rows(
        sa.select(contacts.c.id).where(sa.or_(*ways)).order_by(contacts.c.name, contacts.c.id).limit(FOUND_MAX)
    )
    return [await contact_card(snapshot, row.id) for row in rows]


def _fits(word: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        _has(contacts.c.name, word),
        contacts.c.id.in_(_known_by(identities.c.kind == str(IdentityKind.EMAIL), _has(identities.c.value, word))),
        contacts.c.id.in_(_at_account(word)),
    )


def _has(column: sa.Column[str], word: str) -> sa.ColumnElement[bool]:
    """SQLite folds no letters but the plain ones: an "Ö" is looked for as it may be written."""
    ways: Iterable[str] = dict.fromkeys((word.lower(), word.capitalize(), word.upper()))
    return sa.or_(*(column.icontains(way, autoescape=True) for way in ways))


def _known_by(*conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[UUID]]:
    return sa.select(identities.c.contact_id).where(*conditions)


def _at_account(word: str) -> sa.Select[tuple[UUID]]:
    named = sa.or_(_has(accounts.c.name, word), accounts.c.number.istartswith(word, autoescape=True))
    return (
        sa.select(account_roles.c.contact_id).join(accounts, accounts.c.id == account_roles.c.account_id).where(named)
    )


def _number_in(typed: str) -> str:
    """The digits of a telephone number as its end is written on file; "" where it is none."""
    digits = re.sub(r"\D", "", TRUNK_ZERO.sub("", typed)).lstrip("0")
    return digits if len(digits) >= DIGITS_MIN and re.fullmatch(r"[\d\s()+./-]+", typed) else ""


def _has_number(digits: str) -> sa.ColumnElement[bool]:
    ends = identities.c.value.like(f"%{digits}")
    return contacts.c.id.in_(_known_by(identities.c.kind == str(IdentityKind.PHONE), ends))
