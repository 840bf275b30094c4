"""What only SQLite can do wrong."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from storage.engine import Database
from storage.errors import StorageUnavailable, UnsafeSqlite
from storage.inbox import Inbox, pending_rows
from storage.sqlite import SQLITE_VERSION_MIN, checked, driver
from storage.tables import inbox, sequences

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def receive(database: Database, key: str, size: int = 2) -> None:
    async with database.unit_of_work() as work:
        Inbox(work).receive(source="web", stream="s1", key=key, payload={}, raw=b"x" * size, at=MONDAY)


def empty_the_log(connection: sa.Connection) -> int:
    """Outside any transaction; 0 when no reader was in the way."""
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    busy, *_ = cursor.fetchall()[0]
    return int(busy)


async def keys(database: Database) -> list[str]:
    async with database.snapshot() as snapshot:
        return [row.key for row in await pending_rows(snapshot, "s1")]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.bar
async def test_R05_a_full_disk_acknowledges_nothing_and_goes_on_by_itself_once_there_is_room(
    database: Database,
) -> None:
    await receive(database, "before")
    with files_no_larger_than(1_000_000):
        outcomes = await asyncio.gather(
            *(receive(database, f"while full {n}", 1_200_000) for n in range(3)), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [StorageUnavailable] * 3

    await receive(database, "after", 1_200_000)
    assert await keys(database) == ["before", "after"]
    assert await database.run(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar()) == "ok"


@pytest.mark.bar
def test_R20_an_sqlite_that_can_corrupt_its_log_is_refused() -> None:
    old = SimpleNamespace(sqlite_version_info=(3, 40, 1), sqlite_version="3.40.1")

    with pytest.raises(UnsafeSqlite, match=r"3\.40\.1 .* install pysqlite3"):
        checked(old)
    assert driver().sqlite_version_info >= SQLITE_VERSION_MIN


async def test_the_writer_syncs_keeps_a_log_and_minds_foreign_keys(database: Database) -> None:
    def pragmas(connection: sa.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.run(pragmas) == ["wal", 2, 1, 0]


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sa.exc.OperationalError, match="readonly"):
        async with database.snapshot() as snapshot:
            await snapshot.rows(sa.insert(sequences).values(name="x", next=1))


async def test_a_query_that_fails_keeps_its_class_and_spoils_nothing(database: Database) -> None:
    async with database.snapshot() as snapshot:
        with pytest.raises(sa.exc.OperationalError, match="no such table"):
            await snapshot.rows(sa.text("SELECT 1 FROM nowhere"))
        assert await snapshot.scalar(sa.select(sa.func.count()).select_from(inbox)) == 0


async def test_a_reader_given_back_has_let_go_of_its_snapshot(database: Database) -> None:
    for number in range(20):
        await receive(database, str(number))
        assert len(await keys(database)) == number + 1

    assert await database.run(empty_the_log) == 0


async def test_a_cancelled_read_gives_its_reader_back(database: Database) -> None:
    endless = sa.text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT max(i) FROM n"
    )

    async def read() -> None:
        async with database.snapshot() as snapshot:
            await snapshot.scalar(endless)

    for _ in range(12):
        task = asyncio.create_task(read())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with asyncio.timeout(5):
        assert await keys(database) == []


async def test_a_failing_statement_takes_back_its_unit_and_not_its_neighbours(database: Database) -> None:
    async def break_a_foreign_key() -> None:
        async with database.unit_of_work() as work:
            work.write(sa.insert(inbox).values(source="web", stream="s1", key="half", payload={}, received_at=MONDAY))
            work.write(sa.update(inbox).values(state="no such state"))

    outcomes = await asyncio.gather(
        receive(database, "one"), break_a_foreign_key(), receive(database, "two"), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), sa.exc.IntegrityError, type(None)]
    assert await keys(database) == ["one", "two"]


async def test_closing_waits_for_the_writes_in_hand(database: Database) -> None:
    second = Database(database.url)
    writes = [asyncio.create_task(receive(second, str(number))) for number in range(30)]
    await asyncio.sleep(0)
    await second.close()

    await asyncio.gather(*writes)
