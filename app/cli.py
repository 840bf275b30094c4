"""The one command line, `nightdesk`. Its help is the first page of the manual: every command shows how it is used."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.backtest_commands import add_backtest_command
from app.import_commands import CommandLine, add_import_commands
from app.mail_commands import add_mail_commands
from app.routing_cli import routing_commands
from app.rulebook_commands import add_rulebook_commands
from app.settings import Settings
from app.teams_commands import teams_commands

SITE = "demo"

app = typer.Typer(
    name="nightdesk",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="A service desk that never closes.\n\n"
    "Start here:  [bold]nightdesk serve --demo[/bold]  and open the address it prints.\n\n"
    "Every option of [bold]serve[/bold], and much more, can also be set by an environment variable: "
    "NIGHTDESK_DATA, NIGHTDESK_PORT, NIGHTDESK_DATABASE_URL, NIGHTDESK_SMTP_HOST ...; "
    "[bold]nightdesk settings[/bold] lists them all.",
)
app.add_typer(routing_commands, name="routing", rich_help_panel="Check")
app.add_typer(teams_commands, name="teams", rich_help_panel="Use")
console = Console()
complaints = Console(stderr=True)

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder of database, keys and models.  [dim]NIGHTDESK_DATA[/]"),
]


def main() -> None:
    """The `nightdesk` command."""
    app()


@app.command(rich_help_panel="Run")
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [dim]default 127.0.0.1[/]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [dim]default 8080[/]")] = None,
    data: DataOption = None,
    demo: Annotated[
        bool | None, typer.Option("--demo", help="Load the demo company and catch its mails; loopback only.")
    ] = None,
    readable: Annotated[bool, typer.Option("--readable", help="Log in lines for people, not in JSON.")] = False,
) -> None:
    """Run the whole desk in this process until it is told to stop.

    The first start makes the database; later ones bring it up to date. SIGTERM or Ctrl-C finishes the turns in hand.

    \b
    Try it:              nightdesk serve --demo
    In earnest:          nightdesk serve --host 0.0.0.0 --data /var/lib/nightdesk
    With PostgreSQL:     NIGHTDESK_DATABASE_URL=postgresql+asyncpg://desk@db/desk nightdesk serve
    """
    settings = _settings(host=host, port=port, data=data, demo=demo)
    _configure_logs(settings, readable)
    from app.serve import DemoNeedsLoopback, run
    from app.welcome import show_welcome
    from channels.teams.account import AccountInvalid

    try:
        run(settings, ready=lambda _: show_welcome(console, settings))
    except AccountInvalid as error:
        _fail(f"Teams is half set up, and would let anybody in: {error}.", "see docs/how-to/connect-teams.md")
    except DemoNeedsLoopback:
        _fail("The demo shows every mail to everybody, so it listens on the loopback only.", "leave --host out")
    except OSError as error:
        _fail(f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}).", "choose another with --port")


@app.command(rich_help_panel="Run")
def migrate(data: DataOption = None) -> None:
    """Bring the database to the schema of this release, and say what was done. `serve` does it too, when it starts.

    \b
    nightdesk migrate
    nightdesk migrate --data /var/lib/nightdesk
    """
    settings = _settings(data=data)
    settings.data.mkdir(parents=True, exist_ok=True)
    applied = asyncio.run(_migrate(settings))
    console.print(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the schema is current.")


@app.command(rich_help_panel="Use")
def password(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The agent's address.")],
    data: DataOption = None,
    lock: Annotated[bool, typer.Option("--lock", help="Let nobody sign in as this agent any more.")] = False,
) -> None:
    """Give an agent a new password, print it once, and end their sessions.

    \b
    nightdesk password ada@wheels.example
    nightdesk password ada@wheels.example --lock
    """
    settings = _settings(data=data)
    given = asyncio.run(_password(settings, email, lock=lock))
    console.print(f"{email} can sign in with  {given}" if given else f"Nobody can sign in as {email}.", highlight=False)


@app.command(rich_help_panel="Use")
def chat(
    address: Annotated[str, typer.Argument(metavar="[URL]", help="Where the desk is.")] = "http://127.0.0.1:8080",
    site: Annotated[str, typer.Option(help="Public key of the site to come from.")] = SITE,
) -> None:
    """Talk to the desk as a customer, here in the terminal. Type a number to choose a suggested answer.

    \b
    nightdesk chat
    nightdesk chat https://desk.example --site shop
    echo "Where is my delivery?" | nightdesk chat
    """
    import aiohttp

    from app.chat import ChatRefused
    from app.chat import chat as talk

    try:
        asyncio.run(talk(address, site, console))
    except ChatRefused as refused:
        _fail(str(refused), "name a site that admits this address: nightdesk chat --site KEY")
    except (aiohttp.ClientError, TimeoutError):
        _fail(f"No desk answers at {address}.", "start one: nightdesk serve --demo")
    except KeyboardInterrupt:
        console.print()


@app.command(rich_help_panel="Use")
def board(
    department: Annotated[str | None, typer.Option(help="Only this department.")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.  [dim]default: a week ago[/]")
    ] = None,
    before: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Day after the last.  [dim]default: tomorrow[/]"),
    ] = None,
    data: DataOption = None,
) -> None:
    """Show how the desk stands now, and how it did in a period of its own days.

    \b
    nightdesk board
    nightdesk board --department tills --from 2026-03-01 --to 2026-04-01
    """
    from app.board_print import print_board

    days = (first.date() if first else None, before.date() if before else None)
    settings = _settings(data=data)
    asyncio.run(_migrate(settings))
    refused = asyncio.run(print_board(console, settings.url, department, *days))
    if refused:
        _fail(refused, "see what can be asked: nightdesk board --help")


@app.command(rich_help_panel="Check")
def doctor(data: DataOption = None) -> None:
    """Check Python, SQLite, disk, front end, database, mail and model, and say what to do about what is missing.

    Ends with 1 when the desk could not run safely, else with 0.

    \b
    nightdesk doctor
    nightdesk doctor --data /var/lib/nightdesk && nightdesk serve --data /var/lib/nightdesk
    """
    settings = _settings(data=data)
    logging.disable(logging.WARNING)
    if not asyncio.run(_examine(settings)):
        raise typer.Exit(1)


@app.command(rich_help_panel="Check")
def settings() -> None:
    """List every setting: its environment variable, what it is now, and what it does.

    \b
    nightdesk settings
    NIGHTDESK_PORT=9000 nightdesk settings
    """
    current = _settings()
    table = Table("variable", "now", "what it does", box=None, pad_edge=False)
    for name, described in Settings.model_fields.items():
        table.add_row(f"NIGHTDESK_{name.upper()}", str(getattr(current, name)), described.description or "")
    console.print(table)


def _settings(**chosen: Any) -> Settings:
    """The environment's settings, with what the command line says on top."""
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        named = "".join(f"NIGHTDESK_{part}: ".upper() for part in wrong["loc"])  # nothing where it is about several
        _fail(f"{named}{wrong['msg']}.", "see what is set: env | grep NIGHTDESK_")


