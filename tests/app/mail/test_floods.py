"""Many strangers who name one case: each is heard, and nobody who works on that case is disturbed."""

import asyncio
from dataclasses import replace
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
            sender=f"<mailer-daemon@isp-{place}.example>",
            message_id=f"{place}@isp.example",
            answers=id_of(first),
        )
        await desk.gets(came_back, mail_from="")
    await desk.settle()

    assert await tries_spent(desk) == (0, 0)
    assert len([fact for fact in await desk.told(number_in(first)) if "machine answered" in fact]) == 20


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
