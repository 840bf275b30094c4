"""Every mail once: however often it comes, and whatever is down when it does."""

import asyncio

import pytest

from storage.sqlite import BUSY_TIMEOUT_MS
from tests.mail.conftest import NewCustomer, NewDesk
from tests.mail.customers import number_in
from tests.mail.desk import MailDesk, by_imap
from tests.mail.post import DESK, Post
from tests.mail.programs import free_port, until

pytestmark = pytest.mark.mail
FREEZER = "The freezer in our shop has been too warm since this morning."


async def test_the_same_new_mail_four_times_at_once_is_one_case_and_one_answer(desk: MailDesk, customer: NewCustomer):
    ana = customer("ana@customer.test")
    mail = ana.composes(FREEZER, subject="Warm freezer")

    await asyncio.gather(*(ana.sends(mail) for _ in range(4)))

    await desk.has_done(1)
    assert len(await desk.mails()) == 1
    assert [number_in(told) for told in await ana.box.receives()] == await desk.numbers()


async def test_two_mails_with_one_message_id_and_different_words_are_two(desk: MailDesk, customer: NewCustomer):
    ana = customer("ana@customer.test")
    for words in (FREEZER, "Our till does not open any more."):
        await ana.writes(words, headers={"Message-ID": "<always-the-same@customer.test>"})
    await desk.has_done(2)
    assert len(await desk.numbers()) == 2


async def test_nothing_is_lost_while_the_database_cannot_be_written(desk: MailDesk, customer: NewCustomer, post: Post):
    """Another process holds the database: Exim is told 451, keeps the mail and comes again."""
    ana = customer("ana@customer.test")
    async with desk.cannot_write():
        await ana.writes(FREEZER)
        await until(lambda: "451 4.3.0" in post.said(), within_s=90, why=post.said)
        assert len(await post.queued()) == 1
        assert await desk.mails() == []

    await desk.has_done(1)
    assert [number_in(told) for told in await ana.box.receives()] == await desk.numbers()


async def test_nothing_is_lost_while_the_desk_is_down(new_desk: NewDesk, customer: NewCustomer, post: Post):
    ana, port = customer("ana@customer.test"), free_port()
    async with new_desk(port=port) as desk:
        await ana.writes(FREEZER)
        await desk.has_done(1)
    await ana.writes("Our till does not open any more.")
    await ana.writes("The lamp over the door is dark.")
    assert len(await post.queued()) == 2

    async with new_desk(port=port) as desk:
        await desk.has_done(3)
        assert len(await desk.numbers()) == 3
    assert len(await ana.box.receives(3)) == 3


async def test_a_mail_kept_just_before_the_desk_went_down_is_filed_after_the_next_start(
    new_desk: NewDesk, customer: NewCustomer
):
    ana = customer("ana@customer.test")
    async with new_desk() as desk:
        await ana.writes(FREEZER)
        await desk.has_kept(1)

    async with new_desk() as desk:
        await desk.has_done(1)
        assert [number_in(told) for told in await ana.box.receives()] == await desk.numbers()


async def test_mail_that_is_fetched_waits_where_it_is_while_the_database_cannot_be_written(
    new_desk: NewDesk, customer: NewCustomer, post: Post
):
    ana = customer("ana@customer.test")
    async with new_desk(**by_imap(post.imap_port)) as desk:
        async with desk.cannot_write():
            await ana.writes(FREEZER)
            await post.mailbox(DESK).receives()
            await asyncio.sleep(BUSY_TIMEOUT_MS / 1_000 + 1)  # longer than the desk waits for its database
            assert post.mailbox(DESK).holds() == 1
        await desk.has_done(1, within_s=60)
        await post.mailbox(DESK).receives(folder="Processed")
        assert len(await desk.numbers()) == 1


async def test_mails_that_are_numbered_anew_and_lie_there_again_are_known(
    new_desk: NewDesk, customer: NewCustomer, post: Post
):
    """UIDVALIDITY changes while the desk is away, and what it had moved is back where mail arrives."""
    ana, box = customer("ana@customer.test"), post.mailbox(DESK)
    async with new_desk(**by_imap(post.imap_port)) as desk:
        await ana.writes(FREEZER)
        await desk.has_done(1)
        await box.receives(folder="Processed")
    box.takes_back("Processed")
    box.is_renumbered()

    async with new_desk(**by_imap(post.imap_port)) as desk:
        await ana.writes("Our till does not open any more.")
        await desk.has_done(2)
        await box.receives(2, folder="Processed")
        assert len(await desk.mails()) == 2
        assert len(await desk.numbers()) == 2
    assert box.holds() == 0
