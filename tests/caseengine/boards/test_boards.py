"""What a manager reads, and that behind each figure stand exactly the cases it counts."""

from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from caseengine.agents import Agent
from caseengine.cases import Cases
from caseengine.model import events as happened
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.conversation import Outcome
from caseengine.model.errors import DepartmentNotFound
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import ask_customer, assign, close, move, reopen, reply, resolve, take
from caseengine.reading.boards import (
    Drill,
    Figure,
    Number,
    Period,
    PeriodBackwards,
    Whose,
    agents_board,
    cases_behind,
    count_behind,
    desk_days,
    now_board,
    period_board,
    whose_for,
)
from storage.transaction import UnitOfWork
from tests.caseengine.boards.clocks import clock, no_clocks
from tests.caseengine.office import Office, when

SOLVED = Resolution(ResolutionCode.SOLVED, "A new drum")
WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
LI, MO = Office.li.actor, Office.mo.actor


async def merge(work: UnitOfWork, case: Case, into: Case, *, by: Actor, at: Any) -> None:
    found = await Cases(work).by_id(case.id)
    found.record(happened.CaseMerged(case_id=case.id, actor=by, at=at, into_id=into.id, into_number=into.number))


async def unmerge(work: UnitOfWork, case: Case, into: Case, *, by: Actor, at: Any) -> None:
    found = await Cases(work).by_id(case.id)
    found.record(happened.CaseUnmerged(case_id=case.id, actor=by, at=at, from_id=into.id, from_number=into.number))


def numbers(board: Any) -> list[Number]:
    """Every figure of a board, however deep."""
    if isinstance(board, Number):
        return [board]
    if isinstance(board, dict):
        return [number for one in board.values() for number in numbers(one)]
    if isinstance(board, list | tuple):
        return [number for one in board for number in numbers(one)]
    return numbers([getattr(board, item.name) for item in fields(board)]) if is_dataclass(board) else []


async def listed(office: Office, drill: Drill, page: int = 2) -> list[str]:
    """The numbers of the cases behind a figure, read a small page at a time."""
    rows = list(await office.see(cases_behind, drill, limit=page))
    while page_rows := await office.see(cases_behind, drill, after=rows[-1].place if rows else None, limit=page):
        if not rows or page_rows[-1].place == rows[-1].place:
            break
        rows += page_rows
    return [row.case.number for row in rows if row.case is not None]


async def every_figure_lists_its_cases(office: Office, *boards: Any) -> int:
    found = [number for board in boards for number in numbers(board)]
    for number in found:
        assert await office.see(count_behind, number.drill) == number.value, number
        if number.value:
            assert len(await listed(office, number.drill)) == number.value, number
    return sum(number.value for number in found)


async def busy_week(office: Office) -> dict[str, Case]:
    """Monday to Friday with something of everything."""
    cases = {name: await office.report(name, f"Mon 09:{place:02}") for place, name in enumerate("abcdef")}
    for name in "abce":
        await office.do(take, cases[name].number, by=LI, at=when("Mon 10:00"))
    await office.do(reply, cases["a"].number, "Hello", key="r-a-000001", by=LI, at=when("Mon 10:05"))
    await office.do(ask_customer, cases["b"].number, "Which?", key="q-b-000001", by=LI, at=when("Mon 10:06"))
    await office.do(resolve, cases["a"].number, SOLVED, by=LI, at=when("Mon 11:00"))
    await office.do(close, cases["a"].number, by=LI, at=when("Mon 12:00"))
    await office.do(resolve, cases["c"].number, SOLVED, by=LI, at=when("Mon 12:00"))
    await office.do(reopen, cases["c"].number, reason="Again", by=LI, at=when("Tue 09:00"))
    await office.do(assign, cases["c"].number, Office.mo.id, by=LI, at=when("Tue 10:00"))
    await office.do(resolve, cases["c"].number, SOLVED, by=MO, at=when("Tue 11:00"))
    await office.do(merge, cases["d"], cases["a"], by=LI, at=when("Tue 12:00"))
    await office.do(move, cases["e"].number, "deliveries", reason="A van", by=LI, at=when("Wed 09:00"))
    await office.do(no_clocks)
    await office.do(clock, cases["a"], "resolution", started_at=when("Mon 09:00"), ended_at=when("Mon 11:00"),
                    worked_s=7_200, agent_id=Office.li.id)  # fmt: skip
    await office.do(clock, cases["c"], "resolution", started_at=when("Mon 09:02"), breached_at=when("Tue 10:30"),
                    ended_at=when("Tue 11:00"), worked_s=20_000, agent_id=Office.mo.id)  # fmt: skip
    await office.do(clock, cases["b"], "resolution", started_at=when("Mon 09:01"), breached_at=when("Wed 08:00"))
    await office.do(clock, cases["e"], "resolution", started_at=when("Mon 09:04"), due_at=when("Wed 11:00"))
    await office.do(clock, cases["f"], "first_response", started_at=when("Mon 09:05"), due_at=when("Tue 09:05"))
    return cases


