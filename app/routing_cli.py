"""`nightdesk routing`: what routing decided, decided again."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.settings import Settings

routing_commands = typer.Typer(no_args_is_help=True, help="What routing decided, decided again.")
console = Console()
SHOWN_MAX = 20


@routing_commands.command()
def replay(
    since: Annotated[datetime | None, typer.Option("--from", help="Decided from this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Decided before this time (UTC).")] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Folder of the database.  [dim]NIGHTDESK_DATA[/]"),
    ] = None,
) -> None:
    """Decide everything again from the facts and by the rulebook of that time; ends with 1 if anything differs.

    \b
    nightdesk routing replay
    nightdesk routing replay --from 2026-03-01 --to 2026-04-01
    """
    settings = Settings(data=data) if data is not None else Settings()
    made, different, dropped = asyncio.run(_replay(settings, since, until))
    console.print(f"[bold]{made}[/bold] decisions made again, [bold]{different}[/bold] came out otherwise")
    if dropped:
        console.print(
            f"[bold]{dropped}[/bold] more were dropped by their age (NIGHTDESK_ROUTING_DAYS), and not looked at"
        )
    if different:
        raise typer.Exit(1)


async def _replay(settings: Settings, since: datetime | None, until: datetime | None) -> tuple[int, int, int]:
    from caseengine.old_assignments import dropped_assignments
    from caseengine.reading.assignments import replay as decide_again
    from storage.engine import Database

    database = Database(settings.url)
    made = different = 0
    try:
        async with database.snapshot() as snapshot:
            async for one in decide_again(snapshot, since=_utc(since), until=_utc(until)):
                made += 1
                different += bool(one.difference)
                if one.difference and different <= SHOWN_MAX:
                    console.print(f"{one.decided_at:%Y-%m-%d %H:%M:%S}  {one.number}  {one.difference}", soft_wrap=True)
            dropped = await dropped_assignments(snapshot, since=_utc(since), until=_utc(until))
    finally:
        await database.close()
    return made, different, dropped


def _utc(typed: datetime | None) -> datetime | None:
    return typed.replace(tzinfo=UTC) if typed is not None and typed.tzinfo is None else typed
