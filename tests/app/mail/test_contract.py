"""E-mail keeps the contract every channel keeps: a real SMTP server far away, the desk's own book at hand."""

from collections.abc import AsyncIterator, Sequence
from email import message_from_bytes
from email.policy import default

import pytest

from app.letterbook import DeskLetterbook, LetterbookParts
from app.mail_settings import MailDesk
from bot.activity import Activity, Kind, Role, Sender
from bot.replies.catalogue import load_catalogue
from channels.email.adapter import EmailAdapter
from channels.email.marker import REPLY_MARK
from channels.email.patience import Patience
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from tests.app.mail.mailing import DESK, MailingDesk, text_of
from tests.channels.email.servers import Scripted, serving
from tests.contracts.channel import ChannelContract, ChannelRig


class EmailRig(ChannelRig):
    """A conversation by mail, and the server that takes our answers in it."""

    def __init__(self, desk: MailingDesk, adapter: EmailAdapter, server: Scripted, conversation: str) -> None:
        self.adapter = adapter
        self._desk, self._server, self._conversation = desk, server, conversation

    async def activity(self, key: str, text: str) -> Activity:
        return Activity(
            kind=Kind.MESSAGE, channel="email", conversation=self._conversation, sender=Sender(Role.AGENT, "1", "Li"),
            key=key, text=text, at=self._desk.clock(),
        )  # fmt: skip

    async def delivered(self) -> Sequence[str]:
        mails = [message_from_bytes(raw, policy=default) for raw in self._server.taken]
        return [words_of(text_of(mail)) for mail in mails]

    async def break_far_side(self) -> None:
        self._server.at_rcpt = "drop"


def words_of(text: str) -> str:
    """What was said, without the line above and the signature below."""
    mark, _, rest = text.partition("\n\n")
    assert REPLY_MARK in mark
    words, _, _ = rest.rpartition("\n\n-- \n")
    return words


class TestEmail(ChannelContract):
    @pytest.fixture
    async def rig(self, desk: MailingDesk) -> AsyncIterator[ChannelRig]:
        await desk.hears("Hello", dmarc="pass")
        async with desk.house.database.snapshot() as snapshot:
            import sqlalchemy as sa

            conversation = (await snapshot.rows(sa.text("SELECT conversation_id FROM mails")))[0][0]
        server = Scripted()
        async with serving(server, enable_SMTPUTF8=True) as port:
            settings = SmtpSettings(
                host="127.0.0.1",
                port=port,
                sender=DESK,
                company="Larder",
                security="plain",
                patience=Patience(command_s=2.0, taken_s=2.0),
            )
            bot = desk.house.bot
            words = load_catalogue("en", zone=bot.catalogue.zone, company="Larder").words
            parts = LetterbookParts(
                database=desk.house.database, desk=MailDesk(DESK), company="Larder", secret=bot.secret, words=words,
                now=desk.clock,
            )  # fmt: skip
            adapter = EmailAdapter(DeskLetterbook(parts), SmtpSender(settings, _nothing), "Larder")
            yield EmailRig(desk, adapter, server, str(conversation))


async def _nothing(params):
    return params
