"""One turn at a time per conversation, in order of arrival; different conversations side by side."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from app.metrics import TURN_FAILURES, TURN_SECONDS
from bot.quarantine import set_aside
from bot.turn import Bot, take_turn
from storage.engine import Database
from storage.inbox import TRIES_MAX, Inbox, InboxRow, pending_rows, pending_streams

log = structlog.get_logger()
SIDE_BY_SIDE_MAX = 64
"""Conversations whose turns are under way at once."""
AT_ONCE_MAX = 50
"""Inputs of one conversation read at once."""
RETRY_S = (0.2, 1.0, 3.0, 8.0)
SWEEP_S = 5.0
CANCEL_WITHIN_S = 2.0
"""A cancelled turn gets this long to give back what it holds, before the database is closed."""


class Turns:
    """Takes the turns of every conversation that has something waiting."""

    def __init__(self, bot: Bot, now: Callable[[], datetime]) -> None:
        self._bot = bot
        self._now = now
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._places = asyncio.Semaphore(SIDE_BY_SIDE_MAX)
        self._stopping = False

    @property
    def _database(self) -> Database:
        return self._bot.database

    def notice(self, stream: str) -> None:
        """Something arrived in this conversation."""
        if self._stopping:
            return
        if stream in self._tasks:
            self._again.add(stream)
            return
        task = asyncio.create_task(self._drain(stream))
        self._tasks[stream] = task
        task.add_done_callback(lambda _: self._finished(stream))

    async def sweep(self) -> None:
        """Notice whatever waits: after a start, and for inputs whose turn failed."""
        async with self._database.snapshot() as snapshot:
            streams = await pending_streams(snapshot)
        for stream in streams:
            self.notice(stream)

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("job_failed", job="turns")
            await asyncio.sleep(SWEEP_S)

    async def idle(self) -> None:
        """Wait until every noticed conversation is drained."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    async def stop(self, within_s: float) -> None:
        """Finish the turns in hand; whatever still waits is taken up after the next start."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=within_s)
        left = list(self._tasks.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=CANCEL_WITHIN_S)

    def _finished(self, stream: str) -> None:
        del self._tasks[stream]
        if stream in self._again:
            self._again.discard(stream)
            self.notice(stream)

    async def _drain(self, stream: str) -> None:
        async with self._places:
            while not self._stopping:
                async with self._database.snapshot() as snapshot:
                    rows = await pending_rows(snapshot, stream, limit=AT_ONCE_MAX)
                for row in rows:
                    if self._stopping or not await self._take(row):
                        return
                if len(rows) < AT_ONCE_MAX:
                    return  # what arrived meanwhile was noticed, and is drained next

    async def _take(self, row: InboxRow) -> bool:
        """True when the input is out of the way; False when its conversation has to wait for the next try."""
        try:
            with TURN_SECONDS.time():
                await take_turn(self._bot, row)
            return True
        except Exception as error:
            TURN_FAILURES.inc()
            log.exception("turn_failed", inbox_id=row.id, tries=row.tries + 1)
            return await self._failed(row, type(error).__name__)

    async def _failed(self, row: InboxRow, error: str) -> bool:
        try:
            if row.tries + 1 >= TRIES_MAX:
                await set_aside(self._bot, row, error)
                return True
            async with self._database.unit_of_work() as work:
                Inbox(work).failed(row, error)
        except Exception:
            log.exception("failure_not_recorded", inbox_id=row.id)
        asyncio.get_running_loop().call_later(RETRY_S[min(row.tries, len(RETRY_S) - 1)], self.notice, row.stream)
        return False
