"""A task has one process at a time, and another as soon as that is gone."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.engine import Database
from storage.errors import StorageUnavailable
from tests.conftest import new_postgres

END_THOSE_WHO_HOLD = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
HOLDS = """
import asyncio, sys
from storage.engine import Database

async def main():
    database = Database(sys.argv[1])
    print(await database.is_alone_at("sending"), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_who_asked_first_keeps_it_and_tasks_are_apart(any_database: Database) -> None:
    other = Database(any_database.url)
    try:
        assert [await one.is_alone_at("sending") for one in (any_database, other, any_database)] == [True, False, True]
        assert await other.is_alone_at("counting")
        assert not await any_database.is_alone_at("counting")
    finally:
        await other.close()
    assert await any_database.is_alone_at("counting")


async def test_whoever_is_killed_lets_go(any_database: Database) -> None:
    command = [sys.executable, "-c", HOLDS, any_database.url]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"True\n"
        assert not await any_database.is_alone_at("sending")
    finally:
        process.kill()
        await process.wait()
    async with asyncio.timeout(20):
        while not await any_database.is_alone_at("sending"):  # noqa: ASYNC110 (the server sees it when it sees it)
            await asyncio.sleep(0.05)


@pytest.mark.postgres
async def test_a_session_that_was_ended_holds_nothing(postgres_folder: Path) -> None:
    database = Database(await new_postgres(postgres_folder))
    other = Database(database.url)
    try:
        assert await database.is_alone_at("sending")
        await database.run(lambda connection: connection.execute(sa.text(END_THOSE_WHO_HOLD)).all())
        assert await other.is_alone_at("sending")
        with pytest.raises(StorageUnavailable):
            await database.is_alone_at("sending")
        assert not await database.is_alone_at("sending")
        await other.close()
        assert await database.is_alone_at("sending")
    finally:
        await other.close()
        await database.close()


@pytest.mark.postgres
async def test_a_look_that_is_cut_short_spoils_none_that_comes_after(postgres_folder: Path) -> None:
    database = Database(await new_postgres(postgres_folder))
    try:
        for steps in range(60):
            look = asyncio.create_task(database.is_alone_at("sending"))
            for _ in range(steps % 12):
                await asyncio.sleep(0)
            look.cancel()
            await asyncio.gather(look, return_exceptions=True)
        assert await database.is_alone_at("sending")
    finally:
        await database.close()
