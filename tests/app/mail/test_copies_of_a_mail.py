"""One mail comes by several ways: its words are on one case, and whose they are proved to be."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.jobs.filing import Filing
from caseengine.mails import mail_rows
from channels.email.letter import Envelope, Letter
from storage.engine import Database
from tests.app.mail.mailing import DESK, MailingDesk, by_signatures, mailing, number_in, text_of
from tests.app.mail.peer import PlainReader, mail
from tests.channels.email.reading.test_signature import by

WORDS = "The till in shop 4 jams."


class Stumbling(PlainReader):
    """Fails at the first mail it is given, once."""

    stumbled = False

    async def read(self, raw: bytes, envelope: Envelope) -> Letter:
        if not self.stumbled:
            self.stumbled = True
            raise RuntimeError
        return await super().read(raw, envelope)


async def comes(desk: MailingDesk, dmarc: str, *, text: str = WORDS, way: str = "lmtp", **named: Any) -> bool:
    """Whether it was kept: a copy of the one mail, or that mail."""
    raw = mail(text, dmarc=dmarc, message_id="abc@corner.example", **named)
    kept = await desk.house.mailroom.keep(f"Received: {way}\r\n".encode() + raw, Envelope("x@x", (DESK,), "lmtp"))
    return kept.fresh


async def notes(desk: MailingDesk, number: str) -> list[str]:
    return [line for line in await desk.told(number) if line.startswith("NoteAdded")]


async def test_a_copy_that_is_vouched_for_after_one_that_was_disowned_is_answered(any_desk: MailingDesk):
    desk = any_desk
    ana = await desk.knows()
    assert await comes(desk, "fail")
    assert await desk.sent() == []
    (number,) = await desk.numbers()
    assert (await desk.case(number)).contact_id is None

    assert await comes(desk, "pass", way="direct")
    (answer,) = await desk.sent()

    assert await desk.numbers() == [number] == [number_in(answer)]
    assert "ana@corner.example" in answer["To"]
    assert (await desk.case(number)).contact_id == ana.id
    assert await desk.verdicts() == ["silent", "vouched_copy"]
    first, then = await notes(desk, number)
    assert "does not come from there" in first
    assert "these are their words" in then


async def test_a_copy_that_is_vouched_for_after_one_of_which_nobody_knew_makes_no_second_answer(any_desk: MailingDesk):
    desk = any_desk
    ana = await desk.knows()
    await comes(desk, "")
    (answer,) = await desk.sent()
    number = number_in(answer)
    assert (await desk.case(number)).contact_id is None
    told = await desk.told(number)

    await comes(desk, "pass")
    assert await desk.sent() == []

    assert await desk.numbers() == [number]
    assert (await desk.case(number)).contact_id == ana.id
    assert await desk.told(number) == told


@pytest.mark.parametrize("later", [("pass", "fail", ""), ("fail", "", "pass"), ("", "pass", "fail")])
async def test_further_copies_change_nothing(desk: MailingDesk, later: tuple[str, ...]):
    await desk.knows()
    await comes(desk, "fail")
    await comes(desk, "pass")
    await desk.settle()
    (number,) = await desk.numbers()
    told, sent = await desk.told(number), len(desk.server.taken)

    for place, dmarc in enumerate(later):
        assert not await comes(desk, dmarc, way=str(place), cc=f"{place}@corner.example")
        await desk.settle()

    assert await desk.numbers() == [number]
    assert await desk.told(number) == told
    assert len(desk.server.taken) == sent


async def test_copies_that_all_wait_are_one_case_and_one_answer(any_desk: MailingDesk):
    desk = any_desk
    ana = await desk.knows()
    told = ("fail", "pass", "", "pass")
    await asyncio.gather(*(comes(desk, dmarc, cc=f"{n}@larder-lane.example") for n, dmarc in enumerate(told)))

    assert len(await desk.sent()) == 1
    (number,) = await desk.numbers()
    assert (await desk.case(number)).contact_id == ana.id


async def test_a_mail_that_only_comes_again_is_not_kept_again(desk: MailingDesk):
    assert [await comes(desk, "fail", way=f"by {one}; Mon") for one in range(4)] == [True, False, False, False]
    await desk.settle()
    assert not await comes(desk, "fail", way="late")
    assert len(await desk.numbers()) == 1


@pytest.mark.parametrize("first", ["fail", ""])
async def test_nobody_is_vouched_for_with_a_subject_that_somebody_else_wrote(desk: MailingDesk, first: str):
    ana = await desk.knows()
    await comes(desk, first, subject="Cancel all my deliveries")
    await desk.settle()
    (forged,) = await desk.numbers()

    await comes(desk, "pass")
    await desk.settle()

    _, own = await desk.numbers()
    assert (await desk.case(forged)).contact_id is None
    assert (await desk.case(own)).contact_id == ana.id
    assert (await desk.verdicts())[1] == "new"
    assert len([one for one in await notes(desk, forged) if "is not proved" in one]) == (first == "fail")


async def test_an_answer_reaches_its_case_though_a_copy_that_was_disowned_was_faster(desk: MailingDesk):
    await desk.knows()
    (answer,) = await desk.hears("The freezer is warm.", dmarc="pass")
    number = number_in(answer)
    told = {"text": "It is the left one.", "subject": f"Re: [{number}]"}
    await comes(desk, "fail", **told)
    await desk.settle()
    assert not any("left one" in line for line in await desk.told(number))

    await comes(desk, "pass", **told)
    await desk.settle()

    assert [line for line in await desk.told(number) if "left one" in line] == ["CustomerWrote: It is the left one."]
    assert await desk.verdicts() == ["new", "sender_disowned", "number"]


@pytest.mark.parametrize("machine", [("Auto-Submitted", "auto-replied"), ("List-Id", "<x.example>")])
async def test_words_are_heard_though_a_copy_said_a_machine_wrote_them(desk: MailingDesk, machine: tuple[str, str]):
    await desk.knows()
    await comes(desk, "", headers=(machine,))
    await desk.settle()

    await comes(desk, "pass")
    (answer,) = await desk.sent()

    assert (await desk.case(number_in(answer))).description == WORDS


async def test_a_copy_of_a_mail_that_cannot_be_filed_makes_no_further_case(desk: MailingDesk):
    await comes(desk, "fail", text="BOOM")
    await comes(desk, "pass", text="BOOM")
    for _ in range(12):
        await desk.settle()
        desk.clock.passes(minutes=3)
    async with desk.house.database.snapshot() as snapshot:
        assert [row.state for row in await mail_rows(snapshot)] == ["quarantined"] * 2
    assert len(await desk.numbers()) == 1


async def test_who_has_an_agent_already_is_told_nothing_by_the_bot(desk: MailingDesk):
    await desk.knows()
    await comes(desk, "fail")
    await desk.settle()
    (number,) = await desk.numbers()
    (reply,) = await desk.replies(number, "Which till is it?")
    assert "Which till" in text_of(reply)

    await comes(desk, "pass")

    assert await desk.sent() == []
    assert (await desk.case(number)).contact_id is not None


async def test_a_copy_waits_until_the_first_one_is_filed(database: Database, tmp_path: Path):
    async with mailing(database, tmp_path, reader=Stumbling()) as desk:
        ana = await desk.knows()
        await comes(desk, "fail")
        await comes(desk, "pass")
        assert await desk.sent() == []
        assert await desk.numbers() == []

        answers = []
        for _ in range(4):
            desk.clock.passes(seconds=2)
            answers += await desk.sent()

        (answer,) = answers
        assert await desk.numbers() == [number_in(answer)]
        assert (await desk.case(number_in(answer))).contact_id == ana.id


async def test_two_workers_let_one_copy_count(any_desk: MailingDesk):
    desk = any_desk
    await desk.knows()
    await comes(desk, "fail")
    await desk.settle()
    (number,) = await desk.numbers()
    for place in range(3):
        await comes(desk, "pass", cc=f"{place}@larder-lane.example")
    assert desk.house.filing is not None
    parts = desk.house.filing._parts
    await asyncio.gather(*(Filing(parts).run() for _ in range(3)))

    assert len(await desk.sent()) == 1
    assert len(await notes(desk, number)) == 2
    assert sorted(await desk.verdicts()) == ["copy", "copy", "silent", "vouched_copy"]


async def test_a_signature_that_an_alias_has_taken_off_is_found_on_the_mail_itself(database: Database, tmp_path: Path):
    async with by_signatures(database, tmp_path) as desk:
        ana = await desk.knows()
        raw = mail(WORDS, message_id="abc@corner.example")
        await desk.gets(raw)
        (answer,) = await desk.sent()
        await desk.gets(by("corner.example", raw))
        assert await desk.sent() == []
        assert await desk.verdicts() == ["new", "vouched_copy"]
        assert (await desk.case(number_in(answer))).contact_id == ana.id


async def test_a_new_matter_is_one_though_somebody_put_it_on_an_older_case(desk: MailingDesk):
    """Who was copied in has seen the address that answers to the older one go to."""
    ana = await desk.knows()
    (answer,) = await desk.hears("The freezer is warm.", dmarc="pass")
    await comes(desk, "", to=answer["Reply-To"])
    await desk.settle()
    await comes(desk, "pass")
    await desk.settle()

    assert await desk.verdicts() == ["new", "token", "new"]
    _, own = await desk.numbers()
    assert ((await desk.case(own)).description, (await desk.case(own)).contact_id) == (WORDS, ana.id)


async def test_an_answer_that_was_let_in_by_its_token_is_not_said_twice(desk: MailingDesk):
    await desk.knows()
    (answer,) = await desk.hears("The freezer is warm.", dmarc="pass")
    number = number_in(answer)
    for dmarc in ("", "pass"):
        await comes(desk, dmarc, to=answer["Reply-To"], subject=f"Re: [{number}]")
        await desk.settle()

    assert await desk.verdicts() == ["new", "token", "copy"]
    assert [line for line in await desk.told(number) if WORDS in line] == [f"CustomerWrote: {WORDS}"]
