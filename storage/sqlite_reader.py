"""aiosqlite with one hop to its thread per query.

SQLAlchemy's adapter visits the thread for the cursor, the statement, the rows and the cursor's end, and once more for
BEGIN and ROLLBACK; each visit costs a wake-up of two threads. Here a query is one visit: it begins the snapshot if
that is due, runs and fetches; the ROLLBACK is queued behind it without waiting. Rows, types, pool and errors stay
SQLAlchemy's. Source: docs/decisions/0006-one-writer.md
"""

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_


@dataclass(frozen=True, slots=True)
class Fetched:
    """All a cursor knows once its statement ran."""

    rows: Sequence[Any]
    description: Any
    rowcount: int
    lastrowid: int


class ReaderConnection(aiosqlite.Connection):
    """An aiosqlite connection whose transactions begin with their first query."""

    begins = False

    def __await__(self) -> Generator[Any, None, Self]:
        yield from super().__await__()
        return self

    async def query(self, sql: str, parameters: Any) -> Fetched:
        """Begin if that is due, execute, fetch all: in one visit to the connection's thread."""
        begins, self.begins = self.begins, False
        return await self._execute(self._query, sql, parameters, begins)  # type: ignore[no-any-return, no-untyped-call]

    def _query(self, sql: str, parameters: Any, begins: bool) -> Fetched:
        if begins:
            self._conn.execute("BEGIN")
        cursor = self._conn.execute(sql, parameters)
        try:
            return Fetched(cursor.fetchall(), cursor.description, cursor.rowcount, cursor.lastrowid or 0)
        finally:
            cursor.close()

    def end(self) -> None:
        """Queue the end of the transaction; whatever is asked next runs after it."""
        self.begins = False
        self._tx.put_nowait((None, self._conn.rollback))


NOTHING = Fetched((), None, -1, 0)


class ReaderCursor(AsyncAdapt_aiosqlite_cursor):
    """A cursor that exists only while its statement runs."""

    __slots__ = ("_fetched",)

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._fetched = NOTHING

    @property
    def description(self) -> Any:
        return self._fetched.description

    @property
    def rowcount(self) -> int:
        return self._fetched.rowcount

    @property
    def lastrowid(self) -> int:
        return self._fetched.lastrowid

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        self._fetched = await self._connection.query(operation, parameters or ())
        self._rows = deque(self._fetched.rows)

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()


class ReaderAdapter(AsyncAdapt_aiosqlite_connection):
    """What SQLAlchemy sees of a `ReaderConnection`."""

    __slots__ = ()
    _cursor_cls: type[AsyncAdapt_aiosqlite_cursor] = ReaderCursor

    def rollback(self) -> None:
        if self._connection._connection:
            self._connection.end()


class ReaderDbapi(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite's adapter with the exceptions of the driver that is really used, so that errors keep their class."""

    def __init__(self, module: Any) -> None:
        super().__init__(aiosqlite, module)
        names = ("Database", "", "Integrity", "NotSupported", "Operational", "Programming")
        for name in (f"{name}Error" for name in names):
            setattr(self, name, getattr(module, name))

    def connect(self, *_: Any, async_creator_fn: Any, **__: Any) -> ReaderAdapter:
        return ReaderAdapter(self, await_(async_creator_fn()))


def begin_with_next_query(connection: sa.Connection) -> None:
    """For SQLAlchemy's `begin` event: the snapshot starts when the first query runs."""
    adapter: Any = connection.connection.dbapi_connection
    adapter.driver_connection.begins = True
