"""How long a turn takes: from a message's arrival to its durable answer at the channel, in one process.

    python -m bench.turn [--turns N] [--profile]

The whole desk with the demo company on SQLite (synchronous=FULL) in a temporary folder of this disk. A turn is: the
message is committed, understood, answered, the answer committed with its delivery, and handed to the channel, whose
receipt is committed too. HTTP is left out; its floor stands beside. `--profile` prints where the time goes instead.

- words alone: no model; "thank you" in some form.
- understood: the model reads the same message; nothing is searched.
- searched: a question is answered with a passage and link; read by the model, searched by words and by meaning.
"""

import argparse
import asyncio
import cProfile
import os
import platform
import pstats
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from app.articles import refresh_index
from app.clock import now
from app.demo.load import load_demo
from app.jobs.delivery import Delivery, send_activity
from app.reception import ConversationBook, Reception
from app.serve import start_jobs
from app.settings import Settings
from app.wiring import House, build
from bench.machine_floor import Floor, Measured, Stopwatch, machine_floor, ready_encoder
from bot.activity import Activity, Kind, Role, Sender
from channels.protocol import Receipt
from knowledge.retrieval.encoder import BackgroundEncoder
from storage.engine import Database
from storage.migrate import migrate
from storage.sqlite import driver
from storage.transaction import Snapshot
from storage.writer import GroupWriter

