"""Mail pushed to us by the company's own server: LMTP or SMTP. Answered 250 only once it is durable.

A client that is slow, silent or greedy is hung up on; the others do not notice.
"""

import asyncio
import re
import ssl
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Session, syntax
from aiosmtpd.smtp import Envelope as Handed

from channels.email.handed_text import HandedText
from channels.email.letter import Envelope
from channels.email.mailroom import Mailroom
from channels.protocol import DeskUnavailable

log = structlog.get_logger()
SIZE_MAX = 25 * 1024 * 1024
"""Bytes of one mail, told in EHLO."""
RECIPIENTS_MAX = 100
READER_BYTES = 16 * 1024
"""What is read ahead of a connection, twice at most: a line of command, and what comes before the text is asked for."""
UNDER_WAY_BYTES_MAX = 64 * 1024 * 1024
"""Of all mails that are being handed over or kept at one time."""
SCHEMES = ("lmtp", "smtp")
PLAIN_ADDRESS = re.compile(r"<([\w.+=-]{1,64}@[\w.-]{1,255})>(.*)", re.ASCII)
"""As nearly all are: read here, because the standard library's reader of addresses takes a tenth of all the time."""
UNSTORABLE = re.compile("[\x00-\x1f\x7f\udc80-\udcff]")
TAKEN = "250 2.0.0 Kept"
LATER = "451 4.3.0 The desk can store nothing just now, try again later"
NOT_OURS = "550 5.1.1 No such mailbox here"
TOO_LARGE = "552 5.3.4 Too large a mail"
TOO_MUCH_AT_ONCE = "452 4.3.1 Too much mail at once, try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"
BUSY = b"421 4.7.0 Too many connections\r\n"
SLOW = b"421 4.4.2 Too slow\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Where to listen, and what one client may take.

    Attributes:
        ours: whether a recipient's address is one of the desk's; all others are refused, so nothing is relayed.
        certificate: TLS for STARTTLS; None for none, as on a loopback.
        command_s: longest silence between two commands.
        mail_s: longest time one connection may take over one mail, from greeting or the mail before.
        from_one_max: connections of one address at a time.
        under_way_max: bytes of all mails that are being handed over or kept at one time; who brings more comes again.
    """

    scheme: str
    host: str
    port: int
    ours: Callable[[str], bool]
    certificate: ssl.SSLContext | None = None
    size_max: int = SIZE_MAX
    command_s: float = 60.0
    mail_s: float = 300.0
    connections_max: int = 200
    from_one_max: int = 50
    under_way_max: int = UNDER_WAY_BYTES_MAX


def listen_address(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of "lmtp://127.0.0.1:2424".

    Raises:
        ValueError: it is no such address.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname or parts.port is None or parts.path.strip("/"):
        raise ValueError("NIGHTDESK_MAIL_LISTEN has to be lmtp://HOST:PORT or smtp://HOST:PORT")
    return parts.scheme, parts.hostname, parts.port


class Listener:
    """Listens until stopped."""

    def __init__(self, settings: ListenerSettings, mailroom: Mailroom) -> None:
        self._settings = settings
        self._mailroom = mailroom
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        """Where it listens really, when any free port was asked for."""
        if self._server is None:
            raise RuntimeError("the listener has not been started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        """
        Raises:
            OSError: the address is taken.
        """
        self._server = await asyncio.get_running_loop().create_server(
            self._connection, self._settings.host, self._settings.port
        )

    async def stop(self) -> None:
        """Take no more connections, let go of those that are open: what was not answered is sent again."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in tuple(self._connections):
            connection.hang_up()
        await server.wait_closed()

    def _connection(self) -> SMTP:
        make = _Lmtp if self._settings.scheme == "lmtp" else _Smtp
        return make(_Desk(self._settings, self._mailroom), self._settings, self._connections)


def storable(address: str) -> str:
    """As it came, but for what no database takes: bytes that are no UTF-8, and controls, as `\\xff`."""
    return UNSTORABLE.sub(lambda found: f"\\x{ord(found.group()) & 0xFF:02x}", address)


