"""A job: it runs when it is woken and from time to time, and survives its own failures."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from storage.engine import Database

log = structlog.get_logger()
BACK_OFF_S = 2.0


async def keep_running(
    name: str, run: Callable[[], Awaitable[object]], database: Database, *topics: str, every_s: float
) -> None:
    """Run until cancelled: after each wake-up of a topic, and every `every_s` seconds in any case."""
    async with database.waiter(*topics) as woken:
        while True:
            woken.clear()
            try:
                await run()
            except Exception:
                log.exception("job_failed", job=name)
                await asyncio.sleep(BACK_OFF_S)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), every_s)
