"""`nightdesk teams`: what connecting the desk to Microsoft Teams needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.settings import Settings

teams_commands = typer.Typer(no_args_is_help=True, help="Connect the desk to Microsoft Teams.")
console = Console()
complaints = Console(stderr=True)


@teams_commands.callback()
def _group() -> None:
    """Keeps `manifest` a command of its own while it is the only one."""


@teams_commands.command()
def manifest(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the package.")] = Path(
        "nightdesk-teams.zip"
    ),
    version: Annotated[
        str, typer.Option(help="Of the package; Teams takes an update only when it is higher.")
    ] = "1.0.0",
) -> None:
    """Write the package by which Teams installs the desk: upload it in the Teams admin center.

    \b
    nightdesk teams manifest --out desk.zip
    """
    from zoneinfo import ZoneInfo

    from bot.replies.catalogue import load_catalogue
    from channels.teams.manifest import PackageFacts, PackageInvalid, package

    settings = Settings()
    words = load_catalogue("en", zone=ZoneInfo(settings.zone), company=settings.company).words
    facts = PackageFacts(
        app_id=settings.teams_app_id,
        company=settings.company,
        origin=settings.origin,
        version=version,
        about=words["teams.about"],
        story=words["teams.story"].format(company=settings.company),
    )
    try:
        written = package(facts)
    except PackageInvalid as error:
        complaints.print(f"[red]Teams would not take the package.[/red]  [bold]{error}[/bold]", soft_wrap=True)
        raise typer.Exit(1) from error
    out.write_bytes(written)
    console.print(f"Wrote {out}. Upload it in the Teams admin center.", highlight=False, soft_wrap=True)
