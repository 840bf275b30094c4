"""The outbox is emptied: in order, once, and a slow receiver holds up nobody else."""

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from app.jobs.delivery import TASK, Delivery
from channels.protocol import DeliveryFailed, Receipt
from storage.engine import Database
from storage.errors import Conflict
from storage.outbox import Outbox, OutboxRow, waiting
from storage.tables import outbox
from storage.transaction import UnitOfWork

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def write(database: Database, topic: str, *names: str, stream: str = "one") -> None:
    async with database.unit_of_work() as work:
        for name in names:
            Outbox(work).deliver(topic, stream, {"name": name}, at=AT)


async def left(database: Database) -> list[str]:
    async with database.snapshot() as snapshot:
        return [row.payload["name"] for row in await waiting(snapshot, at=AT)]


class Receiver:
    """Takes deliveries when it is open."""

    def __init__(self, name: str, *, is_open: bool = True) -> None:
        self.taken: list[str] = []
        self.open = asyncio.Event()
        self._name = name
        if is_open:
            self.open.set()

    async def __call__(self, row: OutboxRow) -> Receipt:
        await self.open.wait()
        self.taken.append(row.payload["name"])
        return Receipt(self._name, {})


async def test_a_slow_mail_server_holds_up_the_mails_alone(database: Database) -> None:
    chat, mail = Receiver("chat"), Receiver("mail", is_open=False)
    delivery = Delivery(database, lambda: AT, {"deliver": chat, "mail": mail})
    await write(database, "mail", "a code")
    slow = asyncio.create_task(delivery.run("mail"))
    await write(database, "deliver", "an answer")

    await asyncio.wait_for(delivery.run("deliver"), 5)

    assert chat.taken == ["an answer"]
    assert await left(database) == ["a code"]
    mail.open.set()
    await slow
    assert await left(database) == []


async def test_the_same_delivery_is_never_under_way_twice(database: Database) -> None:
    mail = Receiver("mail", is_open=False)
    delivery = Delivery(database, lambda: AT, {"mail": mail})
    await write(database, "mail", "a code")
    runs = [asyncio.create_task(delivery.run()) for _ in range(3)]
    await asyncio.sleep(0.05)
    mail.open.set()
    await asyncio.gather(*runs)
    assert mail.taken == ["a code"]


async def test_more_than_one_reading_holds_is_delivered_in_order(database: Database) -> None:
    chat = Receiver("chat")
    names = [str(number) for number in range(450)]
    await write(database, "deliver", *names)
    await Delivery(database, lambda: AT, {"deliver": chat}).run()
    assert chat.taken == names
    assert await left(database) == []


async def test_what_follows_a_failed_delivery_waits_for_it(database: Database) -> None:
    async def refuses(row: OutboxRow) -> Receipt:
        if row.stream == "one":
            raise DeliveryFailed("not now", retry=True)
        return Receipt("chat", {})

    await write(database, "deliver", "first", "second")
    await write(database, "deliver", "elsewhere", stream="other")
    await Delivery(database, lambda: AT, {"deliver": refuses}).run()
    assert await left(database) == []
    async with database.snapshot() as snapshot:
        later = await waiting(snapshot, at=datetime(2026, 3, 2, 10, 0, tzinfo=UTC))
    assert [(row.payload["name"], row.tries) for row in later] == [("first", 1), ("second", 0)]


async def test_a_slow_conversation_holds_up_itself_alone(database: Database) -> None:
    """A Connector that hangs, and a web chat beside it: both are of the one topic."""
    teams, chat = Receiver("teams", is_open=False), Receiver("web")

    async def send(row: OutboxRow) -> Receipt:
        return await (teams if row.stream.startswith("teams") else chat)(row)

    delivery = Delivery(database, lambda: AT, {"deliver": send})
    await write(database, "deliver", *(str(number) for number in range(450)), stream="teams one")
    async with database.waiter("deliver") as woken:
        await asyncio.wait_for(delivery.begin("deliver"), 20)
        await write(database, "deliver", "later", stream="teams one")
        await write(database, "deliver", "an answer", stream="web one")
        await asyncio.wait_for(delivery.begin("deliver"), 20)
        while "an answer" in await left(database):
            await asyncio.wait_for(woken.wait(), 20)
            woken.clear()
        assert (chat.taken, teams.taken) == (["an answer"], [])

        teams.open.set()
        while await left(database):
            await asyncio.wait_for(woken.wait(), 20)
            woken.clear()
            await delivery.begin("deliver")
    assert teams.taken == [*(str(number) for number in range(450)), "later"]


