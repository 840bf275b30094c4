"""Nobody gets more automatic mails than the limit, whoever of several processes writes them and whatever they are."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.letterbook import DeskLetterbook, LetterbookParts
from app.mail_settings import mail_desk
from bot.activity import Activity, Kind, Role, Sender
from caseengine.mail_allowances import forget_allowances, take
from channels.email.outline import Outline
from storage.engine import Database
from tests.app.mail.mailing import MailingDesk

ANA = "ana@corner.example"


def letterbook_of(desk: MailingDesk, database: Database) -> DeskLetterbook:
    settings, bot = desk.house.settings, desk.house.bot
    return DeskLetterbook(
        LetterbookParts(
            database=database,
            desk=mail_desk(settings),
            company=settings.company,
            secret=bot.secret,
            words=bot.catalogue.words,
            now=desk.clock,
        )
    )


async def only_conversation(desk: MailingDesk) -> UUID:
    async with desk.house.database.snapshot() as snapshot:
        row = await snapshot.first(sa.text("SELECT conversation_id FROM mail_threads").columns(conversation_id=sa.Uuid))
    assert row is not None
    found: UUID = row.conversation_id
    return found


@pytest.mark.bar
async def test_s18_two_processes_together_write_no_more_than_the_limit(any_desk: MailingDesk):
    desk = any_desk
    await desk.hears(dmarc="pass")
    desk.clock.passes(hours=2)
    said = Activity(
        kind=Kind.MESSAGE,
        channel="email",
        conversation=str(await only_conversation(desk)),
        sender=Sender(Role.BOT),
        key="",
        text="Something happened.",
    )
    elsewhere = Database(desk.house.database.url)
    books = [letterbook_of(desk, desk.house.database), letterbook_of(desk, elsewhere)]
    try:
        planned = await asyncio.gather(
            *(books[place % 2].plan(replace(said, key=f"k-{place}"), key=f"k-{place}") for place in range(16))
        )
    finally:
        await elsewhere.close()

    assert len([one for one in planned if isinstance(one, Outline)]) == 5
    assert len([one for one in planned if not isinstance(one, Outline) and one.proof == {"skipped": "too_many"}]) == 11


async def test_whatever_else_machines_wrote_to_an_address_counts(desk: MailingDesk):
    for _ in range(5):  # as notices do
        async with desk.house.database.unit_of_work() as work:
            assert await take(work, "Ana@corner.example", 5, at=desk.clock()) is None
    assert await desk.hears(dmarc="pass") == []
    desk.clock.passes(hours=1)
    assert len(await desk.hears(dmarc="pass")) == 1


async def test_an_allowance_says_when_there_is_more_of_it_and_is_forgotten(desk: MailingDesk):
    begun = desk.clock()
    for minutes in (0, 10):
        async with desk.house.database.unit_of_work() as work:
            assert await take(work, ANA, 2, at=begun + timedelta(minutes=minutes)) is None
    async with desk.house.database.unit_of_work() as work:
        assert await take(work, ANA, 2, at=begun + timedelta(minutes=20)) == begun + timedelta(hours=1)
        assert await take(work, ANA, 1, at=begun + timedelta(minutes=20)) == begun + timedelta(minutes=70)
        forget_allowances(work, at=begun + timedelta(minutes=71))
    async with desk.house.database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.text("SELECT COUNT(*) FROM mail_allowances")) == 0
