"""The ways of mail as the environment names them: in by a listener, a mailbox, both or neither; out by a server."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from app.mail_settings import mail_desk
from app.mail_tokens import mail_secret
from app.settings import Settings
from channels.email.imap import ImapPuller, ImapSettings
from channels.email.letter import Envelope
from channels.email.listener import Listener, ListenerSettings, listen_address
from channels.email.mailroom import Kept, Mailroom
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeskUnavailable


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
        ValueError: plain text would leave this machine, or carry a token.
    """
    return ImapSettings(
        host=settings.imap_host,
        port=settings.imap_port,
        security=settings.imap_security,
        username=settings.imap_username,
        secret=mail_secret(settings.imap_token_command, settings.imap_token, settings.imap_password),
        oauth=bool(settings.imap_token or settings.imap_token_command),
        trust=str(settings.imap_trust) if settings.imap_trust else None,
        folder=settings.imap_folder,
        processed=settings.imap_processed,
        failed=settings.imap_failed,
    )


async def mailbox_check(settings: Settings) -> str:
    """Connect to the mailbox and sign in; what was found.

    Raises: see `ImapPuller.check`.
    """
    return await ImapPuller(imap_settings(settings), _NoMailroom()).check()


def smtp_settings(settings: Settings) -> SmtpSettings:
    """The company's mail server.

    Raises:
        ValueError: plain text would leave this machine, or carry a token.
    """
    return SmtpSettings(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        secret=mail_secret(settings.smtp_token_command, settings.smtp_token, settings.smtp_password),
        oauth=bool(settings.smtp_token or settings.smtp_token_command),
        trust=str(settings.smtp_trust) if settings.smtp_trust else None,
        sender=settings.mail_from,
        company=settings.company,
        answers_read=settings.mail_comes_in,
    )


class _NoMailroom:
    """For looking only."""

    async def keep(self, raw: bytes, envelope: Envelope) -> Kept:
        raise DeskUnavailable


def _certificate(settings: Settings) -> ssl.SSLContext | None:
    if settings.mail_listen_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.mail_listen_certificate)
    return context
