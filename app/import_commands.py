"""`nightdesk import`: bring in what the company already has."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from app.rulebook_commands import Data, Fail, SettingsFor
from app.settings import Settings

if TYPE_CHECKING:
    from app.company_summary import CompanySummary
    from knowledge.articles import ImportSummary


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What the commands here need of the one they belong to.

    Attributes:
        told, warned: where words go: what was done, what needs a look.
        migrate: brings the database up to date.
    """

    told: Console
    warned: Console
    settings_for: SettingsFor
    fail: Fail
    migrate: Callable[[Settings], Awaitable[list[str]]]


def add_import_commands(app: typer.Typer, line: CommandLine) -> None:
    """Hang the commands on the command line."""
    imports = typer.Typer(no_args_is_help=True, help="Bring in what the company already has.")
    app.add_typer(imports, name="import")

    @imports.command("articles")
    def import_articles(
        folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with Markdown files, also below.")],
        data: Data = None,
        source: Annotated[
            str | None, typer.Option(help="Name to know the folder by, so that it may move.  [dim]default: its path[/]")
        ] = None,
        encode: Annotated[
            bool,
            typer.Option("--encode/--no-encode", help="Compute embeddings now, or let the running desk do it."),
        ] = True,
    ) -> None:
        """Bring the knowledge base up to date with a folder of articles; only what changed is written.

        Each article is a Markdown file that begins with its facts:

        \b
        ---
        title: Your delivery is late
        audience: public          # public, customer, retailer or internal
        products: [deliveries]
        language: en
        ---
        Look at ...

        \b
        nightdesk import articles ./articles
        nightdesk import articles ./articles --source handbook --no-encode
        """
        from app.import_report import show_articles

        settings = line.settings_for(data=data)
        settings.data.mkdir(parents=True, exist_ok=True)
        logging.disable(logging.INFO)
        columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=line.told) as progress:
            summary = asyncio.run(_import_articles(line, settings, folder, source, _bars(progress), encode=encode))
        show_articles(line.told, summary)

    @imports.command("company")
    def import_company(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML with departments, agents and the rest.")],
        data: Data = None,
    ) -> None:
        """Bring in departments, agents, opening hours, accounts, contacts and products from one YAML file.

        What is new is added, what differs is changed, nothing is taken away. The first password of each new agent is
        printed once. See docs/how-to/put-your-company-in.md.

        \b
        departments:
          - {id: repairs, name: Repairs, examples: ["My bicycle's brake rubs"]}
        agents:
          - {key: ada, name: Ada Park, email: ada@wheels.example, departments: [repairs]}
        calendar:
          {zone: Europe/London, windows: {monday: ["09:00-17:30"]}, holidays: {country: GB, subdivision: ENG}}

        \b
        nightdesk import company company.yaml
        """
        from app.import_report import show_company

        settings = line.settings_for(data=data)
        settings.data.mkdir(parents=True, exist_ok=True)
        summary = asyncio.run(_import_company(line, settings, file))
        show_company(line.told, summary)
        if settings.fallback_department not in summary.departments:
            line.warned.print(
                f"\n[yellow]There is no department {settings.fallback_department} to take what nobody could sort.[/]  "
                f"[bold]set NIGHTDESK_FALLBACK_DEPARTMENT to one of: {', '.join(summary.departments)}[/]",
                soft_wrap=True,
            )


async def _import_articles(
    line: CommandLine,
    settings: Settings,
    folder: Path,
    source: str | None,
    bars: Callable[[str, int, int], None],
    *,
    encode: bool,
) -> "ImportSummary":
    from app.articles import encode_all, import_folder
    from knowledge.errors import FolderEmpty, FolderNotFound
    from knowledge.retrieval.encoder import BackgroundEncoder
    from storage.engine import Database

    await line.migrate(settings)
    database, encoder = Database(settings.url), BackgroundEncoder(settings.data / "models")
    try:
        summary = await import_folder(database, folder, source=source, progress=bars)
        if encode and settings.encoder:
            encoder.start()
            if await encoder.wait_ready(60):
                await encode_all(database, encoder, progress=bars)
    except FolderNotFound:
        line.fail(f"There is no folder {folder}.", "name a folder with Markdown files")
    except FolderEmpty:
        line.fail(f"No article was found in {folder}; nothing was changed.", "see what one looks like: --help")
    finally:
        await encoder.close()
        await database.close()
    return summary


async def _import_company(line: CommandLine, settings: Settings, file: Path) -> "CompanySummary":
    from app.clock import now
    from app.company import import_company
    from app.company_file import CompanyInvalid, read_company_file
    from app.http.sessions import hash_password
    from app.import_report import show_problems
    from storage.engine import Database
    from storage.errors import Conflict

    try:
        company = read_company_file(file)
        await line.migrate(settings)
        database = Database(settings.url)
        try:
            return await import_company(database, company, at=now(), hash_password=hash_password)
        finally:
            await database.close()
    except CompanyInvalid as error:
        show_problems(line.warned, error.problems)
        line.fail("Nothing was changed.", "see what a file looks like: nightdesk import company --help")
    except Conflict:
        line.fail("Somebody else brought in a file at this moment; nothing was changed.", "bring yours in again")


def _bars(progress: Progress) -> Callable[[str, int, int], None]:
    """One bar for each stage, made when the stage begins."""
    tasks: dict[str, Any] = {}

    def show(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = progress.add_task(stage, total=total)
        progress.update(tasks[stage], completed=done, total=total)

    return show
