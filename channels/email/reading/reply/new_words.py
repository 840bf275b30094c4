"""What of an answer is new. Where it cannot be told, all of it is: words lost are worse than words doubled."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.marker import REPLY_MARK
from channels.email.reading.reply.closings import is_closing, is_signoff, words_end
from channels.email.reading.reply.lines import is_quoted, lines_of
from channels.email.reading.reply.openings import FORWARDED, Opening, above, openings

LINES_MAX = 3_000
"""A longer text is kept whole: nobody answers at such length."""
WRAPPED_CHARS_MIN = 55
SIGNOFF_LINES_MAX = 4


@dataclass(frozen=True, slots=True)
class Words:
    """Attributes:
    text: the new words.
    quoted: what was left out, "" where nothing was.
    forwarded: somebody else's mail is handed on, so all of it is in `text`.
    """

    text: str
    quoted: str = ""
    forwarded: bool = False


def new_words(text: str, *, is_reply: bool = True, is_forward: bool = False) -> Words:
    """The writer's own words.

    Args:
        is_reply: the mail says that it answers one. What does not is never cut.
        is_forward: its subject says that it hands one on.
    """
    lines = lines_of(text)
    if len(lines) > LINES_MAX:
        return Words(text.strip())
    found = openings(lines)
    first_quote = next((number for number, line in enumerate(lines) if is_quoted(line)), len(lines))
    handed_on = any(opening.kind == FORWARDED and opening.start < first_quote for opening in found)
    if handed_on or (is_forward and any(opening.start < first_quote for opening in found)):
        return Words(text.strip(), forwarded=True)
    if not is_reply:
        return Words(text.strip())
    return _reduced(lines, found)


def has_quote(text: str) -> bool:
    """Whether an older mail seems to stand in it, or the desk's own mark."""
    lines = lines_of(text)[:LINES_MAX]
    return any(is_quoted(line) or REPLY_MARK in line for line in lines) or bool(openings(lines))


def _reduced(lines: list[str], found: list[Opening]) -> Words:
    marked = next((number for number, line in enumerate(lines) if REPLY_MARK in line), len(lines))
    if not _filled(lines[:marked]):
        marked = len(lines)
    own, found = lines[:marked], [opening for opening in found if opening.start < marked]
    start = _quote_start(own, found)
    if start is None:
        return _cut(lines, words_end(own))
    if (answer := _answer_below(own, start, found)) is not None:
        return answer
    if _interleaved(own, start):
        return _cut(lines, marked) if marked < len(lines) else Words("\n".join(lines).strip())
    return _above(lines, own, start)


def _quote_start(lines: Sequence[str], found: Sequence[Opening]) -> int | None:
    """The first line of the older mails, what introduces them included."""
    quoted = next((number for number, line in enumerate(lines) if is_quoted(line)), None)
    opened = found[0].start if found else None
    begun = [place for place in (quoted, opened) if place is not None]
    return above(lines, min(begun)) if begun else None


def _above(lines: Sequence[str], own: Sequence[str], start: int) -> Words:
    """The words above the quote, without the signature; with a sign-off that stands below it."""
    if not _filled(own[:start]):
        all_quoted = all(is_quoted(line) for line in own[start:] if line.strip())
        return _cut(lines, 0) if all_quoted else Words("\n".join(lines).strip())
    words = _cut(lines, words_end(own[:start]))
    tail = _signoff_below(own, start)
    return Words(f"{words.text}\n\n{tail}", words.quoted) if tail else words


def _answer_below(lines: Sequence[str], start: int, found: Sequence[Opening]) -> Words | None:
    """The words under one quote with its introduction, where nothing stands above it."""
    introduced = found and found[0].kind == "wrote" and found[0].start >= start
    if not introduced or _filled(lines[:start]):
        return None
    after = _after_quotes(lines, start)
    below = _own_lines(lines, after)
    if not below or any(is_quoted(line) for line in lines[after:]) or after == found[0].end:
        return None
    end = after + words_end(lines[after:])
    return Words("\n".join(lines[after:end]).strip(), "\n".join([*lines[:after], *lines[end:]]).strip())


def _after_quotes(lines: Sequence[str], start: int) -> int:
    """After the first run of quoted lines."""
    quoted = [number for number in range(start, len(lines)) if is_quoted(lines[number])]
    if not quoted:
        return len(lines)
    place = quoted[0]
    while place < len(lines) and (is_quoted(lines[place]) or _wrapped(lines, place) or _blank_within(lines, place)):
        place += 1
    return place


def _blank_within(lines: Sequence[str], place: int) -> bool:
    return not lines[place].strip() and place + 1 < len(lines) and is_quoted(lines[place + 1])


def _interleaved(lines: Sequence[str], start: int) -> bool:
    """Whether somebody's words stand below a quoted line: then what they answer has to stay, too."""
    first = next((number for number in range(start, len(lines)) if is_quoted(lines[number])), None)
    if first is None:
        return False
    own = _own_lines(lines, first)
    return bool(own) and not _only_signoff([lines[number] for number in own])


def _own_lines(lines: Sequence[str], first: int) -> list[int]:
    """The lines from `first` on that are nobody's quote, wrapped end of a quote, introduction or signature."""
    introducing = {n for opening in openings(lines) for n in range(opening.start, opening.end)}
    own: list[int] = []
    closed = False
    for number in range(first, len(lines)):
        line = lines[number]
        if is_quoted(line):
            closed = False
        elif is_closing(line):
            closed = True
        elif line.strip() and not closed and number not in introducing and not _wrapped(lines, number):
            own.append(number)
    return own


def _wrapped(lines: Sequence[str], number: int) -> bool:
    """The end of a long quoted line that a program broke without a new mark."""
    if number == 0 or not lines[number].strip():
        return False
    before = lines[number - 1]
    if not is_quoted(before) or len(before) < WRAPPED_CHARS_MIN:
        return False
    return number + 1 < len(lines) and is_quoted(lines[number + 1])


def _only_signoff(lines: Sequence[str]) -> bool:
    return len(lines) <= SIGNOFF_LINES_MAX and is_signoff(lines[0].partition(",")[0])


def _signoff_below(lines: Sequence[str], start: int) -> str:
    own = (
        [lines[number] for number in _own_lines(lines, start)] if any(is_quoted(line) for line in lines[start:]) else []
    )
    return "\n".join(own) if own and _only_signoff(own) else ""


def _cut(lines: Sequence[str], end: int) -> Words:
    return Words("\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip())


def _filled(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)
