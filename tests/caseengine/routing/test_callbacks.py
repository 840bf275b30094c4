"""Somebody will call you: out of real people's hours."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs.escalations import Escalations
from app.jobs.routing import RoutingSweep
from caseengine import tables
from caseengine.agents import Agent, Presence
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import CallbacksOff, SlotTaken
from caseengine.model.events import CallbackEnded, LadderStepTaken
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.notices import notices_of
from caseengine.operations import ask_customer, assigning, merge, note, resolve
from caseengine.operations.calling import book_callback, book_soonest, call_now, end_callback, slots_for
from caseengine.policies.routing_policy import read_routing
from caseengine.reading import callbacks
from caseengine.reading.assignments import replay
from caseengine.reading.callbacks import CallbackSlot, callback_of, free_slots
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from storage.errors import Conflict
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk
from tests.caseengine.test_access import person

MORNINGS: dict[str, Any] = {"zone": "Europe/London", "weekly": {"monday": ["09:00-11:00"], "tuesday": ["09:00-11:00"]}}


CALLS = {"departments": {"cold": {"callbacks": True}}}
TAKES_CALLS = read_routing(CALLS)


async def the_slots(desk: RoutingDesk, at: str, department: str = "cold") -> list[CallbackSlot]:
    async with desk.database.snapshot() as snapshot:
        return await free_slots(snapshot, department, TAKES_CALLS, at=when(at))


async def book(database: Database, case: Case, starts: str, at: str = "Mon 08:00") -> None:
    for tries_left in reversed(range(4)):
        try:
            async with database.unit_of_work() as work:
                found = await Cases(work).by_id(case.id)
                await book_callback(work, found, when(starts), by=SYSTEM, at=when(at))
        except Conflict:
            if not tries_left:
                raise
        else:
            return


@pytest.fixture
async def cold(any_desk: RoutingDesk) -> RoutingDesk:
    from caseengine.departments import Department, Departments

    async with any_desk.database.unit_of_work() as work:
        Departments(work).add(Department("cold", "Fridges"))
    await any_desk.decides(CALLS)
    return any_desk


async def test_slots_are_hours_in_which_the_desk_is_open_and_somebody_works(cold: RoutingDesk) -> None:
    on_leave = {**MORNINGS, "leave": [["2026-03-03", "2026-03-03"]]}
    await cold.hires("Ann", "cold", shifts=on_leave)
    await cold.hires("Sup", "cold", capacity=0)
    found = await the_slots(cold, "Mon 09:10")
    assert [slot.starts_at for slot in found] == [when("Mon 10:00"), when("Mon 10:30")]
    assert {slot.ends_at - slot.starts_at for slot in found} == {timedelta(minutes=30)}


async def test_a_slot_is_gone_when_everybody_is_booked(cold: RoutingDesk) -> None:
    for name in ("Ann", "Ben"):
        await cold.hires(name, "cold", shifts=MORNINGS)
    cases = [await cold.report(department="cold") for _ in range(3)]
    for case in cases[:2]:
        await book(cold.database, case, "Mon 10:00")
    with pytest.raises(SlotTaken):
        await book(cold.database, cases[2], "Mon 10:00")
    with pytest.raises(SlotTaken):
        await book(cold.database, cases[2], "Mon 10:10")
    assert when("Mon 10:00") not in [slot.starts_at for slot in await the_slots(cold, "Mon 08:00")]


async def test_the_last_slot_goes_to_one_of_two_who_want_it_at_once(cold: RoutingDesk) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    one, two = await cold.report(department="cold"), await cold.report(department="cold")
    other = Database(cold.database.url)
    try:
        outcomes = await asyncio.gather(
            book(cold.database, one, "Mon 10:00"), book(other, two, "Mon 10:00"), return_exceptions=True
        )
    finally:
        await other.close()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "SlotTaken"]
    booked = [case for case in (one, two) if (await cold.case(case)).callback_at is not None]
    assert len(booked) == 1


async def test_when_the_time_has_come_whoever_kept_it_free_gets_the_case(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    await cold.hires("Ben", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    await book(cold.database, case, "Mon 10:00")
    async with cold.database.snapshot() as snapshot:
        appointment = await callback_of(snapshot, case.id)
    assert appointment is not None
    for agent_id in (ann.id, appointment.agent_id):
        async with cold.database.unit_of_work() as work:
            from caseengine.agents import Agents, Presence

            Agents(work).seen(agent_id, Presence.AVAILABLE, at=when("Mon 10:00"))
    await RoutingSweep(cold.database, {"notice.agent_joined": "{name}"}, lambda: when("Mon 10:00")).run()
    assert await cold.holder(case) == appointment.agent_id  # though the department takes its cases itself
    async with cold.database.unit_of_work() as work:
        await end_callback(work, await Cases(work).by_id(case.id), "kept", by=ann.actor, at=when("Mon 10:10"))
    assert (await cold.case(case)).callback_at is None
    await cold.rows_equal_fold(case)


async def test_an_appointment_nobody_kept_is_raised(cold: RoutingDesk) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS, there=False)
    case = await cold.report(department="cold")
    await book(cold.database, case, "Mon 10:00")
    for at in ("Mon 10:00", "Mon 10:30"):
        await cold.sweeps(at)
    assert (await cold.told(case))[-2:] == ["CallbackEnded by system", "CaseEscalated by system"]


async def test_an_appointment_of_a_case_that_ended_before_was_not_kept(
    cold: RoutingDesk,
) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    await book(cold.database, case, "Mon 10:00")
    async with cold.database.unit_of_work() as work:
        withdrawn = Resolution(ResolutionCode.WITHDRAWN, "It works again.")
        await resolve(work, case.number, withdrawn, by=CUSTOMER, at=when("Mon 09:00"))
    await RoutingSweep(cold.database, {}, lambda: when("Mon 10:00")).run()
    ended = [event for event in await cold.see(history, case.id) if isinstance(event, CallbackEnded)]
    assert [event.how for event in ended] == ["cancelled"]


async def test_an_appointment_goes_with_a_merged_case(cold: RoutingDesk) -> None:
    """Its time comes about the target; whoever else waits is routed as before."""
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    ann = await cold.hires("Abe", "cold", shifts=MORNINGS)
    ana = await person(cold.database)
    source, target = [await cold.report(department="cold", contact_id=ana) for _ in range(2)]
    await book(cold.database, source, "Mon 10:00")
    await cold.do(merge, source.number, target.number, by=SYSTEM, at=when("Mon 09:00"))
    assert (await cold.case(source)).callback_at is None
    assert (await cold.case(target)).callback_at == when("Mon 10:00")
    await cold.is_there(ann, "Mon 10:00")
    await RoutingSweep(cold.database, {"notice.agent_joined": "{name}"}, lambda: when("Mon 10:00")).run()
    assert await cold.holder(target) is not None
    for case in (source, target):
        await cold.rows_equal_fold(case)


async def climbed(desk: RoutingDesk, case: Case, at: str) -> LadderStepTaken:
    """The last step of its ladder."""
    await Escalations(desk.database, lambda: when(at), book_soonest).run()
    await desk.rows_equal_fold(case)
    taken = [event for event in await desk.see(history, case.id) if isinstance(event, LadderStepTaken)]
    return taken[-1]


LADDER = {
    "policies": {
        "climb": {
            "targets": {"first_response": "1h"},
            "ladder": [
                {"target": "first_response", "after": "0m", "do": "reassign"},
                {"target": "first_response", "after": "10m", "do": "callback"},
            ],
        }
    },
    "choose": {"default": "climb"},
}


async def test_a_ladder_books_the_next_time_somebody_can_call(cold: RoutingDesk) -> None:
    await cold.do(decide, Rulebook.SLA, LADDER, by=SYSTEM, at=when("Mon 08:00"))
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    reachable: dict[str, Any] = {"department": "cold", "claimed": {"phone": "+441134960000"}}
    first, second = [await cold.report(**reachable) for _ in range(2)]
    nobody = await cold.report(department="cold")
    for case in (first, second, nobody):
        step = await climbed(cold, case, "Mon 10:11")
        if case is nobody:
            assert step.did == {"department": "cold"}  # a notice, as where no callbacks are taken
            continue
        async with cold.database.snapshot() as snapshot:
            booked = await callback_of(snapshot, case.id)
        assert booked is not None
        assert step.did == {"callback": str(booked.id), "starts_at": booked.starts_at.isoformat()}
        assert (await cold.case(case)).callback_at == booked.starts_at
    # half an hour from now is the soonest, and one agent makes one call at a time
    assert {(await cold.case(case)).callback_at for case in (first, second)} == {
        when("Tue 09:00"),
        when("Tue 09:30"),
    }


async def test_a_ladder_lets_an_appointment_stand(cold: RoutingDesk) -> None:
    await cold.do(decide, Rulebook.SLA, LADDER, by=SYSTEM, at=when("Mon 08:00"))
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold", claimed={"phone": "+441134960000"})
    await book(cold.database, case, "Tue 10:00", at="Mon 09:01")
    assert (await climbed(cold, case, "Mon 10:11")).did["starts_at"] == when("Tue 10:00").isoformat()


async def test_a_ladder_that_takes_a_case_away_ends_its_offer(cold: RoutingDesk) -> None:
    await cold.do(decide, Rulebook.SLA, LADDER, by=SYSTEM, at=when("Mon 08:00"))
    await cold.decides({"departments": {"cold": {"mode": "offer"}}})
    ann = await cold.hires("Ann", "cold", at="Mon 09:59")
    case = await cold.report(department="cold")
    await cold.routes(case, at="Mon 10:00")
    assert (await cold.case(case)).offered_to == ann.id
    assert (await climbed(cold, case, "Mon 10:01")).did == {"from": str(ann.id)}
    assert (await cold.case(case)).offered_to is None
    assert [(row.state, row.reason) for row in await cold.records(case)] == [("withdrawn", "escalated")]


async def outcomes(desk: RoutingDesk, case: Case) -> list[str]:
    await desk.rows_equal_fold(case)
    return [event.how for event in await desk.see(history, case.id) if isinstance(event, CallbackEnded)]


async def state(desk: RoutingDesk, case: Case) -> str:
    async with desk.database.snapshot() as snapshot:
        found = await callback_of(snapshot, case.id)
    return found.state if found else ""


async def told(desk: RoutingDesk, agent: Agent) -> list[tuple[str, Any]]:
    return [(one.kind, one.data.get("agent_name")) for one in reversed(await desk.see(notices_of, agent))]


async def test_only_who_can_do_it_is_booked(cold: RoutingDesk) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS, skills={"printers": 2}, languages=("de",))
    await cold.hires("Abe", "cold", shifts=MORNINGS, skills={"printers": 4}, languages=("en",))
    await cold.hires("Amy", "cold", shifts=MORNINGS, skills={"printers": 4}, languages=("de",), channels=("email",))
    conversation = await cold.chat()
    case = await cold.report_in(conversation, department="cold")
    await cold.needs(case, printers=3, language="de")
    with pytest.raises(SlotTaken):
        await book(cold.database, case, "Mon 10:00")
    ben = await cold.hires("Ben", "cold", shifts=MORNINGS, skills={"hardware": 5, "printers": 3}, languages=("de",))
    await book(cold.database, case, "Mon 10:00")
    async with cold.database.snapshot() as snapshot:
        booked = await callback_of(snapshot, case.id)
    assert booked is not None
    assert booked.agent_id == ben.id
    assert await told(cold, ben) == [("callback_booked", None)]


async def test_a_department_that_takes_no_callbacks_keeps_no_time_free(cold: RoutingDesk) -> None:
    await cold.decides({"departments": {"cold": {"mode": "pull"}}})
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    async with cold.database.unit_of_work() as work:
        assert await slots_for(work, await Cases(work).by_id(case.id), at=when("Mon 08:00")) == []
    with pytest.raises(CallbacksOff):
        await book(cold.database, case, "Mon 10:00")


async def test_whoever_has_the_case_is_booked_first(cold: RoutingDesk) -> None:
    """And calls; somebody else whose time it is only where they were not free."""
    people = [await cold.hires(name, "cold", shifts=MORNINGS) for name in ("Ann", "Ben", "Cay")]
    for holder in people:
        case = await cold.report(department="cold")
        await cold.do(assigning.assign, case.number, holder.id, by=holder.actor, at=when("Mon 08:00"))
        await book(cold.database, case, "Mon 10:00")
        async with cold.database.snapshot() as snapshot:
            booked = await callback_of(snapshot, case.id)
        assert booked is not None
        assert booked.agent_id == holder.id


async def another_hour(cold: RoutingDesk) -> tuple[Agent, Agent, Case]:
    """Ben, who does not work in the mornings, has the case; Ann's time is kept for it."""
    ann, ben = await cold.hires("Ann", "cold", shifts=MORNINGS), await cold.hires("Ben", "cold", capacity=0)
    case = await cold.report(department="cold")
    await cold.do(assigning.assign, case.number, ben.id, by=ben.actor, at=when("Mon 08:00"))
    await book(cold.database, case, "Mon 10:00")
    return ann, ben, case


