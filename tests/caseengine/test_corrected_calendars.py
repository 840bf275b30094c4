"""A calendar was wrong: whatever it counted is counted anew, and one that opens no more stops nobody."""

import asyncio
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.company_levels import bring_hours
from app.jobs import escalations
from app.jobs.escalations import Escalations
from app.rulebooks import put_in_force
from caseengine.calendar_corrections import cases_to_recount, look_again, next_correction
from caseengine.calendars import set_calendar, set_desk_calendar
from caseengine.clocks import all_clocks
from caseengine.model.actor import SYSTEM
from caseengine.model.calendar import Calendar, Window
from caseengine.model.case import Case
from caseengine.model.priority import Priority
from caseengine.model.sla import ClockState, Target
from caseengine.operations import ask_customer, hear_customer, prioritise, reopen, resolve, take
from caseengine.operations.escalating import recount
from caseengine.rulebooks import Rulebook
from caseengine.tables import calendar_corrections, calendars, case_events, recounts_left
from storage.engine import Database
from storage.transaction import UnitOfWork, insertion
from tests.caseengine.office import Office, when
from tests.caseengine.test_operations import SOLVED
from tests.caseengine.test_plans import plan_of
from tests.caseengine.test_service_levels import rows_equal_recount

LONDON = ZoneInfo("Europe/London")
ROUND = Calendar(LONDON, ((Window(time(0), time(0)),),) * 7)
BY_DAY = Calendar(LONDON, ((Window(time(9), time(17)),),) * 7)
OVER = Calendar(LONDON, ((),) * 7, frozenset(), {date(2020, 1, 6): (Window(time(9), time(17)),)})
"""Opened once, long ago."""
RULES: dict[str, Any] = {
    "policies": {
        "desks": {"targets": {"resolution": "16h"}},
        "lines": {"calendar": "line", "targets": {"first_response": "1h", "resolution": "10h"}},
    },
    "choose": {
        "type_and_priority": [{"when": {"fact": "department", "is": "deliveries"}, "policy": "lines"}],
        "default": "desks",
    },
}
LI: dict[str, Any] = {"by": Office.li.actor}
MO: dict[str, Any] = {"by": Office.mo.actor}


@pytest.fixture
async def wrong(office: Office) -> Office:
    """A desk whose calendars are said to open round the clock."""
    await furnish_wrongly(office)
    return office


async def furnish_wrongly(office: Office) -> None:
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, ROUND)
        set_calendar(work, "line", ROUND)
    async with office.database.unit_of_work() as work:
        await put_in_force(work, Rulebook.SLA, RULES, by=SYSTEM, at=when("Mon 08:00"))


async def correct(
    office: Office, calendar: str = "desk", *, at: str = "Wed 08:00", days: tuple[date, date] | None = None
) -> None:
    async with office.database.unit_of_work() as work:
        set_calendar(work, calendar, BY_DAY)
        look_again(work, calendar=calendar, at=when(at), **({"days": days} if days else {}))


async def sweep(office: Office, at: str = "Wed 08:30") -> None:
    await Escalations(office.database, lambda: when(at)).run()


async def solution(office: Office, case: Case) -> tuple[ClockState, datetime | None]:
    found = [one for one in await office.see(all_clocks, case.id) if one.target is Target.RESOLUTION]
    return found[-1].state, found[-1].due_at


async def walks(office: Office) -> int:
    async with office.database.snapshot() as snapshot:
        return int(await snapshot.scalar(sa.select(sa.func.count()).select_from(calendar_corrections)) or 0)


async def test_a_paused_clock_goes_on_with_what_was_really_spent(wrong: Office) -> None:
    chat = await wrong.chat()
    case = await wrong.report_in(chat)
    await wrong.do(ask_customer, case.number, "Which?", key="q", at=when("Mon 23:00"), **MO)
    await correct(wrong)
    await sweep(wrong)
    await wrong.do(hear_customer, chat, text="That one", key="h", at=when("Thu 09:00"))
    assert await solution(wrong, case) == (ClockState.RUNNING, when("Thu 17:00"))  # eight of sixteen hours are left
    await rows_equal_recount(wrong, case)


async def test_a_clock_that_ended_has_the_verdict_it_should_have_had(wrong: Office) -> None:
    late = await wrong.report(department="deliveries")
    await wrong.do(resolve, late.number, SOLVED, at=when("Mon 23:00"), **MO)
    assert (await solution(wrong, late))[0] is ClockState.BREACHED
    await correct(wrong, "line")
    await sweep(wrong)
    assert (await solution(wrong, late))[0] is ClockState.MET  # ten hours open to five o'clock were eight
    await rows_equal_recount(wrong, late)
    assert await walks(wrong) == 0


