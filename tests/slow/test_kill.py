"""R1: `kill -9` at random moments under twenty chatting customers; what was acknowledged stays, once and in order."""

import os
from random import Random

import pytest

from tests.slow.crowd import crowd
from tests.slow.process import DeskProcess
from tests.slow.results import write_results

KILLS = int(os.environ.get("KILLS", "50"))
KILLS_WITH_MODEL = max(1, KILLS // 5)
CUSTOMERS = 20
READY_MAX_S = 5.0
WHILE_STARTING_CHANCE = 0.2
LIVES_S = (0.05, 4.0)

pytestmark = [pytest.mark.slow, pytest.mark.bar, pytest.mark.timeout(1800)]


async def test_r01_kill_by_words_alone(words_desk: DeskProcess) -> None:
    await kill_again_and_again(words_desk, KILLS, "R01-kill-words")


async def test_r01_kill_with_the_model(whole_desk: DeskProcess) -> None:
    await kill_again_and_again(whole_desk, KILLS_WITH_MODEL, "R01-kill-model")


async def kill_again_and_again(desk: DeskProcess, kills: int, name: str) -> None:
    chance = Random(name)
    desk.start()
    await desk.ready()
    ready_s: list[float] = []
    while_starting = 0
    async with crowd(desk, CUSTOMERS, seed=1) as customers:
        for _ in range(kills):
            await customers.waits(chance.uniform(*LIVES_S))
            desk.kill()
            desk.start()
            if ready_s and chance.random() < WHILE_STARTING_CHANCE:
                while_starting += 1
                continue
            ready_s.append(await desk.ready())
        await desk.ready()
        await customers.goes()
        figures = await customers.check()
    stopped_s, code = await desk.stop()
    write_results(
        name,
        {
            "kills": kills,
            "of them while starting": while_starting,
            **figures,
            "ready again, median s": round(sorted(ready_s)[len(ready_s) // 2], 2),
            "ready again, max s": round(max(ready_s), 2),
            "turns that met a fault": desk.logged("turn_failed"),
            "stopped within s": round(stopped_s, 2),
        },
    )
    assert code == 0
    assert max(ready_s) <= READY_MAX_S
