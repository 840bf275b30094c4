"""The command line as somebody meets it who has never seen it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from app.chat import Line, Terminal, card, plain
from app.cli import app
from app.demo.load import DEMO_PASSWORD, demo_sign_ins
from app.serve import running
from app.settings import Settings
from app.welcome import show_welcome

COMMANDS = (["serve"], ["migrate"], ["import", "articles"], ["chat"], ["doctor"], ["settings"])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    monkeypatch.setenv("NIGHTDESK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NIGHTDESK_ENCODER", "false")
    monkeypatch.setenv("COLUMNS", "200")
    import logging

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    yield invoke
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_how_it_is_used(run, command: list[str]) -> None:
    helped = run(*command, "--help")

    assert helped.exit_code == 0
    assert f"nightdesk {' '.join(command)}" in helped.output


def test_migrating_says_what_was_done_and_then_that_nothing_is_left(run) -> None:
    assert "Applied 0001" in run("migrate").output
    assert "Nothing to do" in run("migrate").output


def test_an_import_says_what_came_and_why_a_file_was_skipped(run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "late.md").write_text("---\ntitle: Late\naudience: public\n---\nCall the driver.\n")
    (folder / "notes.md").write_text("just notes")

    first, second = run("import", "articles", str(folder)), run("import", "articles", str(folder))

    assert "added 1" in first.output
    assert "notes.md: does not begin with its facts" in first.output
    assert "added 0" in second.output
    assert "unchanged 1" in second.output


def test_an_import_of_a_folder_that_is_not_there_says_so_and_fails(run) -> None:
    failed = run("import", "articles", "/nowhere/at/all")

    assert failed.exit_code == 1
    assert "There is no folder" in failed.output


def test_the_doctor_finds_a_desk_that_was_never_started_healthy(run) -> None:
    examined = run("doctor")

    assert examined.exit_code == 0
    assert "nightdesk serve makes it" in examined.output


def test_the_doctor_names_a_remedy_and_fails_where_the_database_is_out_of_reach(run, monkeypatch) -> None:
    monkeypatch.setenv("NIGHTDESK_DATABASE_URL", "postgresql+asyncpg://desk@127.0.0.1:1/desk")

    examined = run("doctor")

    assert examined.exit_code == 1
    assert "Check NIGHTDESK_DATABASE_URL" in examined.output


def test_a_wrong_setting_is_named(run, monkeypatch) -> None:
    monkeypatch.setenv("NIGHTDESK_PORT", "many")

    failed = run("settings")

    assert failed.exit_code == 1
    assert "NIGHTDESK_PORT" in failed.output


def test_the_demo_listens_on_the_loopback_only(run) -> None:
    failed = run("serve", "--demo", "--host", "0.0.0.0")

    assert failed.exit_code == 1
    assert "loopback only" in failed.output


def test_chatting_with_nobody_says_how_to_start_a_desk(run) -> None:
    failed = run("chat", "http://127.0.0.1:1")

    assert failed.exit_code == 1
    assert "nightdesk serve --demo" in failed.output


def welcomed(*, demo: bool, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        show_welcome(console, Settings(port=8123, demo=demo))
    return captured.get()


def test_the_demo_says_what_to_open_and_who_to_be() -> None:
    lines = [line.split() for line in welcomed(demo=True).splitlines()]
    addresses = [word.removeprefix("http://127.0.0.1:8123") for line in lines for word in line if "://" in word]

    assert addresses == ["/", "/demo/shop", "/demo/mailbox", "/workspace", "/help", "/api/docs", "/readyz"]
    roles = {one.email: one.role for one in demo_sign_ins()}
    named = [word for line in lines for word in line if "@" in word]
    assert [roles[one] for one in named] == ["manager", "agent", "agent", "supervisor"]
    assert ["their", "password", DEMO_PASSWORD, "in", "the", "workspace"] in lines


def test_a_narrow_terminal_cuts_no_address() -> None:
    narrow = welcomed(demo=True, width=56)

    assert "grace.underhill@larder-lane.example" in narrow
    assert "http://127.0.0.1:8123/demo/mailbox" in narrow


def test_outside_the_demo_nobody_is_named() -> None:
    text = welcomed(demo=False)

    assert "http://127.0.0.1:8123/workspace" in text
    assert "@" not in text
    assert DEMO_PASSWORD not in text
    assert "/demo/" not in text


def shown(*activities: dict[str, object]) -> tuple[str, Terminal]:
    terminal = Terminal(Console(width=80, force_terminal=False, record=True, quiet=False))
    with terminal.console.capture() as captured:
        for activity in activities:
            terminal.show(activity)
    return captured.get(), terminal


def said(text: str, *titles: str) -> dict[str, object]:
    actions = [{"type": "imBack", "title": title, "value": f"{title} please"} for title in titles]
    return {
        "type": "message",
        "from": {"id": "bot", "role": "bot", "name": "Desk"},
        "text": text,
        "suggestedActions": {"actions": actions},
    }


def test_a_number_stands_for_the_suggested_answer_said_last() -> None:
    text, terminal = shown(said("Solved?", "Yes", "No"))

    assert "1  Yes" in text
    assert terminal.meaning("2") == "No please"
    assert terminal.meaning("3") == "3"
    assert terminal.meaning("No") == "No"


def test_what_others_write_cannot_steer_the_terminal() -> None:
    text, _ = shown(said("\x1b[2Jgone\x07"))

    assert "\x1b" not in text
    assert plain("a\x1b\x9bb\nc") == "ab\nc"


def test_a_card_is_read_out_as_lines() -> None:
    console = Console(width=80)
    blocks = [
        {"type": "TextBlock", "text": "Case CAS-01041-V9D3", "weight": "bolder"},
        {"type": "FactSet", "facts": [{"title": "Status", "value": "open"}]},
        {"type": "Input.Text", "label": "Your e-mail", "id": "email"},
    ]
    with console.capture() as captured:
        for part in card(
            {"body": blocks, "actions": [{"type": "Action.OpenUrl", "title": "Help", "url": "https://x"}]}
        ):
            console.print(part)

    for words in ("Case CAS-01041-V9D3", "Status  open", "Your e-mail: ...", "Help: https://x"):
        assert words in captured.get()


async def test_a_conversation_over_the_wire_greets_echoes_once_and_answers(tmp_path: Path) -> None:
    import aiohttp

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(data=tmp_path, port=port, demo=True, encoder=False)
    async with running(settings), aiohttp.ClientSession() as session:
        line = Line(session, settings.origin, "demo")
        activities = line.activities(await line.open())
        greeting = await anext(activities)
        assert greeting["from"]["role"] == "bot"
        await line.say("Hello again")
        heard = [await anext(activities) for _ in range(2)]
        roles = [activity["from"]["role"] for activity in heard if activity["type"] == "message"]
        await activities.aclose()

    assert heard[0]["text"] == "Hello again"
    assert roles[0] == "user"
