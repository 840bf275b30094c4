"""The unit of work on every database we run on."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict
from storage.inbox import Inbox, InboxRow, pending_rows, pending_streams
from storage.tables import inbox, outbox
from storage.transaction import UnitOfWork, Write

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def receive(work: UnitOfWork, key: str, stream: str = "s1") -> None:
    Inbox(work).receive(source="web", stream=stream, key=key, payload={"said": key}, raw=b"{}", at=MONDAY)


async def received(database: Database, stream: str = "s1") -> list[InboxRow]:
    async with database.snapshot() as snapshot:
        return list(await pending_rows(snapshot, stream))


async def test_what_was_written_is_there_afterwards_as_it_was_given(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        receive(work, "k1")

    [row] = await received(any_database)
    assert (row.key, row.payload, row.raw, row.received_at, row.tries) == ("k1", {"said": "k1"}, b"{}", MONDAY, 0)


async def test_an_instant_of_another_zone_comes_back_in_utc(any_database: Database) -> None:
    shanghai = MONDAY.astimezone(tz=None) + timedelta(microseconds=7)
    async with any_database.unit_of_work() as work:
        Inbox(work).receive(source="web", stream="s1", key="k", payload={}, raw=None, at=shanghai)

    [row] = await received(any_database)
    assert row.received_at == MONDAY + timedelta(microseconds=7)
    assert row.received_at.tzinfo == UTC or row.received_at.utcoffset() == timedelta(0)


async def test_an_exception_in_the_block_leaves_no_trace(any_database: Database) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with any_database.unit_of_work() as work:
            receive(work, "k1")
            raise RuntimeError("changed my mind")

    assert await received(any_database) == []


async def test_the_same_key_twice_is_refused_and_nothing_else_of_that_unit_is_written(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        receive(work, "k1")

    with pytest.raises(AlreadyReceived) as refusal:
        async with any_database.unit_of_work() as work:
            receive(work, "k2")
            receive(work, "k1")

    assert refusal.value.params == {"source": "web", "stream": "s1", "key": "k1"}
    assert [row.key for row in await received(any_database)] == ["k1"]


async def test_the_same_key_five_times_at_once_is_written_once(any_database: Database) -> None:
    async def try_once() -> bool:
        try:
            async with any_database.unit_of_work() as work:
                receive(work, "k1")
        except AlreadyReceived:
            return False
        return True

    assert sorted(await asyncio.gather(*(try_once() for _ in range(5)))) == [False, False, False, False, True]


async def test_units_that_share_a_commit_do_not_share_a_failure(any_database: Database) -> None:
    async def write(key: str) -> None:
        async with any_database.unit_of_work() as work:
            receive(work, key)

    await write("k5")
    outcomes = await asyncio.gather(*(write(f"k{n}") for n in range(10)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes if outcome] == [AlreadyReceived]
    assert sorted(row.key for row in await received(any_database)) == [f"k{n}" for n in range(10)]


async def test_a_row_that_changed_meanwhile_is_a_conflict(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        receive(work, "k1")
    [row] = await received(any_database)
    async with any_database.unit_of_work() as work:
        Inbox(work).done(row, at=MONDAY)

    with pytest.raises(Conflict):
        async with any_database.unit_of_work() as work:
            receive(work, "an effect")
            Inbox(work).done(row, at=MONDAY)

    assert await received(any_database) == []


async def test_a_write_gives_back_what_it_returned(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        values = {"topic": "t", "stream": "s", "payload": {}, "state": "published", "emitted_at": MONDAY}
        first = work.write(sa.insert(outbox).values(values).returning(outbox.c.id))
        second = work.write(sa.insert(outbox).values(values).returning(outbox.c.id))

    assert first.result is not None
    assert second.result is not None
    assert second.result.id > first.result.id


async def test_a_snapshot_does_not_move_while_others_commit(any_database: Database) -> None:
    count = sa.select(sa.func.count()).select_from(inbox)
    async with any_database.snapshot() as snapshot:
        before = await snapshot.scalar(count)
        async with any_database.unit_of_work() as work:
            receive(work, "k1")
        assert await snapshot.scalar(count) == before == 0

    assert len(await received(any_database)) == 1


async def test_a_unit_of_work_reads_from_its_snapshot_and_keeps_what_it_touched(any_database: Database) -> None:
    flushed: list[str] = []

    def flush() -> list[Write]:
        flushed.append("flushed")
        return []

    async with any_database.unit_of_work() as work:
        receive(work, "k1")
        assert list(await pending_rows(work, "s1")) == []
        assert work.kept("thing") is None
        work.keep("thing", "a thing", flush)
        assert work.kept("thing") == "a thing"
        assert flushed == []

    assert flushed == ["flushed"]


async def test_streams_wait_in_order_of_their_oldest_input(any_database: Database) -> None:
    for key, stream in (("a", "s2"), ("b", "s1"), ("c", "s2")):
        async with any_database.unit_of_work() as work:
            receive(work, key, stream)

    async with any_database.snapshot() as snapshot:
        assert await pending_streams(snapshot) == ["s2", "s1"]


async def test_what_failed_stays_and_what_is_quarantined_lets_the_next_go_on(any_database: Database) -> None:
    async with any_database.unit_of_work() as work:
        receive(work, "poison")
        receive(work, "next")
    [poison, _] = await received(any_database)

    async with any_database.unit_of_work() as work:
        Inbox(work).failed(poison, "KeyError")
    assert [(row.key, row.tries) for row in await received(any_database)] == [("poison", 1), ("next", 0)]

    async with any_database.unit_of_work() as work:
        Inbox(work).quarantine(poison, "KeyError", at=MONDAY)
    assert [row.key for row in await received(any_database)] == ["next"]


async def test_numbers_of_a_sequence_are_never_given_twice(any_database: Database, empty_url: str) -> None:
    async def take(database: Database) -> int:
        async with database.unit_of_work() as work:
            return await work.reserve("case")

    numbers = await asyncio.gather(*(take(any_database) for _ in range(25)))
    again = Database(empty_url)
    try:
        after_restart = await take(again)
    finally:
        await again.close()

    assert sorted(numbers) == list(range(1, 26))
    assert after_restart > max(numbers)


async def test_two_processes_never_take_the_same_numbers(any_database: Database, empty_url: str) -> None:
    """The connections are open before the race, so that both ask at the same moment."""
    other = Database(empty_url)
    try:
        for database in (any_database, other):
            await database.reserve("warm")
        taken = [
            number
            for turn in range(10)
            for number in await asyncio.gather(
                *(database.reserve("case") for database in (any_database, other) for _ in range(10))
            )
        ]
    finally:
        await other.close()

    assert len(set(taken)) == len(taken) == 200
