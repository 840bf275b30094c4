"""What of an answer is new. Where it cannot be told, all of it is: words lost are worse than words doubled."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.marker import REPLY_MARK
from channels.email.reading.reply.below import after_quotes, only_signoff, own_end, own_lines
from channels.email.reading.reply.closings import words_end
from channels.email.reading.reply.lines import is_quoted, lines_of
from channels.email.reading.reply.openings import FORWARDED, Opening, above, openings

LINES_MAX = 3_000
"""A longer text is kept whole: nobody answers at such length."""


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
    if _quote_is_marked(lines, marked) and (words := _around_ours(lines, marked, found)) is not None:
        return words
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


def _quote_is_marked(lines: Sequence[str], marked: int) -> bool:
    """Whether the lines of our own mail begin with a sign, so that what has none may be an answer."""
    if marked + 1 >= len(lines):
        return False
    after = lines[marked + 1]
    return is_quoted(after) or (is_quoted(lines[marked]) and not after.strip())


def _around_ours(lines: Sequence[str], marked: int, found: Sequence[Opening]) -> Words | None:
    """What stands above and below our own mail; all, where answers stand between its lines; None for nothing below."""
    start = _quote_start(lines, found) or 0
    own = own_lines(lines, start)
    below = [number for number in own if number > marked]
    if not below or only_signoff([lines[number] for number in below]):
        return None
    end = after_quotes(lines, marked)
    if own[0] < end or any(is_quoted(line) for line in lines[end:]):
        return Words("\n".join(lines).strip())
    top, bottom = words_end(lines[:start]), own_end(lines, end)
    words = ["\n".join(part).strip() for part in (lines[:top], lines[end:bottom])]
    left = [*lines[top:end], *lines[bottom:]]
    return Words("\n\n".join(part for part in words if part), "\n".join(left).strip())


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
    after = after_quotes(lines, start)
    below = own_lines(lines, after)
    if not below or any(is_quoted(line) for line in lines[after:]) or after == found[0].end:
        return None
    end = own_end(lines, after)
    return Words("\n".join(lines[after:end]).strip(), "\n".join([*lines[:after], *lines[end:]]).strip())


def _interleaved(lines: Sequence[str], start: int) -> bool:
    """Whether somebody's words stand below a quoted line: then what they answer has to stay, too."""
    first = next((number for number in range(start, len(lines)) if is_quoted(lines[number])), None)
    if first is None:
        return False
    own = own_lines(lines, first)
    return bool(own) and not only_signoff([lines[number] for number in own])


def _signoff_below(lines: Sequence[str], start: int) -> str:
    own = (
        [lines[number] for number in own_lines(lines, start)] if any(is_quoted(line) for line in lines[start:]) else []
    )
    return "\n".join(own) if own and only_signoff(own) else ""


def _cut(lines: Sequence[str], end: int) -> Words:
    return Words("\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip())


def _filled(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)
