"""E-mail addresses in running text."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from email_validator import EmailNotValidError, validate_email

from bot.understanding.understanding import Entity, EntityKind

LOCAL_PART = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\Z")
DOMAIN = re.compile(r"[\w.-]{1,253}")
FOUND_MAX = 8
"""Addresses of one message that are read."""
_EDGES = ".,;:!?'\"`*"


def emails(text: str) -> Iterator[Entity]:
    """E-mail addresses, normalised; something with an @ that cannot be one has the value None."""
    for match in islice(re.finditer("@", text), FOUND_MAX):
        local = LOCAL_PART.search(text[max(0, match.start() - 64) : match.start()])
        domain = DOMAIN.match(text, match.end())
        if local and domain:
            yield _email(text, match.start() - len(local[0]), domain.end())


def _email(text: str, start: int, end: int) -> Entity:
    said = text[start:end]
    start += len(said) - len(said.lstrip(_EDGES))
    said = said.strip(_EDGES)
    value = _written(said)
    if value is None:
        return Entity(EntityKind.EMAIL, None, said, start, start + len(said), mistyped=True)
    return Entity(EntityKind.EMAIL, value, said, start, start + len(said), shown=value)


def _written(said: str) -> str | None:
    """Its normal form; None for what is no address, or becomes another mailbox's where letters are folded."""
    if not unicodedata.is_normalized("NFKC", said.partition("@")[0]):
        return None
    try:
        return validate_email(said, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return None
