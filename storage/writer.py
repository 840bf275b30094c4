"""Many units of work, one sync: whoever waits to commit joins the next transaction of the one writer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from storage.errors import StorageUnavailable
from storage.outage import is_crossed, is_outage
from storage.transaction import Write

GROUP_MAX = 64
"""Units of work that share one commit at most."""
CROSSED_MAX = 5
"""So often a batch is tried whose rows another process wants in another order."""


class Runner(Protocol):
    """Calls a function with the writer's connection."""

    async def run(self, work: Callable[[sa.Connection], Any]) -> Any: ...


@dataclass(slots=True, eq=False)
class Batch:
    """The writes of one unit of work, and who waits for them."""

    writes: Sequence[Write]
    applied: asyncio.Future[None]
    error: Exception | None = field(default=None)
    settled: bool = field(default=False)


class GroupWriter:
    """Takes batches in order, applies as many as wait in one transaction, each behind its own savepoint."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._waiting: list[Batch] = []
        self._task: asyncio.Task[None] | None = None

    async def apply(self, writes: Sequence[Write]) -> None:
        """Return when the writes are durable.

        A caller that is cancelled meanwhile does not know whether they were applied.
        """
        batch = Batch(writes, asyncio.get_running_loop().create_future())
        self._waiting.append(batch)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await batch.applied

    async def close(self) -> None:
        """Wait until nothing is left to write."""
        while self._task is not None and not self._task.done():
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
            await self._apply_group(group)

    async def _apply_group(self, group: list[Batch]) -> None:
        try:
            await self._runner.run(lambda connection: apply_group(connection, group))
        except Exception as error:
            for batch in group:
                if not batch.settled:
                    batch.error = batch.error or _unavailable(error)
        for batch in group:
            if batch.applied.cancelled():
                continue
            if batch.error is not None:
                batch.applied.set_exception(batch.error)
            else:
                batch.applied.set_result(None)


class _Broken(Exception):
    """A batch broke the transaction it shares; the cause says how."""


def apply_group(connection: sa.Connection, group: Sequence[Batch]) -> None:
    """One transaction for all; a batch that fails takes back its own writes only.

    A batch that breaks the transaction itself (no room for its rows, say) gets each its own, so that it fails alone.
    That is safe because nothing was committed; after a failed COMMIT nobody can know, and nothing is tried again.
    A batch that crossed another process's (a deadlock) is tried again by itself, when it holds no rows but its own.

    Raises:
        Exception: the connection is of no use; what is not `settled` was not written.
    """
    try:
        _apply_together(connection, group)
    except _Broken as broken:
        if _is_lost(broken.__cause__):
            raise
        for batch in group:
            _apply_alone(connection, batch)


def _apply_together(connection: sa.Connection, group: Sequence[Batch]) -> None:
    crossed: list[Batch] = []
    with connection.begin():
        for batch in group:
            try:
                with connection.begin_nested():
                    _apply(connection, batch)
            except Exception as error:
                if _breaks(error):
                    raise _Broken from error
                if is_crossed(error):
                    crossed.append(batch)
                else:
                    batch.error = error
    for batch in group:
        batch.settled = batch not in crossed
    for batch in crossed:
        _apply_alone(connection, batch)


def _apply_alone(connection: sa.Connection, batch: Batch) -> None:
    for _ in range(CROSSED_MAX):
        batch.error = _tried_alone(connection, batch)
        if batch.error is None or not is_crossed(batch.error):
            break
    if batch.error is not None and (_breaks(batch.error) or is_crossed(batch.error)):
        batch.error = _unavailable(batch.error)
    batch.settled = True


def _tried_alone(connection: sa.Connection, batch: Batch) -> Exception | None:
    transaction = connection.begin()
    try:
        with transaction:
            _apply(connection, batch)
    except Exception as error:
        if _is_lost(error):
            raise
        return error
    return None


def _apply(connection: sa.Connection, batch: Batch) -> None:
    for write in batch.writes:
        write.apply(connection)


def _breaks(error: Exception) -> bool:
    return isinstance(error, sa.exc.OperationalError) or is_outage(error)


def _is_lost(error: BaseException | None) -> bool:
    """The connection is gone: each further try would wait for a new one."""
    return isinstance(error, OSError) or (isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated)


def _unavailable(error: Exception) -> StorageUnavailable:
    unavailable = StorageUnavailable()
    unavailable.__cause__ = error
    return unavailable
