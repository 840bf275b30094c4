"""The tree of a mail's parts, found without copying: every part is two places in the raw bytes (RFC 2046)."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from channels.email.reading.header import Headers, split
from channels.email.reading.limits import DEPTH_MAX, PARTS_MAX

TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
BLANK = re.compile(rb"\s*+")
PREAMBLE = re.compile(
    rb"\s*+(?:This is a multi-?part message in MIME format\."
    rb"|This is a cryptographically signed message in MIME format\."
    rb"|This is an OpenPGP/MIME signed message \(RFC 4880 and 3156\))?+\s*+"
)
"""What programs write for those that know no parts."""
MBOX_LINE = re.compile(rb"\s*(?:>?From [^\s:][^\n]*\n)?")


@dataclass
class Part:
    """One part.

    Attributes:
        kind: its content type in lower case; of what gives none, or nonsense, text/plain.
        whole: it has parts, from its first line to its last, and no words of anybody's before or after them.
    """

    raw: bytes
    start: int
    end: int
    headers: Headers
    kind: str
    parameters: dict[str, str]
    children: list["Part"] = field(default_factory=list)
    whole: bool = False

    @cached_property
    def content(self) -> bytes:
        """The bytes once the transfer encoding is undone, as far as it can be."""
        body = self.raw[self.start : self.end]
        if self.encoding == "base64":
            return _from_base64(body)
        return binascii.a2b_qp(body) if self.encoding == "quoted-printable" else body

    @property
    def encoding(self) -> str:
        """The transfer encoding as it is told, in lower case."""
        return self.headers.first("content-transfer-encoding").partition(";")[0].strip().lower()

    @cached_property
    def disposition(self) -> tuple[str, dict[str, str]]:
        return self.headers.parameters("content-disposition")

    @property
    def file_name(self) -> str:
        """As the sender wrote it; not safe."""
        return self.disposition[1].get("filename") or self.parameters.get("name", "")

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class Budget:
    """How many parts may still be made; what did not fit is counted."""

    parts: int = PARTS_MAX
    refused: int = 0
    deepest: bool = False

    def take(self) -> bool:
        self.parts -= 1
        self.refused += self.parts < 0
        return self.parts >= 0


def tree(raw: bytes) -> tuple[Part, Budget]:
    """The whole mail as a tree no deeper than DEPTH_MAX with no more parts than PARTS_MAX. Never raises."""
    budget = Budget()
    return _part(raw, (_start(raw), len(raw)), budget, DEPTH_MAX, "text/plain"), budget


def head(raw: bytes) -> Headers:
    """The headers of the whole mail, as `tree` finds them."""
    return split(raw, _start(raw), len(raw))[0]


def _start(raw: bytes) -> int:
    first = MBOX_LINE.match(raw)
    return first.end() if first else 0


def _part(raw: bytes, place: tuple[int, int], budget: Budget, depth: int, otherwise: str) -> Part:
    headers, body = split(raw, *place)
    kind, parameters = headers.parameters("content-type")
    kind = kind if TYPE.fullmatch(kind) else otherwise
    part = Part(raw, body, place[1], headers, kind, parameters)
    if kind.startswith("multipart/"):
        _divide(part, budget, depth)
    return part


def _divide(part: Part, budget: Budget, depth: int) -> None:
    boundary = part.parameters.get("boundary", "").rstrip()
    if depth == 0:
        budget.deepest = True
    pieces, part.whole = _pieces(part, boundary, budget) if boundary and depth else ([], False)
    if not pieces:
        part.kind = "application/octet-stream" if depth == 0 else "text/plain"
        return
    otherwise = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    part.children = [_part(part.raw, piece, budget, depth - 1, otherwise) for piece in pieces]


def _pieces(part: Part, boundary: str, budget: Budget) -> tuple[list[tuple[int, int]], bool]:
    """Where the parts lie, after a delimiter's line up to the line break before the next one; and `Part.whole`."""
    line = re.compile(
        rb"^--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE
    )
    pieces: list[tuple[int, int]] = []
    begun = None
    whole = False
    for match in line.finditer(part.raw, part.start, part.end):
        if begun is None:
            whole = PREAMBLE.fullmatch(part.raw, part.start, match.start()) is not None
        else:
            pieces.append((begun, _before_line_break(part.raw, begun, match.start())))
        if match[1]:
            return pieces, whole and BLANK.fullmatch(part.raw, match.end(), part.end) is not None
        begun = match.end()
        if not budget.take():
            return pieces, False
    if begun is not None:
        pieces.append((begun, part.end))
    return pieces, False


def _before_line_break(raw: bytes, start: int, end: int) -> int:
    if end > start and raw[end - 1 : end] == b"\n":
        end -= 1
        if end > start and raw[end - 1 : end] == b"\r":
            end -= 1
    return end


def _from_base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        pass
    for missing in (b"=", b"==", b"A=="):
        try:
            return binascii.a2b_base64(body.rstrip(b"= \r\n\t") + missing)
        except binascii.Error:
            continue
    return body