async def test_a_week_in_figures(any_office: Office) -> None:
    await busy_week(any_office)
    board = await any_office.see(period_board, Whose(), WEEK)
    assert (board.opened.value, board.resolved.value, board.closed.value, board.reopened.value) == (5, 2, 1, 1)
    assert (board.resolutions.value, board.taken_back.value, board.reopen_rate) == (3, 1, 1 / 3)
    resolution = board.targets[2]
    assert (resolution.met.value, resolution.missed.value, resolution.attainment) == (1, 2, 1 / 3)
    assert resolution.took is not None
    assert resolution.took.working.p50 == timedelta(hours=2)
    assert resolution.took.working.p95 == timedelta(seconds=20_000)
    assert resolution.took.wall.p95 == when("Tue 11:00") - when("Mon 09:02")
    assert await every_figure_lists_its_cases(any_office, board) > 10


async def test_the_desk_as_it_stands(any_office: Office) -> None:
    cases = await busy_week(any_office)
    board = await any_office.see(now_board, Whose(), at=when("Wed 10:00"))
    assert (board.live.value, board.unassigned.value) == (3, 2)
    assert (board.overdue.value, board.due_soon.value) == (2, 1)
    assert board.waiting[Status.WAITING_ON_CUSTOMER].value == 1
    assert {name: number.value for name, number in board.ages.items() if number.value} == {"three_days": 3}
    assert {name: number.value for name, number in board.stale.items() if number.value} == {"day": 1, "three_days": 2}
    assert {(cell.department, cell.status, cell.live.value) for cell in board.cells} == {
        ("tills", Status.WAITING_ON_CUSTOMER, 1),
        ("tills", Status.NEW, 1),
        ("deliveries", Status.OPEN, 1),
    }
    assert await listed(any_office, board.due_soon.drill) == [cases["e"].number]
    assert await every_figure_lists_its_cases(any_office, board) > 10


async def test_the_clocks_end_belongs_to_whoever_held_the_case_then(any_office: Office) -> None:
    await busy_week(any_office)
    li, mo = await any_office.see(agents_board, Whose(), WEEK)
    assert (li.name, li.resolutions.value, li.taken_back.value, li.resolved.value) == ("Li", 2, 1, 1)
    assert (mo.name, mo.resolutions.value, mo.resolved.value) == ("Mo", 1, 1)
    assert (li.targets[2].attainment, mo.targets[2].attainment) == (1.0, 0.0)
    assert (li.replied.value, li.holding.value, mo.replied.value) == (2, 1, 0)
    assert mo.held_for == timedelta(hours=1)
    times = {"a": 1, "c": 2 + 1, "e": 24 + 23}  # hours: taken at ten; c again on Tuesday from nine to ten
    assert (li.handled.value, li.held_for) == (4, timedelta(hours=sum(times.values())))
    assert await every_figure_lists_its_cases(any_office, [li, mo]) > 10


async def test_an_agent_who_did_nothing_has_a_line_of_their_own(office: Office) -> None:
    (line,) = await office.see(agents_board, Whose(agent_id=Office.mo.id), WEEK)
    assert (line.name, line.handled.value, line.csat, line.reopen_rate) == ("Mo", 0, None, None)


async def test_a_merged_case_counts_where_it_went_until_it_goes_by_itself_again(any_office: Office) -> None:
    first, second = await any_office.report("One"), await any_office.report("Two")
    await any_office.do(merge, second, first, by=LI, at=when("Mon 10:00"))
    merged = await any_office.see(period_board, Whose(), WEEK)
    assert await listed(any_office, merged.opened.drill) == [first.number]
    await any_office.do(unmerge, second, first, by=LI, at=when("Mon 11:00"))
    assert (await any_office.see(period_board, Whose(), WEEK)).opened.value == 2


