"""The mail rooms of the house: what sends, what knows of mails, what files them."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.demo.mailbox import DemoMailbox
from app.jobs.filing import Filing, FilingParts
from app.jobs.forgetting import MailsKept
from app.jobs.turns import Turns
from app.letterbook import LetterbookParts
from app.mail_settings import mail_desk
from app.mail_ways import smtp_settings
from app.notice_links import NoticeLinks
from app.settings import Settings
from bot.turn import Bot
from channels.email.dkim_signing import signer
from channels.email.mailroom import Reads
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from customers.codes import mail_params
from storage.engine import Database


def mail_sender(
    settings: Settings,
    mailbox: DemoMailbox | None,
    *,
    database: Database,
    secret: bytes,
    now: Callable[[], datetime],
    notice_links: NoticeLinks,
) -> SmtpSender:
    """What mails leave by, signed where a key is configured."""
    resolve = partial(_resolve_params, database, secret, now, notice_links)
    return SmtpSender(_smtp(settings, mailbox), resolve, sign=_dkim(settings))


def letterbook_parts(
    settings: Settings, database: Database, secret: bytes, words: Mapping[str, str], now: Callable[[], datetime]
) -> LetterbookParts:
    return LetterbookParts(
        database=database,
        desk=mail_desk(settings),
        company=settings.company,
        secret=secret,
        words=words,
        now=now,
        an_hour=settings.mail_limit_hour,
        an_hour_unproved=settings.mail_limit_hour_unproved,
    )


def filing_of(settings: Settings, bot: Bot, reader: Reads, turns: Turns) -> Filing:
    return Filing(
        FilingParts(
            database=bot.database,
            reader=reader,
            desk=mail_desk(settings),
            words=bot.catalogue.words,
            secret=bot.secret,
            fallback_department=bot.fallback_department,
            now=bot.clock,
            notice=turns.notice,
        )
    )


def mails_kept(settings: Settings) -> MailsKept:
    return MailsKept(timedelta(days=settings.mail_raw_days), timedelta(days=settings.mail_aside_days))


def _smtp(settings: Settings, mailbox: DemoMailbox | None) -> SmtpSettings:
    """The company's mail server, or in the demo the mailbox of our own."""
    if mailbox is not None:
        return SmtpSettings(
            host="127.0.0.1",
            port=mailbox.port,
            security="plain",
            sender=settings.mail_from,
            company=settings.company,
            answers_read=settings.mail_comes_in,
        )
    return smtp_settings(settings)


def _dkim(settings: Settings) -> Callable[[bytes], bytes] | None:
    """Signs our mails, where a key is configured."""
    if not settings.dkim_domain or settings.dkim_key_file is None:
        return None
    return signer(settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file.read_bytes())


async def _resolve_params(
    database: Database,
    secret: bytes,
    now: Callable[[], datetime],
    notice_links: NoticeLinks,
    params: Mapping[str, Any],
) -> Mapping[str, Any] | None:
    """What a mail says that the outbox must not hold: codes and the links of notices are derived when it is written."""
    if "holder" in params:
        return await notice_links.resolve(params)
    if "code_id" not in params:
        return params
    async with database.snapshot() as snapshot:
        return await mail_params(snapshot, secret, UUID(params["code_id"]), at=now())
