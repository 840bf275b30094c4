"""Stopping: what has begun to leave ends or is in doubt, what has not is sent by the next start, and nothing twice."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs.delivery import Delivery
from app.jobs.mail import send_mail
from channels import leaving
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpSettings
from storage.engine import Database
from storage.outbox import Outbox
from storage.tables import outbox
from tests.channels.email.servers import Scripted, serving

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA = "ana@corner.example"


class Thinks(Scripted):
    """A server that has the text, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.has_it, self.answers = asyncio.Event(), asyncio.Event()

    async def handle_DATA(self, server, session, envelope):
        reply = await super().handle_DATA(server, session, envelope)
        self.has_it.set()
        await self.answers.wait()
        return reply


def by_mail(database: Database, port: int) -> Delivery:
    async def as_they_are(params: Mapping[str, Any]) -> Mapping[str, Any]:
        return params

    settings = SmtpSettings("127.0.0.1", port, "desk@shop.example", "Shop", security="plain")
    return Delivery(database, lambda: AT, {"mail": send_mail(database, SmtpSender(settings, as_they_are))})


async def writes(database: Database, *streams: str) -> None:
    code = {"template": "one_time_code", "to": ANA, "language": "en", "params": {"code": "1", "minutes": 10}}
    async with database.unit_of_work() as work:
        for stream in streams:
            Outbox(work).deliver("mail", stream, code, at=AT)


async def states(database: Database) -> list[str]:
    async with database.snapshot() as snapshot:
        return [row.state for row in await snapshot.rows(sa.select(outbox.c.state).order_by(outbox.c.id))]


async def stops(delivery: Delivery, server: Thinks) -> None:
    await delivery.begin("mail")
    await asyncio.wait_for(server.has_it.wait(), 10)
    closing = asyncio.create_task(delivery.close())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.2, server.answers.set)
    await asyncio.wait_for(closing, 10)


async def test_a_mail_whose_text_has_left_is_waited_for_and_the_next_of_its_stream_is_not_begun(
    database: Database,
) -> None:
    server = Thinks()
    await writes(database, "one", "one")
    async with serving(server) as port:
        await stops(by_mail(database, port), server)
        assert (await states(database), len(server.taken)) == (["done", "pending"], 1)
        await by_mail(database, port).run()
    assert (await states(database), len(server.taken)) == (["done", "done"], 2)


async def test_one_that_is_not_answered_in_time_is_in_doubt_and_does_not_leave_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "ENDS_WITHIN_S", 0.01)
    server = Thinks()
    await writes(database, "one")
    async with serving(server) as port:
        await stops(by_mail(database, port), server)
        assert await states(database) == ["ambiguous"]
        await by_mail(database, port).run()
    assert len(server.taken) == 1


async def test_one_whose_text_has_not_left_is_sent_by_the_next_start(database: Database) -> None:
    server = Scripted()
    server.stalls = {ANA}
    await writes(database, "one")
    async with serving(server) as port:
        delivery = by_mail(database, port)
        await delivery.begin("mail")
        await asyncio.wait_for(server.stalled.wait(), 10)
        await asyncio.wait_for(delivery.close(), 3)
        await delivery.run()
        assert await states(database) == ["pending"], "a desk that stops begins nothing more"
        server.stalls = set()
        await by_mail(database, port).run()
    assert (await states(database), len(server.taken)) == (["done"], 1)
