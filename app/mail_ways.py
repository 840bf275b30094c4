"""The ways mail comes in by, as the environment names them: a listener, a mailbox, both or neither."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.mail_settings import mail_desk
from app.settings import Settings
from channels.email.imap import ImapPuller, ImapSettings, TokenMissing
from channels.email.letter import Envelope
from channels.email.listener import Listener, ListenerSettings, listen_address
from channels.email.mailroom import Kept, Mailroom
from channels.protocol import DeskUnavailable

TOKEN_WITHIN_S = 30.0


@asynccontextmanager
async def mail_ways(settings: Settings, mailroom: Mailroom) -> AsyncIterator[Listener | None]:
    """Open for as long as the block runs; the listener, where there is one.

    Raises:
        ValueError: a setting makes no sense.
        OSError: the address to listen on is taken.
    """
    async with AsyncExitStack() as stack:
        listener = Listener(listener_settings(settings), mailroom) if settings.mail_listen else None
        if listener is not None:
            await listener.start()
            stack.push_async_callback(listener.stop)
        if settings.imap_host:
            puller = ImapPuller(imap_settings(settings), mailroom)
            puller.start()
            stack.push_async_callback(puller.stop)
        yield listener


def listener_settings(settings: Settings) -> ListenerSettings:
    """
    Raises:
        ValueError: `mail_listen` is no address.
    """
    scheme, host, port = listen_address(settings.mail_listen)
    return ListenerSettings(
        scheme=scheme,
        host=host,
        port=port,
        ours=mail_desk(settings).ours,
        certificate=_certificate(settings),
    )


def imap_settings(settings: Settings) -> ImapSettings:
    """
    Raises:
        ValueError: plain text would leave this machine.
    """
    return ImapSettings(
        host=settings.imap_host,
        port=settings.imap_port,
        security=settings.imap_security,
        username=settings.imap_username,
        secret=lambda: _secret(settings),
        oauth=bool(settings.imap_token or settings.imap_token_command),
        trust=str(settings.imap_trust) if settings.imap_trust else None,
        folder=settings.imap_folder,
        processed=settings.imap_processed,
        failed=settings.imap_failed,
    )


def mailbox_check(settings: Settings) -> str:
    """Connect to the mailbox and sign in; what was found. Blocks.

    Raises: see `ImapPuller.check`.
    """
    return ImapPuller(imap_settings(settings), _NoMailroom()).check()


class _NoMailroom:
    """For looking only."""

    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        raise DeskUnavailable


def _secret(settings: Settings) -> str:
    """What signs in: a fresh token of the command, the token, or the password.

    Raises:
        TokenMissing: the command gave none.
    """
    if settings.imap_token_command:
        return _token(settings.imap_token_command)
    secret = settings.imap_token or settings.imap_password
    return secret.get_secret_value() if secret else ""


def _token(command: str) -> str:
    """The operator's own command, which only the environment can name."""
    try:
        done = subprocess.run(  # noqa: S602 (a line for the shell, as the operator wrote it)
            command, shell=True, capture_output=True, text=True, timeout=TOKEN_WITHIN_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise TokenMissing from error
    token = done.stdout.strip()
    if not token:
        raise TokenMissing
    return token


def _certificate(settings: Settings) -> ssl.SSLContext | None:
    if settings.mail_listen_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.mail_listen_certificate)
    return context
