"""Whose the lines below a quote are."""

from collections.abc import Sequence
from itertools import takewhile

from channels.email.reading.reply import phrases
from channels.email.reading.reply.closings import (
    SIGNOFF_BLOCK_MAX,
    SIGNOFF_LINE_CHARS_MAX,
    is_closing,
    is_notice,
    is_signoff,
    words_end,
)
from channels.email.reading.reply.lines import is_quoted
from channels.email.reading.reply.openings import openings

WRAPPED_CHARS_MIN = 55
WRAPPED_CHARS_MAX = 120
SIGNOFF_LINES_MAX = 4


def own_lines(lines: Sequence[str], first: int) -> list[int]:
    """The lines from `first` on that are nobody's quote, wrapped end of a quote, introduction or signature."""
    introducing = {n for opening in openings(lines) for n in range(opening.start, opening.end)}
    own: list[int] = []
    closed = False
    for number in range(first, len(lines)):
        line = lines[number]
        if is_quoted(line):
            closed = False
        elif closed or is_closing(line) or _begins_notice(lines, number):
            closed = True
        elif line.strip() and number not in introducing and not _wrapped(lines, number):
            own.append(number)
    return own


def own_end(lines: Sequence[str], first: int) -> int:
    """Before which line the own words end that begin at `first`, below the last quote: a notice ends them, too."""
    own = range(first, len(lines))
    notices = (number for number in own if is_notice(lines[number]) or _begins_notice(lines, number))
    return first + words_end(lines[first : next(notices, len(lines))])


def after_quotes(lines: Sequence[str], start: int) -> int:
    """After the first run of quoted lines."""
    quoted = [number for number in range(start, len(lines)) if is_quoted(lines[number])]
    if not quoted:
        return len(lines)
    place = quoted[0]
    while place < len(lines) and (is_quoted(lines[place]) or _wrapped(lines, place) or _blank_within(lines, place)):
        place += 1
    return place


def only_signoff(lines: Sequence[str]) -> bool:
    """Whether they end a letter and say nothing: "Regards," and a name, and what a card has besides."""
    greeting, _, name = lines[0].partition(",")
    if not is_signoff(greeting) or not all(word[0].isupper() for word in name.split()):
        return False
    card = len(lines) <= SIGNOFF_BLOCK_MAX and all(len(line) <= SIGNOFF_LINE_CHARS_MAX for line in lines)
    return card or len(lines) <= SIGNOFF_LINES_MAX


def _begins_notice(lines: Sequence[str], number: int) -> bool:
    """Whether a notice begins that shows by what follows: a line that was broken, a company's name alone."""
    line, below = lines[number], lines[number + 1 : number + SIGNOFF_BLOCK_MAX]
    if not below or not below[0].strip():
        return False
    if WRAPPED_CHARS_MIN <= len(line) <= WRAPPED_CHARS_MAX and is_notice(f"{line} {below[0]}"):
        return True
    named = len(line) <= SIGNOFF_LINE_CHARS_MAX and phrases.company_form().match(line) is not None
    return named and any(map(is_notice, takewhile(str.strip, below)))


def _blank_within(lines: Sequence[str], place: int) -> bool:
    return not lines[place].strip() and place + 1 < len(lines) and is_quoted(lines[place + 1])


def _wrapped(lines: Sequence[str], number: int) -> bool:
    """The end of a long quoted line that a program broke without a new mark."""
    if number == 0 or not lines[number].strip():
        return False
    before = lines[number - 1]
    if not is_quoted(before) or len(before) < WRAPPED_CHARS_MIN:
        return False
    return number + 1 < len(lines) and is_quoted(lines[number + 1])
