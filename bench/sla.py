"""What the clocks cost: one step of the fold, and the sweep over few and over very many running clocks.

    python -m bench.sla                     the tables; about two minutes for 1,000,000 clocks
    python -m bench.sla --clocks 100000

The sweep's tables are SQLite in the folder it runs in. The clocks that are not due are rows alone, without cases.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from app.jobs.escalations import Escalations
from app.schema import whole_schema
from caseengine.calendars import DEFAULT_CALENDAR
from caseengine.departments import Department, Departments
from caseengine.model import events as happened
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.priority import Priority
from caseengine.model.sla import DEFAULT, Book, advance
from caseengine.model.sla.fold import begin
from caseengine.operations import Opening, open_case
from caseengine.reading.due_clocks import due_steps
from caseengine.tables import case_clocks
from storage.engine import Database

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
FAR = MONDAY + timedelta(days=3_000)
CUSTOMER = Actor(ActorKind.CUSTOMER, "visitor")
LI = Actor(ActorKind.AGENT, str(uuid4()), "Li")
FEW = 10_000
DUE = 100
ROUNDS = 20
BOOK = Book({(DEFAULT.id, 0): DEFAULT}, {"desk": DEFAULT_CALENDAR})


async def main(clocks: int) -> None:
    """Print the tables."""
    console = Console(width=110)
    steps = Table("one step of the fold", "events/s", "us each", title="advance()")
    for name, events in stories().items():
        each = folding(events)
        steps.add_row(name, f"{1 / each:,.0f}", f"{each * 1e6:.0f}")
    console.print(steps)
    sweeps = Table("running clocks", "nothing due, ms", f"{DUE} due, ms", "each, ms", title="the sweep")
    found = [await sweeping(size) for size in (FEW, clocks)]
    for size, (nothing, due) in zip((FEW, clocks), found, strict=True):
        sweeps.add_row(f"{size:,}", f"{nothing * 1e3:.2f}", f"{due * 1e3:.0f}", f"{due * 1e3 / DUE:.1f}")
    ratios = [second / first for first, second in zip(*found, strict=True)]
    sweeps.add_row(f"{clocks // FEW} times as many cost", f"{ratios[0]:.2f} times", f"{ratios[1]:.2f} times", "")
    console.print(sweeps)


def stories() -> dict[str, list[happened.CaseEvent]]:
    """A case that goes to and fro, and one that waits on its customer for ten years."""
    talk = _opened()
    for n in range(400):
        at = MONDAY + timedelta(minutes=20 * n)
        (talk.hear_customer("Hm", by=CUSTOMER, at=at) if n % 2 else talk.ask_customer("?", key="k", by=LI, at=at))
    years = _opened()
    for n in range(40):
        at = MONDAY + timedelta(days=91 * n)
        (years.hear_customer("Hm", by=CUSTOMER, at=at) if n % 2 else years.ask_customer("?", key="k", by=LI, at=at))
    return {"400 words to and fro in a week": talk.unsaved, "40 words in ten years": years.unsaved}


def folding(events: list[happened.CaseEvent]) -> float:
    """Seconds an event costs; the calendar's months are known after the first round."""
    took = []
    for _ in range(ROUNDS):
        opened = events[0]
        assert isinstance(opened, happened.CaseOpened)
        began = perf_counter()
        clocks = begin(opened, BOOK)
        for event in events[1:]:
            clocks = advance(clocks, event, BOOK)
        took.append((perf_counter() - began) / len(events))
    return sorted(took)[ROUNDS // 2]


async def sweeping(clocks: int) -> tuple[float, float]:
    """Seconds of a sweep that finds nothing due, the median of several, and of one that takes a step for each of DUE."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/bench.db")
        try:
            await database.run(_furnish(clocks))
            nothing = [await _timed(lambda: _look(database)) for _ in range(ROUNDS)]
            await _cases(database)
            due = await _timed(Escalations(database, lambda: MONDAY + timedelta(hours=4, minutes=1)).run)
        finally:
            await database.close()
    return sorted(nothing)[ROUNDS // 2], due


def _furnish(clocks: int) -> Callable[[sa.Connection], None]:
    """The tables, and as many rows of clocks that are due in years."""

    def furnish(connection: sa.Connection) -> None:
        whole_schema().create_all(connection)
        connection.commit()
        connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        connection.commit()
        template = {"target": "resolution", "cycle": 1, "state": "running", "policy": "default", "policy_version": 0}
        template |= {"department": "tills", "goal_s": 86_400.0, "spent_s": 0.0, "steps": 0}
        instants = {"started_at": MONDAY, "touched_at": MONDAY, "running_since": MONDAY, "due_at": FAR, "next_at": FAR}
        first = uuid4()
        connection.execute(sa.insert(case_clocks).values(case_id=first, **template, **instants))
        others = [column.name for column in case_clocks.columns if column.name != "case_id"]
        named = ", ".join(others)
        connection.execute(
            sa.text(
                f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {clocks}) "  # noqa: S608
                f"INSERT INTO case_clocks (case_id, {named}) "
                f"SELECT lower(hex(randomblob(16))), {named} FROM n, case_clocks WHERE case_id = '{first.hex}'"
            )
        )
        connection.commit()
        connection.execute(sa.text("PRAGMA foreign_keys = ON"))
        connection.commit()

    return furnish


async def _look(database: Database) -> None:
    async with database.snapshot() as snapshot:
        assert await due_steps(snapshot, MONDAY + timedelta(hours=1)) == []


async def _cases(database: Database) -> None:
    """Those whose first answer is overdue within the working day."""
    async with database.unit_of_work() as work:
        Departments(work).add(Department("tills", "Tills"))
    async with database.unit_of_work() as work:
        for _ in range(DUE):
            await open_case(work, Opening(subject="x", description="x", department="tills"), by=CUSTOMER, at=MONDAY)


async def _timed(run: Callable[[], Awaitable[Any]]) -> float:
    began = perf_counter()
    await run()
    return perf_counter() - began


def _opened() -> Case:
    told: dict[str, Any] = {"number": "CAS-1", "subject": "x", "description": "", "case_type": "incident"}
    told |= {"department": "tills", "impact": 2, "urgency": 2, "priority": Priority.P3}
    case = Case.open(happened.CaseOpened(case_id=uuid4(), actor=CUSTOMER, at=MONDAY, **told))
    case.assign(uuid4(), "Li", by=LI, at=MONDAY)
    return case


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clocks", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().clocks))