async def test_who_has_the_case_and_is_there_calls_and_both_are_told(cold: RoutingDesk) -> None:
    ann, ben, case = await another_hour(cold)
    await cold.is_there(ben, "Mon 10:00", Presence.BUSY)
    await cold.is_there(ann, "Mon 10:00")
    await cold.sweeps("Mon 10:00")
    assert (await cold.holder(case), await state(cold, case)) == (ben.id, "called")
    assert await told(cold, ben) == [("callback_due", "Ben")]
    assert await told(cold, ann) == [("callback_booked", None), ("callback_due", "Ben")]


async def test_who_has_the_case_and_is_not_there_does_not_have_it_any_more(cold: RoutingDesk) -> None:
    """Even where it waits for the customer's answer."""
    ann, ben, case = await another_hour(cold)
    await cold.do(ask_customer, case.number, "When does it suit you?", key="", by=ben.actor, at=when("Mon 08:10"))
    await cold.sweeps("Mon 10:00")
    assert (await cold.holder(case), await state(cold, case)) == (ben.id, "booked")  # nobody is there
    await cold.is_there(ann, "Mon 10:05")
    await cold.sweeps("Mon 10:05")
    assert (await cold.holder(case), await state(cold, case)) == (ann.id, "called")
    assert (await cold.told(case))[-2:] == ["CaseReturned by system", "CaseAssigned by system"]
    assert await told(cold, ann) == [("callback_booked", None), ("callback_due", "Ann")]


