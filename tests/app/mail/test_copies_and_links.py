"""Copies, mails to somebody outside, the links in an answer, and two desks that write to each other."""

import re
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from caseengine.departments import Departments
from caseengine.operations import answering
from caseengine.operations.forwarding import forward
from customers.errors import IdentityInvalid
from tests.app.mail.mailing import DESK, MailingDesk, article, id_of, number_in, text_of
from tests.app.mail.peer import mail

LINK = re.compile(r"https://desk\.larder-lane\.example(/answered/\S+)")


async def test_a_copy_goes_with_these_words_and_gives_no_right_to_the_case(desk: MailingDesk):
    (first,) = await desk.hears(cc="boss@corner.example")
    number = number_in(first)
    copies = answering.Copies(("boss@corner.example",), ("audit@larder-lane.example",))

    (reply, *_) = await desk.replies(number, "On its way.", copies=copies)

    assert desk.server.recipients[1:] == [
        ["ana@corner.example"],
        ["boss@corner.example"],
        ["audit@larder-lane.example"],
    ]
    assert len(set(desk.server.senders[1:])) == 3
    assert reply["Cc"] == "boss@corner.example"
    assert b"audit@" not in desk.server.taken[-1]
    await desk.hears("Tell me more.", sender="<boss@corner.example>", answers=id_of(reply), dmarc="pass")
    assert (await desk.verdicts())[-1] == "not_taking_part"
    assert not [fact for fact in await desk.told(number) if "Tell me more." in fact]


async def test_an_agents_mail_is_signed_as_the_department_signs(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)
    (plain,) = await desk.replies(number, "On its way.")
    assert "\n-- \nSam\n" in text_of(plain)

    told = {"en": "{agent}\n{department}, {company} {open", "de": "Ihr {agent}"}
    async with desk.house.database.unit_of_work() as work:
        Departments(work).change(replace(await Departments(work).get("tills"), signatures=told))
    (signed,) = await desk.replies(number, "It left <today>.")
    assert "\n-- \nSam\nTills, Larder & Lane {open\n" in text_of(signed)
    html = signed.get_body(("html",))
    assert html is not None
    assert "Sam\nTills, Larder &amp; Lane {open</span>" in html.get_content().replace("\r\n", "\n")

    asked = {"to": "carrier@trucks.example", "subject": "", "note": "Asked", "key": "f-1"}
    await desk.office.do(forward, number, "Where is it?", **asked, by=desk.office.sam.actor, at=desk.clock())
    (outside,) = await desk.sent()
    assert "\n-- \nSam\nTills, Larder & Lane {open\n" in text_of(outside)


async def test_whom_the_customer_copied_in_gets_nothing_by_itself(desk: MailingDesk):
    (first,) = await desk.hears(cc="eve@elsewhere.example", dmarc="pass")
    await desk.replies(number_in(first), "On its way.")

    assert {address for one in desk.server.recipients for address in one} == {"ana@corner.example"}


@pytest.mark.bar
async def test_s19_no_header_is_injected(desk: MailingDesk):
    (first,) = await desk.hears(
        subject="Hello =?utf-8?q?=0D=0ABcc=3A_eve=40x.example?=",
        dmarc="pass",
    )
    assert first["Bcc"] is None
    assert desk.server.recipients[-1] == ["ana@corner.example"]
    with pytest.raises(IdentityInvalid):
        await desk.replies(number_in(first), "x", copies=answering.Copies(("a@b.example\r\nBcc: eve@x.example",)))


