"""Telephone numbers in running text.

A number counts when it is valid in its country, or when it is possible and written like one: nine digits or more led
by + or 0, or where a telephone number was asked for. Possible is what `customers.identities.normalise` takes too, so
that a number on file (numbers kept free for fiction and new ranges are not "valid") is read the same everywhere.
"""

import re
from collections.abc import Iterator
from itertools import islice

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from bot.understanding.understanding import Entity, EntityKind

TEXT_MAX = 1_000  # characters: the matcher is the one reader here that is not ours
TRIES_MAX = 200
FOUND_MAX = 8
"""Telephone numbers of one message that are read."""
DIGITS_MIN = 9
"""Digits of a number that is only possible; a one-time code has eight."""
VALID_DIGITS_MIN = 7

_GAP = r"[ ()/.\-\u00a0\u2010-\u2013]{0,3}"
LED = re.compile(rf"(?<![\w#/.\-+])\(?(?:\+{_GAP}[1-9]|0)(?:{_GAP}\d){{8,17}}")
ATTEMPT = re.compile(rf"(?<![\w#/.\-+])\(?\+?\d(?:{_GAP}\d){{4,18}}")
DATE = re.compile(r"(?:[0-3]?\d([./-])[01]?\d\1(?:20|19)?\d\d|(?:19|20)\d\d-[01]\d-[0-3]\d)(?!\d)")
OTHER_NUMBER = re.compile(
    r"\b(?:order|invoice|account|barcode|code|card|case|ticket|po|ord|note|serial|item|article|ref|reference|receipt)"
    r"(?:[ ](?:number|no|nr|num|id))?[ ]?[.:#]?[ ]?(?:is[ ]|was[ ])?\Z",
    re.IGNORECASE,
)
BEFORE_MAX = 32  # characters before a number that may say what it is


def phones(text: str, region: str, *, asked: bool = False) -> Iterator[Entity]:
    """Telephone numbers, the valid ones first; `region` is where one without a country code is.

    Where a phone number was asked for, digits that are none have the value None.
    """
    head = text[:TEXT_MAX]
    found = [*_valid(head, region), *_possible(head, region, ATTEMPT if asked else LED)]
    yield from found
    if asked and not found and (match := ATTEMPT.search(head)):
        yield Entity(EntityKind.PHONE, None, match[0], *match.span(), mistyped=True)


def _valid(head: str, region: str) -> Iterator[Entity]:
    if sum(character.isdecimal() for character in head) < VALID_DIGITS_MIN:
        return
    matcher = phonenumbers.PhoneNumberMatcher(head, region, max_tries=TRIES_MAX)
    for match in islice(matcher, FOUND_MAX):
        if not _something_else(head, match.start):
            yield _phone(match.number, match.raw_string, match.start)


def _possible(head: str, region: str, pattern: re.Pattern[str]) -> Iterator[Entity]:
    for match in islice(pattern.finditer(head), FOUND_MAX):
        if not _something_else(head, match.start()):
            yield from islice(_readings(head, match, region), 1)


def _readings(head: str, match: re.Match[str], region: str) -> Iterator[Entity]:
    """What the digits can be, the longest first: the last group may belong to what follows ("... 212 9 am")."""
    ends = [place for place in range(match.end(), match.start(), -1) if _group_ends(head, place)]
    for end in ends:
        said = head[match.start() : end]
        number = _parsed(said, region)
        if number is not None and _digits(said) >= DIGITS_MIN:
            yield _phone(number, said, match.start())


def _group_ends(head: str, place: int) -> bool:
    return head[place - 1].isdecimal() and not head[place : place + 1].isalnum()


def _parsed(said: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(said, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if possible else None


def _phone(number: phonenumbers.PhoneNumber, said: str, start: int) -> Entity:
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    shown = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    return Entity(EntityKind.PHONE, value, said, start, start + len(said), shown=shown)


def _something_else(head: str, start: int) -> bool:
    """Whether the digits begin with a date, or the words before say that they are the number of another thing."""
    return bool(DATE.match(head, start) or OTHER_NUMBER.search(head[max(0, start - BEFORE_MAX) : start]))


def _digits(said: str) -> int:
    return sum(character.isdecimal() for character in said)
