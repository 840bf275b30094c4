"""B1 at the door: whatever a mail is made of, the listener takes it within bounds, and the loop goes on meanwhile."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.clock import now
from app.mailroom import DeskMailroom
from channels.email.listener import Listener, ListenerSettings
from storage.engine import Database
from tests.channels.email.reading.killers import KILLERS, SHORT_LINES
from tests.channels.email.reading.test_killers import MEMORY_MB_MAX, STALL_MS_MAX, Stall
from tests.slow.results import write_results

CLIENT = """
import smtplib, sys
with smtplib.LMTP("127.0.0.1", int(sys.argv[1]), timeout=120) as client:
    print(client.sendmail("ana@corner.example", ["desk@larder.example"], sys.stdin.buffer.read()))
"""


def peak_mb() -> float:
    """Most memory this process had since `forget_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[int]:
    settings = ListenerSettings(scheme="lmtp", host="127.0.0.1", port=0, ours=bool)
    listener = Listener(settings, DeskMailroom(database, now))
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()


async def hand_in(port: int, raw: bytes) -> str:
    """By a process of its own, so that what it needs is not counted."""
    pipe = asyncio.subprocess.PIPE
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, str(port), stdin=pipe, stdout=pipe, stderr=pipe
    )
    said, trouble = await client.communicate(raw)
    return (said or trouble.splitlines(keepends=True)[-1]).decode().strip()


@pytest.mark.bar
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_B01_no_killer_mail_handed_in_takes_more_than_it_may(database: Database) -> None:
    figures: dict[str, dict[str, Any]] = {}
    async with listening(database) as port:
        for name, make in {**KILLERS, **SHORT_LINES}.items():
            raw = (await asyncio.to_thread(make))[: 24 * 1024 * 1024]
            forget_peak()
            before, stall = peak_mb(), Stall()
            watching = asyncio.create_task(stall.watch())
            said = await hand_in(port, raw)
            watching.cancel()
            figures[name] = {"said": said, "peak_mb": round(peak_mb() - before), "stall_ms": round(stall.worst_ms, 1)}
    write_results("B01-killer-mails-handed-in", figures)

    assert {name: f for name, f in figures.items() if f["said"] != "{}"} == {}
    assert {name: f for name, f in figures.items() if f["peak_mb"] > MEMORY_MB_MAX} == {}
    assert {name: f for name, f in figures.items() if f["stall_ms"] > STALL_MS_MAX} == {}