def _configure_logs(settings: Settings, readable: bool) -> None:
    from app.logs import configure_logs

    configure_logs(settings.log_level, readable=readable)


async def _migrate(settings: Settings) -> list[str]:
    from app.schema import whole_schema
    from app.upgrading import bring_up_to_date
    from storage.engine import Database
    from storage.errors import SchemaTooNew

    whole_schema()
    database = Database(settings.url)
    try:
        return list(await bring_up_to_date(database))
    except SchemaTooNew as error:
        _fail(f"A later release has changed this database (to {error}).", "run that release, or restore a backup")
    finally:
        await database.close()


async def _password(settings: Settings, email: str, *, lock: bool) -> str:
    """The new password; empty when the agent was locked out."""
    from app.agent_access import lock as lock_out
    from app.agent_access import new_password
    from app.clock import now
    from app.http.sessions import hash_password
    from caseengine.model.errors import AgentNotFound
    from storage.engine import Database

    await _migrate(settings)
    database = Database(settings.url)
    try:
        if lock:
            await lock_out(database, email, at=now())
            return ""
        return await new_password(database, email, hash_password=hash_password)
    except AgentNotFound:
        _fail(f"No agent has the address {email}.", "nightdesk import company FILE adds agents")
    finally:
        await database.close()


async def _examine(settings: Settings) -> bool:
    from app.doctor import Verdict, examine

    signs = {Verdict.GOOD: "[green]good[/]", Verdict.NOTE: "[yellow]note[/]", Verdict.BAD: "[red]bad [/]"}
    sound = True
    async for finding in examine(settings):
        sound = sound and finding.verdict is not Verdict.BAD
        console.print(f"{signs[finding.verdict]}  {finding.name:<10} {finding.found}", highlight=False, soft_wrap=True)
        if finding.remedy:
            console.print(f"{'':<17} [bold]{finding.remedy}[/bold]", highlight=False, soft_wrap=True)
    return sound


def _fail(what: str, remedy: str) -> NoReturn:
    """Say what is wrong and what to do, and end with 1."""
    complaints.print(f"[red]{what}[/red]  [bold]{remedy}[/bold]", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


add_import_commands(app, CommandLine(console, complaints, _settings, _fail, _migrate))
add_rulebook_commands(app, _settings, _fail, console)
add_backtest_command(app, _settings, _fail, console)
add_mail_commands(app, _settings, _fail, console)

if __name__ == "__main__":
    main()
