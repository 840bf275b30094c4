"""What has begun to leave is not cut off where the desk stops: half of it may be enough for the far side to take it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from channels.protocol import DeliveryFailed

ENDS_WITHIN_S = 5.0
"""After the desk is told to stop; its turns have had their time before: app/serve.py."""
T = TypeVar("T")


class CutOff(Exception):
    """The desk had to stop before the far side answered: nobody knows whether it was taken."""


async def to_the_end(sending: Coroutine[Any, Any, T]) -> T:
    """What comes of it, also where the task is cancelled meanwhile, so that it can be written down.

    The cancellation is not passed on: whoever would begin something else afterwards asks `is_stopping`.

    Raises:
        CutOff: it was cancelled, and had not come to its end within ENDS_WITHIN_S.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        with suppress(asyncio.CancelledError):  # asked twice: there is no more time
            await asyncio.wait({task}, timeout=ENDS_WITHIN_S)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait({task})
    if task.cancelled() or not task.done():
        raise CutOff
    return task.result()


async def written_down(writing: Coroutine[Any, Any, None]) -> None:
    """That the far side took it, kept also where the task is cancelled meanwhile.

    Raises:
        DeliveryFailed: it could not be kept. It is in doubt then: as any other failure it would be sent again.
    """
    try:
        await to_the_end(writing)
    except Exception as error:
        raise DeliveryFailed("that it was taken could not be written down", ambiguous=True) from error


def is_stopping() -> bool:
    """Whether the task that asks was told to end: nothing more is begun."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
