"""Somebody will call you: out of real people's hours."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.jobs.escalations import Escalations
from app.jobs.routing import RoutingSweep
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import SlotTaken
from caseengine.model.events import CallbackEnded, LadderStepTaken
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import merge, resolve
from caseengine.operations.calling import book_callback, book_soonest, end_callback
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.reading.callbacks import CallbackSlot, callback_of, free_slots
from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from storage.errors import Conflict
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk
from tests.caseengine.test_access import person

MORNINGS: dict[str, Any] = {"zone": "Europe/London", "weekly": {"monday": ["09:00-11:00"], "tuesday": ["09:00-11:00"]}}


async def the_slots(desk: RoutingDesk, at: str, department: str = "cold") -> list[CallbackSlot]:
    async with desk.database.snapshot() as snapshot:
        return await free_slots(snapshot, department, RoutingPolicy(), at=when(at))


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
        await RoutingSweep(cold.database, {}, lambda moment=at: when(moment)).run()  # type: ignore[misc]
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
    await cold.decides({"departments": {"cold": {"callbacks": True}}})
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    reachable: dict[str, Any] = {"department": "cold", "claimed": {"phone": "+441134960000"}}
    first, second = [await cold.report(**reachable) for _ in range(2)]
    nobody = await cold.report(department="cold")
    for case in (first, second, nobody):
        step = await climbed(cold, case, "Mon 10:11")
        if case is nobody:
            assert step.did == {"to": [str(ann.id)]}  # a notice, as where no callbacks are taken
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
    await cold.decides({"departments": {"cold": {"callbacks": True}}})
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
