"""What stands below the last words: signatures, footers of lists, what a telephone adds."""

import re
from collections.abc import Sequence
from itertools import islice

from channels.email.reading.reply import phrases
from channels.email.reading.reply.lines import has_address, looked_at

DELIMITER = re.compile(r"--\s?|—\s?|-- \s*")
FOOTER_RULE = re.compile(r"(?:_{2,}|[—–]{3,}|={10,}|-{3,})\s*")
FOOTER_LINES_MAX = 12
BELOW_DASHES_MAX = 4
"""People draw such lines, too."""
SIGNATURE_LINES_MAX = 20
DASHED_NAME = re.compile(r"\s*[-–—~]{1,2}(?:[^\W\d_][\w.'’-]*)(?: [^\W\d_][\w.'’-]*){0,3}")
LINKED = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)
BESIDE_LINK_MAX = 3
UNSUBSCRIBE = re.compile("unsubscribe", re.IGNORECASE)
CONTACT = re.compile(
    r"https?://|www\.|unsubscribe|\b(?:tel|phone|fax|mobil|telefon)\w*\b|\+\d[\d ()./-]{6,}\d", re.IGNORECASE
)
DEVICE_CHARS_MAX = 80
DEVICE_LINES_MAX = 2
LINK = re.compile(r"<?\s*(?:https?|mailto):[^\s>]*\s*>?|\[[^\]]{0,100}\]\(?")
LINKS_BEFORE = re.compile(r"^(?:\s*<?\s*https?:[^\s>]*>?)+")
SIGNOFF_BLOCK_MAX = 8
SIGNOFF_LINE_CHARS_MAX = 60


def words_end(lines: Sequence[str]) -> int:
    """Before which line the writer's own words end; all of them where cutting would leave nothing, but for a
    telephone's."""
    end = _without_blanks(lines, len(lines))
    if only_device(lines[:end]):
        return 0
    for find in (_device, _delimiter, _footer, _dashed_name, _signoff):
        found = _without_blanks(lines, find(lines[:end]))
        end = found or end
    return end


def only_device(lines: Sequence[str]) -> bool:
    """Whether a telephone wrote all of it."""
    filled = [line for line in lines if line.strip()]
    return bool(filled) and len(filled) <= DEVICE_LINES_MAX and all(map(_is_device, filled))


def is_closing(line: str) -> bool:
    """Whether nobody's answer begins with this line below a quote."""
    line = looked_at(line).strip()
    return (
        DELIMITER.fullmatch(line) is not None
        or FOOTER_RULE.fullmatch(line) is not None
        or _is_device(line)
        or DASHED_NAME.fullmatch(line) is not None
        or is_notice(line)
    )


def is_notice(line: str) -> bool:
    """Whether a company's server puts such a line below every mail."""
    line = LINKS_BEFORE.sub("", looked_at(line)).strip(" \t*_<>[]()|")
    if phrases.notice().match(line) is not None:
        return True
    name, fact = phrases.company_form().match(line), phrases.company_fact().search(line)
    return fact is not None and (name is not None or fact.start() == 0)


def is_signoff(line: str) -> bool:
    return phrases.signoff().fullmatch(looked_at(line).strip()) is not None


def _without_blanks(lines: Sequence[str], end: int) -> int:
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    return end


def _device(lines: Sequence[str]) -> int:
    """Before the first line that a telephone wrote: what stands below it, it found there."""
    for number, line in enumerate(lines):
        alone = number == 0 or not lines[number - 1].strip() or number == len(lines) - 1
        if number and alone and _is_device(line):
            return number
    return len(lines)


def _is_device(line: str) -> bool:
    said = LINK.sub(" ", looked_at(line)).strip(" *_<>()[]")
    if not said or len(said) > DEVICE_CHARS_MAX:
        return False
    return phrases.device().fullmatch(said) is not None


def _delimiter(lines: Sequence[str]) -> int:
    for number, line in enumerate(lines):
        if DELIMITER.fullmatch(line) and _filled(lines[number + 1 :]) <= SIGNATURE_LINES_MAX:
            return number
    return len(lines)


def _footer(lines: Sequence[str]) -> int:
    """A line of underscores with an address, a link or a number below it, and little else."""
    for number, line in enumerate(lines):
        if not FOOTER_RULE.fullmatch(line):
            continue
        filled = (looked_at(text) for text in lines[number + 1 :] if text.strip())
        below = list(islice(filled, FOOTER_LINES_MAX + 1))
        dashes = line.startswith("-")
        if not 0 < len(below) <= (BELOW_DASHES_MAX if dashes else FOOTER_LINES_MAX):
            continue
        if any(_linked(text) if dashes else has_address(text) or CONTACT.search(text) for text in below):
            return number
    return len(lines)


def _linked(line: str) -> bool:
    """A link with next to nothing beside it, or how to be written to no more. In a sentence it is somebody's word."""
    if UNSUBSCRIBE.search(line):
        return True
    bare, links = LINKED.subn(" ", line)
    return links > 0 and len(re.findall(r"\w+", bare)) <= BESIDE_LINK_MAX


def _dashed_name(lines: Sequence[str]) -> int:
    """ "-Ana" as the last line, an empty one above it."""
    last = len(lines) - 1
    if last > 0 and DASHED_NAME.fullmatch(looked_at(lines[last])) and not lines[last - 1].strip():
        return last
    return len(lines)


def _signoff(lines: Sequence[str]) -> int:
    """ "Regards," where more than a name stands below: a position, a company, a number."""
    for number in range(max(1, len(lines) - SIGNOFF_BLOCK_MAX), len(lines)):
        below = [line for line in lines[number + 1 :] if line.strip()]
        if is_signoff(lines[number]) and len(below) >= 2 and all(len(line) <= SIGNOFF_LINE_CHARS_MAX for line in below):
            return number
    return len(lines)


def _filled(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if line.strip())
