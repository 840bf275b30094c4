"""The whole desk behind the post office: `app.serve.running` in this process, its clock one that a test can move."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import sqlalchemy as sa

from app.demo.load import load_demo
from app.serve import running
from app.settings import Settings
from app.wiring import House, build
from caseengine.reading.timeline import timeline
from caseengine.tables import cases
from storage.migrate import migrate
from tests.app.house import NO_ENCODER, password_hash
from tests.desk import Desk, instant
from tests.mail.post import AUTHSERV, DESK, PASSWORD, Post
from tests.mail.programs import LOOK_S, free_port
from tests.mail.rude import Rude

READS_MAIL = "mail_listen" in Settings.model_fields
COLUMNS = ("id", "state", "verdict", "tries", "raw", "case_id", "conversation_id")
BEGIN = "Mon 10:00"
HOLDS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@dataclass
class Clock:
    """Begins on Monday at ten and goes on by itself; `passes` makes it jump."""

    begin: datetime = field(default_factory=lambda: instant(BEGIN))
    started: float = field(default_factory=monotonic)

    def __call__(self) -> datetime:
        return self.begin + timedelta(seconds=monotonic() - self.started)

    @property
    def at(self) -> datetime:
        return self()

    def passes(self, **time: float) -> None:
        self.begin += timedelta(**time)


class MailDesk(Desk):
    """A running desk, asked about its mails."""

    def __init__(self, house: House, clock: Clock, post: Post) -> None:
        super().__init__(house, clock)  # type: ignore[arg-type]  # it tells the time in the same way
        self.post = post

    @property
    def settings(self) -> Any:
        return self.house.settings

    async def files(self) -> None:
        """Whatever is due, now."""
        house: Any = self.house
        await house.filing.run()

    async def mails(self) -> Sequence[Any]:
        """The mails it has kept, oldest first, with `state` and `verdict`."""
        table = sa.table("mails", *map(sa.column, COLUMNS))
        async with self.house.database.snapshot() as snapshot:
            return list(await snapshot.rows(sa.select(table).order_by(table.c.id)))

    async def numbers(self) -> list[str]:
        """Of the cases opened since the desk began, oldest first."""
        opened = sa.select(cases.c.number).where(cases.c.opened_at >= instant(BEGIN))
        async with self.house.database.snapshot() as snapshot:
            return [row.number for row in await snapshot.rows(opened.order_by(cases.c.opened_at, cases.c.number))]

    async def said_on(self, number: str) -> list[str]:
        """What customers wrote on a case, oldest first, as its agents read it."""
        row = (await self.case(number)).row
        async with self.house.database.snapshot() as snapshot:
            entries = await timeline(snapshot, row.id, public_only=False)
        return [str(entry.data["text"]) for entry in entries if entry.kind == "CustomerWrote"]

    @contextlib.asynccontextmanager
    async def cannot_write(self) -> AsyncIterator[None]:
        """Another process holds the database for as long as the block lasts."""
        file = self.house.settings.data / "nightdesk.db"
        pipe = asyncio.subprocess.PIPE
        holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDS, str(file), stdin=pipe, stdout=pipe)
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            await holder.communicate(b"enough\n")

    async def has_kept(self, count: int, *, within_s: float = 30.0) -> None:
        """Until so many mails are safe, whether or not anybody has looked into them."""
        begun = monotonic()
        while len(await self.mails()) < count:
            assert monotonic() - begun < within_s, self.post.said()
            await asyncio.sleep(LOOK_S)

    async def has_done(self, count: int, *, within_s: float = 30.0) -> Sequence[Any]:
        """Until so many mails are filed or set aside and everything that follows has been carried out; all mails."""
        begun = monotonic()
        while _done(found := await self.mails()) < count:
            states = [(mail.id, mail.state, mail.verdict, mail.tries) for mail in found]
            assert monotonic() - begun < within_s, f"not within {within_s} s: {states}\n{self.post.said()}"
            await asyncio.sleep(LOOK_S)
        await self.settle()
        await self.post.is_empty()
        return await self.mails()


async def all_is_quiet(*desks: MailDesk, rude: Rude | None = None) -> None:
    """Until no mail is under way and nobody has an answer in hand: only time or a person makes anything follow."""
    before, now = -1, 0
    while before != now:
        for desk in desks:
            await desk.post.is_empty()
            await desk.has_done(len(await desk.mails()))
        if rude is not None:
            await rude.has_answered()
            await rude.post.is_empty()
        before, now = now, sum([len(await desk.mails()) for desk in desks]) + (len(rude.heard) if rude else 0)


def _done(mails: Sequence[Any]) -> int:
    return sum(mail.state != "kept" for mail in mails)


def prepared(folder: Path) -> None:
    """A data folder with the demo company, made once for all tests."""
    asyncio.run(_prepare(folder))


async def _prepare(folder: Path) -> None:
    house = build(Settings(data=folder), encoder=NO_ENCODER)
    try:
        await migrate(house.database)
        await load_demo(house.database, at=instant("Mon 08:00"), hash_password=lambda _: password_hash())
    finally:
        await house.database.close()


@contextlib.asynccontextmanager
async def mail_desk(
    post: Post,
    folder: Path,
    *,
    clock: Clock | None = None,
    by: str = "lmtp",
    port: int = 0,
    through: int = 0,
    reader: Any = None,
    **changes: Any,
) -> AsyncIterator[MailDesk]:
    """A desk that Exim hands its mail to, unless `changes` of the settings say otherwise.

    Args:
        folder: of its data: a company that it has run for before, or is to run for.
        by: "lmtp" or "smtp".
        port: where it listens for mail; any that is free when 0.
        through: where Exim takes the mail instead: a wire, say.
        reader: of mails that come in; the desk's own when None.
    """
    port = port or free_port()
    settings = {
        "data": folder,
        "port": free_port(),
        "encoder": False,
        "smtp_host": "127.0.0.1",
        "smtp_port": post.smtp_port,
        "smtp_security": "plain",
        "mail_from": DESK,
        "mail_listen": f"{by}://127.0.0.1:{port}",
        "mail_authserv": AUTHSERV,
        **changes,
    }
    if settings["mail_listen"]:
        post.hands_to(str(settings["mail_from"]).partition("@")[2], through or port, by=by)
    clock = clock or Clock()
    given = {"reader": reader} if reader is not None else {}
    async with running(Settings(**settings), now=clock, encoder=NO_ENCODER, **given) as house:
        yield MailDesk(house, clock, post)


def by_imap(port: int) -> dict[str, Any]:
    """The settings of a desk that fetches its mail from Dovecot."""
    return {
        "mail_listen": "",
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_security": "plain",
        "imap_username": DESK,
        "imap_password": PASSWORD,
    }


def by_imap_and_token(post: Post) -> dict[str, Any]:
    """The same as hosted mailboxes want it: TLS, and an access token that a command prints (XOAUTH2)."""
    return {
        **by_imap(post.imaps_port),
        "imap_security": "tls",
        "imap_trust": post.authority,
        "imap_password": None,
        "imap_token_command": f"echo {post.access_token(DESK)}",
    }
