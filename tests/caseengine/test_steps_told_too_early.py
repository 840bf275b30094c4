"""A calendar was wrong, and a step was taken before its time: it is taken when it really is time, and counted then."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from app.rulebooks import put_in_force
from caseengine.calendar_corrections import look_again
from caseengine.calendars import set_desk_calendar
from caseengine.clocks import all_clocks
from caseengine.model.actor import SYSTEM
from caseengine.model.calendar import Window
from caseengine.model.case import Case
from caseengine.model.sla import ClockState
from caseengine.reading.boards import Whose, desk_days, period_board
from caseengine.rulebooks import Rulebook
from tests.caseengine.office import CALENDAR, Office, when
from tests.caseengine.test_corrected_calendars import LONDON, sweep
from tests.caseengine.test_escalation import steps
from tests.caseengine.test_service_levels import rows_equal_recount

MONDAY = date(2026, 3, 2)
DAYS: dict[str, Any] = {
    "policies": {
        "climb": {
            "targets": {"first_response": "4h"},
            "warn_at": [0.5],
            "ladder": [{"target": "first_response", "after": "10m", "do": "tell_manager"}],
        }
    },
    "choose": {"default": "climb"},
}


async def closes(office: Office, *days: date, at: str) -> None:
    """The desk's calendar has these holidays, and Monday had been said otherwise."""
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, replace(CALENDAR, holidays=frozenset(days)))
        look_again(work, days=(MONDAY, MONDAY), at=when(at))
    await sweep(office, at)


async def missed(office: Office) -> int:
    async with office.database.snapshot() as snapshot:
        days = desk_days(date(2026, 3, 1), date(2026, 3, 10), LONDON)
        board = await period_board(snapshot, Whose(), days)
    return sum(target.missed.value for target in board.targets)


@pytest.fixture
async def climbed(office: Office) -> tuple[Office, Case]:
    """A case whose answer was missed on Monday, as the manager was told."""
    case = await promised(office)
    await sweep(office, "Mon 15:00")
    assert await steps(office, case) == ["breached", "tell_manager"]
    assert await missed(office) == 1
    return office, case


async def promised(office: Office) -> Case:
    """A case of Monday at nine, under the rulebook."""
    async with office.database.unit_of_work() as work:
        await put_in_force(work, Rulebook.SLA, DAYS, by=SYSTEM, at=when("Mon 08:00"))
    return await office.report(at="Mon 09:00")


async def test_a_miss_that_was_none_is_told_when_it_really_is_one(climbed: tuple[Office, Case]) -> None:
    office, case = climbed
    await closes(office, MONDAY, at="Mon 16:00")
    (clock,) = await office.see(all_clocks, case.id)
    assert (clock.state, clock.due_at, clock.next_at) == (ClockState.RUNNING, when("Tue 14:00"), when("Tue 11:00"))
    assert await missed(office) == 0
    told: dict[str, list[str]] = {}
    for at in ("Tue 11:00", "Tue 11:01", "Tue 14:00", "Tue 14:01", "Tue 14:11", "Wed 15:00"):
        before = len(await steps(office, case))
        await sweep(office, at)
        told[at] = (await steps(office, case))[before:]
    assert told == {
        "Tue 11:00": [],
        "Tue 11:01": ["warned 0.5"],
        "Tue 14:00": [],
        "Tue 14:01": ["breached"],
        "Tue 14:11": ["tell_manager"],
        "Wed 15:00": [],
    }
    assert await missed(office) == 1
    await rows_equal_recount(office, case)
    await office.rows_equal_fold(case)


async def test_a_miss_that_was_one_after_all_is_told_once(climbed: tuple[Office, Case]) -> None:
    office, case = climbed
    await closes(office, MONDAY, at="Mon 16:00")
    await closes(office, at="Mon 16:30")
    await sweep(office, "Wed 15:00")
    assert await steps(office, case) == ["breached", "tell_manager"]
    assert await missed(office) == 1
    await rows_equal_recount(office, case)


async def test_steps_that_were_too_early_are_taken_again_and_others_are_not(office: Office) -> None:
    """Monday opened an hour later than the calendar said: it was warned rightly, and missed an hour too soon."""
    case = await promised(office)
    await sweep(office, "Mon 12:20")
    await sweep(office, "Mon 14:05")
    assert await steps(office, case) == ["warned 0.5", "breached"]
    late = {MONDAY: (Window(time(10), time(12, 30)), Window(time(13, 30), time(17, 30)))}
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, replace(CALENDAR, overrides=late))
        look_again(work, days=(MONDAY, MONDAY), at=when("Mon 14:10"))
    await sweep(office, "Mon 14:15")
    assert await missed(office) == 0
    await sweep(office, "Mon 15:01")
    assert await steps(office, case) == ["warned 0.5", "breached", "breached"]
    assert await missed(office) == 1
    await rows_equal_recount(office, case)


async def test_a_sweep_at_the_very_moment_it_is_due_says_no_miss(office: Office) -> None:
    """Though a warning is past by then: an answer at this instant is in time."""
    case = await promised(office)
    await sweep(office, "Mon 14:00")
    assert await steps(office, case) == ["warned 0.5"]
    await sweep(office, "Mon 14:01")
    assert await steps(office, case) == ["warned 0.5", "breached"]
    await rows_equal_recount(office, case)
