"""What becomes of a mail of ours: for whom the server takes it, now, later or never."""

import pytest
import sqlalchemy as sa

from caseengine.model.errors import AddressUnreachable
from caseengine.operations import answering
from caseengine.operations.forwarding import forward
from customers.reachability import Reach, mark
from storage.tables import outbox
from tests.app.mail.mailing import MailingDesk, number_in

ANA, BOSS = "ana@corner.example", "boss@corner.example"


async def test_whose_server_says_later_gets_it_later_and_nobody_gets_it_twice(desk: MailingDesk):
    (first,) = await desk.hears()
    desk.server.at_address = {ANA: "450 4.2.0 greylisted"}

    await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOSS,)))
    assert desk.server.recipients[1:] == [[BOSS]]
    desk.server.at_address = {}
    for _ in range(3):
        desk.clock.passes(minutes=1)
        await desk.settle()

    assert desk.server.recipients[1:] == [[BOSS], [ANA]]


async def test_later_for_everybody_is_tried_again(desk: MailingDesk):
    (first,) = await desk.hears()
    desk.server.at_rcpt = "450 4.2.0 greylisted"
    await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOSS,)))
    assert desk.server.recipients[1:] == []

    desk.server.at_rcpt = "250 OK"
    desk.clock.passes(minutes=1)
    await desk.settle()
    assert desk.server.recipients[1:] == [[ANA], [BOSS]]


async def test_a_copy_that_nobody_takes_is_given_up_and_the_mail_itself_has_arrived(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)
    desk.server.at_address = {BOSS: "450 4.2.0 greylisted"}
    await desk.replies(number, "On its way.", copies=answering.Copies((BOSS,)))
    for _ in range(8):
        desk.clock.passes(hours=1)
        await desk.settle()

    assert desk.server.recipients[1:] == [[ANA]]
    assert await last_delivery(desk) == "done"
    assert [fact for fact in await desk.told(number) if BOSS in fact and "not_taken" in fact]


async def test_a_mail_its_reader_never_gets_has_failed_whoever_has_a_copy(desk: MailingDesk):
    (first,) = await desk.hears()
    desk.server.at_address = {ANA: "550 5.1.1 nobody"}
    await desk.replies(number_in(first), "On its way.", copies=answering.Copies((BOSS,)))

    assert desk.server.recipients[1:] == [[BOSS]]
    assert await last_delivery(desk) == "failed"


async def test_a_copy_to_an_address_that_takes_nothing_is_left_out_and_told(desk: MailingDesk):
    (first,) = await desk.hears()
    number = number_in(first)
    async with desk.house.database.unit_of_work() as work:
        mark(work, "email", BOSS, Reach.COMPLAINED, "complaint", at=desk.clock())
    (reply,) = await desk.replies(number, "On its way.", copies=answering.Copies((BOSS,)))

    assert desk.server.recipients[1:] == [[ANA]]
    assert reply["Cc"] is None
    assert [fact for fact in await desk.told(number) if BOSS in fact]


async def test_nobody_is_asked_outside_where_nothing_arrives(desk: MailingDesk):
    (first,) = await desk.hears()
    async with desk.house.database.unit_of_work() as work:
        mark(work, "email", BOSS, Reach.BOUNCED, "bounce 5.1.1", at=desk.clock())
    asked = {"to": BOSS.title(), "subject": "", "note": "Asked", "key": "f-1"}

    with pytest.raises(AddressUnreachable):
        await desk.office.do(forward, number_in(first), "Where?", by=desk.office.sam.actor, at=desk.clock(), **asked)


async def last_delivery(desk: MailingDesk) -> str:
    """What became of it."""
    newest = sa.select(outbox.c.state).where(outbox.c.topic == "deliver").order_by(outbox.c.id.desc()).limit(1)
    async with desk.house.database.snapshot() as snapshot:
        return str(await snapshot.scalar(newest))
