"""The unit of work: reads from a snapshot, collects writes, applies them in one call on the one writer."""

from collections.abc import Callable, Hashable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict
from storage.outage import outages_named
from storage.refusal import Refusal


class Insertion(NamedTuple):
    """New rows of a table, as plain values."""

    statement: sa.Insert
    values: Mapping[str, Any] | Sequence[Mapping[str, Any]]


def insertion(
    table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (), /, **values: Any
) -> Insertion:
    """A new row, or several with the same columns.

    Values go beside the statement, which is thereby always the same one; `sa.insert(...).values(...)` makes an object
    of each, in three times the time. It is still the way where a value is computed by the database.

    Args:
        rows: one as a mapping, or several.
        values: of one row, by column.
    """
    return Insertion(_insert_into(table), values or rows)


@cache
def _insert_into(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


Statement = sa.Executable | Insertion


@dataclass(slots=True)
class Write:
    """One statement to apply at commit.

    Attributes:
        rows: how many rows it must touch; any other number is a `Conflict`.
        duplicate: raised in place of a violated unique constraint.
        result: the first row it returned, once committed.
    """

    statement: Statement
    rows: int | None = None
    duplicate: Refusal | None = None
    result: sa.Row[Any] | None = field(default=None, init=False)

    def apply(self, connection: sa.Connection) -> None:
        try:
            done = _execute(connection, self.statement)
        except sa.exc.IntegrityError as error:
            if self.duplicate is None:
                raise
            raise self.duplicate from error
        if self.rows is not None and done.rowcount != self.rows:
            raise Conflict
        self.result = done.first() if done.returns_rows else None


def _execute(connection: sa.Connection, statement: Statement) -> sa.CursorResult[Any]:
    return connection.execute(*statement) if isinstance(statement, Insertion) else connection.execute(statement)


class Store(Protocol):
    """What a unit of work needs of the engine."""

    memo: MutableMapping[Hashable, Any]

    async def connect_reader(self) -> AsyncConnection: ...

    async def close_reader(self, reader: AsyncConnection) -> None: ...

    async def apply(self, writes: Sequence[Write]) -> None: ...

    async def reserve(self, sequence: str) -> int: ...

    def wake(self, topic: str) -> None: ...


class Snapshot:
    """Reads that all see the database at one moment: the moment of the first of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader: AsyncConnection | None = None

    @property
    def memo(self) -> MutableMapping[Hashable, Any]:
        """What was read once and never changes in this database, remembered for the life of the process."""
        return self._store.memo

    async def rows(self, statement: sa.Executable) -> Sequence[sa.Row[Any]]:
        """All rows of a query.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        if self._reader is None:
            self._reader = await self._store.connect_reader()
        with outages_named():
            return (await self._reader.execute(statement)).all()

    async def first(self, statement: sa.Executable) -> sa.Row[Any] | None:
        """The first row of a query, or None."""
        rows = await self.rows(statement)
        return rows[0] if rows else None

    async def scalar(self, statement: sa.Executable) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement)
        return row[0] if row else None

    async def let_go(self) -> None:
        """Give the reader back before a long wait; later reads see a later moment, writes are checked all the same."""
        await self._close_reader()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close_reader()

    async def _close_reader(self) -> None:
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await self._store.close_reader(reader)


class UnitOfWork(Snapshot):
    """All or nothing: leaving the `async with` block commits, an exception leaves no trace.

    At commit the kept objects are flushed in the order they were first touched, then the writes follow in the order
    they were asked for.

    Raises (at the end of the block):
        Conflict: a version check failed; the whole decision has to be made again.
        StorageUnavailable: nothing was written.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._kept: dict[Hashable, tuple[Any, Callable[[], Iterable[Write]]]] = {}
        self._writes: list[Write] = []
        self._topics: set[str] = set()

    def kept(self, key: Hashable) -> Any:
        """The object this unit of work already touched under `key`, or None: one row is one object."""
        found = self._kept.get(key)
        return found[0] if found else None

    def keep(self, key: Hashable, thing: Any, flush: Callable[[], Iterable[Write]]) -> None:
        """Remember a touched object; `flush` turns what happened to it into writes, and is called once, at commit.

        `flush` may itself call `write` (its writes then come after those of all kept objects).
        """
        self._kept[key] = (thing, flush)

    def write(self, statement: Statement, *, rows: int | None = None, duplicate: Refusal | None = None) -> Write:
        """Ask for a statement to be applied at commit; see `Write`."""
        write = Write(statement, rows, duplicate)
        self._writes.append(write)
        return write

    async def reserve(self, sequence: str) -> int:
        """The next number of a sequence. It is gone even if the unit of work is not committed."""
        return await self._store.reserve(sequence)

    def after_commit_wake(self, topic: str) -> None:
        """Tell whoever waits for `topic`, once this is committed, that there is something to fetch."""
        self._topics.add(topic)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close_reader()
        if error is None:
            await self._commit()

    async def _commit(self) -> None:
        flushed = [write for _, flush in list(self._kept.values()) for write in flush()]
        writes = flushed + self._writes
        if writes:
            await self._store.apply(writes)
        for topic in self._topics:
            self._store.wake(topic)
