"""Mails without words in their body, as the desk's own reader reads them: the subject says it all, or a sign does."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.mail_reader import DeskReader
from app.mail_settings import MailDesk
from storage.engine import Database
from storage.errors import Conflict
from tests.app.mail.mailing import AUTHSERV, DESK, MailingDesk, id_of, mailing, number_in, text_of
from tests.app.mail.test_several_cases import heard, resolves

VOUCHED = "spf=pass smtp.mailfrom=ana@corner.example; dmarc=pass header.from=corner.example"
FREEZER = "Freezer at LL-2101 is broken since this morning"


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[MailingDesk]:
    async with DeskReader(MailDesk(DESK)) as reader, mailing(database, tmp_path, reader=reader) as made:
        yield made


@pytest.mark.parametrize("body", ["", "\n \n", "Sent from my iPhone", "Von meinem iPhone gesendet"])
async def test_a_subject_alone_is_words(desk: MailingDesk, body: str):
    (answer,) = await desk.hears(body, subject=FREEZER, dmarc="pass")

    case = await desk.case(number_in(answer))
    assert (case.subject, case.description) == (FREEZER, FREEZER)
    assert "no words" not in text_of(answer)


async def test_a_subject_alone_with_the_number_of_a_case_is_words_for_it(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    subject = f"{number_in(ours)}: it is till 3"

    await desk.hears("Sent from my iPhone", subject=subject, dmarc="pass")

    assert await heard(desk, number_in(ours)) == [f"CustomerWrote: {subject}"]


@pytest.mark.parametrize("subject", ["", "Re: Till jams"])
async def test_what_has_no_words_at_all_is_asked_about(desk: MailingDesk, subject: str):
    (ours,) = await desk.hears(dmarc="pass")

    (asked,) = await desk.hears("Sent from my iPhone", subject=subject, rcpt=str(ours["Reply-To"]), dmarc="pass")

    assert "no words" in text_of(asked)
    assert await heard(desk, number_in(ours)) == []


def reaction(sign: str, of: str) -> bytes:
    """As Gmail writes it, past our border."""
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{sign}\r\n\r\nAna reacted via Gmail\r\n",
        f'Content-Type: text/vnd.google.email-reaction+json\r\n\r\n{{"emoji": "{sign}", "version": 1}}\r\n',
        f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>{sign}</p><p>Ana reacted via Gmail</p>\r\n",
    ]
    head = [
        f"Authentication-Results: {AUTHSERV}; {VOUCHED}",
        "From: Ana Silva <ana@corner.example>",
        f"To: {DESK}",
        "Subject: Re: Till jams",
        f"Message-ID: <{len(sign)}.{sign.encode().hex()}@corner.example>",
        f"In-Reply-To: <{of}>",
        'Content-Type: multipart/alternative; boundary="b"',
    ]
    body = "".join(f"--b\r\n{part}" for part in parts) + "--b--\r\n"
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize(
    ("sign", "state"),
    [
        *[(sign, "closed") for sign in ("\U0001f44d", "\U0001f44d\U0001f3ff", "❤️", "❤", "\U0001f389")],
        *[(sign, "resolved") for sign in ("\U0001f44e", "\U0001f622")],
    ],
)
async def test_a_sign_under_the_mail_that_resolves_a_case_agrees_or_changes_nothing(
    desk: MailingDesk, sign: str, state: str
):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    told = await resolves(desk, number)

    await desk.gets(reaction(sign, id_of(told)))
    answers = await desk.sent()

    assert (await desk.case(number)).status == state
    assert len(answers) == (1 if state == "closed" else 0)
    assert await heard(desk, number) == []
    assert (f"NoteAdded: Reaction: {sign}" in await desk.told(number)) is (state == "resolved")


async def test_a_sign_under_any_other_mail_is_noted_and_never_answered(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)

    await desk.gets(reaction("\U0001f44d", id_of(ours)))
    await desk.gets(reaction("❤️", "somebody@else.example"))

    assert await desk.sent() == []
    assert (await desk.numbers(), await heard(desk, number)) == ([number], [])
    assert "NoteAdded: Reaction: \U0001f44d" in await desk.told(number)


@pytest.mark.parametrize("which", ["acknowledgement", "question"])
async def test_a_sign_under_a_mail_from_before_the_resolution_agrees_to_nothing(desk: MailingDesk, which: str):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    (asked,) = await desk.replies(number, "Does it still jam? A technician would cost 90 pounds.")
    desk.clock.passes(minutes=5)
    await resolves(desk, number)
    desk.clock.passes(hours=3)

    await desk.gets(reaction("\U0001f44d", id_of({"acknowledgement": ours, "question": asked}[which])))

    assert await desk.sent() == []
    assert (await desk.case(number)).status == "resolved"
    assert "NoteAdded: Reaction: \U0001f44d" in await desk.told(number)


async def test_a_sign_that_was_under_way_while_the_case_was_resolved_agrees_to_nothing(desk: MailingDesk):
    (ours,) = await desk.hears(dmarc="pass")
    number = number_in(ours)
    await desk.gets(reaction("\U0001f44d", id_of(ours)))
    assert desk.house.filing is not None
    await desk.house.filing.run()
    desk.clock.passes(minutes=1)

    try:
        await resolves(desk, number)
    except Conflict:  # the sign was heard at this very moment; an agent presses again
        await resolves(desk, number)

    assert (await desk.case(number)).status == "resolved"
    assert "NoteAdded: Reaction: \U0001f44d" in await desk.told(number)
