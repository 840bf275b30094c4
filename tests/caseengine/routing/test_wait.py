"""Where somebody stands in the queue, and how long it takes, measured."""

from datetime import timedelta

from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import assigning, ending
from caseengine.policies.waiting import expected_wait
from caseengine.reading.wait import handling_time, position, wait_for
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk


async def solves(desk: RoutingDesk, taken: str, done: str) -> None:
    case = await desk.report(at=taken)
    await desk.do(assigning.take, case.number, by=desk.li.actor, at=when(taken))
    told = Resolution(ResolutionCode.SOLVED, "A new part")
    await desk.do(ending.resolve, case.number, told, by=desk.li.actor, at=when(done))


async def test_nothing_is_told_before_enough_was_measured(desk: RoutingDesk) -> None:
    case = await desk.report(at="Tue 10:00")
    await desk.hires("Ann", at="Tue 10:00")
    assert await desk.see(wait_for, case, at=when("Tue 10:00")) is None


async def test_the_wait_is_the_measured_pace_over_the_hands_there(desk: RoutingDesk) -> None:
    for hour in ("09", "10", "11", "14", "15"):
        await solves(desk, f"Mon {hour}:00", f"Mon {hour}:12")
    await solves(desk, "Mon 17:20", "Tue 09:02")  # twelve minutes of working time, over a night
    assert await desk.see(handling_time, "tills", at=when("Tue 10:00")) == timedelta(minutes=12)
    first, second = await desk.report(at="Tue 10:00"), await desk.report(at="Tue 10:01")
    assert await desk.see(wait_for, second, at=when("Tue 10:01")) is None  # nobody is there
    await desk.hires("Ann", at="Tue 10:01")  # two chats at once
    assert await desk.see(position, second) == 2
    assert await desk.see(wait_for, first, at=when("Tue 10:01")) == timedelta(minutes=6)
    assert await desk.see(wait_for, second, at=when("Tue 10:01")) == timedelta(minutes=12)


async def test_the_place_follows_the_order_of_routing(desk: RoutingDesk) -> None:
    import sqlalchemy as sa

    from caseengine.tables import cases

    old, due = await desk.report(at="Mon 09:00"), await desk.report(at="Mon 09:30")
    async with desk.database.unit_of_work() as work:
        work.write(sa.update(cases).where(cases.c.id == due.id).values(sla_due_at=when("Mon 12:00")))
    assert [await desk.see(position, case) for case in (due, old)] == [1, 2]


def test_nobody_there_or_nothing_measured_is_no_answer() -> None:
    assert expected_wait(3, 0, timedelta(minutes=5)) is None
    assert expected_wait(3, 2, None) is None
    assert expected_wait(0, 2, timedelta(minutes=5)) is None
