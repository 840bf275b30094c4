"""Machines write to the desk: they are never answered, and what they tell is filed where it belongs."""

import pytest

from tests.mail.conftest import NewCustomer, NewDesk
from tests.mail.customers import number_in
from tests.mail.desk import MailDesk, all_is_quiet
from tests.mail.post import DESK, SECOND_DESK, Post
from tests.mail.rude import Rude
from tests.slow.results import write_results

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

    assert len(await desk.mails()) == 2, "it was written to, and that came back, too"


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
            await all_is_quiet(first, second)
            first.clock.passes(hours=1)
            second.clock.passes(hours=1)
        written = len(await first.mails()) - 1 + len(await second.mails())
        assert len(await first.numbers()) == 1
    assert 1 <= written <= 2
    write_results("R15-two-desks", {"hours": 24, "automatic mails": written})


@pytest.mark.bar
async def test_r15_a_machine_that_hides_what_it_is_and_answers_every_mail_gets_two_a_day_at_most(
    desk: MailDesk, post: Post, customer: NewCustomer
):
    """Its mails bear no mark of a machine; they keep the thread, as answers do."""
    heard = await _heard_in_a_day(desk, Rude("help@other.test", post), customer)
    write_results("R15-hidden-machine", {"hours": 24, "automatic mails": heard})
    assert 1 <= heard <= 2


async def test_a_hidden_machine_that_begins_anew_each_time_is_stopped_by_the_limit_of_an_hour(
    desk: MailDesk, post: Post, customer: NewCustomer
):
    """Nothing tells it from a customer with one new matter after another, but how many they are."""
    heard = await _heard_in_a_day(desk, Rude("help@other.test", post, keeps_thread=False), customer)
    assert 1 <= heard <= desk.settings.mail_limit_hour


async def _heard_in_a_day(desk: MailDesk, machine: Rude, customer: NewCustomer) -> int:
    async with machine.at_work():
        begins = customer(machine.address)
        await begins.sends(begins.composes(FREEZER, subject="We need help"))
        for _ in range(24):
            await all_is_quiet(desk, rude=machine)
            desk.clock.passes(hours=1)
    return len(machine.heard)


def _bounce(recipient: str, *, about: str) -> bytes:
    """A delivery status notification as anybody can write it."""
    return f"""From: Mail Delivery System <mailer-daemon@evil.test>
To: {DESK}
Subject: Undelivered Mail Returned to Sender
Message-ID: <forged-bounce@evil.test>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; evil.test

Final-Recipient: rfc822;{recipient}
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Message-ID: {about}
To: {recipient}

--b--
""".encode()
