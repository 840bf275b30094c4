"""Where somebody stands in the queue, and how long it takes, measured."""

from datetime import timedelta
from typing import Any

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import add_to_case, ask_customer, ask_third_party, assigning, ending, hear_third_party
from caseengine.policies.waiting import expected_wait, worked_on
from caseengine.reading.wait import handling_time, position, wait_for
from tests.caseengine.office import CUSTOMER, when
from tests.caseengine.routing.desk import RoutingDesk

SOLVED = Resolution(ResolutionCode.SOLVED, "A new part")


async def reports(desk: RoutingDesk, at: str, chat: bool) -> Case:
    if not chat:
        return await desk.report(at=at)
    conversation = await desk.chat(at=at)
    return await desk.hand_over(conversation, await desk.report_in(conversation, at=at), at)


async def takes(desk: RoutingDesk, at: str, chat: bool = False) -> Case:
    case = await reports(desk, at, chat)
    await desk.do(assigning.take, case.number, by=desk.li.actor, at=when(at))
    return case


async def solves(desk: RoutingDesk, case: Case, at: str) -> None:
    await desk.do(ending.resolve, case.number, SOLVED, by=desk.li.actor, at=when(at))


async def pace(desk: RoutingDesk, *, chat: bool, at: str = "Wed 10:00") -> timedelta | None:
    return await desk.see(handling_time, "tills", chat=chat, at=when(at))


async def wait(desk: RoutingDesk, case: Case, kind: str, at: str) -> timedelta | None:
    return await desk.see(wait_for, case, kind=kind, at=when(at))


async def test_nothing_is_told_before_enough_was_measured(desk: RoutingDesk) -> None:
    case = await desk.report(at="Tue 10:00")
    await desk.hires("Ann", at="Tue 10:00")
    assert await wait(desk, case, "email", "Tue 10:00") is None


async def test_the_wait_is_the_measured_pace_over_the_hands_there(desk: RoutingDesk) -> None:
    for hour in ("09", "10", "11", "14", "15"):
        await solves(desk, await takes(desk, f"Mon {hour}:00", chat=True), f"Mon {hour}:12")
    over_night = await takes(desk, "Mon 17:20", chat=True)
    await solves(desk, over_night, "Tue 09:02")  # twelve minutes of working time, over a night
    assert await pace(desk, chat=True) == timedelta(minutes=12)
    first, second = await reports(desk, "Tue 10:00", True), await reports(desk, "Tue 10:01", True)
    assert await wait(desk, second, "chat", "Tue 10:01") is None  # nobody is there
    await desk.hires("Ann", at="Tue 10:01")  # two chats at once, or six mails
    assert await desk.see(position, second) == 2
    assert await wait(desk, first, "chat", "Tue 10:01") == timedelta(minutes=6)
    assert await wait(desk, second, "chat", "Tue 10:01") == timedelta(minutes=12)


async def test_what_waits_for_somebody_else_is_no_work(desk: RoutingDesk) -> None:
    """Ten minutes of work each; the customer, or the maker, answers two days later."""
    by: dict[str, Any] = {"by": desk.li.actor, "at": when("Mon 09:06")}
    for n in range(6):
        case = await takes(desk, "Mon 09:00")
        if n % 2:
            await desk.do(ask_customer, case.number, "Which?", key=f"q{n}", **by)
            async with desk.database.unit_of_work() as work:
                found = await Cases(work).by_id(case.id)
                await add_to_case(work, found, "The left one", key=f"a{n}", by=CUSTOMER, at=when("Wed 09:00"))
        else:
            await desk.do(ask_third_party, case.number, "The maker", **by)
            answered: dict[str, Any] = {"by": desk.li.actor, "at": when("Wed 09:00")}
            await desk.do(hear_third_party, case.number, "It is sent", **answered)
        await solves(desk, case, "Wed 09:04")
    assert await pace(desk, chat=False) == timedelta(minutes=10)


async def test_a_case_that_was_solved_and_came_again_was_not_worked_on_meanwhile(desk: RoutingDesk) -> None:
    for n in range(5):
        case = await takes(desk, "Mon 09:00")
        await solves(desk, case, "Mon 09:05")
        again: dict[str, Any] = {"by": desk.li.actor, "at": when("Tue 10:00")}
        await desk.do(ending.reopen, case.number, reason=f"no {n}", **again)
        await solves(desk, case, "Tue 10:01")
    assert await pace(desk, chat=False) == timedelta(minutes=6)


async def test_mails_make_no_chat_wait_longer(desk: RoutingDesk) -> None:
    for hour in ("09", "10", "11", "14", "15"):
        await solves(desk, await takes(desk, f"Mon {hour}:00", chat=True), f"Mon {hour}:08")
        await solves(desk, await takes(desk, f"Mon {hour}:00"), "Tue 09:00")
    assert await pace(desk, chat=True) == timedelta(minutes=8)
    mails = await pace(desk, chat=False)
    assert mails is not None
    assert mails > timedelta(hours=3)
    await desk.hires("Ann", at="Tue 10:00")
    assert await wait(desk, await reports(desk, "Tue 10:00", True), "chat", "Tue 10:00") == timedelta(minutes=4)


def test_who_had_it_last_is_measured_and_the_queue_is_not() -> None:
    told = [
        ("CaseAssigned", "Mon 09:00"), ("CaseReturned", "Mon 09:30"), ("CaseAssigned", "Mon 10:00"),
        ("CustomerAsked", "Mon 10:05"), ("CustomerWrote", "Mon 11:00"), ("CaseReturned", "Mon 11:10"),
        ("CaseResolved", "Mon 12:00"),
    ]  # fmt: skip
    spans = [("Mon 10:00", "Mon 10:05"), ("Mon 11:00", "Mon 11:10")]
    assert worked_on((kind, when(at)) for kind, at in told) == [(when(one), when(other)) for one, other in spans]
    assert worked_on([("CustomerWrote", when("Mon 09:00")), ("CaseResolved", when("Mon 10:00"))]) is None


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
