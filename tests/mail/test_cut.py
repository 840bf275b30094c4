"""The line to the desk is cut at every line of the protocol: nothing is lost, nothing doubled (R9 IMAP, R10 SMTP)."""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.email.sign_in import known
from tests.mail.conftest import NewCustomer, NewDesk
from tests.mail.desk import MailDesk, by_imap
from tests.mail.post import DESK, PASSWORD, Post
from tests.mail.programs import free_port, until
from tests.mail.wire import Cut, Wire, telling_lines, wire_to
from tests.slow.results import write_results

pytestmark = [pytest.mark.mail, pytest.mark.bar, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.parametrize("by", ["lmtp", "smtp"])
@pytest.mark.parametrize("how", list(Cut))
async def test_r10_a_mail_coming_in_is_neither_lost_nor_doubled(
    new_desk: NewDesk, customer: NewCustomer, post: Post, how: Cut, by: str
):
    port = free_port()
    async with wire_to(port) as wire, new_desk(port=port, through=wire.port, by=by) as desk:
        await customer("ana@customer.test").writes("Problem number 0 in our shop")
        await desk.has_done(1)
        lines = telling_lines(wire.lines[0].passed)
        for at in lines:
            wire.cuts(at, how)
            await customer("ana@customer.test").writes(f"Problem number {at} in our shop")
            await until(lambda: wire.has_cut, why=post.said)
            await post.runs_queue()
        await desk.has_done(1 + len(lines))
        await _each_once(desk, [0, *lines])
    write_results(f"R10-{by}-in-{how}", {"lines cut": len(lines), "lost": 0, "doubled": 0})


@pytest.mark.parametrize("how", list(Cut))
async def test_r9_a_mail_being_fetched_is_neither_lost_nor_doubled(
    new_desk: NewDesk, customer: NewCustomer, post: Post, how: Cut
):
    async with wire_to(post.imap_port) as wire, new_desk(mail_listen="") as desk, _fetching(desk, wire.port):
        await customer("ana@customer.test").writes("Problem number 0 in our shop")
        await desk.has_done(1)
        await post.mailbox(DESK).receives(folder="Processed")
        lines = _until_moved(wire)
        for at in range(1, lines + 1):
            await customer("ana@customer.test").writes(f"Problem number {at} in our shop")
            wire.cuts(at, how)
            await wire.drops_all()
            await until(lambda: wire.has_cut, within_s=60, why=post.said)
            await desk.has_done(1 + at, within_s=60)
        await _each_once(desk, range(lines + 1))
        await post.mailbox(DESK).receives(lines + 1, folder="Processed", within_s=60)
        assert post.mailbox(DESK).holds() == 0
    write_results(f"R9-imap-{how}", {"lines cut": lines, "lost": 0, "doubled": 0})


@contextlib.asynccontextmanager
async def _fetching(desk: MailDesk, port: int) -> AsyncIterator[None]:
    """The desk's mailbox is fetched from, by what fetches it in earnest; only that it comes again sooner."""
    imap = pytest.importorskip("channels.email.imap")
    asked = {"host": "127.0.0.1", "port": port, "security": "plain", "username": DESK, "secret": known(PASSWORD)}
    house: Any = desk.house
    puller = imap.ImapPuller(imap.ImapSettings(**asked, back_off_s=(0.1,)), house.mailroom)
    puller.start()
    try:
        yield
    finally:
        await puller.stop()


async def test_a_mail_that_comes_between_the_search_and_the_waiting_is_fetched_at_once(
    new_desk: NewDesk, customer: NewCustomer, post: Post
):
    """IDLE tells of what comes later; what came just before it has to be found, too."""

    async def meanwhile() -> None:
        await customer("ana@customer.test").writes("Our till does not open any more.")
        await post.mailbox(DESK).receives()

    async with wire_to(post.imap_port) as wire:
        wire.halts_before(b"IDLE\r\n", meanwhile)
        async with new_desk(**by_imap(wire.port)) as desk:
            await desk.has_done(1)


async def _each_once(desk: MailDesk, numbers: object) -> None:
    kept = Counter(mail.raw.partition(b"Problem number ")[2].split()[0].decode() for mail in await desk.mails())
    assert kept == Counter(str(number) for number in numbers)  # type: ignore[attr-defined]
    assert all(mail.state == "filed" for mail in await desk.mails())
    assert len(await desk.numbers()) == len(kept)


def _until_moved(wire: Wire) -> int:
    """How many lines a session has passed when its first mail has been moved, in one command or by copying."""
    passed = wire.lines[0].passed
    asked = next(at for at, line in enumerate(passed, 1) if line.startswith(b"C: ") and _moves(line))
    return next(at for at, line in enumerate(passed, 1) if at > asked and b" OK " in line)


def _moves(line: bytes) -> bool:
    return b" UID MOVE " in line or line.rstrip().endswith(b"EXPUNGE")