async def test_what_is_under_way_when_the_desk_stops_is_cancelled_and_the_rest_recorded(database: Database) -> None:
    slow = Receiver("chat", is_open=False)

    async def send(row: OutboxRow) -> Receipt:
        return Receipt("chat", {}) if row.payload["name"] == "quick" else await slow(row)

    delivery = Delivery(database, lambda: AT, {"deliver": send})
    await write(database, "deliver", "quick", "slow")
    await delivery.begin("deliver")
    await asyncio.sleep(0)
    await delivery.close()
    await delivery.close()
    assert "slow" in await left(database)


@pytest.mark.parametrize(("ambiguous", "state"), [(True, "ambiguous"), (False, "failed")])
async def test_what_is_given_up_is_told_in_the_same_commit_also_when_somebody_was_faster(
    database: Database, ambiguous: bool, state: str
) -> None:
    told: list[tuple[str, str, bool]] = []

    async def lost(row: OutboxRow) -> Receipt:
        raise DeliveryFailed("no reply", ambiguous=ambiguous)

    async def gave_up(work: UnitOfWork, row: OutboxRow, failed: DeliveryFailed) -> None:
        told.append((row.payload["name"], failed.reason, failed.ambiguous))
        if len(told) < 3:
            raise Conflict
        Outbox(work).publish("event", "one", {"told": row.payload["name"]}, at=AT)

    await write(database, "mail", "words")
    await Delivery(database, lambda: AT, {"mail": lost}, gave_up).run()

    assert told == [("words", "no_answer" if ambiguous else "refused", ambiguous)] * 3
    async with database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(outbox.c.topic, outbox.c.state).order_by(outbox.c.id))
    assert [tuple(row) for row in rows] == [("mail", state), ("event", "published")]


async def test_what_cannot_be_told_is_given_up_all_the_same_and_never_sent_again(database: Database) -> None:
    tries: list[str] = []

    async def lost(row: OutboxRow) -> Receipt:
        tries.append(row.payload["name"])
        raise DeliveryFailed("no reply", ambiguous=True)

    async def gave_up(work: UnitOfWork, row: OutboxRow, failed: DeliveryFailed) -> None:
        raise RuntimeError("a fault")

    await write(database, "mail", "words")
    for _ in range(2):
        await Delivery(database, lambda: AT, {"mail": lost}, gave_up).run()
    assert (tries, await left(database)) == (["words"], [])


async def test_of_two_processes_one_delivers_and_the_other_goes_on_in_its_place(any_database: Database) -> None:
    async def send(row: OutboxRow) -> Receipt:
        await asyncio.sleep(0.01)
        taken.append(row.payload["name"])
        return Receipt("mail", {})

    taken, names = list[str](), [f"a mail {place}" for place in range(20)]
    other = Database(any_database.url)
    try:
        for place, name in enumerate(names):
            await write(any_database, "mail", name, stream=f"to {place}")
        assert await other.is_alone_at(TASK)  # it began first
        first, second = (Delivery(one, lambda: AT, {"mail": send}) for one in (other, any_database))
        await asyncio.gather(first.run(), second.run())
        assert sorted(taken) == sorted(names)
        await write(any_database, "mail", "a late one")
        await second.run()
        assert await left(any_database) == ["a late one"]
    finally:
        await other.close()
    await second.run()
    assert await left(any_database) == []
    assert taken[-1] == "a late one"
