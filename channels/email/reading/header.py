"""The header fields of a mail or a part: split, capped and decoded in one pass, whatever they hold.

Python's own parser under `policy.default` takes a minute for `To: ,,,,` and raises on a quarter of broken mails.
"""

import binascii
import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from channels.email.reading.charset import decode, storable
from channels.email.reading.limits import (
    HEADER_BLOCK_BYTES_MAX,
    HEADER_BYTES_MAX,
    HEADERS_MAX,
    PARAMETERS_BYTES_MAX,
)

FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*+:(.*)", re.DOTALL)
EMPTY_LINE = re.compile(rb"\n\r?\n")
ENCODED = re.compile(r"=\?([A-Za-z0-9_.:()+-]{1,40})(?:\*[A-Za-z-]{1,20})?\?([bBqQ])\?([^?\n]*)\?=")
PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)')
CONTINUED = re.compile(r"(.+?)\*(\d{1,3})?(\*?)")
HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


class Headers:
    """Fields in the order they came; names in lower case, values unfolded.

    Attributes:
        fields: name and raw value of each.
        capped: something was left out, so that nothing may be concluded from what is missing.
    """

    def __init__(self, fields: Sequence[tuple[str, str]] = (), *, capped: bool = False) -> None:
        self.fields, self.capped = fields, capped
        self._by_name: dict[str, list[str]] = {}
        for name, value in fields:
            self._by_name.setdefault(name, []).append(value)

    def all(self, name: str) -> list[str]:
        """Every value of that field, top-most first, raw."""
        return self._by_name.get(name, [])

    def first(self, name: str) -> str:
        """The top-most value, raw; empty where there is none."""
        return self._by_name[name][0] if name in self._by_name else ""

    def words(self, name: str) -> str:
        """The top-most value as people read it (RFC 2047)."""
        return decoded_words(self.first(name))

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """The value before the first semicolon, in lower case, and the parameters by name (RFC 2231)."""
        value = self.first(name)[:PARAMETERS_BYTES_MAX]
        main = value.partition(";")[0].strip().lower()
        return main, _joined([(m[1].lower(), _unquoted(m[2])) for m in PARAMETER.finditer(value)])


def split(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The headers of what lies between `start` and `end`, and where the body begins."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return Headers(), raw.index(b"\n", start) + 1
    blank = EMPTY_LINE.search(raw, start, end)
    stop = blank.start() if blank else end
    block = raw[start : min(stop, start + HEADER_BLOCK_BYTES_MAX)]
    lines = block.replace(b"\r\n", b"\n").split(b"\n")
    if not lines or not _begins(lines):
        return Headers(), start
    fields, capped = _fields(lines)
    capped = capped or stop - start > HEADER_BLOCK_BYTES_MAX
    return Headers(fields, capped=capped), blank.end() if blank else end


def _begins(lines: list[bytes]) -> bool:
    return any(FIELD.match(line) for line in lines[:2])


def _fields(lines: list[bytes]) -> tuple[list[tuple[str, str]], bool]:
    fields: list[tuple[str, list[bytes]]] = []
    read = False
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            if read:  # what goes on with a line that is no field is none of the field above it
                fields[-1][1].append(b" " + line.strip())
        elif read := (match := FIELD.match(line)) is not None:
            fields.append((match[1].decode("ascii").lower(), [match[2].strip()]))
    kept = [(name, b"".join(pieces)) for name, pieces in fields[:HEADERS_MAX]]
    short = [(name, raw_text(value)) for name, value in kept if len(value) <= HEADER_BYTES_MAX]
    return short, len(short) < len(fields)


def raw_text(value: bytes) -> str:
    """A header's bytes as text: UTF-8 (RFC 6532), else what old programs sent."""
    return decode(value)[0].replace("\r", " ").replace("\n", " ").strip()


def decoded_words(value: str) -> str:
    """RFC 2047 undone, also where a letter was torn apart between two encoded words. Never raises."""
    if "=?" not in value:
        return value
    pieces: list[tuple[str, bytes | str]] = []
    position = 0
    for match in ENCODED.finditer(value):
        between = value[position : match.start()]
        if between and not (between.isspace() and pieces):
            pieces.append(("", between))
        _append(pieces, match[1].lower(), _unpacked(match[2].lower(), match[3]))
        position = match.end()
    pieces.append(("", value[position:]))
    words = "".join(piece if isinstance(piece, str) else decode(piece, charset)[0] for charset, piece in pieces)
    return " ".join(storable(words).split())


def _append(pieces: list[tuple[str, bytes | str]], charset: str, content: bytes) -> None:
    before = pieces[-1] if pieces else ("", "")
    if before[0] == charset and isinstance(before[1], bytes):
        pieces[-1] = (charset, before[1] + content)
    else:
        pieces.append((charset, content))


def _unpacked(encoding: str, text: str) -> bytes:
    content = text.encode("utf-8", "replace")
    if encoding == "q":
        return HEX.sub(lambda match: bytes([int(match[1], 16)]), content.replace(b"_", b" "))
    try:
        return binascii.a2b_base64(content + b"=" * (-len(content) % 4))
    except binascii.Error:
        return content


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:].removesuffix('"'))
    return value


def _joined(found: list[tuple[str, str]]) -> dict[str, str]:
    """Continuations put together and percent-encoding undone; what comes first wins."""
    plain: dict[str, str] = {}
    split_up: dict[str, list[tuple[int, bool, str]]] = {}
    for name, value in found:
        if (match := CONTINUED.fullmatch(name)) is None:
            plain.setdefault(name, decoded_words(value))
        else:
            split_up.setdefault(match[1], []).append((int(match[2] or 0), bool(match[3]) or match[2] is None, value))
    return {name: _continued(pieces) for name, pieces in split_up.items()} | plain if split_up else plain


def _continued(pieces: list[tuple[int, bool, str]]) -> str:
    pieces.sort(key=lambda piece: piece[0])
    charset, first = "", pieces[0][2]
    if pieces[0][1] and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    values = [first, *(value for _, _, value in pieces[1:])]
    content = b"".join(
        unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace")
        for value, (_, encoded, _) in zip(values, pieces, strict=True)
    )
    return decode(content, charset)[0]