async def test_an_offer_nobody_answers_keeps_nobody_from_calling(cold: RoutingDesk) -> None:
    await cold.decides({"departments": {"cold": {"mode": "offer", "offer_s": 3600, "callbacks": True}}})
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS, at="Mon 09:59", capacity=1)
    case = await cold.report(department="cold")
    await book(cold.database, case, "Mon 10:00")
    await cold.sweep("Mon 09:59").place("cold")
    assert (await cold.case(case)).offered_to == ann.id
    await cold.is_there(ann, "Mon 10:00", Presence.AWAY)
    async with cold.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        appointment = await callback_of(work, case.id)
        assert appointment is not None
        await call_now(work, found, appointment, at=when("Mon 10:00"))
    assert await state(cold, case) == "booked"
    await cold.is_there(ann, "Mon 10:01")
    await cold.sweeps("Mon 10:01")
    assert (await cold.holder(case), await state(cold, case)) == (ann.id, "called")
    assert [row.state for row in await cold.records(case)] == ["withdrawn", "assigned"]


async def test_whoever_kept_the_time_free_calls_however_full_they_are(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS, capacity=1, at="Mon 10:00")
    case, other = await cold.report(department="cold"), await cold.report(department="cold")
    await book(cold.database, case, "Mon 10:00")
    await cold.do(assigning.assign, other.number, ann.id, by=ann.actor, at=when("Mon 09:00"))
    await cold.sweeps("Mon 10:00")
    assert await cold.holder(case) == ann.id
    async with cold.database.snapshot() as snapshot:
        assert [one.difference async for one in replay(snapshot)] == [""]


