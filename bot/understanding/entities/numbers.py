"""Case numbers, order numbers and one-time codes in running text. Every pattern is bounded, so linear."""

import re
from collections.abc import Iterator

from bot.understanding.entities.case_numbers import readable
from bot.understanding.understanding import Entity, EntityKind

_SEPARATOR = r"[\s\-_.:#/\u2010-\u2015]{0,3}"
CASE_NUMBER = re.compile(
    rf"\b(?:cas|csa|sca|case|ca5){_SEPARATOR}([0-9oil]{{1,12}}){_SEPARATOR}([0-9a-z]{{3,5}})\b", re.IGNORECASE
)
SHORT_CASE_NUMBER = re.compile(r"(?<![\w\-])(\d{4,8})-([0-9a-z]{4})(?![\w\-])", re.IGNORECASE)
BARE_CASE_NUMBER = re.compile(r"(?<![\w\-])([0-9oil]{1,8})[\s\-]?([0-9a-z]{4})(?![\w\-])", re.IGNORECASE)
CUT_CASE_NUMBER = re.compile(r"\bcas[\-\s]?\d{3,8}\b(?![\s\-]?[0-9a-z]{4}\b)", re.IGNORECASE)

ORDER_NUMBER = re.compile(r"\b(ord|po)[\s\-_#:.]{0,3}(\d{4,12})\b", re.IGNORECASE)
HASH_NUMBER = re.compile(r"(?<!\w)#\s?(\d{4,12})\b")
SPOKEN_ORDER_NUMBER = re.compile(
    r"\b(purchase[ ])?orders?(?:[ ](?:number|no|nr|num))?[ ]?[.:#]?[ ]?(?:is[ ]|was[ ])?(\d{5,12})\b", re.IGNORECASE
)
BARE_ORDER_NUMBER = re.compile(r"(?<![\w.,/+-])(\d{4,12})(?![\w/]|[.,-]\d)")

CODE = re.compile(r"(?<![\d+])\d(?:[ .\-]?\d){7}(?![ .\-]?\d)")
CODE_ATTEMPT = re.compile(r"(?<![\d+])\d(?:[ .\-]?\d){4,10}(?![ .\-]?\d)")


def case_numbers(text: str, *, expecting: str | None = None) -> Iterator[Entity]:
    """Numbers of cases: read when the check character fits, `mistyped` when a slip was made.

    Without the prefix it is one only when the check character fits, or when a case number was asked for.
    """
    yield from (_case_number(match) for match in CASE_NUMBER.finditer(text) if _has_digit(match[1]))
    asked = expecting == EntityKind.CASE_NUMBER
    for match in (BARE_CASE_NUMBER if asked else SHORT_CASE_NUMBER).finditer(text):
        found = _case_number(match)
        if found.value or (asked and _has_digit(match[1]) and _has_digit(match[0][1:])):
            yield found
    for match in CUT_CASE_NUMBER.finditer(text):
        yield Entity(EntityKind.CASE_NUMBER, None, match[0], *match.span(), mistyped=True)


def order_numbers(text: str, *, expecting: str | None = None) -> Iterator[Entity]:
    """Numbers of orders (`ORD-204417`) and purchase orders (`PO-7781`); bare digits only where one is asked for."""
    for match in ORDER_NUMBER.finditer(text):
        yield _order_number(match, match[1].upper(), match[2])
    for match in HASH_NUMBER.finditer(text):
        yield _order_number(match, "ORD", match[1])
    for match in SPOKEN_ORDER_NUMBER.finditer(text):
        yield _order_number(match, "PO" if match[1] else "ORD", match[2])
    if expecting == EntityKind.ORDER_NUMBER:
        for match in BARE_ORDER_NUMBER.finditer(text):
            yield _order_number(match, "ORD", match[1])


def codes(text: str, *, expecting: str | None = None) -> Iterator[Entity]:
    """The one-time code, only where one is asked for; with too few or too many digits its value is None."""
    if expecting != EntityKind.CODE:
        return
    if match := CODE.search(text):
        yield Entity(EntityKind.CODE, "".join(filter(str.isdecimal, match[0])), match[0], *match.span())
    elif match := CODE_ATTEMPT.search(text):
        yield Entity(EntityKind.CODE, None, match[0], *match.span(), mistyped=True)


def _case_number(match: re.Match[str]) -> Entity:
    value = readable(f"CAS-{match[1]}-{match[2]}")
    return Entity(
        EntityKind.CASE_NUMBER, value, match[0], *match.span(), shown=value or match[0].strip(), mistyped=value is None
    )


def _order_number(match: re.Match[str], prefix: str, digits: str) -> Entity:
    value = f"{prefix}-{digits}"
    return Entity(EntityKind.ORDER_NUMBER, value, match[0], *match.span(), shown=value)


def _has_digit(part: str) -> bool:
    return any(character.isdecimal() for character in part)
