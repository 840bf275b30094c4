"""What makes two mails one: the same Message-ID, From and words, however often and by whatever way they come.

Cheap and bounded, because it is done before the mail is kept, and never fails, whatever the bytes are.
"""

import re
from collections.abc import Iterator
from hashlib import sha256

HEADER_BYTES_MAX = 256 * 1024
"""As far as headers are looked for; a longer header is hashed with the body."""
LINE_BYTES_MAX = 2_000
PIECE_BYTES = 256 * 1024
"""Of a body that are looked at in one step: meanwhile no other thread can do anything."""
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
START_OF_FIELD = re.compile(rb"\r?\n(?![ \t])")
NAMED = ("message-id", "from")
WAY = frozenset(
    (b"received", b"received-spf", b"return-path", b"delivered-to", b"envelope-to", b"delivery-date", b"x-original-to")
)
"""What every way writes anew, and nothing rests on."""
RESULTS = b"authentication-results"
INSTEAD = ("from", "date", "subject", "to")
"""What tells mails without a Message-ID apart."""


def digest_of(raw: bytes) -> str:
    """64 hexadecimal digits, the same for the same mail."""
    header, body = split(raw)
    told = _named(header, NAMED) if message_id(header) else _named(header, INSTEAD)
    known = sha256()
    for part in (*told, b"\x00" if told else header):
        known.update(len(part).to_bytes(8, "big") + part)
    pieces = list(_plain(body))
    known.update(sum(map(len, pieces)).to_bytes(8, "big"))
    for piece in pieces:
        known.update(piece)
    return known.hexdigest()


def copy_digest(digest: str, raw: bytes) -> str:
    """The same for copies of a mail of which none can be more believable than the other: 64 hexadecimal digits.

    Whoever vouches for a sender says so in the header, or has signed it: so it is all of that but the traces of the
    way, and of what servers found the top-most alone.

    Args:
        digest: what `digest_of` gives for all of them.
        raw: the mail, or as much of it as has its header.
    """
    known = sha256(digest.encode())
    for field in _but_the_way(split(raw)[0]):
        known.update(len(field).to_bytes(8, "big") + field)
    return known.hexdigest()


def message_id(header: bytes) -> str:
    """The first Message-ID as it is written, without angle brackets; empty where there is none."""
    found = _field(header, b"message-id").strip().strip(b"<>").strip()
    return found.decode("ascii", "replace")


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Header and body; a mail without an end of its header is all body."""
    end = END_OF_HEADER.search(raw, 0, HEADER_BYTES_MAX)
    return (raw[: end.start()], raw[end.end() :]) if end else (b"", raw)


def _named(header: bytes, names: tuple[str, ...]) -> list[bytes]:
    """Their values, in order; empty where none of them is there."""
    values = [_field(header, name.encode()) for name in names]
    return values if any(values) else []


def _field(header: bytes, name: bytes) -> bytes:
    """The first field of this name, unfolded, as far as a line may reach."""
    found = re.search(rb"(?im)^" + name + rb"[ \t]{0,8}:((?:[^\n]|\n[ \t]){0,%d})" % LINE_BYTES_MAX, header)
    return b" ".join(found.group(1).split()) if found else b""


def _but_the_way(header: bytes) -> Iterator[bytes]:
    """Every field on one line; of what servers found, the top-most."""
    found = False
    for field in START_OF_FIELD.split(header):
        name = field.partition(b":")[0].strip().lower()
        if name not in WAY and not (found and name == RESULTS):
            yield b" ".join(field.split())
        found = found or name == RESULTS


def _plain(body: bytes) -> Iterator[bytes]:
    """Line ends as one kind, none at the end: servers differ in both."""
    at, ends = 0, 0
    while at < len(body):
        piece = body[at : at + PIECE_BYTES]
        if piece.endswith(b"\r") and len(piece) > 1:  # the other half of a line end may follow
            piece = piece[:-1]
        at += len(piece)
        lines = piece.replace(b"\r\n", b"\n")
        words = lines.rstrip(b"\n")
        if words:
            yield b"\n" * ends + words
            ends = 0
        ends += len(lines) - len(words)