async def test_a_call_of_which_nothing_is_seen_was_not_made(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS, at="Mon 10:00")
    silent, noted, early = [await cold.report(department="cold") for _ in range(3)]
    for case, at in ((silent, "Mon 09:00"), (noted, "Mon 09:30"), (early, "Mon 10:00")):
        await book(cold.database, case, at)
        await cold.do(assigning.assign, case.number, ann.id, by=ann.actor, at=when("Mon 08:00"))
    by = {"by": ann.actor}
    await cold.do(note, early.number, "I shall call at ten.", at=when("Mon 09:50"), **by)
    for at in ("Mon 09:00", "Mon 09:30", "Mon 10:00"):
        await cold.is_there(ann, at)
        await cold.sweeps(at)
    await cold.do(note, noted.number, "She was not at home.", at=when("Mon 09:40"), **by)
    await cold.sweeps("Mon 10:44")
    assert [await outcomes(cold, case) for case in (silent, noted, early)] == [["missed"], ["kept"], []]
    await cold.sweeps("Mon 10:45")
    assert await outcomes(cold, early) == ["missed"]
    assert [(await cold.case(case)).escalation_level for case in (silent, noted, early)] == [1, 0, 1]


async def test_more_appointments_than_are_looked_at_at_once(cold: RoutingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those nobody can be given, and those that somebody has, hold up none that begins."""
    monkeypatch.setattr(callbacks, "PAGE", 1)
    people = [await cold.hires(name, "cold", capacity=20) for name in ("Ann", "Ben", "Cay")]
    called, stuck, waits = [await cold.report(department="cold") for _ in range(3)]
    for seconds, case in enumerate((called, stuck, waits)):
        await book(cold.database, case, "Mon 10:00")
        if case is called:
            await cold.is_there(people[0], "Mon 10:00")
            await cold.is_there(people[1], "Mon 10:00")
            await cold.sweeps("Mon 10:00")
        async with cold.database.unit_of_work() as work:
            earlier = when("Mon 10:00") - timedelta(seconds=3 - seconds)
            table = tables.callbacks
            work.write(sa.update(table).where(table.c.case_id == case.id).values(starts_at=earlier))
    await cold.needs(stuck, refunds=5)
    for agent in people:
        await cold.is_there(agent, "Mon 10:01")
    await cold.sweeps("Mon 10:01")
    assert [await state(cold, case) for case in (called, stuck, waits)] == ["called", "booked", "called"]
    await cold.sweeps("Mon 10:45")
    assert [await outcomes(cold, case) for case in (called, stuck, waits)] == [["missed"]] * 3
