"""Two cases in one conversation by mail: words land on the one that they, or what they answer, are about."""

from email.message import EmailMessage
from typing import Any

import pytest

from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import ending
from tests.app.mail.mailing import NUMBER, MailingDesk, id_of, number_in, text_of

TWO_PROBLEMS = "Hello,\n\n1. The till in shop 4 jams.\n2. The invoice 4711 is wrong, 12 boxes are missing.\n"
ORDER = "The purchase order is PO-998."


async def opens_two(desk: MailingDesk, **named: Any) -> tuple[str, str, EmailMessage]:
    """The two cases in order of their numbers, and our mail about both."""
    (told,) = await desk.hears(TWO_PROBLEMS, **{"subject": "Several things", "dmarc": "pass", **named})
    first, second = sorted(set(NUMBER.findall(text_of(told).partition("-- ")[0])))
    return first, second, told


async def resolves(desk: MailingDesk, number: str) -> EmailMessage:
    """An agent does; the mail that tells the customer."""
    solved = Resolution(ResolutionCode.SOLVED, "Replaced the drawer")
    sam = desk.office.sam.actor
    await desk.office.do(ending.resolve, number, solved, closing="Is it solved?", by=sam, at=desk.clock())
    (told,) = await desk.sent()
    desk.clock.passes(minutes=5)
    return told


def answering(told: EmailMessage) -> dict[str, Any]:
    """As a program answers a mail of ours."""
    return {"rcpt": str(told["Reply-To"]), "answers": id_of(told), "subject": str(told["Subject"]), "dmarc": "pass"}


async def heard(desk: MailingDesk, number: str) -> list[str]:
    """What the case heard from its customer."""
    return [fact for fact in await desk.told(number) if fact.startswith(("CustomerWrote", "CaseReopened"))]


@pytest.mark.parametrize("which", [0, 1])
async def test_the_number_in_a_subject_says_which_case_the_words_are_about(desk: MailingDesk, which: int):
    one, two, _ = await opens_two(desk)
    named, other = [(one, two), (two, one)][which]

    (answer,) = await desk.hears(ORDER, subject=f"Re: {named}", dmarc="pass")

    assert (await heard(desk, named), await heard(desk, other)) == ([f"CustomerWrote: {ORDER}"], [])
    assert number_in(answer) == named
    assert str(answer["Subject"]).endswith(f"[{named}]")


@pytest.mark.parametrize("which", [0, 1])
async def test_the_number_in_the_words_says_it_whatever_mail_they_answer(desk: MailingDesk, which: int):
    one, two, told = await opens_two(desk)
    named, other = [(one, two), (two, one)][which]

    await desk.hears(f"About {named}: {ORDER}", **answering(told))

    assert await heard(desk, named) == [f"CustomerWrote: About {named}: {ORDER}"]
    assert await heard(desk, other) == []


@pytest.mark.parametrize("which", [0, 1])
async def test_words_about_the_open_case_do_not_reopen_the_one_that_is_resolved(desk: MailingDesk, which: int):
    one, two, told = await opens_two(desk)
    done, goes_on = [(one, two), (two, one)][which]
    await resolves(desk, done)

    await desk.hears(f"About {goes_on}: {ORDER}", **answering(told))
    (state,) = await desk.hears(f"status {goes_on}", **answering(told))

    assert (await desk.case(done)).status == "resolved"
    assert await heard(desk, goes_on) == [f"CustomerWrote: About {goes_on}: {ORDER}"]
    assert goes_on in text_of(state).partition("-- ")[0]


@pytest.mark.parametrize("which", [0, 1])
async def test_the_mail_that_resolves_a_case_names_it_and_its_answer_is_about_it(desk: MailingDesk, which: int):
    one, two, _ = await opens_two(desk)
    done, goes_on = [(one, two), (two, one)][which]

    told = await resolves(desk, done)
    assert str(told["Subject"]).endswith(f"[{done}]")
    assert f"case {done}" in text_of(told)
    await desk.hears("No, it still jams.", **answering(told))

    assert await heard(desk, done) == ["CaseReopened: No, it still jams."]
    assert await heard(desk, goes_on) == []


@pytest.mark.parametrize("which", [0, 1])
async def test_what_comes_back_of_a_mail_is_noted_on_the_case_it_was_about(desk: MailingDesk, which: int):
    one, two, _ = await opens_two(desk)
    done, goes_on = [(one, two), (two, one)][which]
    told = await resolves(desk, done)

    back = (("X-Failed-Recipients", "ana@corner.example"),)
    await desk.hears("Gone.", sender="mailer-daemon@corner.example", mail_from="", answers=id_of(told), headers=back)

    assert [fact for fact in await desk.told(done) if fact.startswith("NoteAdded")]
    assert not [fact for fact in await desk.told(goes_on) if fact.startswith("NoteAdded")]


@pytest.mark.parametrize("which", [0, 1])
async def test_while_a_person_works_on_one_case_words_about_the_other_go_there(desk: MailingDesk, which: int):
    one, two, _ = await opens_two(desk)
    worked_on, other = [(one, two), (two, one)][which]
    (reply,) = await desk.replies(worked_on, "Which till is it?")
    assert str(reply["Subject"]).endswith(f"[{worked_on}]")

    assert await desk.hears(ORDER, subject=f"Re: {other}", dmarc="pass") == []
    assert await desk.hears("Till 3.", **answering(reply)) == []

    assert await heard(desk, other) == [f"CustomerWrote: {ORDER}"]
    assert await heard(desk, worked_on) == ["CustomerWrote: Till 3."]


async def test_thanks_for_one_case_close_it_while_a_person_works_on_the_other(desk: MailingDesk):
    one, two, _ = await opens_two(desk)
    await desk.replies(two, "Which invoice is it?")
    told = await resolves(desk, one)

    (closed,) = await desk.hears("Yes, thanks!", **answering(told))

    assert (await desk.case(one)).status == "closed"
    assert f"{one} is closed" in text_of(closed).replace("*", "")
    assert await heard(desk, two) == []


async def test_a_number_of_another_conversation_is_not_followed(desk: MailingDesk):
    (eves,) = await desk.hears("The oven is cold.", sender="Eve <eve@else.example>", mail_from="eve@else.example")
    (own,) = await desk.hears("The till jams.", dmarc="pass")

    await desk.hears(f"About {number_in(eves)}: close it.", **answering(own))

    assert await heard(desk, number_in(eves)) == []
    assert len(await heard(desk, number_in(own))) == 1
