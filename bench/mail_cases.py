"""How many mails a second become cases at the running desk, each read, filed and taken by a turn; beside the floor.

    python -m bench.mail_cases [--mails 240] [--profile]

The whole of `nightdesk serve --demo` in one process: the listener (LMTP), the reader's child processes, the model, all
jobs; the answers leave meanwhile for the demo's own mailbox. Counted is from the first connection of the customers, a
process of their own, to the last case. The floor is what any such desk has to do for one mail, one after another: a
durable commit of its bytes and one parse by the standard library. `--profile` prints where the time goes instead.
"""

import argparse
import asyncio
import cProfile
import os
import pstats
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import sqlalchemy as sa

from app.serve import running
from app.settings import Settings
from app.wiring import House
from bench.machine_floor import ready_encoder
from bench.mail_in import floor, hand_in_together
from bench.turn import Uses, by_room
from tests.app.mail.peer import mail

CLIENTS = (1, 8)
MARK = 460
"""Mails a second that are asked for."""
DONE_WITHIN_S = 300.0
LEARNT_WITHIN_S = 120.0
PROBLEMS = (
    ("Till jams", "the till in our shop jams whenever the drawer opens, since Tuesday. We have switched it off twice."),
    ("Freezer too warm", "the freezer you delivered in March shows minus 9 degrees, and the alarm goes every hour."),
    (
        "Wrong goods",
        "of this morning's delivery four boxes are somebody else's order. Please tell us what to do with them.",
    ),
    ("Invoice", "on the last invoice there are 12 cases of oat milk that never came. The driver signed for 8."),
    ("Card reader", "the card reader says 'no connection' and customers have to pay in cash. The router was changed."),
)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=240)
    parser.add_argument("--profile", action="store_true", help="print where the event loop's time goes")
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.mails, profile=arguments.profile))


async def measure(count: int, *, profile: bool) -> None:
    """One desk, one table."""
    encoder = await ready_encoder()
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as folder,
        ProcessPoolExecutor(1, get_context("spawn")) as customers,
    ):
        settings = Settings(data=Path(folder) / "desk", demo=True, port=0, mail_listen="lmtp://127.0.0.1:0")
        async with running(settings, encoder=encoder) as house:
            if not await house.understander.wait_learnt(LEARNT_WITHIN_S):
                raise SystemExit("understanding was not learnt")
            await become_cases(house, customers, clients=8, count=32, name="first")
            if profile:
                await show_profile(house, customers, count)
            else:
                await show(house, customers, Path(folder) / "floor.db", count)
    await encoder.close()


async def show(house: House, customers: ProcessPoolExecutor, file: Path, count: int) -> None:
    """The floor, and the desk beside it."""
    print(f"python -m bench.mail_cases --mails {count}: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':44} mails/s   of the floor  of the mark  CPU ms a mail")
    commits, parses = await asyncio.to_thread(floor, file, count)
    both = 1 / (1 / commits + 1 / parses)
    print(f"{'floor: one commit and one parse, in turn':44} {both:7.0f}")
    for clients in CLIENTS:
        begun_cpu = time.process_time()
        rate = await become_cases(house, customers, clients=clients, count=count, name=str(clients))
        cpu_ms = (time.process_time() - begun_cpu) / count * 1000
        said = f"mail -> case, with its turn, {clients} client(s)"
        print(f"{said:44} {rate:7.1f} {rate / both:14.3f} {rate / MARK:12.2f} {cpu_ms:14.1f}")


async def show_profile(house: House, customers: ProcessPoolExecutor, count: int) -> None:
    """The costliest calls of the event loop's thread, and how often the database was used for a mail."""
    with Uses() as uses:
        await become_cases(house, customers, clients=8, count=count, name="uses")
    profiler = cProfile.Profile()
    profiler.enable()
    await become_cases(house, customers, clients=8, count=count, name="profile")
    profiler.disable()
    print(f"for one mail: {uses.per_turn(count)}")
    statistics = pstats.Stats(profiler)
    for room, seconds in by_room(statistics)[:16]:
        print(f"{seconds * 1000 / count:8.2f} ms a mail in {room}")
    statistics.sort_stats("cumulative").print_stats(60)
    statistics.sort_stats("tottime").print_stats(30)


async def become_cases(house: House, customers: ProcessPoolExecutor, *, clients: int, count: int, name: str) -> float:
    """Mails a second, from the first connection to the last case; each mail is somebody else's."""
    assert house.listener is not None
    raws = [letters(f"{name}-{one}", count // clients) for one in range(clients)]
    awaited = await cases(house) + sum(map(len, raws))
    begun = time.perf_counter()
    handing_in = asyncio.get_running_loop().run_in_executor(
        customers, hand_in_together, house.listener.port, raws, house.settings.mail_from
    )
    async with asyncio.timeout(DONE_WITHIN_S):
        while await cases(house) < awaited:  # noqa: ASYNC110 (it is the database that is asked)
            await asyncio.sleep(0.05)
    took = time.perf_counter() - begun
    await handing_in
    return sum(map(len, raws)) / took


def letters(name: str, count: int) -> Sequence[bytes]:
    """Mails of customers nobody knows yet."""
    return [
        mail(
            f"Hello,\n\n{words}\nIt is shop {place} this time.\n\nKind regards\nSam",
            subject=subject,
            sender=f"Sam <sam-{place}@{name}.example>",
            message_id=f"{place}@{name}.example",
        )
        for place in range(count)
        for subject, words in [PROBLEMS[place % len(PROBLEMS)]]
    ]


async def cases(house: House) -> int:
    """How many there are."""
    async with house.database.snapshot() as snapshot:
        return int(await snapshot.scalar(sa.text("SELECT count(*) FROM cases")))


if __name__ == "__main__":
    main()
