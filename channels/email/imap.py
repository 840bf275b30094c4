"""Mail fetched from a hosted mailbox by IMAP: everything there is, then wait for more.

The library blocks, so it runs on a thread of its own; each mail crosses to the loop, is kept there, and only then is
moved out of the folder. A mail that was kept and not moved is fetched again and known again.
"""

import asyncio
import imaplib
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from channels.email.imap_move import move
from channels.email.letter import Envelope
from channels.email.mailroom import Mailroom
from channels.email.reading.limits import HEADER_BLOCK_BYTES_MAX, MAIL_BYTES_MAX
from channels.email.sign_in import Secret, Security, TokenMissing, keep_from_listeners
from channels.protocol import DeskUnavailable

T = TypeVar("T")
log = structlog.get_logger()
IDLE_S = 5 * 60.0
"""Servers hang up after 29 minutes of it; and a push that was missed is made up for by the next search."""
BACK_OFF_S = (1.0, 5.0, 15.0, 60.0, 300.0)
TIMEOUT_S = 30.0
AT_ONCE_MAX = 50
"""Mails fetched between two looks at what else there is."""
WHOLE = "(BODY.PEEK[])"
HEADER = f"(BODY.PEEK[HEADER]<0.{HEADER_BLOCK_BYTES_MAX}>)"
"""Flags stay as they are."""
FETCH_TRIES_MAX = 5
"""A mail that the server cannot give out so often is left to people."""
FAULTS = (ImapToolsError, imaplib.IMAP4.error, OSError, EOFError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings:
    """The mailbox.

    Attributes:
        security: "plain" is for the loopback alone.
        secret: asked before each sign-in: the password, or an OAuth access token.
        oauth: the secret is a token (XOAUTH2).
        trust: a PEM file with the authority of the server's certificate; None for those the system knows.

    Raises:
        ValueError: plain text would leave this machine, or carry a token.
    """

    host: str
    port: int
    username: str
    secret: Secret
    security: Security = "tls"
    oauth: bool = False
    trust: str | None = None
    folder: str = "INBOX"
    processed: str = "Processed"
    failed: str = "Failed"
    idle_s: float = IDLE_S
    size_max: int = MAIL_BYTES_MAX
    back_off_s: tuple[float, ...] = BACK_OFF_S

    def __post_init__(self) -> None:
        keep_from_listeners(self.security, self.host, oauth=self.oauth)


class ImapPuller:
    """Fetches until stopped; connects anew after every failure, later and later."""

    def __init__(self, settings: ImapSettings, mailroom: Mailroom) -> None:
        self._settings = settings
        self._mailroom = mailroom
        self._stopping = threading.Event()
        self._failures = 0
        self._tries: dict[str, int] = {}
        self._mailbox: BaseMailBox | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """On a thread of its own."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="imap", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Let go of the connection; a mail that was not moved yet is fetched again after the next start."""
        self._stopping.set()
        mailbox = self._mailbox
        if mailbox is not None:
            with suppress(*FAULTS, AttributeError):
                mailbox.client.shutdown()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 5.0)

    async def check(self) -> str:
        """Connect, sign in, look for the folders; what was found, for the doctor.

        Raises:
            ImapToolsError, IMAP4.error, OSError, TokenMissing: mail cannot be fetched.
        """
        self._loop = asyncio.get_running_loop()
        return await asyncio.to_thread(self._found)

    def _found(self) -> str:
        with closing_mailbox(self._connected()) as mailbox:
            self._make_folders(mailbox)
            waiting = mailbox.folder.status(self._settings.folder, ["MESSAGES"])["MESSAGES"]
        return f"{self._settings.host}:{self._settings.port}, {waiting} waiting"

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with closing_mailbox(self._connected()) as mailbox:
                    self._mailbox = mailbox
                    self._make_folders(mailbox)
                    while not self._stopping.is_set():
                        self._fetch_all(mailbox)
                        self._wait(mailbox)
            except (*FAULTS, TokenMissing, DeskUnavailable, TimeoutError) as error:
                if self._stopping.is_set():
                    return
                log.warning("imap_failed", error=type(error).__name__, host=self._settings.host)
            except Exception:
                log.exception("imap_failed")
            finally:
                self._mailbox = None
            self._stopping.wait(self._settings.back_off_s[min(self._failures, len(self._settings.back_off_s) - 1)])
            self._failures += 1

    def _connected(self) -> Any:
        settings = self._settings
        named = {"host": settings.host, "port": settings.port, "timeout": TIMEOUT_S}
        if settings.security == "plain":
            mailbox: BaseMailBox = MailBoxUnencrypted(**named)
        else:
            # What imaplib makes by itself checks no certificate.
            context = ssl.create_default_context(cafile=settings.trust)
            kind = MailBox if settings.security == "tls" else MailBoxStartTls
            mailbox = kind(**named, ssl_context=context)
        sign_in = mailbox.xoauth2 if settings.oauth else mailbox.login
        try:
            mailbox = sign_in(settings.username, self._on_loop(settings.secret()), initial_folder=settings.folder)
            # What a server can do it says in full only to who has signed in: MOVE, as a rule.
            mailbox.client.capabilities = tuple(mailbox.client.capability()[1][-1].decode().upper().split())
            return mailbox
        except BaseException:
            for close in (mailbox.client.shutdown, mailbox.client.sock.close):
                with suppress(Exception):
                    close()
            raise

    def _make_folders(self, mailbox: BaseMailBox) -> None:
        for name in (self._settings.processed, self._settings.failed):
            if not mailbox.folder.exists(name):
                mailbox.folder.create(name)

    def _fetch_all(self, mailbox: BaseMailBox) -> None:
        """Until a search finds nothing: what came between a search and the waiting is found by the next search.

        Or nothing that can be had: that is left for after the waiting. Only what was had, or a folder that is empty,
        shows that all is well.
        """
        while not self._stopping.is_set():
            validity = mailbox.folder.status(self._settings.folder, ["UIDVALIDITY"])["UIDVALIDITY"]
            uids = sorted(mailbox.uids("UNDELETED"), key=int)[:AT_ONCE_MAX]
            if not uids:
                self._failures = 0
                self._tries.clear()
                return
            moved = False
            for uid in uids:
                if self._stopping.is_set():
                    return
                moved = self._take(mailbox, uid, validity) or moved
            if not moved:
                return

    def _take(self, mailbox: BaseMailBox, uid: str, validity: int) -> bool:
        """Keep one, then move it; whether it moved.

        What is too large or cannot be had goes where a person looks, and as much of it as can be had is kept: so the
        desk tells them to.
        """
        settings = self._settings
        place = f"{settings.folder};{validity};{uid}"
        given = self._tries.get(place, 0) < FETCH_TRIES_MAX
        size, raw = self._fetched(mailbox, uid, place) if given else (None, b"")
        if raw is None:
            return False  # somebody else took it, or the server cannot read it
        if given:
            del self._tries[place]  # what now fails is not the mail's fault
        whole = given and (size or 0) <= settings.size_max
        if not whole:
            log.warning("imap_mail_too_large" if given else "imap_mail_not_given", place=place, size=size)
        envelope = Envelope(None, (), f"imap:{settings.username}", place, whole)
        self._on_loop(self._mailroom.keep(raw, envelope))
        move(mailbox, uid, settings.processed if whole else settings.failed)
        self._failures = 0
        return True

    def _fetched(self, mailbox: BaseMailBox, uid: str, place: str) -> tuple[int | None, bytes | None]:
        """Its size, and its bytes or, where they are too many, those of its header."""
        self._tries[place] = self._tries.get(place, 0) + 1  # before: the connection may end over it
        size = self._size(mailbox, uid)
        return size, self._raw(mailbox, uid, WHOLE if (size or 0) <= self._settings.size_max else HEADER)

    def _size(self, mailbox: BaseMailBox, uid: str) -> int | None:
        status, found = mailbox.client.uid("fetch", uid, "(RFC822.SIZE)")
        told = b" ".join(one if isinstance(one, bytes) else one[0] for one in found if one) if status == "OK" else b""
        _, _, after = told.partition(b"RFC822.SIZE ")
        digits = after.split(b")")[0].split(b" ")[0]
        return int(digits) if digits.isdigit() else None

    def _raw(self, mailbox: BaseMailBox, uid: str, part: str) -> bytes | None:
        """The bytes as they are, read by nobody."""
        status, found = mailbox.client.uid("fetch", uid, part)
        parts = [one for one in found if isinstance(one, tuple)] if status == "OK" else []
        raw: bytes | None = parts[0][1] if parts else None
        return raw

    def _on_loop(self, asked: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None  # noqa: S101 (set when it was started)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(TIMEOUT_S)

    def _wait(self, mailbox: BaseMailBox) -> None:
        """IDLE until something comes, where the server can; else a short rest."""
        if b"IDLE" in _capabilities(mailbox):
            mailbox.idle.start()  # type: ignore[no-untyped-call]
            try:
                if not _already_told(mailbox):
                    mailbox.idle.poll(timeout=self._settings.idle_s)
            finally:
                mailbox.idle.stop()  # type: ignore[no-untyped-call]
        else:
            self._stopping.wait(min(self._settings.idle_s, 15.0))


@contextmanager
def closing_mailbox(mailbox: BaseMailBox) -> Iterator[BaseMailBox]:
    """Signed out and closed at the end; a line that is cut is closed all the same."""
    try:
        yield mailbox
    finally:
        with suppress(Exception):
            mailbox.logout()
        for close in (mailbox.client.shutdown, mailbox.client.sock.close):
            with suppress(OSError):
                close()


def _already_told(mailbox: BaseMailBox) -> bool:
    """Whether something came in one packet with the answer to IDLE: it is in a buffer then, unseen by any poll."""
    client = mailbox.client
    before = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        return bool(client._get_line())
    except (OSError, imaplib.IMAP4.abort):
        return False
    finally:
        client.sock.settimeout(before)


def _capabilities(mailbox: BaseMailBox) -> set[bytes]:
    return {(one if isinstance(one, bytes) else str(one).encode()).upper() for one in mailbox.client.capabilities}
