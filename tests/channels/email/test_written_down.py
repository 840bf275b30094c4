"""Whatever the desk is told while it writes down what came of a mail: it is written down, and not sent again."""

import asyncio
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any, cast

import pytest

from channels.email import adapter
from channels.email.letter import Mailbox
from channels.email.outline import Letterbook, Outline
from channels.email.smtp import Later, SmtpSender
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import DeliveryFailed, Receipt
from tests.channels.email.servers import Scripted, serving

ANA, COPY, DESK = "ana@corner.example", "copy@corner.example", "desk@shop.example"


class HangsUp(Scripted):
    """It may have the text, and nobody knows."""

    async def handle_DATA(self, server, session, envelope):
        server.transport.abort()
        return "250 ok"


class SlowBook:
    """What the desk keeps of mails, over a database that takes its time, or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.writing, self.kept, self.fails = asyncio.Event(), list[str](), fails

    async def _write(self, what: str) -> None:
        self.writing.set()
        await asyncio.sleep(0.1)
        if self.fails:
            raise OSError(what)
        self.kept.append(what)

    async def sent(self, _: str, __: Receipt) -> None:
        await self._write("sent")

    async def took(self, _: str, recipient: str) -> None:
        """For one of several; who has it in the end is what these tests ask for."""

    async def later(self, _: str, later: Later) -> None:
        await self._write(f"{later.taken} have it")

    async def doubted(self, _: str, __: Any) -> None:
        await self._write("doubted")


class Planned:
    """A mail to a customer, and whoever else has a copy."""

    message_id = "x"
    to = Mailbox(ANA)
    had = ()

    def __init__(self, *addresses: str) -> None:
        self.envelopes = dict.fromkeys(addresses, DESK)


def written(*_: Any) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"], message["From"], message["To"] = "<x@shop.example>", DESK, ANA
    message.set_content("Your till comes on Monday.")
    return message


async def sends(book: SlowBook, server: Scripted, *addresses: str, stops: bool) -> Any:
    """What came of it, as the outbox would write it down."""

    async def as_they_are(params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params

    async with serving(server) as port:
        settings = SmtpSettings("127.0.0.1", port, DESK, "Shop", security="plain")
        mail = adapter.EmailAdapter(cast("Letterbook", book), SmtpSender(settings, as_they_are), "Shop")
        sending = asyncio.create_task(mail.send_outline(cast("Outline", Planned(*addresses))))
        writing = asyncio.create_task(book.writing.wait())
        await asyncio.wait((sending, writing), return_when=asyncio.FIRST_COMPLETED)
        writing.cancel()
        if stops:
            sending.cancel()
        (outcome,) = await asyncio.gather(sending, return_exceptions=True)
    return outcome


@pytest.fixture(autouse=True)
def composed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "compose", written)


async def test_that_it_was_taken() -> None:
    book = SlowBook()
    assert isinstance(await sends(book, Scripted(), ANA, stops=True), Receipt)
    assert book.kept == ["sent"]


async def test_who_has_it_where_it_is_tried_later_for_others() -> None:
    book, server = SlowBook(), Scripted()
    server.at_address = {ANA: "451 later"}
    assert isinstance(await sends(book, server, ANA, COPY, stops=True), Later)
    assert book.kept == [f"['{COPY}'] have it"]


async def test_that_it_is_in_doubt() -> None:
    book = SlowBook()
    outcome = await sends(book, HangsUp(), ANA, stops=True)
    assert isinstance(outcome, DeliveryFailed)
    assert (outcome.ambiguous, book.kept) == (True, ["doubted"])


async def test_what_was_taken_and_cannot_be_written_down_is_in_doubt() -> None:
    outcome = await sends(SlowBook(fails=True), Scripted(), ANA, stops=False)
    assert isinstance(outcome, DeliveryFailed)
    assert (outcome.ambiguous, outcome.retry) == (True, False)
