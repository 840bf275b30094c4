"""Many units of work, one sync: whoever waits to commit joins the next transaction of the one writer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from storage.errors import StorageUnavailable
from storage.transaction import Write

GROUP_MAX = 64
"""Units of work that share one commit at most."""


class Runner(Protocol):
    """Calls a function with the writer's connection."""

    async def run(self, work: Callable[[sa.Connection], Any]) -> Any: ...


@dataclass(slots=True, eq=False)
class Batch:
    """The writes of one unit of work, and who waits for them."""

    writes: Sequence[Write]
    applied: asyncio.Future[None]
    error: Exception | None = field(default=None)


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
                batch.error = batch.error or _unavailable(error)
        for batch in group:
            if batch.applied.cancelled():
                continue
            if batch.error is not None:
                batch.applied.set_exception(batch.error)
            else:
                batch.applied.set_result(None)


def apply_group(connection: sa.Connection, group: Sequence[Batch]) -> None:
    """One transaction for all; a batch that fails takes back its own writes only.

    Raises:
        sqlalchemy.exc.DBAPIError: the transaction as a whole failed, and nothing of it was written.
    """
    with connection.begin():
        for batch in group:
            try:
                with connection.begin_nested():
                    for write in batch.writes:
                        write.apply(connection)
            except sa.exc.OperationalError:
                raise
            except Exception as error:
                batch.error = error


def _unavailable(error: Exception) -> StorageUnavailable:
    unavailable = StorageUnavailable()
    unavailable.__cause__ = error
    return unavailable
