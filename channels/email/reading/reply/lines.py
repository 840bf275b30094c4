"""A text as lines, and what a line can be by itself."""

import re

from channels.email.reading.limits import LINE_CHARS_MAX

QUOTED = re.compile(r"[ \t]{0,3}(?:>|&gt;)(?!\s?:$)")
DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
RULE = re.compile(r"[\s*_=~\-—–]{3,}")
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,190}\w")
DIGIT_DATE = re.compile(
    r"(?<!\d)(?:\d{4}\s?[-/.年년]\s?\d{1,2}\s?[-/.月월]|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}|\d{1,2}\s?月)"
)
YEAR = re.compile(r"(?<!\d)(?:19|20|24|25|14)\d\d(?!\d)")
TIME = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時时시]\s?\d{2}(?!\d)")
NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
CALENDAR_WORD = re.compile(
    r"(?<!\w)(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|ma|to|ti|ke|pe|la|su|пн|вт|ср|чт|пт|сб|вс|нд)"
    r"(?:\w{0,9})?\.?,?\s",
    re.IGNORECASE,
)


def lines_of(text: str) -> list[str]:
    """The lines, whatever ends them, without blanks at their ends."""
    return [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def looked_at(line: str) -> str:
    """The part of a line that rules look at, so that no line costs more than another, without marks of direction."""
    return DIRECTIONS.sub("", line[:LINE_CHARS_MAX])


def is_quoted(line: str) -> bool:
    return QUOTED.match(line) is not None


def is_rule(line: str) -> bool:
    """Nothing but dashes, underscores or the like."""
    return RULE.fullmatch(looked_at(line)) is not None


def has_address(text: str) -> bool:
    return ADDRESS.search(text) is not None


def has_date(text: str) -> bool:
    """A day, in figures or in any language's words: a year or a weekday beside a number."""
    if DIGIT_DATE.search(text):
        return True
    bare = YEAR.sub(" ", text, count=1)
    return NUMBER.search(bare) is not None and (bare != text or CALENDAR_WORD.search(text) is not None)


def has_time(text: str) -> bool:
    return TIME.search(text) is not None
