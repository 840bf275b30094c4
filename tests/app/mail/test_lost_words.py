"""An agent's mail whose end nobody knows, or that did not go: seen on the case, and sent again under the same name."""

import asyncio
import contextlib

import pytest
import sqlalchemy as sa

from app.sent_again import send_lost
from caseengine.agents import Agents
from caseengine.cases import Cases, history
from caseengine.model.events import DeliveryDoubted, DeliveryGivenUp, SentAgain
from caseengine.notices import notices_of
from caseengine.operations import answering
from caseengine.operations.forwarding import forward
from customers.reachability import Reach, mark, reachable
from tests.app.mail.mailing import MailingDesk, id_of, number_in

ANA, BOSS, EVE = "ana@corner.example", "boss@corner.example", "eve@corner.example"
NOTHING_IS_KEPT = "CREATE TRIGGER t BEFORE UPDATE ON sent_mails BEGIN SELECT RAISE(ABORT, 'full'); END"


async def losses(desk: MailingDesk, number: str) -> list[tuple[int, DeliveryDoubted | DeliveryGivenUp]]:
    """The lines of the case's history that tell of them, with their places."""
    case = await desk.case(number)
    events = await desk.office.see(history, case.id)
    return [(seq, one) for seq, one in enumerate(events, start=1) if isinstance(one, DeliveryDoubted | DeliveryGivenUp)]


async def sends_again(desk: MailingDesk, number: str, lost: int) -> SentAgain:
    by, at = desk.office.sam.actor, desk.clock()
    return await desk.office.do(send_lost, number, lost, by=by, at=at)