async def test_who_was_asked_outside_answers_into_a_note(desk: MailingDesk):
    (first,) = await desk.hears()
    number, sam = number_in(first), desk.office.sam.actor
    asked = {"to": "carrier@trucks.example", "subject": "", "note": "Asked the carrier", "key": "f-1"}
    for _ in range(2):
        await desk.office.do(forward, number, "Where is pallet 7?", by=sam, at=desk.clock(), **asked)
    (question,) = await desk.sent()
    assert question["To"] == "carrier@trucks.example"
    assert "Where is pallet 7?" in text_of(question)
    assert "jams" not in text_of(question)

    rcpt = str(question["Reply-To"])
    assert await desk.hears("In Leeds.", sender="<carrier@trucks.example>", rcpt=rcpt, answers=id_of(question)) == []
    assert await desk.hears("In Rome.", sender="<eve@elsewhere.example>", rcpt=rcpt) == []

    assert (await desk.verdicts())[1:] == ["outside_answer", "silent"]
    told = await desk.told(number)
    assert [fact for fact in told if fact.startswith("NoteAdded") and "In Leeds." in fact]
    assert not [fact for fact in told if "In Rome." in fact]
    assert not [fact for fact in told if fact.startswith("CustomerWrote")]


async def test_an_article_that_answers_comes_with_the_number_and_links_that_count_once(desk: MailingDesk):
    hours = "The shops are open from 8 to 20 on weekdays, opening hours on Sunday are from 10 to 16."
    await desk.office.knows(article("Opening hours of the shops", hours))
    await _refresh(desk)
    (answer,) = await desk.hears("What are the opening hours of the shops?", subject="Opening hours of the shops")
    number = number_in(answer)
    links = LINK.findall(text_of(answer))
    assert hours in text_of(answer)
    assert [link.rpartition("/")[2] for link in links] == ["yes", "no"]

    async with TestClient(TestServer(desk.house.application)) as http:
        for link in links:  # a mail scanner opens everything
            page = await http.get(link, headers={"Host": "desk.larder-lane.example"})
            assert page.status == 200
        assert (await desk.case(number)).status == "new"
        for _ in range(2):
            pressed = await http.post(links[0], headers={"Host": "desk.larder-lane.example"})
            assert "Thank you" in await pressed.text()
        assert (await desk.case(number)).status == "closed"
        late = await http.post(links[1], headers={"Host": "desk.larder-lane.example"})
        assert "told us already" in await late.text()
        made_up = await http.get("/answered/made-up/yes", headers={"Host": "desk.larder-lane.example"})
        assert made_up.status == 404


@pytest.mark.bar
async def test_r15_two_desks_that_answer_each_other_stop(desk: MailingDesk):
    """What the other desk writes is what ours writes: a machine's. A day passes, and every mail comes back."""
    out = await desk.hears("Your mail to the other desk", sender="<desk@other.example>", mail_from="desk@other.example")
    total = len(out)
    for hour in range(24):
        desk.clock.passes(hours=1)
        answers = []
        for ours in out:
            theirs = mail(
                text_of(ours),
                sender="Other desk <desk@other.example>",
                subject=f"Re: {ours['Subject']}",
                message_id=f"{hour}@other.example",
                answers=id_of(ours),
                headers=(("Auto-Submitted", str(ours["Auto-Submitted"])),),
            )
            await desk.gets(theirs, rcpt=str(ours["Reply-To"]), mail_from="desk+b-abc@other.example")
            answers += await desk.sent()
        out = answers
        total += len(out)
    assert total <= 2


async def test_a_desk_that_does_not_say_it_is_one_is_answered_twice(desk: MailingDesk):
    out = await desk.hears("Ticket 7 was opened", sender="<desk@other.example>", mail_from="desk@other.example")
    total = len(out)
    for place in range(20):
        if not out:
            break
        desk.clock.passes(hours=1)
        out = await desk.hears(
            f"Ticket {place} was updated", sender="<desk@other.example>", answers=id_of(out[-1]), rcpt=DESK
        )
        total += len(out)
    assert total == 2


async def _refresh(desk: MailingDesk) -> None:
    """What was published is found from now on."""
    from app.articles import refresh_index
    from tests.app.house import NO_ENCODER

    await refresh_index(desk.house.database, desk.house.index, NO_ENCODER)
