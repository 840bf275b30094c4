"""`nightdesk mail`: what came in, what was set aside, and who cannot be reached, from the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from app.clock import now
from app.settings import Settings

T = TypeVar("T")
Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the database.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the mail, as `nightdesk mail list` shows it.")]
SHOWN_MAX = 50


def add_mail_commands(
    app: typer.Typer, settings_for: Callable[..., Settings], fail: Callable[[str, str], NoReturn], console: Console
) -> None:
    """Hang the commands on the command line; see `add_rulebook_commands`."""
    mail = typer.Typer(no_args_is_help=True, help="Mails that came in.")
    app.add_typer(mail, name="mail")

    @mail.command("list")
    def show_list(
        state: Annotated[str, typer.Option(help="kept, filed or quarantined; all when left out.")] = "",
        data: Data = None,
    ) -> None:
        """The newest mails and where they went.

        \b
        nightdesk mail list --state quarantined
        """
        if state not in ("", "kept", "filed", "quarantined"):
            fail(f"No mail is ever {state}.", "--state kept, filed or quarantined")
        console.print(_table(asyncio.run(_with_database(settings_for(data=data), lambda one: _rows(one, state)))))

    @mail.command("show")
    def show(number: Number, data: Data = None) -> None:
        """Print a mail's bytes as they came.

        \b
        nightdesk mail show 41 > 41.eml
        """
        raw = asyncio.run(_with_database(settings_for(data=data), lambda one: _raw(one, number)))
        if raw is None:
            fail(f"There is no mail {number}.", "nightdesk mail list")
        typer.get_binary_stream("stdout").write(raw)

    @mail.command("retry")
    def retry(number: Number, data: Data = None) -> None:
        """Read and file a mail once more that was set aside.

        \b
        nightdesk mail retry 41
        """
        if not asyncio.run(_with_database(settings_for(data=data), lambda one: _retry(one, number))):
            fail(f"No mail {number} is set aside.", "nightdesk mail list --state quarantined")
        console.print(f"Mail {number} is filed within seconds, where the desk runs.")

    @mail.command("lift")
    def lift(address: str, data: Data = None) -> None:
        """Write to an address again that bounced or complained.

        \b
        nightdesk mail lift ana@corner.example
        """
        asyncio.run(_with_database(settings_for(data=data), lambda one: _lift(one, address)))
        console.print(f"{address} gets mail again.")


async def _with_database(settings: Settings, ask: Callable[[Any], Awaitable[T]]) -> T:
    from storage.engine import Database

    database = Database(settings.url)
    try:
        return await ask(database)
    finally:
        await database.close()


async def _rows(database: Any, state: str) -> Any:
    from caseengine.mails import mail_rows

    async with database.snapshot() as snapshot:
        return await mail_rows(snapshot, state=state or None, limit=SHOWN_MAX)


async def _raw(database: Any, number: int) -> bytes | None:
    from caseengine.mails import mail_raw

    async with database.snapshot() as snapshot:
        return await mail_raw(snapshot, number)


async def _retry(database: Any, number: int) -> bool:
    from caseengine.mails import Mails
    from storage.errors import Conflict

    try:
        async with database.unit_of_work() as work:
            Mails(work).retry(number)
    except Conflict:
        return False
    return True


async def _lift(database: Any, address: str) -> None:
    from customers.reachability import Reach, mark

    async with database.unit_of_work() as work:
        mark(work, "email", address, Reach.REACHABLE, "lifted on the command line", at=now())


def _table(rows: Any) -> Table:
    table = Table("Mail", "Received", "State", "Size", "Why", "Sender", box=None)
    for row in rows:
        why = row.verdict or row.last_error or ""
        received = f"{row.received_at:%Y-%m-%d %H:%M}"
        table.add_row(str(row.id), received, row.state, str(row.size), why, row.sender)
    return table
