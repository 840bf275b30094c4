"""What rules cost: judging facts by many of them, following the log of a real desk, and a backtest.

    python -m bench.rules [--cases N]

- judged: facts a second by 10, 100 and 1,000 rules that all ask about the same kind of event; no storage. The ratio
  says how the cost grows with the rules.
- indexed: the same, where each rule is about another kind or is switched off: such rules should cost nothing.
- followed: facts a second from the outbox, durable on SQLite, with ten rules of which one fires for every fourth case,
  and the same with a rule of time besides.
- backtest: cases a second, in force and draft both replayed.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from app.backtest.rules import read_rules_draft
from app.backtest.run import backtest
from app.jobs.rules import Rules
from app.schema import whole_schema
from caseengine.cases import Cases
from caseengine.departments import Department, Departments
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.events import CaseOpened
from caseengine.model.priority import Priority
from caseengine.model.rule import RuleSet
from caseengine.model.rule_document import EVENT_KINDS, read_rules
from caseengine.operations import Opening, add_to_case, open_case
from caseengine.policies.rules import evaluate
from caseengine.rule_facts import rule_facts
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from storage.sqlite import driver

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANA = Actor(ActorKind.CUSTOMER, "visitor-1", "Ana")
MEASURED_S = 0.4
TRIES = 4
TAGS = [{"do": "tag", "tags": ["seen"]}]
PROBLEMS = ("till", "freezer", "delivery", "invoice")


def rule(number: int, kind: str = "CaseOpened", **more: Any) -> dict[str, Any]:
    """A rule as people write them: a department, a word, a priority."""
    condition = {
        "all": [
            {"fact": "department", "in": ["tills", "deliveries"]},
            {"any": [{"fact": "words", "contains": f"word{number}"}, {"fact": "tier", "is": "A"}]},
            {"fact": "priority", "at_most": 3},
        ]
    }
    return {"id": f"r{number}", "events": [kind], "when": condition, "then": TAGS, **more}


def rules(how_many: int, make: Callable[[int], dict[str, Any]]) -> RuleSet:
    return read_rules({"rules": [make(number) for number in range(how_many)]})


def facts() -> Mapping[str, Any]:
    told: dict[str, Any] = {"number": "CAS-00001-0000", "case_type": "incident", "department": "tills"}
    told |= {"subject": "The till jams", "description": "It jams whenever somebody pays with a card. " * 4}
    told |= {"impact": 2, "urgency": 2, "priority": Priority.P3}
    opened = CaseOpened(case_id=uuid4(), actor=ANA, at=AT, **told)
    return rule_facts(Case.open(opened), opened, channel="webchat", desk_open=True)


def judged(found: RuleSet) -> float:
    """Facts a second, the best of several tries."""
    return max(_judged(found) for _ in range(TRIES))


def _judged(found: RuleSet) -> float:
    known, done, started = facts(), 0, perf_counter()
    while perf_counter() - started < MEASURED_S:
        for _ in range(10):
            evaluate(found, known, "CaseOpened")
        done += 10
    return done / (perf_counter() - started)


async def desk(database: Database, cases: int) -> None:
    """Cases with five facts each: opened, promised, and three times the customer's words."""
    await database.run(create_schema)
    async with database.unit_of_work() as work:
        for name in ("tills", "deliveries"):
            Departments(work).add(Department(name, name.title()))
    for first in range(0, cases, 50):
        await asyncio.gather(*(one_case(database, number) for number in range(first, min(first + 50, cases))))


def create_schema(connection: sa.Connection) -> None:
    with connection.begin():
        whole_schema().create_all(connection)


async def one_case(database: Database, number: int) -> None:
    at = AT + timedelta(seconds=number)
    words = f"The {PROBLEMS[number % len(PROBLEMS)]} is broken"
    async with database.unit_of_work() as work:
        opening = Opening(subject=words, description=words, department="tills")
        case = await open_case(work, opening, by=ANA, at=at)
    async with database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        for _ in range(3):
            await add_to_case(work, found, "And now?", by=ANA, at=at + timedelta(minutes=1))


def working_rules(*, of_time: bool) -> dict[str, Any]:
    hit = {"id": "hit", "events": ["CaseOpened"], "when": {"fact": "words", "contains": "till"}, "then": TAGS}
    written = [hit, *(rule(number, "CustomerWrote") for number in range(9))]
    wait = {"id": "late", "every": {"for": {"hours": 4}, "since": "customer"}, "then": [{"do": "escalate"}]}
    return {"rules": [*written, wait] if of_time else written}


async def followed(folder: Path, cases: int, *, of_time: bool) -> tuple[float, float]:
    """Facts followed a second, and cases backtested a second."""
    database = Database(f"sqlite+aiosqlite:///{folder / f'bench-{of_time}.db'}")
    try:
        await desk(database, cases)
        async with database.unit_of_work() as work:
            document = working_rules(of_time=of_time)
            await decide(work, Rulebook.RULES, document, by=SYSTEM, at=AT - timedelta(days=1))
        started = perf_counter()
        await Rules(database, lambda: AT + timedelta(minutes=30)).run()
        facts_s = cases * 5 / (perf_counter() - started)
        return facts_s, await backtested(database, cases, of_time=of_time)
    finally:
        await database.close()


async def backtested(database: Database, cases: int, *, of_time: bool) -> float:
    period = Period(AT - timedelta(days=1), AT + timedelta(days=2))
    draft = working_rules(of_time=of_time)
    draft["rules"][0] = {**draft["rules"][0], "then": [{"do": "set_priority", "priority": 1}]}
    started = perf_counter()
    async with database.snapshot() as snapshot:
        ready = await read_rules_draft(snapshot, draft, period)
        found = [each async for each in backtest(snapshot, ready, period)]
    assert len(found) == (cases + 3) // 4
    return cases / (perf_counter() - started)


async def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000)
    cases = parser.parse_args().cases
    table = Table("what", "per second", "ratio")
    base = judged(rules(10, rule))
    table.add_row("facts judged by 10 rules", f"{base:,.0f}", "1")
    for how_many in (100, 1_000):
        found = judged(rules(how_many, rule))
        table.add_row(f"facts judged by {how_many:,} rules", f"{found:,.0f}", f"1/{base / found:.1f}")
    others = sorted(EVENT_KINDS - {"CaseOpened"})
    mixed = judged(rules(1_000, lambda number: rule(number, "CaseOpened" if number < 10 else others[number % 40])))
    table.add_row("indexed: 10 of 1,000 rules about this kind", f"{mixed:,.0f}", f"1/{base / mixed:.1f}")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        facts_s, cases_s = await followed(Path(folder), cases, of_time=False)
        timed_s, timed_cases_s = await followed(Path(folder), cases, of_time=True)
    table.add_row("facts followed, durable, ten rules", f"{facts_s:,.0f}", "1")
    table.add_row("the same with a rule of time", f"{timed_s:,.0f}", f"1/{facts_s / timed_s:.1f}")
    table.add_row("cases backtested", f"{cases_s:,.0f}", "1")
    table.add_row("the same with a rule of time", f"{timed_cases_s:,.0f}", f"1/{cases_s / timed_cases_s:.1f}")
    Console(width=100).print(f"python -m bench.rules --cases {cases}, SQLite {driver().sqlite_version}", table)


if __name__ == "__main__":
    asyncio.run(main())
