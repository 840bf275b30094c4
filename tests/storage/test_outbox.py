"""What waits to leave: order within a stream, retries, receipts, and who is woken."""

import asyncio
from datetime import UTC, datetime, timedelta

from storage.engine import Database
from storage.outbox import Outbox, OutboxRow, last_id, published_after, waiting

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def deliver(database: Database, *streams: str, topic: str = "deliver") -> None:
    async with database.unit_of_work() as work:
        for number, stream in enumerate(streams):
            Outbox(work).deliver(topic, stream, {"n": number}, at=MONDAY)


async def due(database: Database, at: datetime = MONDAY) -> list[OutboxRow]:
    async with database.snapshot() as snapshot:
        return list(await waiting(snapshot, at=at))


async def test_deliveries_wait_in_the_order_they_were_written(any_database: Database) -> None:
    await deliver(any_database, "s1", "s2", "s1")

    assert [(row.stream, row.payload["n"]) for row in await due(any_database)] == [("s1", 0), ("s2", 1), ("s1", 2)]


async def test_a_head_that_waits_for_a_retry_holds_its_stream_and_no_other(any_database: Database) -> None:
    await deliver(any_database, "s1", "s2", "s1")
    head = (await due(any_database))[0]
    async with any_database.unit_of_work() as work:
        Outbox(work).retry(head, "429", next_try_at=MONDAY + MINUTE)

    assert [row.stream for row in await due(any_database)] == ["s2"]
    later = await due(any_database, at=MONDAY + MINUTE)
    assert [(row.stream, row.tries) for row in later] == [("s1", 1), ("s2", 0), ("s1", 0)]


async def test_a_stream_of_one_topic_does_not_hold_the_same_name_of_another(any_database: Database) -> None:
    await deliver(any_database, "s1", topic="mail")
    await deliver(any_database, "s1", topic="deliver")
    mail = (await due(any_database))[0]
    async with any_database.unit_of_work() as work:
        Outbox(work).retry(mail, "451", next_try_at=MONDAY + MINUTE)

    assert [row.topic for row in await due(any_database)] == ["deliver"]


async def test_what_was_delivered_or_given_up_does_not_wait_any_more(any_database: Database) -> None:
    await deliver(any_database, "s1", "s2", "s3")
    one, two, three = await due(any_database)
    async with any_database.unit_of_work() as work:
        Outbox(work).delivered(one, {"id": "x"})
        Outbox(work).give_up(two, "550 no such person")
        Outbox(work).give_up(three, "reset", ambiguous=True)

    assert await due(any_database) == []


async def test_facts_are_read_on_from_the_last_one_seen(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        for number in range(3):
            Outbox(work).publish("event", "case-1", {"n": number}, at=MONDAY)
        Outbox(work).publish("other", "case-1", {}, at=MONDAY)

    async with any_database.snapshot() as snapshot:
        first, second, third = await published_after(snapshot, "event", 0)
        assert [row.payload["n"] for row in await published_after(snapshot, "event", first.id)] == [1, 2]
        assert await last_id(snapshot, "event") == third.id > second.id
        assert await last_id(snapshot, "nothing yet") == 0
    assert await due(any_database) == []


async def test_facts_of_many_writers_appear_in_the_order_of_their_ids(any_database: Database) -> None:
    async def publish(number: int) -> None:
        async with any_database.unit_of_work() as work:
            Outbox(work).publish("event", str(number), {}, at=MONDAY)

    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 40:
            async with any_database.snapshot() as snapshot:
                seen.extend(row.id for row in await published_after(snapshot, "event", seen[-1] if seen else 0))

    async with asyncio.timeout(10):
        await asyncio.gather(follow(), *(publish(number) for number in range(40)))
    assert len(seen) == len(set(seen)) == 40


async def test_whoever_waits_for_a_topic_is_woken_after_the_commit(any_database: Database) -> None:
    async with any_database.waiter("mail", "deliver") as woken:
        await deliver(any_database, "s1", topic="other")
        assert not woken.is_set()
        async with any_database.unit_of_work() as work:
            Outbox(work).deliver("mail", "s1", {}, at=MONDAY)
            assert not woken.is_set()
        assert woken.is_set()
        assert len(await due(any_database)) == 2
