"""`nightdesk rulebook`, `nightdesk rules` and `nightdesk backtest`: what a company decides, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from app.settings import Settings
from app.shown_differences import difference_document, difference_rows

T = TypeVar("T")
DAY = "%Y-%m-%d"
BECAUSE = {
    "unknown_field": "nothing of this name belongs here",
    "unknown_fact": "no such fact",
    "unknown_event": "no such event",
    "unknown_action": "no such action",
    "unknown_status": "no such status",
    "unknown_department": "no such department",
    "unknown_agent": "no agent has this address",
    "missing": "is missing",
    "value": "cannot be this",
    "list": "must be a list, neither empty nor too long",
    "mapping": "must be a mapping",
    "text": "must be a short text",
    "truth": "must be true or false",
    "id": "must be small letters, digits and hyphens, at most 40",
    "twice": "stands there twice",
    "events_or_every": "needs either events or every",
    "duration": "must be a time such as {hours: 4}, longer than nothing and at most a year",
    "condition": "is no condition, or nested too deep",
    "comparison": "needs a fact and one comparison",
    "not_json": "holds a value that JSON does not have (a date, a NUL): put it in quotes",
    "too_deep": "is nested too deep",
    "too_much": "holds too many values",
}
SettingsFor = Callable[..., Settings]
Fail = Callable[[str, str], NoReturn]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The document, in YAML or JSON.")]
KindName = Annotated[str, typer.Argument(metavar="KIND", help="rules, and what else GET /api/rulebooks lists.")]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the database.")]
Instant = Annotated[datetime, typer.Option(formats=[DAY], metavar="YYYY-MM-DD")]


def add_rulebook_commands(app: typer.Typer, settings_for: SettingsFor, fail: Fail, console: Console) -> None:
    """Hang the commands on the command line.

    Args:
        settings_for: the environment's settings with what the command line says on top.
        fail: says what is wrong and what to do, and ends with 1.
    """
    books = typer.Typer(no_args_is_help=True, help="What the company decided, in versions.")
    rules = typer.Typer(no_args_is_help=True, help="Rules of the desk.")
    app.add_typer(books, name="rulebook")
    app.add_typer(rules, name="rules")

    @books.command("show")
    def show(kind: KindName, data: Data = None, version: int | None = None) -> None:
        """Print the version in force, or an older one, as YAML.

        \b
        nightdesk rulebook show rules
        nightdesk rulebook show rules --version 3
        """
        console.file.write(asyncio.run(_show(settings_for(data=data), kind, version, fail)))

    @books.command("check")
    def check(kind: KindName, file: File, data: Data = None) -> None:
        """Say whether a document makes sense; nothing is changed. Ends with 1 when it does not.

        \b
        nightdesk rulebook check rules draft.yaml
        """
        _checked(asyncio.run(_check(settings_for(data=data), kind, file, fail)), console)

    @books.command("set")
    def put(kind: KindName, file: File, data: Data = None) -> None:
        """Put a document in force.

        \b
        nightdesk rulebook set rules draft.yaml
        """
        version = asyncio.run(_put(settings_for(data=data), kind, file, fail))
        console.print(f"Version {version} of {kind} is in force.")

    @rules.command("check")
    def check_rules(file: File, data: Data = None) -> None:
        """Say whether a draft of rules makes sense; nothing is changed. Ends with 1 when it does not.

        \b
        nightdesk rules check draft.yaml
        """
        _checked(asyncio.run(_check(settings_for(data=data), "rules", file, fail)), console)

    @app.command(rich_help_panel="Check")
    def backtest(
        start: Annotated[datetime, typer.Option("--from", formats=[DAY], metavar="YYYY-MM-DD", help="First day, UTC.")],
        end: Annotated[datetime, typer.Option("--to", formats=[DAY], metavar="YYYY-MM-DD", help="Day after the last.")],
        rules: Annotated[Path | None, typer.Option(metavar="FILE", help="A draft of rules, in YAML or JSON.")] = None,
        data: Data = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document a line, for programs.")] = False,
    ) -> None:
        """Tell which cases of a period would differ under a draft, and how. Nothing is changed or sent.

        The real events of each case are gone through again, with the rules in force and with the draft.

        \b
        nightdesk backtest --rules draft.yaml --from 2026-10-01 --to 2026-11-01
        nightdesk backtest --rules draft.yaml --from 2026-10-01 --to 2026-11-01 --json | jq .number
        """
        if start >= end:
            fail("The period ends before it begins.", "--to names the day after the last")
        drafts = {name: file for name, file in {"rules": rules}.items() if file is not None}
        if len(drafts) != 1:
            fail("A backtest is about one draft.", "nightdesk backtest --rules FILE --from DAY --to DAY")
        within = start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)
        ((kind, file),) = drafts.items()
        run = _backtest(settings_for(data=data), kind, file, within=within, as_json=as_json, console=console, fail=fail)
        asyncio.run(run)


def _checked(kind: str, console: Console) -> None:
    console.print(f"These {kind} make sense.")


async def _show(settings: Settings, name: str, version: int | None, fail: Fail) -> str:
    from app.rulebooks import kind_named
    from caseengine.rulebooks import rulebook

    async def read(snapshot: Any) -> str:
        found = await rulebook(snapshot, kind_named(name), version)
        if version and not found.version:
            fail(f"There is no version {version} of {name}.", f"nightdesk rulebook show {name}")
        return yaml.safe_dump(dict(found.document), sort_keys=False, allow_unicode=True)

    return await _on_a_snapshot(settings, read, fail)


async def _check(settings: Settings, name: str, file: Path, fail: Fail) -> str:
    from app.rulebooks import check, kind_named

    document = read_document(file, fail)

    async def read(snapshot: Any) -> str:
        await check(snapshot, kind_named(name), document)
        return name

    return await _on_a_snapshot(settings, read, fail)


async def _put(settings: Settings, name: str, file: Path, fail: Fail) -> int:
    from app.clock import now
    from app.rulebooks import kind_named, put_in_force
    from caseengine.model.actor import SYSTEM

    document = read_document(file, fail)

    async def write(database: Any) -> int:
        async with database.unit_of_work() as work:
            decided = await put_in_force(work, kind_named(name), document, by=SYSTEM, at=now())
        return decided.version

    return await _with_database(settings, write, fail)


async def _backtest(
    settings: Settings,
    kind: str,
    file: Path,
    *,
    within: tuple[datetime, datetime],
    as_json: bool,
    console: Console,
    fail: Fail,
) -> None:
    from app.backtest.run import DRAFTS, backtest, how_many
    from app.rulebooks import only_json
    from caseengine.rule_replay import Period
    from caseengine.rulebooks import Rulebook

    document, period = read_document(file, fail), Period(*within)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())

    async def run(snapshot: Any) -> None:
        only_json(document)
        draft = await DRAFTS[Rulebook(kind)](snapshot, document, period)
        total, differing = await how_many(snapshot, period), 0
        table = Table("case", "what", "in force", "draft", "from", box=None, pad_edge=False)
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            bar = bars.add_task("cases", total=total)
            async for found in backtest(
                snapshot, draft, period, progress=lambda done: bars.update(bar, completed=done)
            ):
                differing += 1
                if as_json:
                    console.file.write(orjson.dumps(difference_document(found)).decode() + "\n")
                elif differing <= SHOWN_MAX:
                    for row in difference_rows(found):
                        table.add_row(*row)
        if not as_json:
            if differing:
                console.print(table)
            console.print(_summary(differing, total))

    await _on_a_snapshot(settings, run, fail, as_it_is=True)


SHOWN_MAX = 100
"""Cases in the table; `--json` has all of them."""


def _summary(differing: int, total: int) -> str:
    more = f" The first {SHOWN_MAX} are shown; --json has all." if differing > SHOWN_MAX else ""
    return f"{differing} of {total} cases would differ.{more}"


def read_document(file: Path, fail: Fail) -> dict[str, Any]:
    """A rulebook from a file; an empty file is an empty one."""
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        fail(f"{file} cannot be read.", "name a file with the document in YAML or JSON")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        fail(f"{file} is no YAML" + (f" (line {mark.line + 1})." if mark else "."), "see docs/reference/rules.md")
    if document is None:
        return {}
    if not isinstance(document, dict):
        fail(f"{file} must be a mapping.", "see docs/reference/rules.md")
    return document


async def _on_a_snapshot(
    settings: Settings, read: Callable[[Any], Awaitable[T]], fail: Fail, *, as_it_is: bool = False
) -> T:
    async def run(database: Any) -> T:
        async with database.snapshot() as snapshot:
            return await read(snapshot)

    return await _with_database(settings, run, fail, as_it_is=as_it_is)


async def _with_database(
    settings: Settings, run: Callable[[Any], Awaitable[T]], fail: Fail, *, as_it_is: bool = False
) -> T:
    """`as_it_is`: the schema is not brought up to date either."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from app.schema import whole_schema
    from caseengine.model.errors import RulebookInvalid, RulebookNotFound
    from storage.engine import Database
    from storage.errors import StorageUnavailable
    from storage.migrate import migrate

    whole_schema()
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    try:
        if not as_it_is:
            await migrate(database)
        return await run(database)
    except RulebookInvalid as wrong:
        fail(f"{wrong.where}: {BECAUSE.get(wrong.problem, wrong.problem)}.", "see docs/reference/rules.md")
    except RulebookNotFound:
        fail("There is no rulebook of this kind.", "nightdesk rulebook show rules")
    except (OperationalError, ProgrammingError, StorageUnavailable):
        fail("The database is not there, or not at the schema of this release.", "nightdesk migrate")
    finally:
        await database.close()
