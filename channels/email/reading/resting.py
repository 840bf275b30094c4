"""Which header fields decide what the words of a mail are: who vouches for the words has to answer for these.

A signature covers the body's bytes. What is read in them is said above it, in fields that many leave unsigned (Gmail
signs no Content-Type, Microsoft no Content-Transfer-Encoding). Whoever has such a mail could send it on under another
boundary, so that a part of somebody else's, which it quotes, is all that is read. So a field may go unsigned only where
the body itself shows that it says nothing else.
"""

import re
from enum import StrEnum

from channels.email.reading.bodies import BODY_KINDS, is_words, read_bytes
from channels.email.reading.charset import decode
from channels.email.reading.encoded import keeps_quotations, looks_encoded
from channels.email.reading.mime import Part

READ_ALIKE = {"multipart/mixed", "multipart/related", "multipart/signed"}
"""All parts of these are read, whichever of them it is called."""
ENCODED = {"base64", "quoted-printable"}
DELIMITERS_MAX = 10_000
"""A text with more lines that could be one is taken for parts: looking on would take longer than reading."""
TAG = re.compile(rb"<[a-zA-Z!]")
DELIMITER = re.compile(rb"^--[^\r\n]{1,200}", re.MULTILINE)


class _Shape(StrEnum):
    """What a body looks like by itself."""

    PARTS = "multipart"
    HTML = "text/html"
    PLAIN = "text/plain"


def rests_on(mail: Part, *, plainly: bool = False) -> tuple[str, ...]:
    """Names in lower case; of each, that it is not there may be as telling as what it says.

    Args:
        plainly: without looking for quotes, as in `parse`.
    """
    return ("subject", *(_parts_rest_on(mail) if mail.children else _leaf_rests_on(mail, plainly=plainly)))


def _parts_rest_on(mail: Part) -> list[str]:
    """Nothing, if the body's first and last lines are its delimiters: another boundary would leave words outside."""
    whole = all(part.whole for part in mail.walk() if part.children)
    return [] if whole and (mail.kind in READ_ALIKE or _alternative_in_order(mail)) else ["content-type"]


def _alternative_in_order(mail: Part) -> bool:
    """Plain words first, then HTML alone: as parts beside each other they would begin with the same words."""
    kinds = [part.kind for part in mail.walk() if not part.children and is_words(part)]
    ordered = kinds == ["text/html"] or (kinds[:1] == ["text/plain"] and "text/plain" not in kinds[1:])
    return mail.kind == "multipart/alternative" and ordered


def _leaf_rests_on(mail: Part, *, plainly: bool) -> list[str]:
    names = []
    if not _says_the_same_encoded(mail, plainly=plainly):
        names.append("content-transfer-encoding")
    if mail.kind in BODY_KINDS and not is_words(mail) and mail.headers.first("content-disposition"):
        names.append("content-disposition")
    if not is_words(mail) or not _reads_the_same_untold(mail):
        names.append("content-type")
    return names


def _says_the_same_encoded(mail: Part, *, plainly: bool) -> bool:
    """Whether the same words are whose they were under another encoding. Of base64 nothing shows that it was meant."""
    if mail.encoding not in ENCODED:
        return not (is_words(mail) and looks_encoded(_body(mail)))
    if mail.content == _body(mail):
        return True
    lines_stay = mail.kind == "text/plain" and mail.parameters.get("format", "").lower() != "flowed"
    if mail.encoding != "quoted-printable" or not lines_stay or plainly:
        return False
    return keeps_quotations(_body(mail), mail.content, mail.parameters.get("charset", ""))


def _body(mail: Part) -> bytes:
    """As it was signed."""
    return mail.raw[mail.start : mail.end]


def _reads_the_same_untold(mail: Part) -> bool:
    """Whether the body shows its kind, and its charset and how its lines are joined change no word."""
    content = read_bytes(mail)
    same = decode(content, mail.parameters.get("charset", ""))[0] == decode(content)[0]
    return same and _shape(mail) == mail.kind and mail.parameters.get("delsp", "").lower() != "yes"


def _shape(mail: Part) -> _Shape:
    if _has_parts(_body(mail)):
        return _Shape.PARTS
    bare = mail.content.strip()
    return _Shape.HTML if TAG.match(bare) and bare.endswith(b">") else _Shape.PLAIN


def _has_parts(body: bytes) -> bool:
    """A delimiter and, further down, the one that ends the parts, whatever stands before and after them."""
    begun = set()
    for seen, match in enumerate(DELIMITER.finditer(body)):
        line = match[0].rstrip()
        if seen == DELIMITERS_MAX or (line.endswith(b"--") and line[:-2] in begun):
            return True
        if line.strip(b"-"):  # a rule of dashes is a program's or a person's, no boundary
            begun.add(line)
    return False
