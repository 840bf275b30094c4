"""R5: the disk is full and then has room again: nothing is acknowledged that is not kept, and no restart is needed.

The process may write no file beyond a few pages (RLIMIT_FSIZE), which its writes meet as they meet a full disk.
"""

import aiohttp
import pytest

from tests.slow.crowd import crowd
from tests.slow.process import DeskProcess
from tests.slow.results import write_results

CUSTOMERS = 10
FULL_S = 6.0
PAGE = 4096

pytestmark = [pytest.mark.slow, pytest.mark.bar, pytest.mark.timeout(300)]


async def test_r05_a_full_disk_and_then_room_again(words_desk: DeskProcess) -> None:
    desk = words_desk
    desk.start()
    await desk.ready()
    async with crowd(desk, CUSTOMERS, seed=3) as customers:
        await customers.waits(3)
        before = customers.acknowledged
        desk.files_end_at(PAGE)
        await customers.waits(1)
        at_full = customers.acknowledged
        not_ready = await status(desk)
        await customers.waits(FULL_S)
        while_full = customers.acknowledged - at_full
        desk.files_end_at(-1)
        again_s = await desk.ready()
        await customers.waits(3)
        after = customers.acknowledged - at_full - while_full
        await customers.goes()
        figures = await customers.check()
    write_results(
        "R05-disk-full",
        {
            **figures,
            "acknowledged before": before,
            "acknowledged while full": while_full,
            "acknowledged in 3 s after": after,
            "/readyz while full": not_ready,
            "ready again without restart, s": round(again_s, 2),
        },
    )
    assert while_full == 0
    assert not_ready == 503
    assert after > 0


async def status(desk: DeskProcess) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{desk.origin}/readyz") as answer:
        return answer.status
