"""The demo's own mail server: it takes every mail on the loopback, keeps the newest and forwards none."""

import asyncio
from collections import deque
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

MAILS_MAX = 200
MAIL_BYTES_MAX = 1_000_000
HEADER_CHARS_MAX = 998
PARTS_MAX = 50


@dataclass(frozen=True, slots=True)
class DemoMail:
    """One mail as it arrived; `number` grows in order of arrival. Texts are as sent: escape them where shown."""

    number: int
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


class DemoMailbox:
    """An SMTP server on the running loop, reachable from this machine only."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self._mails: deque[DemoMail] = deque(maxlen=MAILS_MAX)
        self._arrived = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.BaseTransport] = set()
        self._starting = asyncio.Lock()

    @property
    def port(self) -> int:
        """The port that was free at the start."""
        if self._server is None:
            raise RuntimeError("the mailbox has not been started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, port: int = 0) -> None:
        """Listen; with 0 on any free port. Starting twice is starting once."""
        async with self._starting:
            if self._server is None:
                self._server = await asyncio.get_running_loop().create_server(self._protocol, self.host, port)

    async def stop(self) -> None:
        """Hang up and listen no more; the mails stay readable."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for transport in tuple(self._open):
            transport.close()
        await server.wait_closed()

    def mails(self) -> list[DemoMail]:
        """The mails kept, newest first."""
        return list(reversed(self._mails))

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Called by the SMTP protocol with a whole mail."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        self._arrived += 1
        self._mails.append(_read(self._arrived, envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
        return "250 Message accepted for the demo mailbox"

    def _protocol(self) -> SMTP:
        return _TrackedSmtp(self, self._open)


class _TrackedSmtp(SMTP):
    """The protocol of one connection, known to the mailbox so that it can hang up."""

    def __init__(self, mailbox: DemoMailbox, open_transports: set[asyncio.BaseTransport]) -> None:
        super().__init__(
            mailbox, hostname="localhost", ident="Nightdesk demo", data_size_limit=MAIL_BYTES_MAX, enable_SMTPUTF8=True
        )
        self._open_transports = open_transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open_transports.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open_transports.difference_update({self.transport})
        super().connection_lost(error)


def _read(number: int, sender: str, to: tuple[str, ...], raw: bytes) -> DemoMail:
    """A mail that cannot be read is shown as the bytes it is."""
    try:
        # The older policy: the newer one takes a minute over some headers.
        message = message_from_bytes(raw, policy=compat32)
        subject, text, html = _header(message, "subject"), _body(message, "text/plain"), _body(message, "text/html")
    except (MessageError, LookupError, ValueError, TypeError, RecursionError):
        subject, text, html = "", raw.decode("utf-8", "replace"), ""
    return DemoMail(number, sender, to, subject, text, html)


def _header(message: "Message[Any, Any]", name: str) -> str:
    value = str(message.get(name, ""))[:HEADER_CHARS_MAX]
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, LookupError, ValueError):
        return value


def _body(message: "Message[Any, Any]", content_type: str) -> str:
    for _, part in zip(range(PARTS_MAX), message.walk(), strict=False):
        if part.get_content_type() == content_type and not part.is_multipart():
            content = part.get_payload(decode=True)
            return content.decode(_charset(part), "replace") if isinstance(content, bytes) else ""
    return ""


def _charset(part: "Message[Any, Any]") -> str:
    charset = part.get_content_charset("utf-8")
    try:
        "".encode(charset)
    except (LookupError, ValueError):
        return "utf-8"
    return charset
