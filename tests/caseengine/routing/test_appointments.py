"""Appointments as people see them: whose, when, on which number, and what came of them."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.jobs.promises import Promises
from bot.replies.catalogue import load_catalogue
from caseengine.cases import Cases, history
from caseengine.clocks import all_clocks
from caseengine.departments import Department, Departments
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import NoCallback, SlotTaken
from caseengine.model.events import CallbackBooked, CallbackEnded
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.sla import Target
from caseengine.operations import assigning, merge, note, resolve
from caseengine.operations.calling import book_callback, call_now, end_callback, miss, try_again
from caseengine.reading.appointments import Appointment, appointment_of, appointments_for
from caseengine.reading.callbacks import callback_of
from customers.preferences import Holder, HolderKind, Preferences
from customers.tables import identities
from customers.wishes import Wishes
from storage.errors import Conflict
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk
from tests.caseengine.routing.test_callbacks import CALLS, MORNINGS
from tests.caseengine.test_access import person


@pytest.fixture
async def cold(any_desk: RoutingDesk) -> RoutingDesk:
    async with any_desk.database.unit_of_work() as work:
        Departments(work).add(Department("cold", "Fridges"))
    await any_desk.decides(CALLS)
    return any_desk


async def on(desk: RoutingDesk, case: Case, operation: Any, *told: Any, **by: Any) -> None:
    async with desk.database.unit_of_work() as work:
        await operation(work, await Cases(work).by_id(case.id), *told, **by)


async def books(desk: RoutingDesk, case: Case, starts: str, at: str = "Mon 08:00", by: Any = SYSTEM) -> None:
    await on(desk, case, book_callback, when(starts), by=by, at=when(at))


async def seen(desk: RoutingDesk, case: Case) -> Appointment:
    found = await desk.see(appointment_of, case.id)
    assert isinstance(found, Appointment)
    return found


async def about_calls(desk: RoutingDesk, case: Case) -> list[tuple[str, str, Any]]:
    """What its history tells of them: how, with whose time, when."""
    await desk.rows_equal_fold(case)
    told: list[tuple[str, str, Any]] = []
    for event in await desk.see(history, case.id):
        if isinstance(event, CallbackBooked):
            told.append(("booked", event.agent_name, event.starts_at))
        elif isinstance(event, CallbackEnded):
            told.append((event.how, event.agent_name, event.starts_at))
    return told


async def test_an_appointment_says_who_calls_whom_on_which_number(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold", claimed={"phone": "+441134960000"})
    await books(cold, case, "Mon 10:00")
    shown = await seen(cold, case)
    assert (shown.agent_id, shown.agent_name, shown.holder_id) == (ann.id, "Ann", None)
    assert (shown.starts_at, shown.state) == (when("Mon 10:00"), "booked")
    assert (shown.phone, shown.zone, shown.department_name) == ("+441134960000", "", "Fridges")
    assert await about_calls(cold, case) == [("booked", "Ann", when("Mon 10:00"))]


async def test_a_customer_on_file_is_called_on_their_newest_number_in_their_own_day(cold: RoutingDesk) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    ana = await person(cold.database)
    async with cold.database.unit_of_work() as work:
        for value, since, on_file in (("2", "07:30", True), ("1", "07:00", True), ("3", "07:45", False)):
            phone = {"kind": "phone", "value": f"+44113496000{value}", "source": "import"}
            theirs = {"contact_id": ana, "since": when(f"Mon {since}"), "on_file": on_file}
            work.write(sa.insert(identities).values(**phone, **theirs))
    case = await cold.report(department="cold", contact_id=ana)
    await books(cold, case, "Mon 10:00")
    assert (await seen(cold, case)).zone == ""
    async with cold.database.unit_of_work() as work:
        wishes = Preferences(work, zone="Europe/London")
        holder = Holder(HolderKind.CONTACT, ana)
        told: dict[str, Any] = {"by": CUSTOMER, "source": "page", "at": when("Mon 08:00")}
        await wishes.change(holder, Wishes(zone="Asia/Kolkata"), **told)
    shown = await seen(cold, case)
    assert (shown.phone, shown.zone, shown.contact_name) == ("+441134960002", "Asia/Kolkata", "Ana")


async def test_who_was_not_reached_is_tried_again_by_the_same_colleague(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    with pytest.raises(NoCallback):
        await on(cold, case, try_again, when("Tue 09:00"), by=ann.actor, at=when("Mon 08:00"))
    await books(cold, case, "Mon 10:00")
    for name in ("Abe", "Ben"):  # as free as she
        await cold.hires(name, "cold", shifts=MORNINGS)
    promised = (await cold.case(case)).due_at
    with pytest.raises(SlotTaken):
        await on(cold, case, try_again, when("Tue 09:10"), by=ann.actor, at=when("Mon 10:05"))
    await on(cold, case, try_again, when("Tue 09:00"), by=ann.actor, at=when("Mon 10:05"))
    assert (await seen(cold, case)).agent_id == ann.id
    assert (await cold.case(case)).due_at == promised  # they have not heard from us
    assert await about_calls(cold, case) == [
        ("booked", "Ann", when("Mon 10:00")),
        ("unreached", "Ann", when("Mon 10:00")),
        ("booked", "Ann", when("Tue 09:00")),
    ]
    await cold.sweeps("Mon 10:30")
    assert (await seen(cold, case)).state == "booked"  # the earlier one is over: nobody missed it


async def test_a_moved_call_stays_with_whoever_it_was_booked_with(cold: RoutingDesk) -> None:
    zoe = await cold.hires("Zoe", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    await books(cold, case, "Mon 10:00")
    for name in ("Abe", "Ben", "Cay"):
        await cold.hires(name, "cold", shifts=MORNINGS)
    await books(cold, case, "Tue 10:00", "Mon 09:00")
    assert (await seen(cold, case)).agent_id == zoe.id
    assert [how for how, _, _ in await about_calls(cold, case)] == ["booked", "cancelled", "booked"]


async def test_the_next_update_is_never_later_than_the_call_that_was_promised(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    case = await cold.report(department="cold")
    promised = (await cold.case(case)).due_at
    assert promised is not None
    assert promised > when("Mon 10:00")
    await books(cold, case, "Mon 10:00")
    assert (await cold.case(case)).next_update_at(when("Mon 09:59")) == when("Mon 10:00")
    assert (await cold.case(case)).next_update_at(when("Mon 10:00")) == promised  # the call is being made
    await books(cold, case, "Tue 10:00", "Mon 09:00")
    assert (await cold.case(case)).next_update_at(
        when("Mon 09:00")
    ) == promised  # which stands, whenever they are called
    await on(cold, case, end_callback, "cancelled", by=ann.actor, at=when("Mon 09:10"))
    assert (await cold.case(case)).next_update_at(when("Mon 09:10")) == promised


async def test_who_is_told_during_a_call_that_a_promise_ran_out_hears_of_a_time_to_come(cold: RoutingDesk) -> None:
    catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="The desk")
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    chat = await cold.chat()
    case = await cold.report_in(chat, department="cold")
    async with cold.database.unit_of_work() as work:
        (await Cases(work).by_id(case.id)).promise(when("Mon 10:15"), by=SYSTEM, at=when("Mon 09:00"))
    await books(cold, case, "Mon 10:00")
    await Promises(cold.database, catalogue, lambda: when("Mon 10:16")).run()
    renewed = (await cold.case(case)).due_at
    assert renewed is not None
    assert renewed > when("Mon 10:16")
    said = (await cold.log(chat))[-1].body["text"]
    assert catalogue.when(renewed, when("Mon 10:16")) in said
    assert "10:00" not in said


async def response(desk: RoutingDesk, case: Case) -> str:
    clocks = await desk.see(all_clocks, case.id)
    return next(str(clock.state) for clock in clocks if clock.target is Target.FIRST_RESPONSE)


async def test_who_was_spoken_with_has_heard_from_the_desk(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS, at="Mon 10:00")
    spoken, noted = await cold.report(department="cold"), await cold.report(department="cold")
    for case, starts in ((spoken, "Mon 09:30"), (noted, "Mon 10:00")):
        await books(cold, case, starts)
        await cold.do(assigning.assign, case.number, ann.id, by=ann.actor, at=when("Mon 08:30"))
    await on(cold, spoken, end_callback, "kept", by=ann.actor, at=when("Mon 09:40"))
    assert ((await cold.case(spoken)).next_update_at(when("Mon 09:40")), await response(cold, spoken)) == (None, "met")

    await cold.is_there(ann, "Mon 10:00")
    await cold.sweeps("Mon 10:00")
    await cold.do(note, noted.number, "She was not at home.", by=ann.actor, at=when("Mon 10:10"))
    await cold.sweeps("Mon 10:30")
    assert (await about_calls(cold, noted))[-1][0] == "kept"
    assert (await cold.case(noted)).next_update_at(when("Mon 10:30")) is not None
    assert await response(cold, noted) == "running"


async def test_a_merged_case_takes_the_colleague_s_name_along(cold: RoutingDesk) -> None:
    await cold.hires("Ann", "cold", shifts=MORNINGS)
    ana = await person(cold.database)
    source, target = [await cold.report(department="cold", contact_id=ana) for _ in range(2)]
    await books(cold, source, "Mon 10:00")
    await cold.do(merge, source.number, target.number, by=SYSTEM, at=when("Mon 09:00"))
    assert (await about_calls(cold, source))[-1] == ("moved", "Ann", when("Mon 10:00"))
    assert await about_calls(cold, target) == [("booked", "Ann", when("Mon 10:00"))]
    assert (await seen(cold, target)).number == target.number


async def test_everybody_is_shown_the_calls_they_have_to_make(cold: RoutingDesk) -> None:
    """Those their time is kept for and those of the cases they hold; a supervisor all of them, in order of time."""
    ann, ben = await cold.hires("Ann", "cold", shifts=MORNINGS), await cold.hires("Ben", "cold", capacity=0)
    later, sooner = await cold.report(department="cold"), await cold.report(department="cold")
    await books(cold, later, "Tue 10:00")
    await books(cold, sooner, "Mon 10:00")
    await cold.do(assigning.assign, sooner.number, ben.id, by=ben.actor, at=when("Mon 08:30"))
    for agent, mine, numbers in (
        (ann, False, [sooner.number, later.number]),
        (ben, False, [sooner.number]),
        (cold.li, False, []),
        (cold.sam, False, [sooner.number, later.number]),
        (cold.sam, True, []),
    ):
        found = await cold.see(appointments_for, agent, mine=mine)
        assert [one.number for one in found] == numbers, agent.name
    withdrawn = Resolution(ResolutionCode.WITHDRAWN, "It works again.")
    await cold.do(resolve, later.number, withdrawn, by=CUSTOMER, at=when("Mon 09:00"))
    assert [one.number for one in await cold.see(appointments_for, cold.sam)] == [sooner.number]


async def test_a_case_that_moved_away_is_not_shown_to_whoever_was_to_call(cold: RoutingDesk) -> None:
    """Neither what it is about nor whom to call, though their time was kept free for it and they may hold it."""
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS)
    kept, held = [await cold.report(department="cold", claimed={"phone": "+441134960000"}) for _ in range(2)]
    for case, starts in ((kept, "Mon 10:00"), (held, "Mon 10:30")):
        await books(cold, case, starts)
    await cold.do(assigning.assign, held.number, ann.id, by=ann.actor, at=when("Mon 08:30"))
    assert len(await cold.see(appointments_for, ann)) == 2
    for case in (kept, held):
        await cold.do(assigning.move, case.number, "tills", reason="A till", by=ann.actor, at=when("Mon 09:00"))
    assert await cold.see(appointments_for, ann) == []
    assert [one.number for one in await cold.see(appointments_for, cold.sam)] == [kept.number, held.number]


async def test_a_call_that_somebody_makes_meanwhile_is_not_ended_as_nobody_s(cold: RoutingDesk) -> None:
    ann = await cold.hires("Ann", "cold", shifts=MORNINGS, at="Mon 10:29")
    case = await cold.report(department="cold")
    await books(cold, case, "Mon 10:00")
    await cold.do(assigning.assign, case.number, ann.id, by=ann.actor, at=when("Mon 10:28"))

    async def ends_late() -> None:
        async with cold.database.unit_of_work() as work:
            as_seen = await callback_of(work, case.id)
            assert as_seen is not None
            await miss(work, await Cases(work).by_id(case.id), as_seen, at=when("Mon 10:30"))
            await on(cold, case, call_now, as_seen, at=when("Mon 10:29"))

    with pytest.raises(Conflict):
        await ends_late()
    assert (await seen(cold, case)).state == "called"
    assert [how for how, _, _ in await about_calls(cold, case)] == ["booked"]
