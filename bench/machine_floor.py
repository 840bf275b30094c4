"""What this machine can do at all: an HTTP echo, a pass of the model, a durable commit alone and in company.

python -m bench.machine_floor
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.table import Table

from knowledge.retrieval.encoder import BATCH_MAX, BackgroundEncoder
from storage.sqlite import driver

MODELS = Path(".cache") / "models"
SENTENCES = tuple(f"Where is the freezer delivery for order ORD-2045{number:02d}?" for number in range(64))
ECHOES = 2_000
PASSES = 300
COMMITS = 400
GROUP = 32


@dataclass(frozen=True, slots=True)
class Measured:
    """Times of single jobs, in seconds, and how many were done in a second.

    `cpu_s` is the processor time of all threads for one job: of all figures the one that neighbours disturb least.
    """

    per_s: float
    median_s: float
    p99_s: float
    cpu_s: float

    def cells(self) -> tuple[str, ...]:
        """Per second, then median, p99 and processor time in ms."""
        return f"{self.per_s:,.0f}", *(f"{one * 1000:.2f}" for one in (self.median_s, self.p99_s, self.cpu_s))


class Stopwatch:
    """Started when made; `took` is filled while it runs."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self._begun = time.perf_counter()
        self._cpu = time.process_time()

    def read(self) -> Measured:
        wall_s, cpu_s = time.perf_counter() - self._begun, time.process_time() - self._cpu
        count = len(self.took)
        p99_s = statistics.quantiles(self.took, n=100)[98]
        return Measured(count / wall_s, statistics.median(self.took), p99_s, cpu_s / count)


@dataclass(frozen=True, slots=True)
class Floor:
    """The machine's own figures."""

    echo: Measured
    model_pass: Measured
    model_batch: Measured
    commit: Measured
    group_commit: Measured

    def rows(self) -> Iterable[tuple[str, str, Measured]]:
        """What was measured, how many at once, and the figures."""
        yield "aiohttp echo of one JSON body", "8", self.echo
        yield "one sentence through the model", "1", self.model_pass
        yield f"the same, batches of up to {BATCH_MAX}", "32", self.model_batch
        yield "one row, one sync (SQLite FULL)", "1", self.commit
        yield f"{GROUP} rows, one sync, per row", str(GROUP), self.group_commit


async def machine_floor(encoder: BackgroundEncoder, folder: Path) -> Floor:
    """Measure. The encoder is ready; `folder` lies on the disk to be measured."""
    return Floor(
        echo=await _echo(),
        model_pass=await measured(lambda number: _encode(encoder, number), PASSES, 1),
        model_batch=await measured(lambda number: _encode(encoder, number), PASSES * 2, 32),
        commit=await asyncio.to_thread(_commits, folder / "alone.db", 1),
        group_commit=await asyncio.to_thread(_commits, folder / "group.db", GROUP),
    )


async def measured(job: Callable[[int], Awaitable[object]], count: int, company: int) -> Measured:
    """Do `job` for each number, `company` at once."""
    watch = Stopwatch()
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            begun = time.perf_counter()
            await job(number)
            watch.took.append(time.perf_counter() - begun)

    await asyncio.gather(*(worker() for _ in range(company)))
    return watch.read()


async def _encode(encoder: BackgroundEncoder, number: int) -> None:
    await encoder.encode([SENTENCES[number % len(SENTENCES)]])


async def _echo() -> Measured:
    """Server and clients share this process, as the desk and the bench do."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    application = web.Application()
    application.router.add_post("/", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession() as http:

        async def call(number: int) -> None:
            async with http.post(f"http://{host}:{port}/", json={"text": SENTENCES[number % 64]}) as answer:
                await answer.json()

        figures = await measured(call, ECHOES, 8)
    await runner.cleanup()
    return figures


def _commits(path: Path, rows: int) -> Measured:
    connection = driver().connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
    watch = Stopwatch()
    for _ in range(COMMITS):
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(rows):
            connection.execute("INSERT INTO rows (text) VALUES (?)", (SENTENCES[0],))
        connection.execute("COMMIT")
        watch.took += [(time.perf_counter() - begun) / rows] * rows
    connection.close()
    return watch.read()


async def ready_encoder() -> BackgroundEncoder:
    """The bundled model, loaded."""
    MODELS.mkdir(parents=True, exist_ok=True)
    encoder = BackgroundEncoder(MODELS)
    encoder.start()
    if not await encoder.wait_ready(120):
        raise SystemExit("the model could not be loaded")
    return encoder


async def main() -> None:
    """Print the table."""
    encoder = await ready_encoder()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        floor = await machine_floor(encoder, Path(folder))
    await encoder.close()
    table = Table("what", "at once", "per second", "median ms", "p99 ms", "CPU ms")
    for what, company, figures in floor.rows():
        table.add_row(what, company, *figures.cells())
    Console(width=100).print("python -m bench.machine_floor", table)


if __name__ == "__main__":
    asyncio.run(main())
