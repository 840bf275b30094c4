"""Where somebody stands in the queue, and how long it takes, measured."""

from datetime import timedelta
from typing import Any

import pytest

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import add_to_case, ask_customer, ask_third_party, assigning, ending, hear_third_party
from caseengine.policies.waiting import began_to_wait, expected_wait, worked_on
from caseengine.reading.assignments import replay
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


async def moved_while_the_customer_was_asked(desk: RoutingDesk) -> Case:
    """On Monday; they answer on Thursday."""
    case = await takes(desk, "Mon 09:00")
    by: dict[str, Any] = {"by": desk.li.actor, "at": when("Mon 09:05")}
    await desk.do(ask_customer, case.number, "Which till?", key="q", **by)
    moved: dict[str, Any] = {"by": desk.sam.actor, "at": when("Mon 09:10")}
    await desk.do(assigning.move, case.number, "deliveries", reason="Theirs", **moved)
    await desk.needs(case, "Mon 09:11", refunds=4)
    async with desk.database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
        await add_to_case(work, found, "Till four", key="a", by=CUSTOMER, at=when("Thu 10:00"))
    return case


async def test_the_customers_own_time_is_no_waiting_for_an_agent(desk: RoutingDesk) -> None:
    """What is asked for stays so for as long as for everybody, and the log decides the same again."""
    relax = [{"after_s": 3600, "drop": ["skills"]}]
    await desk.decides({"departments": {"deliveries": {"mode": "assign"}}, "relax": relax})
    case = await moved_while_the_customer_was_asked(desk)
    rookie = await desk.hires("Rookie", "deliveries", at="Thu 10:00")
    for minute, holder in (("10:00", None), ("10:59", None), ("11:00", rookie.id)):
        await desk.is_there(rookie, f"Thu {minute}")
        await desk.sweeps(f"Thu {minute}")
        assert await desk.holder(case) == holder
    (record,) = await desk.records(case)
    assert record.facts["request"]["waited_s"] == 3600
    async with desk.database.snapshot() as snapshot:
        assert [one.difference async for one in replay(snapshot)] == [""]


async def test_a_case_goes_elsewhere_when_it_has_waited_for_an_agent_and_not_for_its_customer(
    desk: RoutingDesk,
) -> None:
    overflow = {"mode": "assign", "overflow": {"to": "tills", "after_s": 1800}}
    await desk.decides({"departments": {"deliveries": overflow}})
    case = await moved_while_the_customer_was_asked(desk)
    for minute, department in (("10:00", "deliveries"), ("10:29", "deliveries"), ("10:30", "tills")):
        await desk.sweeps(f"Thu {minute}")
        assert (await desk.case(case)).department == department


OPENED, ASKED = ("CaseOpened", "Mon 09:00"), ("CustomerAsked", "Mon 10:00")
TAKEN, RETURNED = ("CaseAssigned", "Mon 09:30"), ("CaseReturned", "Mon 10:30")


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ([OPENED], "Mon 09:00"),
        ([OPENED, ("CustomerWrote", "Mon 09:10")], "Mon 09:00"),  # it waited already
        ([OPENED, TAKEN, RETURNED, ("CustomerWrote", "Mon 11:00")], "Mon 10:30"),
        ([OPENED, TAKEN, ASKED, RETURNED, ("CustomerWrote", "Mon 11:00")], "Mon 11:00"),
        ([OPENED, TAKEN, ASKED, RETURNED, ("HandoverRequested", "Mon 11:00")], "Mon 11:00"),
        ([OPENED, TAKEN, ASKED, RETURNED, ("CaseAbsorbed", "Mon 11:00")], "Mon 11:00"),  # with what the desk owes
        ([OPENED, TAKEN, ("ThirdPartyAsked", "Mon 10:00"), RETURNED, ("ThirdPartyAnswered", "Mon 11:00")], "Mon 10:30"),
        ([OPENED, TAKEN, ASKED, ("CaseMerged", "Mon 10:10"), ("CaseUnmerged", "Mon 10:20")], "Mon 10:20"),
        (
            [
                *(OPENED, TAKEN, ASKED, ("CaseMerged", "Mon 10:10"), ("CaseUnmerged", "Mon 10:20")),
                *(RETURNED, ("CustomerWrote", "Mon 11:00")),
            ],
            "Mon 11:00",
        ),
        ([OPENED, TAKEN, ("CaseResolved", "Mon 10:00"), ("CaseReopened", "Mon 11:00")], "Mon 11:00"),
    ],
)
def test_waiting_begins_with_coming_into_a_queue_or_with_the_customers_word(
    told: list[tuple[str, str]], since: str
) -> None:
    owed = {"customer_waits": True}
    assert began_to_wait((kind, when(at), owed) for kind, at in told) == when(since)


def test_what_joins_a_case_and_owes_nothing_does_not_begin_its_waiting() -> None:
    told = [OPENED, TAKEN, ASKED, RETURNED, ("CaseAbsorbed", "Mon 11:00"), ("CustomerWrote", "Mon 12:00")]
    assert began_to_wait((kind, when(at), {}) for kind, at in told) == when("Mon 12:00")


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
