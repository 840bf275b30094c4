"""`nightdesk rulebook` and `nightdesk rules`: what a company decides, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
import yaml
from rich.console import Console

from app.settings import Settings

if TYPE_CHECKING:
    from caseengine.model.errors import RulebookInvalid

T = TypeVar("T")
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
    "unknown": "nothing of this name belongs here",
    "unknown_policy": "there is no policy of this name",
    "unknown_target": "no such target",
    "unknown_tier": "a tier is A, B or C",
    "unknown_calendar": "there is no calendar of this name",
    "unknown_skill": "there is no skill of this name",
    "reserved": "this name means something already",
    "name": "must be letters, digits, '.', '_' or '-', at most 40",
    "not_positive": "must be longer than nothing",
    "too_long": "is too long",
    "too_many": "has too many steps",
    "share": "must be more than 0 and at most 1",
    "share_or_after": "needs either share or after",
    "number": "must be a number within its bounds",
    "choice": "is none of the choices",
    "flag": "must be true or false",
    "order": "must be in order of after_s",
}
SettingsFor = Callable[..., Settings]
Fail = Callable[[str, str], NoReturn]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The document, in YAML or JSON.")]
KindName = Annotated[str, typer.Argument(metavar="KIND", help="rules, and what else GET /api/rulebooks lists.")]
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the database.")]


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

    return await on_a_snapshot(settings, read, fail)


async def _check(settings: Settings, name: str, file: Path, fail: Fail) -> str:
    from app.rulebooks import check, kind_named

    document = read_document(file, fail)

    async def read(snapshot: Any) -> str:
        await check(snapshot, kind_named(name), document)
        return name

    return await on_a_snapshot(settings, read, fail)


async def _put(settings: Settings, name: str, file: Path, fail: Fail) -> int:
    from app.clock import now
    from app.rulebooks import kind_named, put_in_force
    from caseengine.model.actor import SYSTEM

    document = read_document(file, fail)

    async def write(database: Any) -> int:
        async with database.unit_of_work() as work:
            decided = await put_in_force(work, kind_named(name), document, by=SYSTEM, at=now())
        return decided.version

    return await with_database(settings, write, fail)


def wrong_place(wrong: "RulebookInvalid") -> str:
    """The place of a slip, and what it is."""
    return f"{wrong.where}: {BECAUSE.get(wrong.problem, wrong.problem)}."


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


async def on_a_snapshot(
    settings: Settings, read: Callable[[Any], Awaitable[T]], fail: Fail, *, as_it_is: bool = False
) -> T:
    async def run(database: Any) -> T:
        async with database.snapshot() as snapshot:
            return await read(snapshot)

    return await with_database(settings, run, fail, as_it_is=as_it_is)


async def with_database(
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
        fail(wrong_place(wrong), "see docs/reference, where each kind has a page")
    except RulebookNotFound:
        fail("There is no rulebook of this kind.", "nightdesk rulebook show rules")
    except (OperationalError, ProgrammingError, StorageUnavailable):
        fail("The database is not there, or not at the schema of this release.", "nightdesk migrate")
    finally:
        await database.close()
