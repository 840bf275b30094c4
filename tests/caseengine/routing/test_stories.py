"""A case comes in, and the right person has it."""

from datetime import timedelta

import pytest

from caseengine.agents import Presence
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.errors import NotOffered
from caseengine.model.needs import Needs
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import assigning, merge, resolve
from caseengine.operations.routing import accept, decline, give_back, return_all, route
from caseengine.operations.taking_back import take_back_offer
from caseengine.reading import waiting_cases
from caseengine.reading.wait import somebody_there
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


@pytest.fixture
async def queue(desk: RoutingDesk) -> list[Case]:
    """Five that wait, first come last; the first four need different things, the last what the third needs."""
    import sqlalchemy as sa

    from caseengine.tables import cases

    told: tuple[tuple[str, str, str | None, str | None, dict[str, int]], ...] = (
        ("Late", "Mon 08:40", "Mon 10:00", None, {"refunds": 1}),
        ("Later", "Mon 08:20", "Mon 12:00", "C", {}),
        ("Gold", "Mon 08:30", None, "A", {"printers": 1}),
        ("Old", "Mon 08:00", None, None, {"hardware": 1}),
        ("Young", "Mon 08:50", None, None, {"printers": 1}),
    )
    found = []
    for subject, at, due, tier, skills in told:
        case = await desk.report(subject, at=at)
        await desk.needs(case, at, "", **skills)
        async with desk.database.unit_of_work() as work:
            values = {"sla_due_at": when(due) if due else None, "tier": tier}
            work.write(sa.update(cases).where(cases.c.id == case.id).values(values))
        found.append(case)
    return found


SKILLED = {"refunds": 3, "printers": 3}


async def test_least_slack_then_tier_then_age(desk: RoutingDesk, queue: list[Case]) -> None:
    ann = await desk.hires("Ann", capacity=10, skills=SKILLED)
    for expected in queue:
        assert await desk.holder(expected) is None
        assert await desk.sweep().place("tills", most=1) == 1
        assert await desk.holder(expected) == ann.id


async def test_of_more_than_somebody_can_have_they_get_the_most_urgent(desk: RoutingDesk, queue: list[Case]) -> None:
    ann = await desk.hires("Ann", capacity=3, skills=SKILLED)
    await desk.sweeps()
    assert [await desk.holder(case) for case in queue] == [ann.id, ann.id, ann.id, None, None]


