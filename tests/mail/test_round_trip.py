"""From a customer's mail program to the desk and back, by every way in: Exim carries, Dovecot keeps, swaks writes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
from imap_tools import BaseMailBox, MailBoxUnencrypted

from tests.mail.conftest import NewCustomer, NewDesk
from tests.mail.customers import number_in, words_of
from tests.mail.desk import MailDesk, by_imap, by_imap_and_token
from tests.mail.post import DESK, PASSWORD, Post
from tests.mail.programs import until

pytestmark = pytest.mark.mail
DELETED = "\\Deleted"
FREEZER = "The freezer in our shop has been too warm since this morning. Please help."


@pytest.fixture(params=["lmtp", "smtp", "imap", "imap, tls and token"])
async def any_desk(request: pytest.FixtureRequest, new_desk: NewDesk, post: Post) -> AsyncIterator[MailDesk]:
    """A desk for each way in."""
    way = {
        "lmtp": {},
        "smtp": {"by": "smtp"},
        "imap": by_imap(post.imap_port),
        "imap, tls and token": by_imap_and_token(post),
    }
    async with new_desk(**way[request.param]) as desk:
        yield desk


async def test_a_customer_and_an_agent_write_to_each_other_about_one_case(
    any_desk: MailDesk, customer: NewCustomer, post: Post
):
    desk, ana = any_desk, customer("ana@customer.test", name="Ana Lopes")
    asked = await ana.writes(FREEZER, subject="Warm freezer")
    await desk.has_done(1)
    [told] = await ana.box.receives()
    number = number_in(told)
    assert await desk.numbers() == [number]
    assert told["In-Reply-To"] == asked["Message-ID"]
    assert told["Auto-Submitted"] == "auto-replied"
    assert str(told["Return-Path"]).startswith("<support+b-")

    grace = await desk.agent("Grace")
    await grace.takes(number)
    await grace.replies(number, "Is the door closing? Which shop is it?")
    _, asks = await ana.box.receives(2)
    assert "Is the door closing?" in words_of(asks)
    assert asks["Auto-Submitted"] is None
    assert asked["Message-ID"] in str(asks["References"]).split()

    await ana.answers(asks, "It is the shop in Leeds, and the door is fine.")
    await desk.has_done(2)
    assert await desk.numbers() == [number]
    assert await desk.said_on(number) == ["It is the shop in Leeds, and the door is fine."]

    await grace.resolves(number, "A new seal was fitted")
    *_, closing = await ana.box.receives(3)
    assert number in words_of(closing)
    await ana.answers(closing, "Yes, thank you!")
    await desk.has_done(3)
    assert str((await desk.case(number)).row.status) == "closed"


async def test_mail_that_was_fetched_lies_in_processed(new_desk: NewDesk, customer: NewCustomer, post: Post):
    async with new_desk(**by_imap(post.imap_port)) as desk:
        await customer("ana@customer.test").writes(FREEZER)
        await desk.has_done(1)
        await post.mailbox(DESK).receives(1, folder="Processed")
    assert post.mailbox(DESK).holds() == 0


@pytest.mark.parametrize(("capabilities", "left"), [("UIDPLUS", [DELETED]), ("", [DELETED] * 2)])
async def test_without_move_what_others_marked_deleted_stays_where_it_is(
    new_desk: NewDesk, customer: NewCustomer, post: Post, capabilities: str, left: list[str]
):
    post.offers_by_imap(f"IMAP4rev1 IDLE {capabilities}")
    await customer("ana@customer.test").writes("Somebody is about to delete this by hand.")
    await post.mailbox(DESK).receives(1)
    await asyncio.to_thread(_marks_all_deleted, post)
    async with new_desk(**by_imap(post.imap_port)) as desk:
        await customer("ana@customer.test").writes(FREEZER)
        await desk.has_done(1)
        await post.mailbox(DESK).receives(1, folder="Processed")

        def stands() -> bool:
            return _flags(post) == left

        await until(stands, why=post.said)
    assert post.mailbox(DESK).holds("Processed") == 1


def _marks_all_deleted(post: Post) -> None:
    with _opened(post) as mailbox:
        mailbox.client.uid("STORE", ",".join(mailbox.uids()), "+FLAGS", f"({DELETED})")


def _flags(post: Post) -> list[str]:
    """Of the mails that are still where they arrived."""
    with _opened(post) as mailbox:
        return [" ".join(one.flags) for one in mailbox.fetch(mark_seen=False)]


@contextlib.contextmanager
def _opened(post: Post) -> Iterator[BaseMailBox]:
    """The desk's mailbox, as somebody else has it open."""
    with MailBoxUnencrypted("127.0.0.1", post.imap_port).login(DESK, PASSWORD) as mailbox:
        yield mailbox


async def test_a_mail_addressed_in_another_alphabet_is_answered(desk: MailDesk, customer: NewCustomer, post: Post):
    jurgen = customer("jürgen@customer.test", name="Jürgen Öß")
    await jurgen.sends(jurgen.composes(FREEZER, subject="Kühltruhe ist warm"))
    await desk.has_done(1)
    assert len(await desk.numbers()) == 1


async def test_a_mail_whose_lines_have_no_end_is_taken_as_it_is(desk: MailDesk, customer: NewCustomer):
    """RFC 5321 ends lines at 998 characters; many programs do not."""
    ana = customer("ana@customer.test")
    long = b"The lamp is dark. " + b"x" * 5_000
    await ana.sends(f"From: {ana.address}\r\nTo: {DESK}\r\nSubject: Lamp\r\n\r\n".encode() + long + b"\r\n")
    [filed] = await desk.has_done(1)
    assert long in filed.raw
