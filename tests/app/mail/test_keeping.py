"""How long the bytes of a mail are kept."""

import pytest

from caseengine.mails import Mails, mail_raw, mail_row
from storage.errors import Conflict
from tests.app.mail.mailing import MailingDesk, number_in


async def kept(desk: MailingDesk, *mails: int) -> list[bool]:
    async with desk.house.database.snapshot() as snapshot:
        return [await mail_raw(snapshot, one) is not None for one in mails]


async def test_the_bytes_of_a_mail_are_dropped_after_a_while_and_its_words_stay(any_desk: MailingDesk):
    desk = any_desk
    (answer,) = await desk.hears("The till jams.", dmarc="pass")
    unreadable = await desk.gets(b"From: <x@x.example>\r\nMessage-ID: <2@x>\r\n\r\nUNREADABLE")
    await desk.settle()
    for _ in range(6):
        desk.clock.passes(minutes=5)
        await desk.settle()
    assert (await desk.verdicts())[1] == "quarantined"

    desk.clock.passes(days=89)
    await desk.house.forgetting.run()
    assert await kept(desk, 1, unreadable) == [True, True]
    desk.clock.passes(days=2)
    late = await desk.gets(b"From: <x@x.example>\r\nMessage-ID: <3@x>\r\n\r\nIt waits")
    await desk.house.forgetting.run()
    assert await kept(desk, 1, unreadable, late) == [False, True, True]
    desk.clock.passes(days=365)
    await desk.house.forgetting.run()
    assert await kept(desk, 1, unreadable, late) == [False, False, True]  # the last one was never filed

    async with desk.house.database.snapshot() as snapshot:
        row = await mail_row(snapshot, 1)
    assert row is not None
    assert (row.state, row.size > 0) == ("filed", True)
    assert (await desk.case(number_in(answer))).description == "The till jams."
    with pytest.raises(Conflict):
        async with desk.house.database.unit_of_work() as work:
            Mails(work).retry(unreadable)


async def test_the_same_mail_is_known_again_though_its_bytes_were_dropped(desk: MailingDesk):
    await desk.hears("The till jams.", message_id="1@corner.example", dmarc="pass")
    desk.clock.passes(days=100)
    await desk.house.forgetting.run()
    assert await kept(desk, 1) == [False]

    assert await desk.hears("The till jams.", message_id="1@corner.example", dmarc="pass") == []
    assert len(await desk.numbers()) == 1
