"""Many strangers who name one case: each is heard, and nobody who works on that case is disturbed."""

import asyncio
from dataclasses import replace
from email.message import EmailMessage
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.jobs.filing import Filing
from caseengine.operations import answering
from storage.engine import Database
from tests.app.mail.mailing import MailingDesk, id_of, number_in
from tests.app.mail.peer import mail

FLOOD = 200


def named_by(place: int, number: str, **more: object) -> bytes:
    """A stranger's mail with somebody else's number in its subject."""
    stranger = f"stranger-{place}@elsewhere.example"
    return mail(
        f"Tell me all, says {place}.",
        sender=f"<{stranger}>",
        subject=f"Re: [{number}]",
        message_id=f"{uuid4().hex}@elsewhere.example",
        **more,  # type: ignore[arg-type]
    )


@pytest.mark.bar
@pytest.mark.slow
async def test_s8_200_strangers_who_name_a_case_are_in_the_way_of_nobody_who_works_on_it(any_desk: MailingDesk):
    desk = any_desk
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)
    for place in range(FLOOD):
        await desk.gets(named_by(place, number, dmarc=("", "pass", "fail")[place % 3]))
    assert desk.house.filing is not None
    elsewhere = Database(desk.house.database.url)
    second = Filing(replace(desk.house.filing._parts, database=elsewhere))
    flood = asyncio.create_task(_flood(desk, second))
    notes = 0
    while not flood.done():  # each note is one unit of work, tried once: a conflict with anybody would end the test
        await desk.office.do(
            answering.note, number, f"Looked {notes}", by=desk.office.sam.actor, at=desk.clock(), key=uuid4().hex
        )
        notes += 1
        await asyncio.sleep(0.01)
    await flood
    await elsewhere.close()

    assert notes >= 5
    assert len(await desk.numbers()) == FLOOD + 1
    assert await tries_spent(desk) == (0, 0)
    assert set((await desk.verdicts())[1:]) == {"not_taking_part", "sender_disowned"}
    assert await named(desk, number) == []

    await desk.house.mentions.run()
    (told,) = await named(desk, number)
    assert told.count("stranger-") == 10
    assert f"{FLOOD - 10} more" in told


async def test_agents_hear_of_who_names_their_case_once_an_hour_and_of_each_once(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    number = number_in(first)

    async def come(*places: int) -> list[str]:
        for place in places:
            await desk.gets(named_by(place, number))
        await desk.settle()
        return await named(desk, number)

    assert len(await come(0)) == 1
    assert len(await come(1, 2, 0)) == 1
    desk.clock.passes(hours=1, minutes=1)
    told = await come(0)
    assert len(told) == 2
    assert ("stranger-1" in told[1], "stranger-2" in told[1], "stranger-0" in told[1]) == (True, True, False)
    desk.clock.passes(hours=2)
    assert len(await come(0, 1, 2)) == 2


async def test_twenty_copies_that_come_back_at_once_are_twenty_notes(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    for place in range(20):
        came_back = mail(
            "Gone.",
            sender="<mailer-daemon@our.example>",
            message_id=f"{place}@isp.example",
            answers=id_of(first),
        )
        await desk.gets(came_back, mail_from="")
    await desk.settle()

    assert await tries_spent(desk) == (0, 0)
    assert len([fact for fact in await desk.told(number_in(first)) if "machine answered" in fact]) == 20


async def machines_write(desk: MailingDesk, first: EmailMessage, *senders: str) -> None:
    """Automatic replies to a mail of ours."""
    for sender in senders:
        away = mail(
            "I am away.",
            sender=f"<{sender}>",
            message_id=f"{uuid4().hex}@corner.example",
            headers=(("Auto-Submitted", "auto-replied"),),
        )
        await desk.gets(away, rcpt=str(first["Reply-To"]), mail_from=sender)
    await desk.settle()


async def machines_noted(desk: MailingDesk, first: EmailMessage) -> tuple[int, list[str]]:
    """Notes of single mails, and those that count."""
    told = await desk.told(number_in(first))
    return len([one for one in told if "machine answered" in one]), [one for one in told if "more automatic" in one]


async def test_a_machine_that_writes_on_and_on_is_noted_at_first_and_counted_then(any_desk: MailingDesk):
    desk = any_desk
    (first,) = await desk.hears(dmarc="pass")

    await machines_write(desk, first, *["robot@corner.example"] * 40)
    notes, counts = await machines_noted(desk, first)
    assert notes == 3
    (count,) = counts
    assert "37 more" in count
    assert "robot@corner.example" in count
    assert (await desk.verdicts()).count("automatic_auto_reply") == 40

    await machines_write(desk, first, *["robot@corner.example"] * 10)
    assert await machines_noted(desk, first) == (3, counts)
    desk.clock.passes(hours=1, minutes=1)
    await desk.settle()
    notes, counts = await machines_noted(desk, first)
    assert (notes, len(counts), "10 more" in counts[1]) == (3, 2, True)
    await machines_write(desk, first, "another@corner.example")
    assert (await machines_noted(desk, first))[0] == 4

    await desk.gets(named_by(0, number_in(first)))
    desk.clock.passes(hours=1, minutes=1)
    await desk.settle()
    assert len(await named(desk, number_in(first))) == 1
    assert len((await machines_noted(desk, first))[1]) == 2


async def test_many_machines_are_noted_as_far_as_one_mail_of_ours_has_recipients_and_counted_then(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    await machines_write(desk, first, *[f"robot-{place}@corner.example" for place in range(45)])
    notes, (count,) = await machines_noted(desk, first)
    assert notes == 30
    assert count.count("1 more automatic") == 10
    assert "5 more from 5 other machines" in count


async def test_a_machine_noted_once_delays_no_word_of_who_names_the_case(desk: MailingDesk):
    (first,) = await desk.hears(dmarc="pass")
    await machines_write(desk, first, "robot@corner.example")
    await desk.gets(named_by(0, number_in(first)))
    await desk.settle()
    assert len(await named(desk, number_in(first))) == 1


async def _flood(desk: MailingDesk, second: Filing) -> None:
    assert desk.house.filing is not None
    await asyncio.gather(desk.house.filing.run(), second.run())
    await desk.house.turns.sweep()
    await desk.house.turns.idle()


async def named(desk: MailingDesk, number: str) -> list[str]:
    """What agents were told of who named the case."""
    return [fact for fact in await desk.told(number) if "named this case" in fact]


async def tries_spent(desk: MailingDesk) -> tuple[int, int]:
    """By mails and by turns of the bot."""
    async with desk.house.database.snapshot() as snapshot:
        mails = await snapshot.scalar(sa.text("SELECT COALESCE(SUM(tries), 0) FROM mails"))
        turns = await snapshot.scalar(sa.text("SELECT COALESCE(SUM(tries), 0) FROM inbox"))
    return int(mails), int(turns)
