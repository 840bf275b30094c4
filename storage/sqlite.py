"""SQLite as we need it: a library new enough for its log, a writer that begins at once, readers that cannot write."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

from storage.errors import UnsafeSqlite
from storage.sqlite_reader import ReaderConnection, ReaderDbapi, begin_with_next_query

SQLITE_VERSION_MIN = (3, 51, 3)
"""Older releases can corrupt the write-ahead log under several connections."""
BUSY_TIMEOUT_MS = 5_000


def driver() -> Any:
    """The DB-API module with a safe SQLite inside.

    Raises:
        UnsafeSqlite: neither `pysqlite3` nor Python's own module brings a safe release.
    """
    try:
        from pysqlite3 import dbapi2 as found
    except ImportError:
        found = sqlite3.dbapi2
    return checked(found)


def checked(found: Any) -> Any:
    """The module itself when its SQLite is new enough.

    Raises:
        UnsafeSqlite: it is not.
    """
    if found.sqlite_version_info < SQLITE_VERSION_MIN:
        raise UnsafeSqlite(
            f"SQLite {found.sqlite_version} can corrupt its log; install pysqlite3 or a Python linked with "
            f"{'.'.join(map(str, SQLITE_VERSION_MIN))} or newer"
        )
    return found


def writer_engine(path: Path, to_json: Callable[[Any], str]) -> sa.Engine:
    """The engine of the one writer: every transaction takes the write lock when it begins."""
    module = driver()
    engine = sa.create_engine(
        "sqlite://",
        module=module,
        creator=lambda: module.connect(str(path), isolation_level=None, check_same_thread=True),
        poolclass=StaticPool,
        json_serializer=to_json,
        json_deserializer=orjson.loads,
    )
    sa.event.listen(engine, "connect", _prepare_writer)
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def reader_engine(path: Path, size: int, to_json: Callable[[Any], str]) -> AsyncEngine:
    """The pool of readers: each transaction is one snapshot, and no statement can write."""
    module = driver()

    async def connect() -> ReaderConnection:
        return await ReaderConnection(
            lambda: module.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None), iter_chunk_size=64
        )

    engine = create_async_engine(
        "sqlite+aiosqlite://",
        module=ReaderDbapi(module),
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        json_serializer=to_json,
        json_deserializer=orjson.loads,
    )
    sa.event.listen(engine.sync_engine, "connect", _prepare_reader)
    sa.event.listen(engine.sync_engine, "begin", begin_with_next_query)
    return engine


def _prepare_writer(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "mmap_size = 0",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_reader(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT_MS}", "query_only = ON", "mmap_size = 0", "wal_autocheckpoint = 0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