async def test_of_very_many_different_needs_the_most_urgent_are_looked_at(
    desk: RoutingDesk, queue: list[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where there are more than are walked, and more than are looked at."""
    monkeypatch.setattr(waiting_cases, "WALKED_MAX", 1)
    ann = await desk.hires("Ann", capacity=10, skills=SKILLED)
    heads = await desk.see(waiting_cases.heads_waiting, "tills")
    assert [head.id for head in heads] == [case.id for case in queue[:4]]
    assert [head.id for head in await desk.see(waiting_cases.most_urgent, "tills", limit=2)] == [
        case.id for case in queue[:2]
    ]
    await desk.sweep().place("tills")
    assert [await desk.holder(case) for case in queue] == [ann.id] * 5


async def test_a_case_nobody_can_have_holds_up_nobody(desk: RoutingDesk) -> None:
    hard, easy = await desk.report("Hard", at="Mon 08:00"), await desk.report("Easy", at="Mon 08:30")
    await desk.needs(hard, refunds=5)
    ann = await desk.hires("Ann")
    await desk.sweeps()
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
        await take_back_offer(work, await Cases(work).by_id(case.id), at=when("Mon 09:03"))
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
    assert ann.id != ben.id


async def test_who_gives_it_back_does_not_have_it_at_once_again(desk: RoutingDesk) -> None:
    """Though everybody else is busier, or nobody else is there."""
    ann, ben = await desk.hires("Ann"), await desk.hires("Ben")
    for _ in range(2):
        await desk.do(assigning.assign, (await desk.report()).number, ann.id, by=ann.actor, at=when("Mon 09:00"))
    case = await desk.report()
    await desk.sweeps()
    assert await desk.holder(case) == ben.id
    await desk.do(give_back, case.number, by=desk.sam.actor, at=when("Mon 09:01"))
    await desk.sweeps()
    assert await desk.holder(case) == ann.id
    await desk.do(give_back, case.number, by=ann.actor, at=when("Mon 09:02"))
    await desk.sweeps("Mon 09:02")
    assert await desk.holder(case) is None
    assert [why(await desk.routes(case, at="Mon 09:02"), who) for who in (ann, ben)] == ["declined", "declined"]
    for agent in (ann, ben):
        await desk.is_there(agent, "Mon 09:16")
    await desk.sweeps("Mon 09:16:01")  # a quarter of an hour is enough
    assert await desk.holder(case) == ben.id


async def test_a_refusal_is_remembered_whoever_had_it_since(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", "deliveries")
    case = await desk.report(department="deliveries")
    await desk.sweeps()
    await desk.do(decline, case.number, reason="On the phone", by=ann.actor, at=when("Mon 09:01"))
    ben = await desk.hires("Ben", "deliveries")
    await desk.sweeps()
    await desk.do(accept, case.number, by=ben.actor, at=when("Mon 09:02"))
    await desk.do(give_back, case.number, by=ben.actor, at=when("Mon 09:02"))
    decision = await desk.routes(case, at="Mon 09:02")
    assert [why(decision, who) for who in (ann, ben)] == ["declined", "declined"]


async def test_a_language_alone_is_a_need_beside_the_others(desk: RoutingDesk) -> None:
    ben = await desk.hires("Ben", skills={"printers": 4}, languages=("de",))
    case = await desk.report()
    await desk.needs(case, printers=3)
    await desk.do(assigning.take, case.number, by=desk.li.actor, at=when("Mon 09:00"))
    await desk.do(give_back, case.number, language="fr", by=desk.li.actor, at=when("Mon 09:01"))
    assert Needs.read((await desk.case(case)).needs) == Needs({"printers": 3}, {}, "fr")
    assert why(await desk.routes(case), ben) == "language:fr"


async def test_the_night_is_no_waiting(desk: RoutingDesk) -> None:
    """What comes in the evening has waited a minute when the desk has been open for one."""
    await desk.decides(
        {
            "departments": {"tills": {"mode": "assign", "overflow": {"to": "deliveries", "after_s": 1800}}},
            "relax": [{"after_s": 900, "drop": ["skills"]}],
        }
    )
    case = await desk.report(at="Mon 22:00")
    await desk.needs(case, at="Mon 22:00", printers=3)
    for at in ("Mon 23:00", "Tue 08:59"):
        await desk.sweeps(at)
        assert (await desk.case(case)).department == "tills"
    ann = await desk.hires("Ann", skills={"printers": 1}, at="Tue 09:01")
    decision = await desk.routes(case, at="Tue 09:01")
    assert decision is not None
    assert (decision.relaxed, why(decision, ann)) == (0, "skill:printers:3")
    await desk.is_there(ann, "Tue 09:14")
    await desk.sweeps("Tue 09:14")
    assert await desk.holder(case) is None
    await desk.is_there(ann, "Tue 09:15")
    await desk.sweeps("Tue 09:15")
    assert await desk.holder(case) == ann.id


async def test_what_waits_moves_on_though_nobody_is_there(desk: RoutingDesk) -> None:
    elsewhere = {"mode": "assign", "overflow": {"to": "deliveries", "after_s": 1800}}
    await desk.decides({"departments": {"tills": elsewhere}})
    case = await desk.report(at="Mon 09:00")
    await desk.sweeps("Mon 09:29")
    assert (await desk.case(case)).department == "tills"
    await desk.sweeps("Mon 09:30")
    assert (await desk.case(case)).department == "deliveries"


async def test_who_was_seen_by_a_clock_that_jumped_is_not_there(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", at="Fri 09:00")
    conversation, chat = await desk.handed_over()
    await desk.do(assigning.assign, chat.number, ann.id, by=ann.actor, at=when("Mon 09:06"))
    decision = await desk.routes(await desk.report(), at="Mon 12:00")
    assert why(decision, ann) == "presence_lost"
    await desk.sweeps("Mon 12:00")
    assert await desk.holder(chat) is None
    assert (await desk.conversation(conversation)).mode == "queued"
    assert not await desk.see(somebody_there, "tills", at=when("Mon 12:00"))
    await desk.is_there(ann, "Mon 12:00")
    case = await desk.report(at="Mon 11:59")
    async with desk.database.unit_of_work() as work:
        a_little_ahead = when("Mon 12:00") - timedelta(seconds=20)
        await route(work, await Cases(work).by_id(case.id), at=a_little_ahead)
    assert await desk.holder(case) == ann.id


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
