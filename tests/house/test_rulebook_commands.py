"""Rulebooks and the backtest from the command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from app.cli import app
from storage.engine import Database
from tests.app.jobs.ruled import rule, tag
from tests.caseengine.office import Office

DRAFT = {"rules": [rule("tills", when={"fact": "words", "contains": "till"}, then=[tag("till")])]}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("NIGHTDESK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return invoke


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    file = tmp_path / "draft.yaml"
    file.write_text(yaml.safe_dump(DRAFT), "utf-8")
    return file


@pytest.mark.parametrize(
    "command", [["rulebook", "show"], ["rulebook", "check"], ["rulebook", "set"], ["rules", "check"], ["backtest"]]
)
def test_the_help_of_every_command_shows_how_it_is_used(run, command: list[str]) -> None:
    helped = run(*command, "--help")
    assert helped.exit_code == 0
    assert f"nightdesk {' '.join(command)}" in helped.output


def test_a_draft_is_checked_put_in_force_and_shown(run, draft: Path) -> None:
    assert run("rules", "check", str(draft)).output == "These rules make sense.\n"
    assert "{}" in run("rulebook", "show", "rules").output
    assert "Version 1 of rules is in force." in run("rulebook", "set", "rules", str(draft)).output
    assert yaml.safe_load(run("rulebook", "show", "rules").output) == DRAFT


def test_a_draft_that_makes_no_sense_is_told_where(run, draft: Path) -> None:
    draft.write_text("rules: [{id: x, events: [CaseOpened], then: [{do: explode}]}]")
    ended = run("rules", "check", str(draft))
    assert ended.exit_code == 1
    assert "rules[0].then[0].do: no such action." in ended.output
    draft.write_text("rules: [")
    assert "is no YAML" in run("rulebook", "set", "rules", str(draft)).output
    assert "There is no rulebook of this kind." in run("rulebook", "show", "nonsense").output


def test_a_backtest_tells_which_cases_would_differ(run, draft: Path, tmp_path: Path) -> None:
    run("migrate")
    asyncio.run(two_cases(tmp_path))
    period = ("--from", "2026-03-02", "--to", "2026-03-03")
    told = run("backtest", "--rules", str(draft), *period)
    assert "1 of 2 cases would differ." in told.output
    (line,) = run("backtest", "--rules", str(draft), *period, "--json").stdout.splitlines()
    assert [one["what"] for one in json.loads(line)["differences"]] == ["tags", "fired"]
    assert "0 of 0" in run("backtest", "--rules", str(draft), "--from", "2026-01-01", "--to", "2026-01-02").output
    assert run("backtest", "--rules", str(draft), "--from", "2026-03-03", "--to", "2026-03-02").exit_code == 1


def test_several_drafts_are_compared_at_once(run, draft: Path, tmp_path: Path) -> None:
    run("migrate")
    asyncio.run(two_cases(tmp_path))
    period = ("--from", "2026-03-02", "--to", "2026-03-03")
    sla = written(tmp_path / "sla.yaml", {"policies": {"default": {"targets": {"first_response": "1h"}}}})
    routing = written(tmp_path / "routing.yaml", {"default": {"mode": "assign"}})
    told = run("backtest", "--rules", str(draft), "--sla", sla, "--routing", routing, *period)
    assert "2 of 2 cases would differ." in told.output
    lines = run("backtest", "--rules", str(draft), "--sla", sla, *period, "--json").stdout.splitlines()
    whats = [{one["what"] for one in json.loads(line)["differences"]} for line in lines]
    assert sum("tags" in what for what in whats) == 1
    assert all("first_response.1.due_at" in what for what in whats)
    assert "0 of 2" in run("backtest", "--routing", routing, *period).output  # nothing was ever routed


def test_a_backtest_tells_where_a_draft_makes_no_sense(run, tmp_path: Path) -> None:
    run("migrate")
    period = ("--from", "2026-03-02", "--to", "2026-03-03")
    sla = written(tmp_path / "sla.yaml", {"choose": {"default": "gold"}})
    ended = run("backtest", "--sla", sla, *period)
    assert ended.exit_code == 1
    assert "sla: choose.default: there is no policy of this name." in ended.output
    routing = written(tmp_path / "routing.yaml", {"departments": {"moon": {"mode": "assign"}}})
    ended = run("backtest", "--routing", routing, *period)
    assert ended.exit_code == 1
    assert "routing: departments.moon: no such department." in ended.output
    assert run("backtest", *period).exit_code == 1


def written(file: Path, document: dict[str, Any]) -> str:
    file.write_text(yaml.safe_dump(document), "utf-8")
    return str(file)


def test_a_backtest_changes_no_schema(run, draft: Path, tmp_path: Path) -> None:
    ended = run("backtest", "--rules", str(draft), "--from", "2026-03-02", "--to", "2026-03-03")
    assert ended.exit_code == 1
    assert "nightdesk migrate" in ended.output


async def two_cases(folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'data' / 'nightdesk.db'}")
    try:
        office = Office(database)
        await office.furnish()
        await office.report("The till jams")
        await office.report("The door jams")
    finally:
        await database.close()