async def test_a_case_that_went_on_before_the_walk_came_by_is_right_in_the_end(wrong: Office) -> None:
    chat = await wrong.chat()
    case = await wrong.report_in(chat)
    await wrong.do(ask_customer, case.number, "Which?", key="q", at=when("Mon 23:00"), **MO)
    await correct(wrong, at="Mon 23:30")
    await wrong.do(hear_customer, chat, text="That one", key="h", at=when("Tue 09:00"))
    await wrong.do(resolve, case.number, SOLVED, at=when("Tue 10:00"), **MO)
    await wrong.do(reopen, case.number, reason="Again", at=when("Tue 11:00"), **MO)
    await sweep(wrong)
    await rows_equal_recount(wrong, case)


async def test_the_first_hours_of_a_desk_correct_those_it_had_by_default(office: Office) -> None:
    async with office.database.unit_of_work() as work:
        work.write(sa.delete(calendars))
        sla = {"policies": RULES["policies"] | {"lines": {"targets": {"resolution": "10h"}}}, "choose": RULES["choose"]}
        await put_in_force(work, Rulebook.SLA, sla, by=SYSTEM, at=when("Mon 08:00"))
    case = await office.report(at="Fri 16:00")
    assert await solution(office, case) == (ClockState.RUNNING, when("Tue 16:00") + timedelta(days=7))
    async with office.database.unit_of_work() as work:
        await bring_hours(work, {"desk": BY_DAY}, at=when("Fri 17:00"), count=lambda *_: None)
    await sweep(office, "Fri 17:30")
    assert await solution(office, case) == (ClockState.RUNNING, when("Sun 16:00"))
    await rows_equal_recount(office, case)


async def test_only_what_the_calendar_counted_is_walked(wrong: Office) -> None:
    mine = await wrong.report(department="deliveries")
    once = await wrong.report(department="deliveries")
    await wrong.report()
    async with wrong.database.unit_of_work() as work:
        choose = {**RULES["choose"], "type_and_priority": []}
        await put_in_force(work, Rulebook.SLA, {**RULES, "choose": choose}, by=SYSTEM, at=when("Mon 09:00"))
    await wrong.do(prioritise, once.number, Priority.P1, reason="x", at=when("Mon 10:00"), **MO)
    assert (await wrong.case(once)).policy == "desks"
    await correct(wrong, "line")
    assert await affected(wrong) == sorted([mine.id, once.id])


async def test_a_day_to_come_changes_nothing_that_has_ended(wrong: Office) -> None:
    done, open_still = await wrong.report(), await wrong.report()
    await wrong.do(resolve, done.number, SOLVED, at=when("Mon 23:00"), **MO)
    await correct(wrong, at="Tue 08:00", days=(date(2026, 3, 6), date(2026, 3, 6)))
    assert await affected(wrong) == [open_still.id]
    async with wrong.database.unit_of_work() as work:
        work.write(sa.delete(calendar_corrections).where(calendar_corrections.c.ended.is_(sa.false())))
    assert await affected(wrong) == []


async def affected(office: Office) -> list[Any]:
    async with office.database.snapshot() as snapshot:
        walk = await next_correction(snapshot)
        assert walk is not None
        return list(await cases_to_recount(snapshot, walk, limit=100))


async def test_the_walk_goes_on_where_it_was_stopped(wrong: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalations, "RECOUNTED", 2)
    done = [await wrong.report(department="deliveries") for _ in range(5)]
    for case in done:
        await wrong.do(resolve, case.number, SOLVED, at=when("Mon 23:00"), **MO)
    await correct(wrong, "line")
    counted: list[Any] = []

    async def stops(work: UnitOfWork, case: Case) -> Any:
        if len(counted) == 3:
            raise asyncio.CancelledError
        counted.append(case.id)
        return await recount(work, case)

    with monkeypatch.context() as killed, pytest.raises(asyncio.CancelledError):
        killed.setattr(escalations, "recount", stops)
        await sweep(wrong)
    place = min(sorted(case.id for case in done)[2:])
    assert await affected(wrong) == sorted(case.id for case in done if case.id >= place)
    await sweep(wrong)
    for case in done:
        await rows_equal_recount(wrong, case)
    assert await walks(wrong) == 0


async def late_for_long(office: Office) -> Case:
    """A case that a wrong calendar says was solved too late."""
    case = await office.report(department="deliveries")
    await office.do(resolve, case.number, SOLVED, at=when("Mon 23:00"), **MO)
    assert (await solution(office, case))[0] is ClockState.BREACHED
    return case


