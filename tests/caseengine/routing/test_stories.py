"""A case comes in, and the right person has it."""

import pytest

from caseengine.agents import Presence
from caseengine.cases import Cases
from caseengine.model.errors import NotOffered
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import assigning, merge, resolve
from caseengine.operations.routing import accept, decline, expire_offer, give_back, return_all
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk, why


async def test_the_one_who_can_gets_it(any_desk: RoutingDesk) -> None:
    desk = any_desk
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben", skills={"printers": 4})
    case = await desk.report("The printer jams")
    await desk.needs(case, printers=3)
    decision = await desk.routes(case)
    assert await desk.holder(case) == ben.id
    assert decision is not None
    assert [one.id for one in decision.judged] == [str(ben.id)]  # nobody without the skill was even looked at
    assert str(ann.id) not in str(decision.document)
    assert (await desk.told(case))[-1] == "CaseAssigned by system"
    (record,) = await desk.records(case)
    assert (record.state, record.agent_id, record.policy_version) == ("assigned", ben.id, 1)
    await desk.rows_equal_fold(case)


async def test_who_can_do_the_special_can_do_the_general_and_not_the_other_way_round(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", skills={"printers": 4})
    ben = await desk.hires("Ben", skills={"hardware": 5})
    general, special = await desk.report("The drawer sticks"), await desk.report("The printer jams")
    await desk.needs(general, hardware=4)
    await desk.needs(special, printers=2)
    assert why(await desk.routes(general), ann) == ""
    await desk.routes(special)
    assert await desk.holder(special) == ann.id
    assert await desk.holder(general) == ann.id  # her four is nearer to what is asked than his five
    assert ben.id != ann.id


async def test_everybody_who_may_not_is_told_apart(desk: RoutingDesk) -> None:
    asleep = {"zone": "Europe/London", "weekly": {"monday": ["18:00-22:00"]}}
    away = {"zone": "Europe/London", "weekly": {"monday": ["08:00-17:00"]}, "leave": [["2026-03-01", "2026-03-03"]]}
    gone = await desk.hires("Gone", there=False)
    lost = await desk.hires("Lost", at="Mon 08:00")
    off = await desk.hires("Off", shifts=asleep)
    leave = await desk.hires("Leave", shifts=away)
    full = await desk.hires("Full", capacity=0)
    busy = await desk.hires("Busy")
    await desk.is_there(busy, "Mon 09:00", Presence.BUSY)
    decision = await desk.routes(await desk.report())
    assert decision is not None
    assert decision.agent_id is None
    reasons = {who.name: why(decision, who) for who in (gone, lost, off, leave, full, busy)}
    assert reasons == {
        "Gone": "offline",
        "Lost": "presence_lost",
        "Off": "off_shift",
        "Leave": "on_leave",
        "Full": "over_capacity",
        "Busy": "busy",
    }


async def test_least_slack_then_tier_then_age(desk: RoutingDesk) -> None:
    import sqlalchemy as sa

    from caseengine.tables import cases

    old = await desk.report("Old", at="Mon 08:00")
    gold = await desk.report("Gold", at="Mon 08:30")
    late = await desk.report("Late", at="Mon 08:40")
    later = await desk.report("Later", at="Mon 08:20")
    async with desk.database.unit_of_work() as work:
        for case, due, tier in (
            (late, "Mon 10:00", None),
            (later, "Mon 12:00", "C"),
            (gold, None, "A"),
            (old, None, None),
        ):
            values = {"sla_due_at": when(due) if due else None, "tier": tier}
            work.write(sa.update(cases).where(cases.c.id == case.id).values(values))
    ann = await desk.hires("Ann", capacity=10)
    for expected in (late, later, gold, old):
        await desk.routes_next()
        assert await desk.holder(expected) == ann.id


async def test_a_case_nobody_can_have_holds_up_nobody(desk: RoutingDesk) -> None:
    hard, easy = await desk.report("Hard", at="Mon 08:00"), await desk.report("Easy", at="Mon 08:30")
    await desk.needs(hard, refunds=5)
    ann = await desk.hires("Ann")
    await desk.routes_next()
    assert await desk.holder(easy) == ann.id
    assert await desk.holder(hard) is None


async def test_needs_relax_with_waiting_but_never_who_may(desk: RoutingDesk) -> None:
    await desk.decides(
        {
            "departments": {"tills": {"mode": "assign"}},
            "relax": [{"after_s": 300, "lower": 2}, {"after_s": 900, "drop": ["skills"]}],
        }
    )
    ann, ben = await desk.hires("Ann", skills={"printers": 2}), await desk.hires("Ben", there=False)
    case = await desk.report(at="Mon 09:00")
    await desk.needs(case, printers=4)
    assert why(await desk.routes(case, at="Mon 09:01"), ann) == "skill:printers:4"
    await desk.is_there(ann, "Mon 09:16", Presence.AWAY)
    decision = await desk.routes(case, at="Mon 09:16")
    assert decision is not None
    assert decision.relaxed == 2
    assert (why(decision, ann), why(decision, ben)) == ("away", "offline")
    await desk.is_there(ann, "Mon 09:17")
    await desk.routes(case, at="Mon 09:17")
    assert await desk.holder(case) == ann.id


async def test_an_offer_is_declined_with_a_reason_and_the_next_is_asked(any_desk: RoutingDesk) -> None:
    desk = any_desk
    ann, ben = await desk.hires("Ann", "deliveries"), await desk.hires("Ben", "deliveries")
    case = await desk.report(department="deliveries")
    first = await desk.routes(case)
    assert first is not None
    asked, other = (ann, ben) if first.agent_id == str(ann.id) else (ben, ann)
    with pytest.raises(NotOffered):
        await desk.do(accept, case.number, by=other.actor, at=when("Mon 09:01"))
    await desk.do(decline, case.number, reason="I am on the phone", by=asked.actor, at=when("Mon 09:01"))
    second = await desk.routes(case)
    assert why(second, asked) == "declined"
    await desk.do(accept, case.number, by=other.actor, at=when("Mon 09:02"))
    assert await desk.holder(case) == other.id
    assert [record.state for record in await desk.records(case)] == ["declined", "accepted"]
    assert (await desk.told(case))[-4:] == [
        "CaseOffered by system",
        f"OfferEnded by {asked.name}",
        "CaseOffered by system",
        f"CaseAssigned by {other.name}",
    ]
    await desk.rows_equal_fold(case)


async def test_an_offer_counts_as_work_and_ends_when_somebody_else_takes_the_case(desk: RoutingDesk) -> None:
    await desk.hires("Ann", "deliveries", capacity=1)
    ben = await desk.hires("Ben", "deliveries", there=False)
    case, other = await desk.report(department="deliveries"), await desk.report("Other", department="deliveries")
    await desk.routes(case)
    decision = await desk.routes(other)
    assert decision is not None
    assert decision.agent_id is None
    await desk.do(assigning.take, case.number, by=ben.actor, at=when("Mon 09:02"))
    (record,) = await desk.records(case)
    assert record.state == "withdrawn"
    await desk.rows_equal_fold(case)


async def test_an_offer_runs_out(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", "deliveries")
    case = await desk.report(department="deliveries")
    await desk.routes(case)
    async with desk.database.unit_of_work() as work:
        await expire_offer(work, await Cases(work).by_id(case.id), expired=True, at=when("Mon 09:03"))
    assert (await desk.case(case)).offered_to is None
    with pytest.raises(NotOffered):
        await desk.do(accept, case.number, by=ann.actor, at=when("Mon 09:04"))


async def test_a_reply_goes_on_with_whoever_knows_the_case(desk: RoutingDesk) -> None:
    await desk.decides({"departments": {"tills": {"mode": "assign"}}, "sticky_units": 2})
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben")
    case = await desk.report()
    await desk.do(assigning.assign, case.number, ben.id, by=ann.actor, at=when("Mon 09:00"))
    async with desk.database.unit_of_work() as work:
        await return_all(work, ben.id, "agent_vanished", at=when("Mon 09:01"))
    await desk.routes(case, at="Mon 09:01")
    assert await desk.holder(case) == ben.id
    await desk.do(give_back, case.number, by=ben.actor, at=when("Mon 09:01"))
    await desk.routes(case, at="Mon 09:01")
    assert await desk.holder(case) == ann.id  # who gave it back of their own will is not asked first


async def test_after_long_enough_it_waits_elsewhere_once(desk: RoutingDesk) -> None:
    await desk.decides(
        {
            "departments": {
                "tills": {"mode": "assign", "overflow": {"to": "deliveries", "after_s": 600}},
                "deliveries": {"mode": "assign", "overflow": {"to": "tills", "after_s": 600}},
            }
        }
    )
    case = await desk.report(at="Mon 09:00")
    await desk.routes(case, at="Mon 09:05")
    assert (await desk.case(case)).department == "tills"
    await desk.routes(case, at="Mon 09:10")
    assert (await desk.case(case)).department == "deliveries"
    await desk.routes(case, at="Mon 09:30")
    assert (await desk.case(case)).department == "deliveries"


async def test_a_chat_costs_more_than_a_mail(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=4)
    _, chat = await desk.handed_over()
    await desk.routes(chat, at="Mon 09:01")
    assert await desk.holder(chat) == ann.id
    second = await desk.chat(visitor="visitor-2")
    other = await desk.hand_over(second, await desk.report_in(second))
    decision = await desk.routes(other, at="Mon 09:01")
    assert why(decision, ann) == "over_capacity"
    await desk.routes(plain := await desk.report(), at="Mon 09:01")
    assert await desk.holder(plain) == ann.id


async def test_live_work_goes_back_and_the_customer_waits_again(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann")
    conversation, chat = await desk.handed_over()
    await desk.routes(chat, at="Mon 09:01")
    async with desk.database.unit_of_work() as work:
        assert await return_all(work, ann.id, "agent_locked", at=when("Mon 09:30")) == 1
    found = await desk.conversation(conversation)
    assert found.mode == "queued"
    assert (await desk.told(chat))[-1] == "CaseReturned by system"
    await desk.rows_equal_fold(chat)


async def test_a_desk_that_decided_nothing_gives_nobody_anything(desk: RoutingDesk) -> None:
    await desk.decides({})
    await desk.hires("Ann")
    assert await desk.routes(await desk.report()) is None


@pytest.mark.parametrize("ends", ["resolve", "merge"])
async def test_an_offer_of_a_case_that_ends_does_not_stand(desk: RoutingDesk, ends: str) -> None:
    await desk.hires("Ann", "deliveries")
    conversation = await desk.chat()
    case, other = [await desk.report_in(conversation, department="deliveries") for _ in range(2)]
    await desk.routes(case)
    assert [row.state for row in await desk.records(case)] == ["offered"]
    by = {"by": desk.mo.actor, "at": when("Mon 09:02")}
    if ends == "merge":
        await desk.do(merge, case.number, other.number, **by)
    else:
        await desk.do(resolve, case.number, Resolution(ResolutionCode.SOLVED, "Sent"), **by)
    assert [row.state for row in await desk.records(case)] == ["withdrawn"]
