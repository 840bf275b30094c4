"""What is so in a moment, though nobody says when."""

import asyncio
from collections.abc import Callable


async def until(it_is_so: Callable[[], bool]) -> None:
    """
    Raises:
        TimeoutError: it was not so within ten seconds.
    """
    async with asyncio.timeout(10):
        while not it_is_so():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.02)