async def left(office: Office) -> int:
    async with office.database.snapshot() as snapshot:
        return int(await snapshot.scalar(sa.select(sa.func.count()).select_from(recounts_left)) or 0)


async def told_as(office: Office, case: Case, old: str, new: str) -> None:
    """Its history names an event by another kind."""
    async with office.database.unit_of_work() as work:
        named = (case_events.c.case_id == case.id, case_events.c.kind == old)
        work.write(sa.update(case_events).where(*named).values(kind=new))


async def test_a_case_that_failed_when_the_walk_came_by_is_counted_once_it_can_be(wrong: Office) -> None:
    broken, sound = await late_for_long(wrong), await late_for_long(wrong)
    await told_as(wrong, broken, "CaseResolved", "OfALaterRelease")
    await correct(wrong, "line")
    now = when("Wed 08:30")
    job = Escalations(wrong.database, lambda: now)
    await job.run()
    assert await walks(wrong) == 0
    await rows_equal_recount(wrong, sound)
    await told_as(wrong, broken, "OfALaterRelease", "CaseResolved")
    await job.run()
    assert (await solution(wrong, broken))[0] is ClockState.BREACHED  # it rests
    now += timedelta(minutes=2)
    await job.run()
    assert (await solution(wrong, broken))[0] is ClockState.MET
    assert await left(wrong) == 0


async def test_a_case_that_gave_way_is_counted_next_time(wrong: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await late_for_long(wrong)
    await correct(wrong, "line")
    with monkeypatch.context() as busy:
        busy.setattr(escalations, "TRIES_MAX", 0)  # somebody is at it whenever it is tried
        await sweep(wrong)
    assert (await walks(wrong), await left(wrong)) == (0, 1)
    await sweep(wrong)
    await rows_equal_recount(wrong, case)
    assert await left(wrong) == 0


async def two_workers_sweep(office: Office) -> None:
    """At once, and then one of them again."""
    other = Database(office.database.url)
    try:
        await asyncio.gather(sweep(office), sweep(Office(other)))
    finally:
        await other.close()
    await sweep(office)


async def test_what_two_walks_left_is_counted_for_each(any_database: Database) -> None:
    office = Office(any_database)
    await office.furnish()
    await furnish_wrongly(office)
    case = await late_for_long(office)
    async with any_database.unit_of_work() as work:
        work.write(insertion(recounts_left, [{"id": uuid4(), "case_id": case.id} for _ in range(2)]))
        set_calendar(work, "line", BY_DAY)
    await two_workers_sweep(office)
    assert await left(office) == 0
    await rows_equal_recount(office, case)


async def test_two_workers_walk_to_the_same_end(any_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escalations, "RECOUNTED", 2)
    office = Office(any_database)
    await office.furnish()
    await furnish_wrongly(office)
    cases = [await office.report(department="deliveries") for _ in range(5)]
    for case in cases[1:]:
        await office.do(resolve, case.number, SOLVED, at=when("Mon 23:00"), **MO)
    await correct(office, "line")
    await two_workers_sweep(office)
    assert await walks(office) == 0
    for case in cases:
        await rows_equal_recount(office, case)


async def test_what_runs_and_what_has_ended_is_found_along_an_index(wrong: Office) -> None:
    await wrong.report()
    for calendar in ("desk", "line"):
        await correct(wrong, calendar)
        async with wrong.database.snapshot() as snapshot:
            walk = await next_correction(snapshot)
        assert walk is not None
        plan = await plan_of(wrong, cases_to_recount, walk, limit=10)
        assert not [step for step in plan if step.startswith("SCAN case_events")], plan


async def test_where_a_policys_calendar_opens_no_more_the_desks_own_promises(office: Office) -> None:
    await furnish_wrongly(office)
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, BY_DAY)
        set_calendar(work, "line", OVER)
    case = await office.report(department="deliveries", at="Mon 16:30")
    assert case.due_at == when("Tue 09:30")
    await office.do(take, case.number, at=when("Mon 16:40"), **MO)
    await office.do(resolve, case.number, SOLVED, at=when("Mon 16:45"), **MO)
    again = await office.do(reopen, case.number, reason="Again", at=when("Tue 10:00"), **MO)
    assert again.due_at == when("Tue 14:00")  # what holds where no clock counts the answer
    await rows_equal_recount(office, case)


async def test_where_no_calendar_opens_any_more_the_clock_on_the_wall_promises(office: Office) -> None:
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, OVER)
    case = await office.report(at="Mon 16:30")
    assert case.due_at == when("Mon 16:30") + timedelta(hours=4)