class _Desk:
    """What is asked while a mail is handed over; `handle_RCPT` is the library's name."""

    def __init__(self, settings: ListenerSettings, mailroom: Mailroom) -> None:
        self._settings = settings
        self._mailroom = mailroom

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Handed, address: str, options: list[str]
    ) -> str:
        if not self._settings.ours(address):
            return NOT_OURS
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def take(self, raw: bytes, handed: Handed) -> str:
        """Keep it, once whatever the number of recipients; the answer."""
        sender = storable((handed.mail_from or "").strip("<>"))
        return await self._keep(raw, Envelope(sender, tuple(map(storable, handed.rcpt_tos)), self._settings.scheme))

    async def _keep(self, raw: bytes, came: Envelope) -> str:
        try:
            await self._mailroom.keep(raw, came)
        except DeskUnavailable:
            return LATER
        except Exception:
            # Whatever is wrong here is wrong with us: the sender keeps the mail.
            log.exception("mail_not_kept")
            return LATER
        return TAKEN


class _Timed(SMTP):
    """One connection, which has to come to an end."""

    line_length_limit = READER_BYTES

    def __init__(self, desk: _Desk, settings: ListenerSettings, open_connections: "set[_Connection]") -> None:
        super().__init__(
            desk,
            hostname="nightdesk",
            ident="Nightdesk",
            data_size_limit=settings.size_max,
            enable_SMTPUTF8=True,
            timeout=settings.command_s,
            tls_context=settings.certificate,
        )
        self._desk = desk
        self._limits = settings
        self.under_way = 0
        self._open = open_connections
        self._deadline: asyncio.TimerHandle | None = None
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self in self._open:  # once more, after STARTTLS
            super().connection_made(transport)
            return
        self._peer = str((transport.get_extra_info("peername") or ("",))[0])
        if not self._admitted() and isinstance(transport, asyncio.WriteTransport):
            transport.write(BUSY)
            transport.close()
            return
        self._open.add(self)
        self.begin_again()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self in self._open:
            self._open.discard(self)
            self._cancel()
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self in self._open:
            super().data_received(data)

    def eof_received(self) -> Any:
        return super().eof_received() if self in self._open else None

    def begin_again(self) -> None:
        """One mail is done, or none has begun: the time for the next starts."""
        self._cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._limits.mail_s, self._too_slow)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """In place of the library's own, which keeps an object for each line: 1.4 GB for one mail of short lines."""
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            answer = await self._take_text(self.envelope)
        finally:
            self.under_way = 0
        answers = len(self.envelope.rcpt_tos) if self._limits.scheme == "lmtp" else 1
        self.envelope = self._create_envelope()
        self.begin_again()
        await self.push("\r\n".join([answer] * answers))

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Address and what stands behind it, of the arguments of MAIL and RCPT."""
        plain = PLAIN_ADDRESS.fullmatch(arg)
        return (plain[1], plain[2]) if plain else super()._getaddr(arg)

    async def _take_text(self, handed: Handed) -> str:
        text, refused = HandedText(), ""
        while text.rest is None:
            # All that is there, so that what comes behind the end can be put back into a reader that is empty.
            text.take(await self._reader.read(sys.maxsize))
            self._reset_timeout()
            self.under_way = text.size
            if text.size > self._limits.size_max:
                refused = TOO_LARGE
            elif sum(one.under_way for one in self._open) > self._limits.under_way_max:
                refused = TOO_MUCH_AT_ONCE
            if refused:
                text.let_go()
        self._reader.feed_data(text.rest)
        raw = text.whole()
        text.let_go()
        return refused or await self._desk.take(raw, handed)

    def hang_up(self) -> None:
        self._cancel()
        if self.transport is not None:
            self.transport.close()

    def _too_slow(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(SLOW)
            self.transport.abort()

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _admitted(self) -> bool:
        if len(self._open) >= self._limits.connections_max:
            return False
        return Counter(one._peer for one in self._open)[self._peer] < self._limits.from_one_max


class _Smtp(_Timed):
    """SMTP."""


class _Lmtp(_Timed, LMTP):
    """LMTP: LHLO, and a line of answer for each recipient."""


_Connection = _Timed
