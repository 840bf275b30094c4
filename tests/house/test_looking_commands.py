"""What a manager can look at from the command line: the boards, and what routing decided."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from app.cli import app
from caseengine.tables import assignments
from storage.engine import Database
from tests.caseengine.office import Office
from tests.caseengine.routing.desk import RoutingDesk


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("NIGHTDESK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


def on(folder: Path, work: Callable[[Database], Awaitable[None]]) -> None:
    """Do something to the database of the commands."""

    async def done() -> None:
        database = Database(f"sqlite+aiosqlite:///{folder / 'data' / 'nightdesk.db'}")
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(done())


@pytest.mark.parametrize("command", [["board"], ["routing", "replay"]], ids=" ".join)
def test_the_help_of_every_command_shows_how_it_is_used(run, command: list[str]) -> None:
    helped = run(*command, "--help")
    assert helped.exit_code == 0
    assert f"nightdesk {' '.join(command)}" in helped.output


def test_the_board_tells_how_the_desk_stands_and_how_it_did(run, tmp_path: Path) -> None:
    run("migrate")

    async def three_cases(database: Database) -> None:
        office = Office(database)
        await office.furnish()
        for subject in ("The till jams", "The till is dark", "The till beeps"):
            await office.report(subject)

    on(tmp_path, three_cases)
    told = run("board", "--from", "2026-03-02", "--to", "2026-03-09")
    assert told.exit_code == 0
    lines = [line.split() for line in told.output.splitlines()]
    assert ["tills", "new", "3", "3"] in [line[:4] for line in lines]
    assert ["opened", "3"] in lines
    assert "2026-03-02 to 2026-03-08" in told.output
    empty = [line.split() for line in run("board", "--from", "2026-01-05", "--to", "2026-01-12").output.splitlines()]
    assert ["opened", "0"] in empty


def test_the_board_says_what_was_wrong_with_the_question(run, tmp_path: Path) -> None:
    run("migrate")

    async def furnished(database: Database) -> None:
        await Office(database).furnish()

    on(tmp_path, furnished)
    wrong = run("board", "--department", "moon")
    assert wrong.exit_code == 1
    assert "There is no department moon; there are" in wrong.output
    backwards = run("board", "--from", "2026-03-09", "--to", "2026-03-02")
    assert backwards.exit_code == 1
    assert "ends before it begins" in backwards.output


def test_what_routing_decided_comes_out_the_same_again_or_is_named(run, tmp_path: Path) -> None:
    run("migrate")

    async def five_assigned(database: Database) -> None:
        desk = RoutingDesk(database)
        await desk.opens()
        await desk.hires("Ann", skills={"printers": 4}), await desk.hires("Ben", skills={"printers": 3})
        for _ in range(5):
            await desk.routes(await desk.report())

    async def somebody_tampers(database: Database) -> None:
        async with database.unit_of_work() as work:
            row = await work.first(sa.select(assignments).limit(1))
            assert row is not None
            facts = {**row.facts, "candidates": [[*one[:9], 0, *one[10:]] for one in row.facts["candidates"]]}
            work.write(sa.update(assignments).where(assignments.c.id == row.id).values(facts=facts))

    on(tmp_path, five_assigned)
    same = run("routing", "replay")
    assert same.exit_code == 0
    assert "5 decisions made again, 0 came out otherwise" in same.output
    assert "0 decisions" in run("routing", "replay", "--from", "2026-03-02", "--to", "2026-03-02").output
    on(tmp_path, somebody_tampers)
    other = run("routing", "replay")
    assert other.exit_code == 1
    assert "5 decisions made again, 1 came out otherwise" in other.output
    assert "agent_id:" in other.output
    assert "dropped" not in other.output

    async def the_oldest_are_dropped(database: Database) -> None:
        async with database.unit_of_work() as work:
            oldest = sa.select(assignments.c.id).order_by(assignments.c.decided_at, assignments.c.id).limit(2)
            work.write(sa.delete(assignments).where(assignments.c.id.in_(oldest)))

    on(tmp_path, the_oldest_are_dropped)
    fewer = run("routing", "replay").output
    assert "3 decisions made again" in fewer
    assert "2 more were dropped by their age (NIGHTDESK_ROUTING_DAYS)" in fewer
