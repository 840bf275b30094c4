"""A database that is not there is `StorageUnavailable`, for readers and the writer; a wrong statement is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from storage.engine import Database
from storage.errors import StorageUnavailable
from storage.inbox import Inbox, pending_rows
from storage.tables import inbox
from tests.conftest import create_schema, new_postgres

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COUNT = sa.select(sa.func.count()).select_from(inbox)


async def receive(database: Database, key: str, size: int = 2) -> None:
    async with database.unit_of_work() as work:
        Inbox(work).receive(source="web", stream="s1", key=key, payload={}, raw=b"x" * size, at=MONDAY)


async def count(database: Database) -> int:
    async with database.snapshot() as snapshot:
        return int(await snapshot.scalar(COUNT))


async def keys(database: Database) -> list[str]:
    async with database.snapshot() as snapshot:
        return [row.key for row in await pending_rows(snapshot, "s1")]


@pytest.mark.parametrize("content", [b"this is no database" * 100, None], ids=["corrupt", "removed"])
async def test_a_file_that_cannot_be_read_is_an_outage(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "desk.db"
    if content is not None:
        path.write_bytes(content)
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        for _ in range(10):  # more often than there are readers: each is given back
            with pytest.raises(StorageUnavailable):
                await count(database)
    finally:
        await database.close()


async def test_a_corrupt_file_gives_no_numbers_and_takes_no_writes(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.write_bytes(b"this is no database" * 100)
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        with pytest.raises(StorageUnavailable):
            await database.reserve("case")
        with pytest.raises(StorageUnavailable):
            await receive(database, "k")
    finally:
        await database.close()


async def test_a_unit_that_finds_no_room_fails_alone(database: Database) -> None:
    await receive(database, "before")
    pages = await database.run(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    await database.run(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}").scalar())

    outcomes = await asyncio.gather(
        receive(database, "one"),
        receive(database, "large", 1_000_000),
        receive(database, "before"),
        receive(database, "two"),
        return_exceptions=True,
    )

    assert [type(outcome).__name__ for outcome in outcomes] == [
        "NoneType",
        "StorageUnavailable",
        "AlreadyReceived",
        "NoneType",
    ]
    assert await keys(database) == ["before", "one", "two"]


@pytest.fixture
async def postgres(postgres_folder: Path) -> AsyncIterator[Database]:
    opened = Database(await new_postgres(postgres_folder))
    try:
        await opened.run(create_schema)
        yield opened
    finally:
        await opened.close()


async def hang_up(database: Database) -> None:
    """End every connection of the desk to its database, as a restart of the server does."""
    engine = create_async_engine(database.url)
    async with engine.connect() as connection:
        await connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await engine.dispose()
    await asyncio.sleep(0.1)


@pytest.mark.postgres
async def test_a_lost_connection_is_an_outage_and_the_next_one_works(postgres: Database) -> None:
    await receive(postgres, "before")
    assert await count(postgres) == 1
    async with postgres.snapshot() as snapshot:
        await snapshot.scalar(COUNT)
        await hang_up(postgres)
        with pytest.raises(StorageUnavailable):
            await snapshot.scalar(COUNT)
    with pytest.raises(StorageUnavailable):
        await receive(postgres, "while away")
    await receive(postgres, "after")
    assert await keys(postgres) == ["before", "after"]


@pytest.mark.postgres
async def test_a_wrong_statement_keeps_its_class_on_postgresql(postgres: Database) -> None:
    with pytest.raises(sa.exc.ProgrammingError):
        async with postgres.snapshot() as snapshot:
            await snapshot.rows(sa.text("SELECT 1 FROM nowhere"))


async def touch(database: Database, first: str, second: str) -> None:
    """Two rows, with a moment between in which somebody else may have the second."""
    async with database.unit_of_work() as work:
        for key in (first, second):
            work.write(sa.update(inbox).where(inbox.c.key == key).values(tries=inbox.c.tries + 1), rows=1)
            work.write(sa.select(sa.func.pg_sleep(0.3)))


@pytest.mark.postgres
async def test_two_processes_that_want_the_same_rows_in_another_order_both_get_them(postgres: Database) -> None:
    other = Database(postgres.url)
    try:
        for key in ("a", "b", "c"):
            await receive(postgres, key)
        await asyncio.gather(
            touch(postgres, "a", "b"),
            touch(other, "b", "a"),
            receive(postgres, "one of the first group"),
            receive(other, "one of the other group"),
        )
    finally:
        await other.close()
    async with postgres.snapshot() as snapshot:
        tries = {row.key: row.tries for row in await pending_rows(snapshot, "s1")}
    assert tries == {"a": 2, "b": 2, "c": 0, "one of the first group": 0, "one of the other group": 0}


@pytest.mark.postgres
async def test_a_unit_that_crosses_others_again_and_again_ends_as_an_outage(postgres: Database) -> None:
    crossed = sa.text("DO $$ BEGIN RAISE EXCEPTION 'crossed' USING ERRCODE = 'deadlock_detected'; END $$")
    with pytest.raises(StorageUnavailable):
        async with postgres.unit_of_work() as work:
            Inbox(work).receive(source="web", stream="s1", key="never", payload={}, raw=None, at=MONDAY)
            work.write(crossed)
    await receive(postgres, "after")
    assert await keys(postgres) == ["after"]
