"""One database: readers that see snapshots, one writer that groups commits.

SQLite needs a release whose write-ahead log is sound under several connections (3.51.3); `pysqlite3` brings one.
PostgreSQL is the same thing behind another URL. Source: docs/decisions/0006-one-writer.md
"""

import asyncio
import fcntl
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.alone import FileLocks, SessionLocks
from storage.errors import StorageUnavailable
from storage.outage import outages_named
from storage.sqlite import reader_engine, writer_engine
from storage.tables import sequences
from storage.transaction import Snapshot, UnitOfWork, Write
from storage.writer import GroupWriter

READERS_MAX = 8
SEQUENCE_BLOCK = 10
"""Numbers taken from a sequence at once; what is left of a block when the process dies is never used."""


def to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Backend(Protocol):
    """What SQLite and PostgreSQL do differently."""

    readers: AsyncEngine

    async def run(self, work: Any) -> Any:
        """Call `work(connection)` on the writer's connection, outside any transaction."""

    async def is_alone_at(self, task: str) -> bool:
        """See `Database.is_alone_at`."""

    async def close(self) -> None: ...


class SqliteBackend:
    """One writer connection on one thread of its own: a commit costs one hop, whatever it holds."""

    def __init__(self, path: Path) -> None:
        self.readers = reader_engine(path, READERS_MAX, to_json)
        self._engine = writer_engine(path, to_json)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._lock_path = path.with_name(path.name + ".lock")
        self._connection: sa.Connection | None = None
        self._tasks = FileLocks(path)

    async def is_alone_at(self, task: str) -> bool:
        return self._tasks.has(task)

    async def run(self, work: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._with_connection, work)

    def _with_connection(self, work: Any) -> Any:
        if self._connection is None:
            self._connection = self._connect()
        try:
            return work(self._connection)
        finally:
            self._connection.rollback()

    def _connect(self) -> sa.Connection:
        self._lock = self._lock_path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_SH)
            return self._engine.connect()
        except BaseException:
            self._lock.close()
            raise

    async def close(self) -> None:
        self._tasks.release()
        await self.readers.dispose()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._lock.close()
        self._engine.dispose()


class PostgresBackend:
    """asyncpg; the writer is one connection too, so that row numbers grow in order of commit."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"json_serializer": to_json, "json_deserializer": orjson.loads}
        self.readers = create_async_engine(
            url, pool_size=READERS_MAX, max_overflow=0, isolation_level="REPEATABLE READ", **options
        )
        self._writer = create_async_engine(url, pool_size=1, max_overflow=1, **options)
        self._tasks = SessionLocks(url)

    async def is_alone_at(self, task: str) -> bool:
        return await self._tasks.has(task)

    async def run(self, work: Any) -> Any:
        async with self._writer.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._tasks.release()
        await self.readers.dispose()
        await self._writer.dispose()


class Database:
    """Opens snapshots and units of work; also the wake-up board for those who wait for a commit."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        self.url = url
        self.memo: MutableMapping[Hashable, Any] = {}
        self._backend: Backend = (
            SqliteBackend(Path(parsed.database or ""))
            if parsed.get_backend_name() == "sqlite"
            else PostgresBackend(url)
        )
        self._writer = GroupWriter(self._backend)
        # The pool lets newcomers pass those who wait: without a queue of our own one in a hundred waits a second.
        self._reader_turns = asyncio.Semaphore(READERS_MAX)
        self._sequences: dict[str, list[int]] = defaultdict(list)
        self._sequence_lock = asyncio.Lock()
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    def unit_of_work(self) -> UnitOfWork:
        """A unit of work, to be used as `async with database.unit_of_work() as work:`."""
        return UnitOfWork(self)

    def snapshot(self) -> Snapshot:
        """Reads only, all at one moment: `async with database.snapshot() as snapshot:`."""
        return Snapshot(self)

    async def connect_reader(self) -> AsyncConnection:
        """A reader of its own, in order of asking; to be given back to `close_reader`."""
        await self._reader_turns.acquire()
        try:
            return await self._backend.readers.connect()
        except BaseException as error:
            self._reader_turns.release()
            if isinstance(error, sa.exc.DBAPIError | OSError):
                raise StorageUnavailable from error
            raise

    async def close_reader(self, reader: AsyncConnection) -> None:
        """End the snapshot of a reader and let the next one have it."""
        try:
            await reader.close()
        finally:
            self._reader_turns.release()

    async def apply(self, writes: Sequence[Write]) -> None:
        """Apply the writes of one unit of work, all or none; returns when they are on the disk."""
        await self._writer.apply(writes)

    async def run(self, work: Any) -> Any:
        """Call `work(connection)` on the writer's connection: for migrations and checks."""
        return await self._backend.run(work)

    async def is_alone_at(self, task: str) -> bool:
        """Whether this process is the one at a task that only one at a time may do: the first to ask, until it ends.

        Where it loses the server, another may be at it before it knows.
        """
        with outages_named():
            return await self._backend.is_alone_at(task)

    async def reserve(self, sequence: str) -> int:
        """The next number of a sequence, starting at 1; durable before it is handed out."""
        async with self._sequence_lock:
            if not self._sequences[sequence]:
                with outages_named():
                    first = await self._backend.run(lambda connection: _take_block(connection, sequence))
                self._sequences[sequence] = list(range(first + SEQUENCE_BLOCK - 1, first - 1, -1))
            return self._sequences[sequence].pop()

    def wake(self, topic: str) -> None:
        """Wake everybody who waits for a topic."""
        for event in self._waiting[topic]:
            event.set()

    @asynccontextmanager
    async def waiter(self, *topics: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set when one of the topics was written; the waiter clears it before it looks."""
        event = asyncio.Event()
        for topic in topics:
            self._waiting[topic].add(event)
        try:
            yield event
        finally:
            for topic in topics:
                self._waiting[topic].discard(event)

    async def close(self) -> None:
        """Finish the writes in hand and let go of the database."""
        await self._writer.close()
        await self._backend.close()


def _take_block(connection: sa.Connection, sequence: str) -> int:
    """The first number of a new block. One statement: two processes never take the same block."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(sequences)
        .values(name=sequence, next=1 + SEQUENCE_BLOCK)
        .on_conflict_do_update(index_elements=["name"], set_={"next": sequences.c.next + SEQUENCE_BLOCK})
        .returning(sequences.c.next)
    )
    with connection.begin():
        return int(connection.execute(statement).scalar_one()) - SEQUENCE_BLOCK
