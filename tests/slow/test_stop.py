"""SIGTERM under load: the turns in hand finish within ten seconds, and nothing acknowledged is lost."""

from random import Random

import pytest

from tests.slow.crowd import crowd
from tests.slow.process import DeskProcess
from tests.slow.results import write_results

STOPS = 5
CUSTOMERS = 20
STOPPED_MAX_S = 10.0

pytestmark = [pytest.mark.slow, pytest.mark.bar, pytest.mark.timeout(600)]


async def test_a_desk_told_to_stop_finishes_what_is_in_hand(words_desk: DeskProcess) -> None:
    desk, chance = words_desk, Random(2)
    desk.start()
    await desk.ready()
    stopped_s: list[float] = []
    async with crowd(desk, CUSTOMERS, seed=2) as customers:
        for _ in range(STOPS):
            await customers.waits(chance.uniform(1, 3))
            seconds, code = await desk.stop()
            assert code == 0
            stopped_s.append(seconds)
            desk.start()
            await desk.ready()
        await customers.goes()
        figures = await customers.check()
    assert desk.logged("turn_failed") == 0
    write_results("SIGTERM", {"stops": STOPS, **figures, "stopped, max s": round(max(stopped_s), 2)})
    assert max(stopped_s) <= STOPPED_MAX_S
