"""Connections to the company's own mail server: encrypted, and signed in as the environment says."""

import asyncio
import secrets
import ssl
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiosmtplib

from channels.email.message import domain_of
from channels.email.patience import STANDARD, Patience
from channels.email.sign_in import KeptSecret, Secret, Security, TokenMissing, keep_from_listeners, known
from channels.protocol import DeliveryFailed

NOT_LET_IN = 535
"""Reply to a password that is wrong, or a token that has run out."""
NO_SECRET = known("")
AT_ONCE_MAX = 20
"""Connections: a server that says nothing for minutes takes no more of the desk's files than these."""
HURRIED_MIN = 5
"""Of them for mails that somebody waits for, whatever notices there are."""
FREE_WITHIN_S = 10.0
"""A mail waits for a connection so long, and comes again soon after: it does not keep others out of the way."""
AGAIN_WITHIN_S = 10


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The mail server, and as whom the desk writes.

    Attributes:
        security: "tls" from the first byte, "starttls", or "plain", which is for the loopback alone.
        username: None: nobody signs in.
        secret: the password, or an OAuth access token; kept until the server refuses it.
        oauth: the secret is a token (XOAUTH2).
        answers_read: mail to the sender's address comes in here.
        sender_name: shown beside the sender's address; the company's name when empty.
        trust: a PEM file with the authority of the server's certificate; None for those the system knows.

    Raises:
        ValueError: plain text would leave this machine, or carry a token.
    """

    host: str
    port: int
    sender: str
    company: str
    security: Security = "starttls"
    username: str | None = None
    secret: Secret = NO_SECRET
    oauth: bool = False
    trust: str | None = None
    patience: Patience = STANDARD
    answers_read: bool = False
    sender_name: str = ""

    def __post_init__(self) -> None:
        keep_from_listeners(self.security, self.host, oauth=self.oauth)


class SmtpConnections:
    """Opens and closes them, a bounded number at once."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._secret = KeptSecret(settings.secret)
        self._free = asyncio.Semaphore(AT_ONCE_MAX)
        self._unhurried = asyncio.Semaphore(AT_ONCE_MAX - HURRIED_MIN)
        self._held: dict[aiosmtplib.SMTP, list[asyncio.Semaphore]] = {}
        self._farewells = set[asyncio.Task[None]]()

    async def greeting(self) -> str:
        """Connect, with TLS and sign-in as configured, and say where: for the doctor.

        Raises:
            DeliveryFailed: mail cannot be sent.
        """
        self.leave(await self.open(hurried=True))
        return f"{self._settings.host}:{self._settings.port}"

    async def open(self, *, hurried: bool) -> aiosmtplib.SMTP:
        """Encrypted and signed in; what is refused is asked for anew, once. To be left, whatever comes of it.

        Args:
            hurried: somebody waits for the mail, as nobody does for a notice.

        Raises:
            DeliveryFailed: later, perhaps. Whatever is wrong before the envelope is wrong with the server or its
                settings, not with a mail.
        """
        held: list[asyncio.Semaphore] = []
        try:
            async with asyncio.timeout(FREE_WITHIN_S):
                for line in [self._free] if hurried else [self._unhurried, self._free]:
                    await line.acquire()
                    held.append(line)
        except BaseException as error:
            _release(held)
            if isinstance(error, TimeoutError):
                again = timedelta(milliseconds=secrets.randbelow(AGAIN_WITHIN_S * 1_000))
                raise DeliveryFailed("all connections are taken", retry=True, tried=False, after=again) from error
            raise
        try:
            client = await self._opened()
        except BaseException:
            _release(held)
            raise
        self._held[client] = held
        return client

    def leave(self, client: aiosmtplib.SMTP) -> None:
        """Politely, and nobody waits for it: what the server said to the mail is known, and to be written down now."""
        farewell = asyncio.create_task(self._leave(client))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)

    async def _leave(self, client: aiosmtplib.SMTP) -> None:
        try:
            with suppress(aiosmtplib.SMTPException, OSError):
                if client.is_connected:
                    await client.quit(timeout=self._settings.patience.leaving_s)
        finally:
            client.close()
            _release(self._held.pop(client))

    async def _opened(self) -> aiosmtplib.SMTP:
        try:
            return await self._let_in()
        except TokenMissing as error:
            raise DeliveryFailed(f"no access token: {error}", retry=True) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"no connection: {said(error)}", retry=True) from error

    async def _let_in(self) -> aiosmtplib.SMTP:
        secret = await self._secret.give()
        try:
            return await self._connected(secret)
        except aiosmtplib.SMTPAuthenticationError as error:
            if error.code != NOT_LET_IN:
                raise
            renewed = await self._secret.give(refused=secret)
            if renewed == secret:
                raise
        return await self._connected(renewed)  # a line of its own: many servers hang up on who was refused

    async def _connected(self, secret: str) -> aiosmtplib.SMTP:
        settings = self._settings
        signs_in: dict[str, Any] = {"oauth_token_generator": known(secret)} if settings.oauth else {"password": secret}
        # The name in EHLO is the sender's domain: asking the resolver for our own name can take seconds.
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self._context(),
            username=settings.username,
            local_hostname=domain_of(settings.sender),
            timeout=settings.patience.command_s,
            **signs_in,
        )
        await client.connect()
        return client

    def _context(self) -> ssl.SSLContext | None:
        if self._settings.security == "plain":
            return None
        return ssl.create_default_context(cafile=self._settings.trust)


def _release(held: Iterable[asyncio.Semaphore]) -> None:
    for line in held:
        line.release()


def said(error: Exception) -> str:
    """What went wrong without what the server wrote, which may repeat an address."""
    code = f" {error.code}" if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    return f"{type(error).__name__}{code}"
