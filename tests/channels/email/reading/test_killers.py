"""B1, B4, B7: no mail takes the desk down, each is a letter or put aside, and the loop goes on meanwhile."""

import asyncio
import os
import resource
import time
from typing import Any

import psutil
import pytest

from channels.email.reading import LetterUnreadable
from channels.email.reading.reader import LetterReader
from tests.channels.email.reading.killers import KILLERS
from tests.channels.email.reading.mails import FROM_ANA, OURS
from tests.slow.results import write_results

SECONDS_MAX = 2.0
MEMORY_MB_MAX = 256
STALL_MS_MAX = 100.0


class Stall:
    """How long at most the loop's own thread computed between two ticks, in ms of processor time."""

    def __init__(self) -> None:
        self.worst_ms = 0.0

    async def watch(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            self.worst_ms = max(self.worst_ms, (time.thread_time() - before) * 1_000)


def processor_s(reader: LetterReader) -> float:
    """What children used so far: those that ended and those that are still there."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = [psutil.Process(child.pid).cpu_times() for child in reader.children]
    return float(ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in living))


async def outcome(reader: LetterReader, raw: bytes) -> tuple[str, float]:
    began = time.perf_counter()
    try:
        letter = await reader.read(raw, FROM_ANA, ours=OURS)
        said = "letter, plainly" if "read_plainly" in letter.odd else "letter"
    except LetterUnreadable as refusal:
        said = refusal.reason
    return said, time.perf_counter() - began


@pytest.mark.bar
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_B01_B04_B07_no_killer_mail_takes_more_than_it_may():
    assert len(KILLERS) >= 60
    stall = Stall()
    figures: dict[str, dict[str, Any]] = {}
    busy = os.getloadavg()[0]
    async with LetterReader(children_max=1) as reader:
        watching = asyncio.create_task(stall.watch())
        for name, make in KILLERS.items():
            raw = await asyncio.to_thread(make)
            used = processor_s(reader)
            said, seconds = await outcome(reader, raw)
            figures[name] = {
                "said": said,
                "seconds": round(seconds, 3),
                "processor_s": round(processor_s(reader) - used, 3),
                "peak_mb": round(max((child.peak_mb for child in reader.children), default=0.0), 1),
            }
        watching.cancel()
        said, _ = await outcome(reader, b"From: Ana <ana@home.example>\r\n\r\nThe next one")
    write_results("B01-killer-mails", {"load": busy, "loop_stall_ms": round(stall.worst_ms, 1), "mails": figures})

    assert said == "letter"
    assert {name: f for name, f in figures.items() if f["processor_s"] > SECONDS_MAX} == {}
    if busy <= (os.cpu_count() or 1):  # else the clock on the wall tells of the neighbours
        assert {name: f for name, f in figures.items() if f["seconds"] > SECONDS_MAX} == {}
    assert {name: f for name, f in figures.items() if f["peak_mb"] > MEMORY_MB_MAX} == {}
    assert {f["said"] for f in figures.values()} <= {"letter", "letter, plainly", "too_large", "overrun"}
    assert stall.worst_ms <= STALL_MS_MAX
