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
from channels.email.reading.mime import Part

READ_ALIKE = {"multipart/mixed", "multipart/related", "multipart/signed"}
"""All parts of these are read, whichever of them it is called."""
ENCODED = {"base64", "quoted-printable"}
TAG = re.compile(rb"<[a-zA-Z!]")
DELIMITER = re.compile(rb"(--[^\r\n]{0,200}?[^\s])[ \t]*\r?\n")


class _Shape(StrEnum):
    """What a body looks like by itself."""

    PARTS = "multipart"
    HTML = "text/html"
    PLAIN = "text/plain"


def rests_on(mail: Part) -> tuple[str, ...]:
    """Names in lower case; of each, that it is not there may be as telling as what it says."""
    return ("subject", *(_parts_rest_on(mail) if mail.children else _leaf_rests_on(mail)))


def _parts_rest_on(mail: Part) -> list[str]:
    """Nothing, if the body's first and last lines are its delimiters: another boundary would leave words outside."""
    whole = all(part.whole for part in mail.walk() if part.children)
    return [] if whole and (mail.kind in READ_ALIKE or _alternative_in_order(mail)) else ["content-type"]


def _alternative_in_order(mail: Part) -> bool:
    """Plain words first, then HTML alone: as parts beside each other they would begin with the same words."""
    kinds = [part.kind for part in mail.walk() if not part.children and is_words(part)]
    ordered = kinds == ["text/html"] or (kinds[:1] == ["text/plain"] and "text/plain" not in kinds[1:])
    return mail.kind == "multipart/alternative" and ordered


def _leaf_rests_on(mail: Part) -> list[str]:
    names = []
    if mail.encoding in ENCODED and mail.content != mail.raw[mail.start : mail.end]:
        names.append("content-transfer-encoding")
    if mail.kind in BODY_KINDS and not is_words(mail) and mail.headers.first("content-disposition"):
        names.append("content-disposition")
    if not is_words(mail) or not _reads_the_same_untold(mail):
        names.append("content-type")
    return names


def _reads_the_same_untold(mail: Part) -> bool:
    """Whether the body shows its kind, and its charset and how its lines are joined change no word."""
    content = read_bytes(mail)
    same = decode(content, mail.parameters.get("charset", ""))[0] == decode(content)[0]
    return same and _shape(mail.content) == mail.kind and mail.parameters.get("delsp", "").lower() != "yes"


def _shape(content: bytes) -> _Shape:
    bare = content.strip()
    first = DELIMITER.match(bare)
    if first is not None and bare.endswith(b"\n" + first[1] + b"--"):
        return _Shape.PARTS
    return _Shape.HTML if TAG.match(bare) and bare.endswith(b">") else _Shape.PLAIN
