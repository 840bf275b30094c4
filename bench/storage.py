"""What the database costs: durable commits alone and in company, and reads from a snapshot.

    python -m bench.storage

SQLite with synchronous=FULL in a temporary folder of this disk; a unit of work here is what a turn writes: eight rows.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from storage.engine import Database
from storage.inbox import Inbox
from storage.migrate import migrate
from storage.outbox import Outbox
from storage.sqlite import driver
from storage.tables import inbox

UNITS = 1000
READS = 500
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Job = Callable[[int], Awaitable[None]]


async def main() -> None:
    """Print the table."""
    table = Table("what", "at once", "per second", "p50 ms", "p99 ms")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        table.add_row("floor: one row, one fsync, plain driver", "1", *floor(Path(folder)))
        database = Database(f"sqlite+aiosqlite:///{folder}/bench.db")
        try:
            await migrate(database)
            for company in (1, 8, 64):
                figures = await measure(writer(database, company), UNITS, company)
                table.add_row("unit of work of eight rows, durable", str(company), *figures)
            for reads in (1, 5):
                figures = await measure(reader(database, reads), READS, 1)
                table.add_row(f"snapshot with {reads} read{'s' * (reads > 1)}", "1", *figures)
            table.add_row("snapshot with 5 reads", "32", *await measure(reader(database, 5), READS, 32))
        finally:
            await database.close()
    Console(width=100).print(f"python -m bench.storage, SQLite {driver().sqlite_version}", table)


def writer(database: Database, company: int) -> Job:
    async def write(number: int) -> None:
        async with database.unit_of_work() as work:
            key = f"{company}-{number}"
            Inbox(work).receive(source="bench", stream=key, key=key, payload={"text": "Hello"}, raw=b"{}", at=AT)
            for _ in range(7):
                Outbox(work).publish("event", key, {"kind": "CustomerWrote", "public": True}, at=AT)

    return write


def reader(database: Database, reads: int) -> Job:
    async def read(number: int) -> None:
        async with database.snapshot() as snapshot:
            for place in range(reads):
                await snapshot.rows(sa.select(inbox).where(inbox.c.id == 1 + (number + place) % UNITS))

    return read


async def measure(job: Job, count: int, company: int) -> tuple[str, str, str]:
    """Run `job` for each number, `company` at once: rate, median and p99."""
    took: list[float] = []
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            started = time.perf_counter()
            await job(number)
            took.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(company)))
    return figures(took, time.perf_counter() - started)


def floor(folder: Path) -> tuple[str, str, str]:
    """The least a durable commit costs on this disk."""
    connection = driver().connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
    took = []
    for _ in range(300):
        started = time.perf_counter()
        connection.execute("INSERT INTO rows (text) VALUES ('Hello')")
        took.append(time.perf_counter() - started)
    connection.close()
    return figures(took, sum(took))


def figures(took: list[float], wall_s: float) -> tuple[str, str, str]:
    p99 = statistics.quantiles(took, n=100)[98]
    return f"{len(took) / wall_s:,.0f}", f"{statistics.median(took) * 1000:.2f}", f"{p99 * 1000:.2f}"


if __name__ == "__main__":
    asyncio.run(main())
