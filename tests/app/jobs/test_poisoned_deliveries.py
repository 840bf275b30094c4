"""A row that cannot be carried out is recorded as failed; the good ones beside it leave once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.demo.mailbox import DemoMailbox
from app.jobs.delivery import Delivery, Send, send_activity
from app.jobs.mail import send_mail
from bot.activity import Activity
from caseengine.activities import Activities, said
from caseengine.model.actor import SYSTEM
from caseengine.operations.conversing import open_conversation
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from channels.protocol import Receipt
from storage.engine import Database
from storage.errors import StorageUnavailable
from storage.outbox import Outbox, OutboxRow
from storage.tables import outbox

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD_MAIL = {"template": "one_time_code", "to": "mira@example.org", "language": "en", "params": {}}
CODE = {"code": "482913", "minutes": 10}


class Chat:
    """A channel that takes everything."""

    name = "web"

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        self.taken.append(activity.text)
        return Receipt(self.name, {"key": key})


@pytest.fixture
async def mailbox() -> AsyncIterator[DemoMailbox]:
    box = DemoMailbox()
    await box.start()
    yield box
    await box.stop()


def mails_to(database: Database, mailbox: DemoMailbox) -> Send:
    async def resolve(params: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**CODE, **params}

    settings = SmtpSettings(
        host="127.0.0.1", port=mailbox.port, security="plain", sender="desk@example.org", company="Lumen"
    )
    return send_mail(database, SmtpSender(settings, resolve))


async def write(database: Database, topic: str, *rows: tuple[str, Mapping[str, Any]]) -> None:
    async with database.unit_of_work() as work:
        for stream, payload in rows:
            Outbox(work).deliver(topic, stream, payload, at=AT)


async def states(database: Database, topic: str) -> list[tuple[str, str | None]]:
    async with database.snapshot() as snapshot:
        statement = sa.select(outbox.c.state, outbox.c.last_error).where(outbox.c.topic == topic).order_by(outbox.c.id)
        return [(row.state, row.last_error) for row in await snapshot.rows(statement)]


async def test_a_mail_nobody_can_read_is_given_up_and_the_good_one_leaves_once(
    database: Database, mailbox: DemoMailbox
) -> None:
    delivery = Delivery(database, lambda: AT, {"mail": mails_to(database, mailbox)})
    await write(database, "mail", ("poison", {"nonsense": 1}), ("mira", GOOD_MAIL), ("poison", GOOD_MAIL))

    for _ in range(3):
        await delivery.run()

    assert [mail.to for mail in mailbox.mails()] == [("mira@example.org",)] * 2
    assert await states(database, "mail") == [
        ("failed", "it cannot be carried out: KeyError"),
        ("done", None),
        ("done", None),
    ]


async def said_in(database: Database, text: str) -> UUID:
    conversation = uuid4()
    async with database.unit_of_work() as work:
        await open_conversation(work, id=conversation, channel="web", visitor="v", locale="en", at=AT)
    async with database.unit_of_work() as work:
        body = said(text, conversation=conversation, channel="web", key="k1", by=SYSTEM)
        Activities(work).append(conversation, key="k1", body=body, at=AT, channel="web", deliver=True)
    return conversation


async def test_an_activity_nobody_can_find_is_given_up_and_the_good_one_leaves_once(database: Database) -> None:
    chat = Chat()
    bad = {"channel": "web", "conversation": "no uuid", "key": "k1"}
    await write(database, "deliver", ("poison", bad), ("poison", {"nonsense": 1}))
    await said_in(database, "Hello")
    delivery = Delivery(database, lambda: AT, {"deliver": send_activity(database, {"web": chat})})

    for _ in range(3):
        await delivery.run()

    assert chat.taken == ["Hello"]
    assert await states(database, "deliver") == [
        ("failed", "it cannot be carried out: ValueError"),
        ("failed", "it cannot be carried out: KeyError"),
        ("done", None),
    ]


async def test_a_database_that_cannot_be_read_is_no_fault_of_the_row(database: Database) -> None:
    async def send(_: OutboxRow) -> Receipt:
        raise StorageUnavailable

    await write(database, "deliver", ("one", {}), ("one", {}))
    await Delivery(database, lambda: AT, {"deliver": send}).run()

    assert await states(database, "deliver") == [("pending", "the database is not available"), ("pending", None)]


async def test_a_slow_stream_holds_back_no_receipt_of_another_and_what_it_sent_is_not_forgotten(
    database: Database,
) -> None:
    async def send(row: OutboxRow) -> Receipt:
        if row.payload.get("hangs"):
            await asyncio.Event().wait()
        return Receipt("web", {})

    await write(database, "deliver", ("slow", {}), ("slow", {"hangs": True}), ("quick", {}))
    run = asyncio.create_task(Delivery(database, lambda: AT, {"deliver": send}).run())
    async with asyncio.timeout(5):
        while (await states(database, "deliver"))[2] != ("done", None):  # noqa: ASYNC110 (it is a row that changes)
            await asyncio.sleep(0.01)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    assert await states(database, "deliver") == [("done", None), ("pending", None), ("done", None)]


async def test_one_stream_that_cannot_be_recorded_does_not_double_the_others(database: Database) -> None:
    sent: list[str] = []

    async def send(row: OutboxRow) -> Receipt:
        if row.stream == "slow":
            await asyncio.sleep(0.2)
        sent.append(row.stream)
        return Receipt("web", {"proof": object()} if row.stream == "odd" else {})

    await write(database, "deliver", ("odd", {}), ("slow", {}))
    delivery = Delivery(database, lambda: AT, {"deliver": send})
    for _ in range(2):
        with pytest.raises(Exception, match="not JSON serializable"):
            await delivery.run()

    assert sorted(sent) == ["odd", "odd", "slow"]
