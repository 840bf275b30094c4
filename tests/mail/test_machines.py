"""Machines write to the desk: they are never answered, and what they tell is filed where it belongs."""

from email.message import EmailMessage

import pytest

from tests.mail.conftest import NewCustomer, NewDesk
from tests.mail.customers import number_in
from tests.mail.desk import MailDesk
from tests.mail.post import DESK, SECOND_DESK, Post
from tests.mail.rude import Rude

pytestmark = pytest.mark.mail
FREEZER = "The freezer in our shop has been too warm since this morning."
OUT_OF_OFFICE = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "bulk"}
LIST = {"List-Id": "<news.customer.test>", "List-Unsubscribe": "<mailto:off@customer.test>", "Precedence": "list"}


async def test_an_out_of_office_note_is_filed_on_the_case_and_answered_by_nobody(desk: MailDesk, customer: NewCustomer):
    ana = customer("ana@customer.test")
    await ana.writes(FREEZER)
    await desk.has_done(1)
    [told] = await ana.box.receives()
    number = number_in(told)
    grace = await desk.agent("Grace")
    await grace.takes(number)
    await grace.resolves(number, "A new seal was fitted")
    *_, closing = await ana.box.receives(2)

    await ana.answers(closing, "I am away until Monday.", headers=OUT_OF_OFFICE, envelope="")
    [_, filed] = await desk.has_done(2)

    assert filed.verdict.startswith("automatic")
    assert await desk.numbers() == [number]
    assert str((await desk.case(number)).row.status) == "resolved"
    assert ana.box.holds() == 2


@pytest.mark.parametrize(
    "marks",
    [
        OUT_OF_OFFICE,
        LIST,
        {"Auto-Submitted": "auto-generated"},
        {"Precedence": "junk"},
        {"X-Autoreply": "yes"},
        {"X-Auto-Response-Suppress": "OOF, AutoReply"},
    ],
    ids=lambda marks: next(iter(marks)),
)
async def test_a_machine_that_says_so_gets_no_answer(desk: MailDesk, customer: NewCustomer, marks: dict[str, str]):
    ana = customer("ana@customer.test")
    await ana.writes("Our newsletter: everything is cheaper this week", headers=marks)
    await desk.has_done(1)
    assert ana.box.holds() == 0


@pytest.mark.parametrize(
    "address", ["mailer-daemon@customer.test", "postmaster@customer.test", "noreply@customer.test"]
)
async def test_an_address_of_machines_gets_no_answer(desk: MailDesk, customer: NewCustomer, post: Post, address: str):
    await customer(address).writes("Something happened")
    await desk.has_done(1)
    assert await post.queued() == []
    assert "=> " + address not in post.said()


async def test_a_mailbox_that_is_gone_is_learnt_from_the_bounce_and_written_to_no_more(
    desk: MailDesk, customer: NewCustomer, post: Post
):
    """The desk answers; Dovecot knows nobody of that name; Exim's own bounce comes back to the desk."""
    gone = customer("gone@customer.test")
    await gone.writes(FREEZER)
    [_, bounce] = await desk.has_done(2)
    assert bounce.verdict == "automatic_bounce"
    [number] = await desk.numbers()
    assert "NoteAdded" in str(await desk.timeline(number))

    grace = await desk.agent("Grace")
    await grace.takes(number)
    await grace.replies(number, "Can you read this?")
    await desk.settle()
    await post.is_empty()

    assert len(await desk.mails()) == 2
    assert post.said().count("gone@customer.test: ") == 1 or "550" in post.said()


async def test_a_forged_bounce_silences_nobody(desk: MailDesk, customer: NewCustomer, post: Post):
    ana = customer("ana@customer.test")
    await ana.writes(FREEZER)
    await desk.has_done(1)
    [told] = await ana.box.receives()
    mallory = customer("mallory@evil.test")
    await mallory.sends(_bounce("ana@customer.test", about="<no-such-mail@shop.test>"), envelope="")
    await desk.has_done(2)

    grace = await desk.agent("Grace")
    await grace.takes(number_in(told))
    await grace.replies(number_in(told), "We are on our way")
    assert len(await ana.box.receives(2)) == 2


@pytest.mark.bar
async def test_r15_two_desks_that_answer_each_other_stop_at_once(new_desk: NewDesk, customer: NewCustomer, post: Post):
    """Each takes the other for a customer: a mail to one, whose sender is the other."""
    async with new_desk() as first, new_desk("second", mail_from=SECOND_DESK) as second:
        twisted = customer(SECOND_DESK)
        await twisted.sends(twisted.composes(FREEZER, subject="Forwarded"))
        for _ in range(24):
            for desk in (first, second):
                await desk.settle()
            await post.is_empty()
            for desk in (first, second):
                desk.clock.passes(hours=1)
        written = len(await first.mails()) - 1 + len(await second.mails())
        assert len(await first.numbers()) == 1
    assert written <= 2


@pytest.mark.bar
@pytest.mark.parametrize("keeps_thread", [True, False], ids=["in the thread", "each time anew"])
async def test_r15_a_machine_that_hides_what_it_is_gets_two_automatic_mails_a_day_at_most(
    desk: MailDesk, post: Post, customer: NewCustomer, keeps_thread: bool
):
    """It answers every mail at once with a mail of its own that bears no mark of a machine."""
    async with Rude("help@other.test", post, keeps_thread=keeps_thread).at_work() as rude:
        begins = customer("help@other.test")
        await begins.sends(begins.composes(FREEZER, subject="We need help"))
        for _ in range(24):
            await desk.settle()
            await post.is_empty()
            desk.clock.passes(hours=1)
        assert len(rude.heard) <= 2, [mail["Subject"] for mail in rude.heard]


def _bounce(recipient: str, *, about: str) -> EmailMessage:
    """A delivery status notification as anybody can write it."""
    mail = EmailMessage()
    mail["From"] = "Mail Delivery System <mailer-daemon@evil.test>"
    mail["To"] = DESK
    mail["Subject"] = "Undelivered Mail Returned to Sender"
    mail["Message-ID"] = "<forged-bounce@evil.test>"
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("Your mail could not be delivered.")
    mail.make_mixed()
    mail.replace_header("Content-Type", 'multipart/report; report-type=delivery-status; boundary="b"')
    report = EmailMessage()
    facts = f"Reporting-MTA: dns; evil.test\n\nFinal-Recipient: rfc822;{recipient}\nAction: failed\nStatus: 5.1.1\n"
    report["Content-Type"] = "message/delivery-status"
    report.set_payload(facts)
    mail.attach(report)
    back = EmailMessage()
    back["Content-Type"] = "text/rfc822-headers"
    back.set_payload(f"Message-ID: {about}\nTo: {recipient}\n")
    mail.attach(back)
    return mail
