"""What is loaded once and stays."""

import asyncio
import gc

from app.wiring import House

LOOK_S = 0.5


def settle() -> None:
    """Whatever is in memory by now stays: the garbage collector need not walk through it again.

    Each walk through all that is imported stops the whole desk for some 0.1 s (`python -m bench.boards` without
    this call shows it).
    """
    gc.collect()
    gc.freeze()


async def settle_when_loaded(house: House) -> None:
    """Once at the start, and once more with the model and the classifier."""
    settle()
    while not house.encoder.ready:  # noqa: ASYNC110 (it is a thread that gets ready)
        await asyncio.sleep(LOOK_S)
    settle()
