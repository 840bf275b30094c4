"""What an answer means to a case that was resolved or has ended: it makes no orphan, and reopens nothing by itself."""

from datetime import timedelta
from typing import Any

import pytest

from caseengine.model.case import Case
from caseengine.operations import ending
from channels.email.marker import LINES
from channels.email.reading.reply import new_words
from tests.app.mail.mailing import MailingDesk, id_of, number_in, text_of
from tests.app.mail.test_several_cases import answering, heard, resolves

AGAIN = "Sorry, it jams again this morning."
WAYS = ["by thanks", "by an agent", "by silence"]


async def ended(desk: MailingDesk, how: str) -> tuple[str, dict[str, Any]]:
    """A case that was resolved and closed; its number, and how its customer answers the mail that resolved it."""
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)
    if how == "by thanks":
        await desk.hears("Yes, thanks!", **answering(told))
    elif how == "by an agent":
        await desk.office.do(ending.close, number, by=desk.office.sam.actor, at=desk.clock())
    else:
        desk.clock.passes(days=6)
        await desk.house.closing.run()
    assert (await desk.case(number)).status == "closed"
    desk.clock.passes(hours=1)
    return number, answering(told)


async def cases(desk: MailingDesk) -> list[Case]:
    return [await desk.case(number) for number in await desk.numbers()]


@pytest.mark.parametrize("how", WAYS)
async def test_an_answer_within_the_window_reopens_however_the_case_was_closed(desk: MailingDesk, how: str):
    number, answer = await ended(desk, how)

    (told,) = await desk.hears(AGAIN, **answer)

    (case,) = await cases(desk)
    assert case.status == "open"
    assert await heard(desk, number) == [f"CaseReopened: {AGAIN}"]
    assert "open again" in text_of(told)
    assert str(told["Subject"]).endswith(f"[{number}]")


@pytest.mark.parametrize("how", WAYS)
async def test_a_later_answer_opens_a_case_that_follows_and_further_words_are_about_that_one(
    desk: MailingDesk, how: str
):
    _, answer = await ended(desk, how)
    desk.clock.passes(days=30)

    (told,) = await desk.hears(AGAIN, **answer)
    await desk.hears("At the drawer.", **answer)

    before, after = await cases(desk)
    assert (after.follows, after.subject, after.department) == (before.id, "Till jams", before.department)
    assert before.status == "closed"
    assert after.id in before.links
    assert str(told["Subject"]) == f"Re: Till jams [{after.number}]"
    assert f"{after.number}, which goes on from it" in " ".join(text_of(told).replace("*", "").split())
    assert await heard(desk, after.number) == ["CustomerWrote: At the drawer."]


def below_ours(text: str, below: str) -> str:
    """What the desk reads of an answer with lines below the mail of ours that it quotes."""
    ours = f"> {LINES['en']}\n>\n> Is it solved?"
    return new_words(f"{text}\n\nOn Tue, 3 Mar 2026 at 10:00, Desk <desk@desk.example> wrote:\n{ours}\n\n{below}").text


@pytest.mark.parametrize(
    "footer",
    [
        "Eckladen GmbH | Sitz der Gesellschaft: Berlin | Amtsgericht Charlottenburg HRB 12345 | Geschäftsführer: A. B.",
        "Please consider the environment before printing this e-mail.",
        "This email has been scanned for spam and viruses by Proofpoint Essentials.",
        "Eckladen, Hauptstraße 1, 10115 Berlin\nOpen from eight to six",
    ],
)
async def test_a_yes_with_what_a_company_puts_below_its_mails_closes(desk: MailingDesk, footer: str):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)

    await desk.hears(below_ours("Yes, thank you!", footer), **answering(told))

    assert (await desk.case(number)).status == "closed"


@pytest.mark.parametrize(
    "more",
    [
        "But the second till still jams.",
        "Can the bill be sent?",
        "Please open a case: the boxes are for shop 5.",
        "I need 12 boxes for shop 5.",
        "The order PO-998 goes to Leeds, please.",
    ],
)
async def test_a_yes_with_more_to_say_below_it_reopens(desk: MailingDesk, more: str):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)

    await desk.hears(below_ours("Yes, thank you!", more), **answering(told))

    assert await heard(desk, number) == [f"CaseReopened: Yes, thank you!\n\n{more}"]


