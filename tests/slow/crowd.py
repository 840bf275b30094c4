"""Twenty customers at once, and the checks when they have gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.slow.checker import Checker
from tests.slow.customers import Customer
from tests.slow.process import DeskProcess

QUIET_WITHIN_S = 60.0


class Crowd:
    """Customers of one desk, chatting."""

    def __init__(self, desk: DeskProcess, size: int, chance: Random) -> None:
        self._desk = desk
        self._since = datetime.now(UTC)
        self.customers = [Customer(desk, number, Random(chance.random())) for number in range(size)]
        self._tasks = [asyncio.create_task(customer.chat()) for customer in self.customers]

    async def waits(self, seconds: float) -> None:
        """Time passes; a customer who met something forbidden ends it."""
        done, _ = await asyncio.wait(self._tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def goes(self) -> None:
        """Everybody brings their conversation to its end, while the desk runs."""
        for customer in self.customers:
            customer.stopping = True
        await asyncio.gather(*self._tasks)

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def acknowledged(self) -> int:
        return sum(customer.counts.acknowledged for customer in self.customers)

    async def check(self) -> dict[str, Any]:
        """Figures of a desk that has come to rest.

        Raises:
            AssertionError: an invariant does not hold.
        """
        checker = Checker(self._desk.database, self._since)
        try:
            async with asyncio.timeout(QUIET_WITHIN_S):
                while checker.waiting():  # noqa: ASYNC110 - another process changes it
                    await asyncio.sleep(0.1)
            found = checker.check([talk for customer in self.customers for talk in customer.talks])
        finally:
            checker.close()
        assert found.breaches == [], "\n".join(found.breaches[:20])
        assert found.acknowledged == self.acknowledged
        return {
            "conversations": found.conversations,
            "messages acknowledged": found.acknowledged,
            "messages sent again": sum(customer.counts.sent_again for customer in self.customers),
            "sockets reopened": sum(talk.reconnects for customer in self.customers for talk in customer.talks),
            "activities in the log": found.activities,
            "cases": found.cases,
            "events": found.events,
            "breaches of I1-I7": len(found.breaches),
        }


@asynccontextmanager
async def crowd(desk: DeskProcess, size: int, seed: int) -> AsyncIterator[Crowd]:
    """Customers who chat until the block ends."""
    gathered = Crowd(desk, size, Random(seed))
    try:
        yield gathered
    finally:
        await gathered.leave()
