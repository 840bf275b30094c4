"""E-mail addresses and telephone numbers in running text."""

import re
from collections.abc import Iterator
from itertools import islice

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from bot.understanding.understanding import Entity, EntityKind

LOCAL_PART = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\Z")
DOMAIN = re.compile(r"[\w.-]{1,253}")
PHONE_ATTEMPT = re.compile(r"\+?\d(?:[ ()/.\-]{0,2}\d){4,18}")
FOUND_MAX = 8
"""Addresses or phones of one message that are read."""
DIGITS_MIN = 7
PHONE_TEXT_MAX = 1_000  # characters: the matcher is the one reader here that is not ours
PHONE_TRIES_MAX = 200
_EDGES = ".,;:!?'\"`*"


def emails(text: str) -> Iterator[Entity]:
    """E-mail addresses, normalised; something with an @ that cannot be one has the value None."""
    for match in islice(re.finditer("@", text), FOUND_MAX):
        local = LOCAL_PART.search(text[max(0, match.start() - 64) : match.start()])
        domain = DOMAIN.match(text, match.end())
        if local and domain:
            yield _email(text, match.start() - len(local[0]), domain.end())


def phones(text: str, region: str, *, asked: bool = False) -> Iterator[Entity]:
    """Telephone numbers that are valid in their country; `region` is where one without a country code is.

    Where a phone number was asked for, digits that are none have the value None.
    """
    head = text[:PHONE_TEXT_MAX]
    found = list(_valid_phones(head, region))
    yield from found
    if asked and not found and (match := PHONE_ATTEMPT.search(head)):
        yield Entity(EntityKind.PHONE, None, match[0], *match.span(), mistyped=True)


def _valid_phones(head: str, region: str) -> Iterator[Entity]:
    if sum(character.isdecimal() for character in head) < DIGITS_MIN:
        return
    matcher = phonenumbers.PhoneNumberMatcher(head, region, max_tries=PHONE_TRIES_MAX)
    for match in islice(matcher, FOUND_MAX):
        value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        shown = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        yield Entity(EntityKind.PHONE, value, match.raw_string, match.start, match.end, shown=shown)


def _email(text: str, start: int, end: int) -> Entity:
    said = text[start:end]
    start += len(said) - len(said.lstrip(_EDGES))
    said = said.strip(_EDGES)
    try:
        value = validate_email(said, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        return Entity(EntityKind.EMAIL, None, said, start, start + len(said), mistyped=True)
    return Entity(EntityKind.EMAIL, value, said, start, start + len(said), shown=value)