COMPANIES = (1, 8, 32)
TURNS = 640
LEARNT_WITHIN_S = 120.0
WORDS_LEARNT_WITHIN_S = 3.0
"""Without a model learning never ends: it waits for one."""
ANSWERED_WITHIN_S = 30.0
THANKS = ("Thank you", "Thanks a lot", "Many thanks", "Great, thank you very much", "thanks, that is kind")
QUESTIONS = (
    "What are your delivery cut-off times for ordering?",
    "How do I return goods to you?",
    "What shall I do when a frozen delivery comes late?",
    "My till will not start, what now?",
    "How do I claim a credit note?",
    "How can I open a retail account?",
    "What is the minimum order?",
    "How do I check the balance of a gift card?",
)
MARKS = {"words alone": 900, "searched": 500}
"""Turns a second at 32 conversations that are asked for."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """One kind of turn."""

    name: str
    texts: Sequence[str]
    model: bool


KINDS = (
    Kinds("words alone", THANKS, model=False),
    Kinds("understood", THANKS, model=True),
    Kinds("searched", QUESTIONS, model=True),
)


class Ear:
    """A channel whose other end is the bench."""

    name = "webchat"

    def __init__(self) -> None:
        self._awaited: dict[str, asyncio.Future[Activity]] = {}

    def awaits(self, key: str) -> asyncio.Future[Activity]:
        self._awaited[key] = asyncio.get_running_loop().create_future()
        return self._awaited[key]

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        awaited = self._awaited.pop(activity.reply_to, None)
        if awaited is not None:
            awaited.set_result(activity)
        return Receipt(self.name, {"key": key, "seq": activity.seq})


class Bench:
    """The desk at work, and conversations to have with it."""

    def __init__(self, house: House, ear: Ear) -> None:
        self.house = house
        self._ear = ear
        self._reception = Reception(house.database, now, house.turns.notice)
        self._book = ConversationBook(house.database)

    async def conversation(self) -> str:
        """A new one, greeted."""
        conversation = str(uuid4())
        await self._book.open(conversation, channel="webchat", locale="en-GB", visitor="dl_bench", at=now())
        await self.turn(conversation, "", Kind.JOINED)
        return conversation

    async def turn(self, conversation: str, text: str, kind: Kind = Kind.MESSAGE) -> Activity:
        """Say something and wait for the answer."""
        key = uuid4().hex
        heard = self._ear.awaits(key)
        sender = Sender(Role.CUSTOMER, "dl_bench")
        activity = Activity(
            kind=kind, channel="webchat", conversation=conversation, sender=sender, key=key, text=text, at=now()
        )
        await self._reception.accept(activity, raw=text.encode())
        return await asyncio.wait_for(heard, ANSWERED_WITHIN_S)

    async def measure(self, texts: Sequence[str], company: int, turns: int) -> Measured:
        """`turns` turns spread over `company` conversations that go on side by side."""
        conversations = [await self.conversation() for _ in range(company)]
        watch = Stopwatch()

        async def customer(conversation: str, place: int) -> None:
            for number in range(turns // company):
                begun = perf_counter()
                await self.turn(conversation, texts[(place + number) % len(texts)])
                watch.took.append(perf_counter() - begun)

        await asyncio.gather(*(customer(one, place) for place, one in enumerate(conversations)))
        return watch.read()


@asynccontextmanager
async def bench_desk(folder: Path, encoder: BackgroundEncoder, *, model: bool) -> AsyncIterator[Bench]:
    """A desk at work with the bench in place of the wire."""
    house = build(Settings(data=folder, encoder=model), encoder=encoder if model else BackgroundEncoder(folder))
    ear = Ear()
    house.delivery = Delivery(house.database, now, {"deliver": send_activity(house.database, {ear.name: ear})})
    await migrate(house.database)
    await load_demo(house.database, at=now(), hash_password=lambda _: "nobody signs in here")
    await house.directory.refresh()
    await refresh_index(house.database, house.index, house.encoder)
    jobs = start_jobs(house)
    try:
        learnt = await house.understander.wait_learnt(LEARNT_WITHIN_S if model else WORDS_LEARNT_WITHIN_S)
        if model and not learnt:
            raise SystemExit("understanding was not learnt")
        yield Bench(house, ear)
    finally:
        await house.turns.stop(5)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await house.understander.close()
        await house.database.close()


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.turn", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help="turns of each line of the table")
    parser.add_argument("--profile", action="store_true", help="print where the time of each kind of turn goes")
    parser.add_argument("--kind", choices=[kind.name for kind in KINDS], help="only turns of this kind")
    arguments = parser.parse_args()
    kinds = [kind for kind in KINDS if arguments.kind in (None, kind.name)]
    encoder = await ready_encoder()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        if arguments.profile:
            await profile(Path(folder), encoder, kinds, arguments.turns)
        else:
            await show(Path(folder), encoder, kinds, arguments.turns)
    await encoder.close()


async def show(folder: Path, encoder: BackgroundEncoder, kinds: Sequence[Kinds], turns: int) -> None:
    """Print the machine's floor and the table of turns."""
    console = Console(width=110)
    console.print(f"python -m bench.turn --turns {turns}: {machine()}")
    floor = await machine_floor(encoder, folder)
    console.print(floor_table(floor))
    table = Table(
        "turn", "conversations", "turns/s", "median ms", "p99 ms", "CPU ms", "of echo/s", "of commits/s", "of the mark"
    )
    for kind in kinds:
        (folder / kind.name).mkdir()
        async with bench_desk(folder / kind.name, encoder, model=kind.model) as bench:
            await bench.measure(kind.texts, 8, 64)
            for company in COMPANIES:
                found = await bench.measure(kind.texts, company, turns if company > 1 else turns // 2)
                ratios = [f"{found.per_s / one.per_s:.2f}" for one in (floor.echo, floor.commit)]
                table.add_row(kind.name, str(company), *found.cells(), *ratios, of_mark(kind, company, found))
    console.print(table)


def of_mark(kind: Kinds, company: int, found: Measured) -> str:
    mark = MARKS.get(kind.name)
    return f"{found.per_s / mark:.2f} of {mark}" if mark and company == COMPANIES[-1] else ""


def floor_table(floor: Floor) -> Table:
    table = Table("floor", "at once", "per second", "median ms", "p99 ms", "CPU ms")
    for what, company, figures in floor.rows():
        table.add_row(what, company, *figures.cells())
    return table


def machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"Python {platform.python_version()}, SQLite {driver().sqlite_version}, {os.cpu_count()} cores, load {load}"


async def profile(folder: Path, encoder: BackgroundEncoder, kinds: Sequence[Kinds], turns: int) -> None:
    """Print the costliest calls of the event loop's thread, and how often the database was used per turn."""
    for kind in kinds:
        (folder / kind.name).mkdir()
        async with bench_desk(folder / kind.name, encoder, model=kind.model) as bench:
            await bench.measure(kind.texts, 8, 64)
            with Uses() as uses:
                await bench.measure(kind.texts, 1, turns)
            profiler = cProfile.Profile()
            profiler.enable()
            await bench.measure(kind.texts, COMPANIES[-1], turns)
            profiler.disable()
        print(f"== {kind.name}; per turn of one conversation: {uses.per_turn(turns + 1)}")
        statistics = pstats.Stats(profiler)
        for room, seconds in by_room(statistics)[:16]:
            print(f"{seconds * 1000 / turns:8.2f} ms a turn in {room}")
        statistics.sort_stats("cumulative").print_stats(40)
        statistics.sort_stats("tottime").print_stats(25)


def by_room(statistics: pstats.Stats) -> list[tuple[str, float]]:
    """Seconds spent in the code of each package and each of our rooms, the event loop's thread alone."""
    spent: dict[str, float] = defaultdict(float)
    entries: dict[tuple[str, int, str], tuple[Any, ...]] = statistics.stats  # type: ignore[attr-defined]
    for (file, _, name), figures in entries.items():
        parts = Path(file).parts
        if "site-packages" in parts:
            room = parts[parts.index("site-packages") + 1]
        elif len(parts) > 1:
            room = "/".join(parts[-3:-1]) if "lib" not in parts else "standard library"
        else:
            room = f"built in: {name}" if "select" in name or "poll" in name else "built in"
        spent[room] += figures[2]
    return sorted(spent.items(), key=lambda one: -one[1])


class Uses:
    """Counts, while it is entered, what costs a visit to another thread."""

    WHAT = (
        ("queries", Snapshot, "rows"),
        ("snapshots", Database, "connect_reader"),
        ("commits", GroupWriter, "apply"),
        ("syncs", GroupWriter, "_apply_group"),
        ("encodings", BackgroundEncoder, "encode"),
    )

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._plain = [(owner, method, getattr(owner, method)) for _, owner, method in self.WHAT]
        for name, owner, method in self.WHAT:
            setattr(owner, method, self._counted(name, getattr(owner, method)))
        return self

    def __exit__(self, *_: object) -> None:
        for owner, method, plain in self._plain:
            setattr(owner, method, plain)

    def _counted(self, name: str, plain: Any) -> Any:
        def counted(*arguments: Any, **options: Any) -> Any:
            self._calls[name] += 1
            return plain(*arguments, **options)

        return counted

    def per_turn(self, turns: int) -> str:
        return ", ".join(f"{name} {self._calls[name] / turns:.2f}" for name, _, _ in self.WHAT)


if __name__ == "__main__":
    asyncio.run(main())
