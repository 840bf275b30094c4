"""What a routing decision costs and how that grows: prints Markdown tables.

    python bench/routing.py [--cases 1000000] [--agents 10000] [--skills 500] [--placed 60] [--in-vain]

First the pure decision over candidates. Then the whole way through SQLite (read, decide, record, commit), as the sweep
of `nightdesk serve` goes it, on a database filled to the sizes given: half the cases wait, half are past; each needs
one of the skills at level 3, each agent has three skills and is there. Every row is measured in the same run, so what
counts is the ratio between rows; "computing" is processor time of all threads, which other work on the machine does not
lengthen as it does the wall clock. "floor" is one small commit on the same database.

Last, or alone with `--in-vain`, a whole sweep that can give out nothing: nobody there, everybody full, or
everybody free and nobody able, in which case there is a queue to look at.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.jobs import routing as job
from app.schema import whole_schema
from caseengine.model.actor import SYSTEM
from caseengine.model.needs import Needs, needs_key
from caseengine.policies.routing import Candidate, Decision, Request, decide
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.rulebooks import Rulebook
from caseengine.rulebooks import decide as put_in_force
from caseengine.tables import agent_work, rulebooks
from storage.engine import Database

DEPARTMENTS = 20
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
WORDS = {"notice.agent_joined": "{name}"}
PURE = (10, 100, 1_000, 10_000)


def pure(candidates: int) -> float:
    """Seconds of computing for a decision over so many candidates."""
    pool = [
        Candidate(id=f"{one:06}", skills={"s": one % 5 + 1}, load=one % 4, idle_s=float(one))
        for one in range(candidates)
    ]
    request = Request(department="d", needs=Needs({"s": 3}))
    times = max(3, 20_000 // candidates)
    start = time.process_time()
    for _ in range(times):
        decide(request, pool, RoutingPolicy())
    return (time.process_time() - start) / times


def fill(connection: sa.Connection, cases: int, agents: int, skills: int) -> None:
    """Everything by SQL: made-up rows need no operation."""
    with connection.begin():
        whole_schema().create_all(connection)
        documents = [(one, {"skills": {f"s{one}": {"least": 3}}, "language": ""}) for one in range(skills)]
        connection.exec_driver_sql("CREATE TEMP TABLE wanted (n INTEGER PRIMARY KEY, doc TEXT, key TEXT)")
        for one, document in documents:
            values = (one, json.dumps(document), needs_key(document))
            connection.exec_driver_sql("INSERT INTO wanted VALUES (?, ?, ?)", values)
            connection.exec_driver_sql("INSERT INTO skills (id, name) VALUES (?, ?)", (f"s{one}", f"Skill {one}"))
        for one in range(DEPARTMENTS):
            connection.exec_driver_sql(
                "INSERT INTO departments (id, name, examples) VALUES (?, ?, '[]')", (f"d{one}", f"D {one}")
            )
        for statement in statements(cases, agents, skills):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("ANALYZE")
    connection.commit()


def statements(cases: int, agents: int, skills: int) -> Iterator[str]:
    count = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
    at = f"{NOW:%Y-%m-%dT%H:%M:%S}.000000Z"
    yield "CREATE TEMP TABLE who (i INTEGER PRIMARY KEY, id TEXT)"
    yield f"INSERT INTO who {count.format(last=agents - 1)} SELECT i, lower(hex(randomblob(16))) FROM n"
    yield (
        "INSERT INTO agents (id, name, email, password_hash, role, presence, presence_reason, seen_at) "
        f"SELECT id, 'A' || i, 'a' || i || '@x', 'x', 'agent', 'available', '', '{at}' FROM who"
    )
    yield f"INSERT INTO agent_departments (agent_id, department) SELECT id, 'd' || (i % {DEPARTMENTS}) FROM who"
    yield "INSERT INTO agent_work (agent_id) SELECT id FROM who"
    ours = skills // DEPARTMENTS
    for shift in (0, 1, 3):
        skill = f"'s' || (((i / {DEPARTMENTS} + {shift}) % {ours}) * {DEPARTMENTS} + i % {DEPARTMENTS})"
        level = f"1 + (i / {DEPARTMENTS} + {shift}) % 5"
        yield (
            "INSERT OR IGNORE INTO agent_skills (agent_id, skill, level, own_level) "
            f"SELECT id, {skill}, {level}, {level} FROM who"
        )
    opened = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', '2026-03-02 09:00:00', '-' || (i % 100000) || ' seconds')"
    yield (
        "INSERT INTO cases (id, number, subject, description, case_type, department, status, impact, urgency, priority,"
        " claimed, products, escalation_level, agent_id, needs, needs_key, sla_due_at, opened_at, updated_at,"
        " acted_at, version)"
        f" {count.format(last=cases - 1)} SELECT lower(hex(randomblob(16))), 'CAS-' || i, 'It jams', '', 'incident',"
        f" 'd' || ((i / 2) % {skills} % {DEPARTMENTS}), CASE i % 2 WHEN 0 THEN 'new' ELSE 'closed' END, 2, 2, 3,"
        f" '{{}}', '[]', 0, CASE i % 2 WHEN 1 THEN (SELECT id FROM who w WHERE w.i = n.i % {agents}) END,"
        f" doc, key, CASE i % 3 WHEN 0 THEN {opened} END, {opened}, {opened}, {opened}, 1 "
        f"FROM n JOIN wanted ON wanted.n = (n.i / 2) % {skills}"
    )


async def floor(database: Database, times: int = 50) -> float:
    start = time.perf_counter()
    for _ in range(times):
        async with database.unit_of_work() as work:
            work.write(sa.update(agent_work).where(agent_work.c.agent_id == uuid4()).values(version=1))
            work.write(sa.update(rulebooks).values(by="x"))
    return (time.perf_counter() - start) / times


async def through(folder: Path, cases: int, agents: int, skills: int, placed: int) -> tuple[float, float, float, int]:
    """Seconds a decision, of computing and by the clock; of a bare commit; and how many candidates a decision had."""
    database = Database(f"sqlite+aiosqlite:///{folder / f'{cases}-{agents}.db'}")
    try:
        await database.run(lambda connection: fill(connection, cases, agents, skills))
        async with database.unit_of_work() as work:
            await put_in_force(work, Rulebook.ROUTING, {"default": {"mode": "assign"}}, by=SYSTEM, at=NOW)
        sweep = job.RoutingSweep(database, WORDS, lambda: NOW)
        await sweep.place("d1", most=5)
        start, begun = time.perf_counter(), time.process_time()
        done = await sweep.place("d2", most=placed)
        took, computed = (time.perf_counter() - start) / max(done, 1), (time.process_time() - begun) / max(done, 1)
        async with database.snapshot() as snapshot:
            facts = await snapshot.scalar(sa.text("SELECT json_array_length(facts, '$.candidates') FROM assignments"))
        return computed, took, await floor(database), int(facts)
    finally:
        await database.close()


IN_VAIN = {
    "nobody there": "UPDATE agents SET presence = 'offline'",
    "everybody full": "UPDATE agent_work SET capacity = 0",
    "nobody able": "DELETE FROM agent_skills",
}


async def in_vain(folder: Path, why: str, cases: int, agents: int, skills: int) -> tuple[float, int]:
    """Seconds of computing of a whole sweep that gives out nothing, and how often it decided."""
    database = Database(f"sqlite+aiosqlite:///{folder / f'{why}.db'}")
    decided = 0

    class Counting(job.RoutingSweep):
        async def _route(self, case_id: UUID) -> Decision | None:
            nonlocal decided
            decided += 1
            return await super()._route(case_id)

    try:
        await database.run(lambda connection: fill(connection, cases, agents, skills))
        async with database.unit_of_work() as work:
            await put_in_force(work, Rulebook.ROUTING, {"default": {"mode": "assign"}}, by=SYSTEM, at=NOW)
            work.write(sa.text("UPDATE cases SET status = 'open' WHERE status = 'closed'"))
            work.write(sa.text("UPDATE agent_work SET capacity = 1000"))
            work.write(sa.text(IN_VAIN[why]))
        sweep = Counting(database, WORDS, lambda: NOW)
        begun = time.process_time()
        await sweep.give_out()
        return time.process_time() - begun, decided
    finally:
        await database.close()


def say_in_vain(cases: int, agents: int, skills: int) -> None:
    say = sys.stdout.write
    say(f"\n| {cases // 2:,} wait, {agents:,} agents | computing of a sweep | decisions |\n|---|---|---|\n")
    for why in IN_VAIN:
        with tempfile.TemporaryDirectory() as folder:
            seconds, decided = asyncio.run(in_vain(Path(folder), why, cases, agents, skills))
        say(f"| {why} | {seconds * 1e3:,.0f} ms | {decided:,} |\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--skills", type=int, default=500)
    parser.add_argument("--placed", type=int, default=60)
    parser.add_argument("--in-vain", action="store_true")
    asked = parser.parse_args()
    if not asked.in_vain:
        say_decisions(asked)
    say_in_vain(asked.cases, asked.agents, asked.skills)


def say_decisions(asked: argparse.Namespace) -> None:
    say = sys.stdout.write
    say("| candidates | pure decision | a candidate |\n|---|---|---|\n")
    for candidates in PURE:
        seconds = pure(candidates)
        say(f"| {candidates:,} | {seconds * 1e6:,.0f} us | {seconds * 1e6 / candidates:.2f} us |\n")
    say("\n| cases | agents | with the skill | computing | against the first | by the clock | decisions/s | floor |\n")
    say("|---|---|---|---|---|---|---|---|\n")
    sizes = [(asked.cases // part, asked.agents) for part in (100, 10, 1)]
    sizes += [(asked.cases // 100, asked.agents // part) for part in (10, 3)]
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for cases, agents in sizes:
            computed, took, bare, having = asyncio.run(through(Path(folder), cases, agents, asked.skills, asked.placed))
            first = first or computed
            say(f"| {cases:,} | {agents:,} | {having} | {computed * 1e3:.1f} ms | {computed / first:.2f} ")
            say(f"| {took * 1e3:.1f} ms | {1 / took:.0f} | {bare * 1e3:.1f} ms |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
