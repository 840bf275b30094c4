"""Mails made by hand, for the tests of reading."""

from collections.abc import Iterable

from channels.email.letter import Envelope, Letter
from channels.email.reading import Ours, parse

FROM_ANA = Envelope(mail_from="ana@home.example", rcpt_to=("desk@shop.example",), source="smtp")
UNTOLD = Envelope(mail_from=None, rcpt_to=(), source="imap:INBOX")
OURS = Ours(addresses=("desk@shop.example",), marker="shop.example")
HEAD = (
    "From: Ana Example <ana@home.example>",
    "To: desk@shop.example",
    "Subject: The till",
    "Message-ID: <1@home.example>",
    "MIME-Version: 1.0",
)


def mail(*headers: str, body: str | bytes = "It is broken.\n", head: Iterable[str] = HEAD) -> bytes:
    """A mail of Ana's; `headers` take the place of hers by name."""
    names = {header.partition(":")[0].strip().lower() for header in headers}
    kept = [line for line in head if line.partition(":")[0].lower() not in names]
    lines = [*kept, *headers]
    content = body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + content


def multipart(*parts: str, kind: str = "mixed", boundary: str = "cut") -> bytes:
    """A mail of several parts, each with its own headers and an empty line."""
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    return mail(f'Content-Type: multipart/{kind}; boundary="{boundary}"', body=body)


def read(raw: bytes, envelope: Envelope = FROM_ANA) -> Letter:
    """What the desk makes of it."""
    return parse(raw, envelope, OURS)