async def test_what_was_resolved_in_a_period_is_not_taken_out_of_it_later(any_office: Office) -> None:
    case = await any_office.report()
    await any_office.do(resolve, case.number, SOLVED, by=LI, at=when("Mon 11:00"))
    monday = Period(when("Mon 00:00"), when("Tue 00:00"))
    await any_office.do(reopen, case.number, reason="Again", by=LI, at=when("Tue 09:00"))
    board = await any_office.see(period_board, Whose(), monday)
    assert (board.resolved.value, board.taken_back.value) == (1, 1)
    assert (await any_office.see(period_board, Whose(), WEEK)).resolved.value == 0


async def test_a_move_afterwards_leaves_the_figures_of_the_department_that_did_it(any_office: Office) -> None:
    case = await any_office.report()
    await any_office.do(move, case.number, "deliveries", reason="A van", by=LI, at=when("Tue 09:00"))
    tills, deliveries = (Whose(department=name) for name in ("tills", "deliveries"))
    assert (await any_office.see(period_board, tills, WEEK)).opened.value == 1
    assert (await any_office.see(period_board, deliveries, WEEK)).opened.value == 0
    assert (await any_office.see(now_board, deliveries, at=when("Tue 10:00"))).live.value == 1


async def test_filters_by_type_are_those_of_the_clock(any_office: Office) -> None:
    case = await any_office.report(case_type="complaint")
    await any_office.do(reply, case.number, "Sorry", key="r-1", by=LI, at=when("Mon 10:00"))
    for case_type, many in (("complaint", 1), ("question", 0)):
        board = await any_office.see(period_board, Whose(case_type=case_type), WEEK)
        assert (board.targets[0].met.value, board.opened.value) == (many, many)
        await every_figure_lists_its_cases(any_office, board)


async def test_how_far_the_bot_got(any_office: Office) -> None:
    outcomes = [Outcome.NOTHING, Outcome.TALKED, Outcome.SOLVED, Outcome.UNANSWERED]
    for place, outcome in enumerate(outcomes):
        talk = await any_office.chat(visitor=f"visitor-{place}")
        await any_office.do(came_to, talk, outcome)
    await any_office.report_in(await any_office.chat(visitor="case"))
    await any_office.handed_over()
    board = await any_office.see(period_board, Whose(), WEEK)
    assert board.containment is not None
    found = board.containment
    assert (found.solved, found.unconfirmed, found.unanswered, found.with_case, found.with_person) == (1, 1, 1, 1, 1)
    assert (found.begun, found.rate, found.confirmed_rate) == (5, 2 / 5, 1 / 5)
    assert {name: number.value for name, number in board.reasons.items()} == {"asked_for_person": 1}
    assert (await any_office.see(period_board, Whose(department="tills"), WEEK)).containment is None


async def came_to(work: UnitOfWork, conversation: UUID, outcome: Outcome) -> None:
    from caseengine.conversations import Conversations

    (await Conversations(work).get(conversation)).came_to(outcome)


async def test_an_agent_reads_the_figures_of_their_own_departments(office: Office) -> None:
    await office.report(department="deliveries")
    await office.report(department="tills")
    li = await office.see(whose_for, office.li)
    assert (await office.see(period_board, li, WEEK)).opened.value == 1
    for nothing in ("deliveries", "no-such-thing"):
        with pytest.raises(DepartmentNotFound):
            await office.see(whose_for, office.li, department=nothing)
    sam = await office.see(whose_for, office.sam, department="deliveries")
    assert (await office.see(period_board, sam, WEEK)).opened.value == 1


async def test_an_agent_of_no_department_sees_nothing(office: Office) -> None:
    await busy_week(office)
    nobody = await office.see(whose_for, Agent(UUID(int=7), "Ed", "ed@desk.example", "x"))
    assert (await office.see(now_board, nobody, at=when("Wed 10:00"))).live.value == 0
    assert (await office.see(count_behind, Drill(figure=Figure.OPENED, whose=nobody, period=WEEK))) == 0


@pytest.mark.parametrize(
    ("first", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_is_a_day_of_the_desk(first: date, hours: int) -> None:
    period = desk_days(first, first + timedelta(days=1), ZoneInfo("Europe/London"))
    assert period.ends - period.begins == timedelta(hours=hours)


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(PeriodBackwards):
        desk_days(date(2026, 3, 2), date(2026, 3, 2), ZoneInfo("Europe/London"))


async def test_the_software_resolves_for_whoever_holds_the_case(office: Office) -> None:
    case = await office.report()
    await office.do(take, case.number, by=LI, at=when("Mon 10:00"))
    await office.do(resolve, case.number, SOLVED, by=SYSTEM, at=when("Mon 11:00"))
    (line,) = await office.see(agents_board, Whose(agent_id=Office.li.id), WEEK)
    assert (line.resolved.value, line.holding.value) == (1, 0)
