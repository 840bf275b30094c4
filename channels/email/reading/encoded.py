"""Whether quoted-printable, which nobody signed, could be put above a text or taken away without changing whose words
are in it.

Many sign no Content-Transfer-Encoding (Apple, Microsoft). Who has a mail of theirs that quotes him could have chosen
his words and his name so that, read the other way, they stand outside of the quotation.
"""

import re

from channels.email.reading.charset import decode
from channels.email.reading.limits import TEXT_CHARS_MAX
from channels.email.reading.reply.lines import is_quoted, lines_of
from channels.email.reading.reply.new_words import LINES_MAX
from channels.email.reading.reply.openings import FORWARDED, openings

WRITTEN = re.compile(
    rb"(?:[\t\r\n -<>-~]++|=(?:[89A-F][0-9A-F]|3D|(?:20|09)(?==?(?:\r?\n|\Z))|\r?\n|\Z))*+",
)
"""What programs write: escapes of what is not ASCII, of the equals sign and of blanks that end a line."""
STRAY = re.compile(rb"=(?![0-9A-F]{2}|\r?\n|\Z)")
TELLING = re.compile(rb"=(?:[89A-F][0-9A-F]|\r?\n(?=[^\r\n]))")
CONTROLS = re.compile("[\x80-\x9f\u2028\u2029]")
"""Line breaks of others and what nobody writes; those of ASCII are not escaped in what is `WRITTEN`."""


def looks_encoded(body: bytes) -> bool:
    """Whether every equals sign in it is one of quoted-printable, and one of them is hardly anything else."""
    return TELLING.search(body) is not None and STRAY.search(body) is None


def keeps_quotations(body: bytes, content: bytes, charset: str) -> bool:
    """Whether no words leave a quotation when quoted-printable is undone, and no line begins that did not.

    Args:
        body: of a plain text, as it was signed.
        content: the same with quoted-printable undone.
    """
    if len(body) > TEXT_CHARS_MAX or WRITTEN.fullmatch(body) is None:
        return False
    before, text = body.decode("ascii"), decode(content, charset)[0]
    if decode(body, charset)[0] != before or CONTROLS.search(text):
        return False
    lines, read = lines_of(before), lines_of(text)
    places = _places(lines)
    if len(lines) > LINES_MAX or len(read) != places[-1] + 1:
        return False
    return _marked_alike(lines, read, places) and _opened_alike(lines, read, places)


def _places(lines: list[str]) -> list[int]:
    """Of each line as it was signed, the line that it is in once those that go on are joined."""
    places = [0]
    for line in lines[:-1]:
        places.append(places[-1] + (not line.endswith("=")))
    return places


def _marked_alike(lines: list[str], read: list[str], places: list[int]) -> bool:
    """A quoted line begins where one began, and none was joined to the line above it."""
    marked = [number for number, line in enumerate(lines) if is_quoted(line)]
    begun = all(number == 0 or places[number] != places[number - 1] for number in marked)
    return begun and [places[number] for number in marked] == [n for n, line in enumerate(read) if is_quoted(line)]


def _opened_alike(lines: list[str], read: list[str], places: list[int]) -> bool:
    """What opened a quoted mail still does. More may do so, which only hides words, but for a mail handed on."""
    before = {(places[opening.start], opening.kind) for opening in openings(lines)}
    after = {(opening.start, opening.kind) for opening in openings(read)}
    return before <= after and all(kind != FORWARDED for _, kind in after - before)