async def test_the_number_of_an_ended_case_in_a_subject_is_an_answer_to_it(desk: MailingDesk):
    number, _ = await ended(desk, "by thanks")

    await desk.hears(AGAIN, subject=f"about {number}", dmarc="pass")

    assert await heard(desk, number) == [f"CaseReopened: {AGAIN}"]


async def test_a_mail_of_its_own_is_a_case_of_its_own(desk: MailingDesk):
    number, _ = await ended(desk, "by thanks")

    await desk.hears("The printer is out of paper.", subject="Printer", dmarc="pass")

    before, after = await cases(desk)
    assert (before.status, after.follows, after.subject) == ("closed", None, "Printer")
    assert await heard(desk, number) == []


@pytest.mark.parametrize("how", WAYS)
async def test_thanks_after_the_end_reopen_nothing_and_are_thanked_for_once(desk: MailingDesk, how: str):
    number, answer = await ended(desk, how)

    answers = await desk.hears("Thank you", **answer)

    (case,) = await cases(desk)
    assert case.status == "closed"
    assert len(answers) == (0 if how == "by thanks" else 1)
    assert "NoteAdded: Thank you" in await desk.told(number)


async def test_an_answer_that_begins_a_case_has_the_plain_subject(desk: MailingDesk):
    await desk.hears("My own answer.", subject="Re: AW: Till jams [CAS-00041-V9D3]", answers="somebody@else.example")

    (case,) = await cases(desk)
    assert case.subject == "Till jams"


@pytest.mark.parametrize("asked", ["status {number}", "What is the status?", "any news?"])
async def test_who_asks_how_a_resolved_case_stands_is_told_and_it_stays_resolved(desk: MailingDesk, asked: str):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)

    (answer,) = await desk.hears(asked.format(number=number), **answering(told))

    assert (await desk.case(number)).status == "resolved"
    assert "Resolved, with Tills" in text_of(answer)


async def test_the_status_is_asked_by_a_subject_alone(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    await resolves(desk, number)

    (answer,) = await desk.hears("", subject=f"Status {number}", dmarc="pass")

    assert (await desk.case(number)).status == "resolved"
    assert "Resolved, with Tills" in text_of(answer)


async def test_trouble_is_no_question_of_status_whatever_it_asks_besides(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)
    words = f"No, it still jams. When will {number} be done?"

    await desk.hears(words, **answering(told))

    assert await heard(desk, number) == [f"CaseReopened: {words}"]


@pytest.mark.parametrize("state", ["open", "resolved", "closed"])
async def test_an_empty_answer_changes_nothing_and_is_asked_about(desk: MailingDesk, state: str):
    if state == "closed":
        number, answer = await ended(desk, "by thanks")
    else:
        (ours,) = await desk.hears(dmarc="pass")
        number, answer = number_in(ours), answering(ours)
    if state == "resolved":
        answer = answering(await resolves(desk, number))
    before = (await desk.case(number)).status

    (asked,) = await desk.hears("", **answer)

    assert "no words" in text_of(asked)
    assert (await desk.case(number)).status == before
    assert await heard(desk, number) == []
    assert [fact for fact in await desk.told(number) if "neither words nor files" in fact]
    assert len(await desk.numbers()) == 1


async def test_a_file_without_words_reopens(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)

    await desk.hears("", files=(("drawer.jpg", b"picture"),), **answering(told))

    assert await heard(desk, number) == ["CaseReopened: [drawer.jpg]"]


async def test_an_answer_to_an_earlier_mail_is_about_the_case_that_follows(desk: MailingDesk):
    _, answer = await ended(desk, "by silence")
    desk.clock.at += timedelta(days=30)
    (told,) = await desk.hears(AGAIN, **answer)
    after = (await cases(desk))[1]
    await resolves(desk, after.number)

    (closed,) = await desk.hears("Yes, thanks!", **answering(told))

    assert (await desk.case(after.number)).status == "closed"
    assert id_of(closed) != id_of(told)
