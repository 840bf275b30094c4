"""Stopping: what has begun to leave ends or is in doubt, what has not is sent by the next start, and nothing twice."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs import delivery as delivery_job
from app.jobs.delivery import Delivery, Outcome
from app.jobs.mail import send_mail
from channels import leaving
from channels.email import smtp_connection
from channels.email.smtp import SmtpSender
from channels.email.smtp_connection import SmtpConnections, SmtpSettings
from channels.protocol import DeliveryFailed
from storage.engine import Database
from storage.errors import StorageUnavailable
from storage.outbox import Outbox
from storage.tables import outbox
from tests.channels.email.servers import Scripted, serving
from tests.eventually import until

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


class Lingers(Scripted):
    """A server that has taken the mail, and is slow to say farewell."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    async def handle_QUIT(self, server, session, envelope):
        self.left.set()
        await asyncio.sleep(1)
        return "221 Bye"


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


async def test_one_that_was_taken_is_written_down_though_the_server_is_slow_to_say_farewell(database: Database) -> None:
    server = Lingers()
    await writes(database, "one")
    async with serving(server) as port:
        delivery = by_mail(database, port)
        await delivery.begin("mail")
        await asyncio.wait_for(server.left.wait(), 10)
        await asyncio.wait_for(delivery.close(), 10)
        assert await states(database) == ["done"]
        await by_mail(database, port).run()
    assert len(server.taken) == 1


async def test_what_came_of_it_is_written_down_though_the_desk_stops_just_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, writing = Scripted(), asyncio.Event()
    await writes(database, "one")
    async with serving(server) as port:
        delivery = by_mail(database, port)
        record = delivery._record

        async def slowly(outcomes: list[Outcome]) -> None:
            writing.set()
            await asyncio.sleep(0.2)
            await record(outcomes)

        monkeypatch.setattr(delivery, "_record", slowly)
        await delivery.begin("mail")
        await asyncio.wait_for(writing.wait(), 10)
        await asyncio.wait_for(delivery.close(), 10)
        assert await states(database) == ["done"]
        await by_mail(database, port).run()
    assert len(server.taken) == 1


async def test_a_server_that_says_nothing_has_no_more_connections_than_it_may_and_others_get_by(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What finds no connection is tried later, so that it stands in nobody's way."""
    monkeypatch.setattr(smtp_connection, "FREE_WITHIN_S", 0.1)
    lines: list[asyncio.StreamWriter] = []

    async def says_nothing(_: asyncio.StreamReader, line: asyncio.StreamWriter) -> None:
        lines.append(line)

    async with await asyncio.start_server(says_nothing, "127.0.0.1", 0) as silent:
        delivery = by_mail(database, silent.sockets[0].getsockname()[1])
        await writes(database, *(f"stream-{place}" for place in range(3 * smtp_connection.AT_ONCE_MAX)))
        await delivery.begin("mail")
        await until(lambda: under_way(delivery) == smtp_connection.AT_ONCE_MAX)
        assert len(lines) == smtp_connection.AT_ONCE_MAX
        await delivery.close()
        for line in lines:
            line.close()
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(outbox.c.state, outbox.c.tries, outbox.c.next_try_at))
    assert [(row.state, row.tries) for row in rows] == [("pending", 0)] * 3 * smtp_connection.AT_ONCE_MAX
    put_off = [row.next_try_at for row in rows if row.next_try_at is not None]
    assert len(put_off) == 2 * smtp_connection.AT_ONCE_MAX
    assert max(put_off) < AT + timedelta(seconds=smtp_connection.AGAIN_WITHIN_S)
    assert len(set(put_off)) > 1, "they do not all come again at once"


async def test_notices_leave_lines_for_what_somebody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_connection, "FREE_WITHIN_S", 0.1)
    async with serving(Scripted()) as port:
        settings = SmtpSettings("127.0.0.1", port, "desk@shop.example", "Shop", security="plain")
        connections = SmtpConnections(settings)
        most = smtp_connection.AT_ONCE_MAX - smtp_connection.HURRIED_MIN
        notices = [await connections.open(hurried=False) for _ in range(most)]
        with pytest.raises(DeliveryFailed):
            await connections.open(hurried=False)
        codes = [await connections.open(hurried=True) for _ in range(smtp_connection.HURRIED_MIN)]
        with pytest.raises(DeliveryFailed):
            await connections.open(hurried=True)
        connections.leave(notices.pop())
        notices.append(await connections.open(hurried=False))
        for client in (*notices, *codes):
            connections.leave(client)
        await asyncio.gather(*connections._farewells)


async def test_what_came_of_it_is_written_down_once_the_database_is_there_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_job, "WRITTEN_DOWN_AFTER_S", (0.01, 0.01))
    server, tries = Scripted(), list[int]()
    await writes(database, "one")
    async with serving(server) as port:
        delivery = by_mail(database, port)
        write_down = delivery._write_down

        async def not_at_first(outcomes: list[Outcome]) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise StorageUnavailable
            await write_down(outcomes)

        monkeypatch.setattr(delivery, "_write_down", not_at_first)
        await delivery.run()
        assert (await states(database), len(tries)) == (["done"], 3)
    assert len(server.taken) == 1


def under_way(delivery: Delivery) -> int:
    return len(delivery._under_way["mail"])
