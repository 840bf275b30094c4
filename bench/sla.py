"""What the clocks cost: one step of the fold, and the sweep over few and over very many running clocks.

    python -m bench.sla                     the tables; about two minutes for 1,000,000 clocks
    python -m bench.sla --clocks 100000

The sweep's tables are SQLite in the folder it runs in. The clocks that are not due are rows alone, all of one case.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from app.jobs.escalations import Escalations
from app.schema import whole_schema
from caseengine.agents import Agent, Agents
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
DEPARTMENTS = (1, 500)
"""How many agents work for the department. Nobody holds the cases that are due, so all of it is told."""
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
    sweeps = Table("running clocks", "agents", "nothing due, ms", f"{DUE} due, ms", "each, ms", title="the sweep")
    few, many = DEPARTMENTS
    found = {asked: await sweeping(*asked) for asked in ((FEW, few), (FEW, many), (clocks, many))}
    for (size, agents), (nothing, due) in found.items():
        told = f"{nothing * 1e3:.2f}", f"{due * 1e3:.0f}", f"{due * 1e3 / DUE:.1f}"
        sweeps.add_row(f"{size:,}", str(agents), *told)
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


async def sweeping(clocks: int, agents: int) -> tuple[float, float]:
    """Seconds of a sweep that finds nothing due, the median of several, and of one with DUE cases that are."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/bench.db")
        try:
            await database.run(_create)
            await _department(database, agents)
            (case_id,) = await _cases(database, 1, FAR)
            await database.run(partial(_fill, case_id=case_id, clocks=clocks))
            nothing = [await _timed(lambda: _look(database)) for _ in range(ROUNDS)]
            await _cases(database, DUE, MONDAY)
            due = await _timed(Escalations(database, lambda: MONDAY + timedelta(hours=4, minutes=1)).run)
        finally:
            await database.close()
    return sorted(nothing)[ROUNDS // 2], due


def _create(connection: sa.Connection) -> None:
    with connection.begin():
        whole_schema().create_all(connection)


def _fill(connection: sa.Connection, *, case_id: UUID, clocks: int) -> None:
    """As many rows of clocks that run for years yet, each a cycle of its own."""
    others = ", ".join(column.name for column in case_clocks.columns if column.name != "cycle")
    connection.execute(
        sa.text(
            f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {clocks}) "
            f"INSERT INTO case_clocks (cycle, {others}) "
            f"SELECT n.i, {others} FROM n, case_clocks WHERE case_id = '{case_id.hex}' AND target = 'resolution'"
        )
    )
    connection.commit()


async def _look(database: Database) -> None:
    async with database.snapshot() as snapshot:
        assert await due_steps(snapshot, MONDAY + timedelta(hours=1)) == []


async def _department(database: Database, agents: int) -> None:
    async with database.unit_of_work() as work:
        Departments(work).add(Department("tills", "Tills"))
        for n in range(agents):
            Agents(work).add(Agent(uuid4(), f"A{n}", f"a{n}@desk.example", "x", frozenset({"tills"})))


async def _cases(database: Database, count: int, at: datetime) -> list[UUID]:
    """Cases whose first answer is due within the working day."""
    opening = Opening(subject="x", description="x", department="tills")
    async with database.unit_of_work() as work:
        return [(await open_case(work, opening, by=CUSTOMER, at=at)).id for _ in range(count)]


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