@pytest.mark.bar("R10")
async def test_a_line_cut_after_data_is_doubted_and_sent_again_by_a_person_alone(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    desk.server.at_data = "drop"
    (perhaps,) = await desk.replies(number, "On its way.")
    desk.server.at_data = "250 Taken"
    for _ in range(5):
        desk.clock.passes(hours=1)
        assert await desk.sent() == [], "no machine sends it again"

    ((seq, lost),) = await losses(desk, number)
    assert (type(lost), lost.channel, lost.why) == (DeliveryDoubted, "email", "no_answer")
    holder = (await desk.case(number)).agent_id
    assert holder is not None
    async with desk.office.database.unit_of_work() as work:
        told = await notices_of(work, await Agents(work).get(holder))
    assert [one.kind for one in told] == ["delivery_doubted"]

    await sends_again(desk, number, seq)
    (again,) = await desk.sent()
    assert id_of(again) == id_of(perhaps), "a server that has it knows it"
    assert await losses(desk, number) == [(seq, lost)]
    assert await desk.sent() == []


async def test_a_server_that_is_away_for_long_and_then_comes_back(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    desk.server.at_rcpt = "450 4.3.2 not now"
    await desk.replies(number, "On its way.")
    for _ in range(8):
        desk.clock.passes(hours=4)
        await desk.settle()
    assert await losses(desk, number) == []
    assert len([fact for fact in await desk.told(number) if "has not taken a mail" in fact]) == 1
    for _ in range(36):
        desk.clock.passes(hours=4)
        await desk.settle()
    ((seq, lost),) = await losses(desk, number)
    assert (type(lost), lost.why) == (DeliveryGivenUp, "unavailable")

    desk.server.at_rcpt = "250 OK"
    await sends_again(desk, number, seq)
    assert len(await desk.sent()) == 1


async def test_who_has_a_copy_gets_no_second_one(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    desk.server.at_address = {ANA: "550 5.1.1 nobody"}
    await desk.replies(number, "On its way.", copies=answering.Copies((BOSS,)))
    ((seq, lost),) = await losses(desk, number)
    assert (type(lost), lost.why) == (DeliveryGivenUp, "refused")

    desk.server.at_address = {}
    await sends_again(desk, number, seq)
    await desk.settle()
    assert desk.server.recipients[1:] == [[BOSS], [ANA]]


async def test_of_a_mail_that_was_cut_at_a_copy_only_who_may_not_have_it_gets_another(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    desk.server.at_address = {EVE: "550 5.1.1 nobody"}
    desk.server.at_data_for = {BOSS: "drop"}
    copies = answering.Copies(("bob@corner.example", EVE, BOSS), ("audit@larder-lane.example",))
    await desk.replies(number, "On its way.", copies=copies)
    ((seq, lost),) = await losses(desk, number)
    assert (type(lost), lost.why) == (DeliveryDoubted, "no_answer")
    assert not await is_reachable(desk, EVE)
    assert len([line for line in await desk.told(number) if EVE in line]) == 1
    before = len(desk.server.recipients)
    for _ in range(3):
        desk.clock.passes(hours=1)
        assert await desk.sent() == [], "no machine sends it again"

    desk.server.at_address, desk.server.at_data_for = {}, {}
    await sends_again(desk, number, seq)
    await desk.settle()
    assert desk.server.recipients[before:] == [[BOSS], ["audit@larder-lane.example"]]


async def test_a_desk_that_is_stopped_between_two_copies_goes_on_with_the_next(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number, by = number_in(first), desk.office.sam.actor
    desk.server.stalls = {BOSS}
    said = {"key": "k-1", "copies": answering.Copies((BOSS,)), "by": by, "at": desk.clock()}
    await desk.office.do(answering.reply, number, "On its way.", **said)
    sending = asyncio.create_task(desk.house.delivery.run())
    await desk.server.stalled.wait()
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending

    desk.server.stalls = set()
    desk.clock.passes(minutes=1)
    await desk.settle()
    assert desk.server.recipients[1:] == [[ANA], [BOSS]]


async def test_a_doubt_stays_one_where_who_has_it_cannot_be_kept(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    async with desk.house.database.unit_of_work() as work:
        work.write(sa.text(NOTHING_IS_KEPT))
    desk.server.at_data = "drop"
    await desk.replies(number, "On its way.")
    ((_, lost),) = await losses(desk, number)
    assert type(lost) is DeliveryDoubted


async def test_what_is_held_back_goes_once_somebody_has_lifted_it(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number = number_in(first)
    await reached(desk, Reach.BOUNCED)
    assert await desk.replies(number, "On its way.") == []
    ((seq, lost),) = await losses(desk, number)
    assert (type(lost), lost.why) == (DeliveryGivenUp, "unreachable")

    await sends_again(desk, number, seq)
    assert await desk.sent() == [], "it is held back still, and told again"
    seq, lost = (await losses(desk, number))[-1]
    assert lost.again == 1
    await reached(desk, Reach.REACHABLE)
    await sends_again(desk, number, seq)
    assert len(await desk.sent()) == 1


async def test_a_mail_to_somebody_outside_whose_end_nobody_knows_is_noted(desk: MailingDesk) -> None:
    (first,) = await desk.hears()
    number, at, sam = number_in(first), desk.clock(), desk.office.sam
    await desk.office.do(lambda work: held_by(work, number, sam, at))
    desk.server.at_data = "drop"
    await desk.office.do(
        forward, number, "A drawer?", to="maker@tills.example", subject="", note="Asked", key="out", by=sam.actor, at=at
    )
    await desk.settle()
    noted = [line for line in await desk.told(number) if "maker@tills.example" in line]
    assert len(noted) == 1, noted
    assert "Nobody knows" in noted[0]
    assert [one.kind for one in await desk.office.see(notices_of, sam)] == ["delivery_doubted"]


async def is_reachable(desk: MailingDesk, address: str) -> bool:
    async with desk.house.database.snapshot() as snapshot:
        return await reachable(snapshot, "email", address)


async def held_by(work, number, agent, at):
    (await Cases(work).get(number)).assign(agent.id, agent.name, by=agent.actor, at=at)


async def reached(desk: MailingDesk, reach: Reach) -> None:
    async with desk.house.database.unit_of_work() as work:
        mark(work, "email", ANA, reach, "test", at=desk.clock())
