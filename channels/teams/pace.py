"""How fast a bot may speak: Teams answers 429 beyond this. Source: docs/reference/teams.md#limits"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import monotonic

from channels.protocol import DeliveryFailed

PER_CONVERSATION = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
"""(so many, within so many seconds)."""
PER_TENANT = ((30, 1.0),)
KEYS_MAX = 20_000
WAIT_MAX_S = 20.0
"""What would have to wait longer goes back to the outbox."""


class Pace:
    """Gives each call its time: within every window there are never more than allowed."""

    def __init__(
        self,
        limits: Sequence[tuple[int, float]],
        *,
        elapsed: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wait_max_s: float = WAIT_MAX_S,
    ) -> None:
        self._limits = limits
        self._elapsed = elapsed
        self._sleep = sleep
        self._wait_max_s = wait_max_s
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    async def turn(self, key: str) -> None:
        """Wait until a call may be made.

        Raises:
            DeliveryFailed: with `retry` and when its time comes: it would be too long.
        """
        wait_s = self._reserve(key)
        if wait_s > 0:
            await self._sleep(wait_s)

    def _reserve(self, key: str) -> float:
        now = self._elapsed()
        times = self._times.setdefault(key, deque(maxlen=max(count for count, _ in self._limits)))
        self._times.move_to_end(key)
        slot = max(now, times[-1]) if times else now
        for count, window_s in self._limits:
            if len(times) >= count:
                slot = max(slot, times[-count] + window_s)
        if slot - now > self._wait_max_s:
            after = timedelta(seconds=slot - now)
            raise DeliveryFailed("this conversation has had as many messages as Teams takes", retry=True, after=after)
        times.append(slot)
        while len(self._times) > KEYS_MAX:
            self._times.popitem(last=False)
        return slot - now
