"""A merge takes nothing away that was owed: who waited waits on in the other case, and back in their own."""

from datetime import datetime
from typing import Any

import pytest

from app.jobs.escalations import Escalations
from app.rulebooks import put_in_force
from caseengine.calendar_corrections import look_again
from caseengine.calendars import set_desk_calendar
from caseengine.cases import history
from caseengine.clocks import all_clocks, book_for
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.sla import ClockState, SpanKind, Target, why
from caseengine.operations import ask_customer, hear_customer, merge, reply, resolve, unmerge
from caseengine.rulebooks import Rulebook
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import Office, when
from tests.caseengine.test_corrected_calendars import ROUND
from tests.caseengine.test_merging import SOLVED
from tests.caseengine.test_service_levels import rows_equal_recount

FIRST, NEXT, RESOLUTION = Target
LI: dict[str, Any] = {"by": Office.li.actor}
SLA: dict[str, Any] = {
    "policies": {
        "p": {
            "targets": {"first_response": "4h", "next_response": "8h", "resolution": "16h"},
            "warn_at": [0.5],
            "ladder": [{"target": "first_response", "share": 0.75, "do": "raise"}],
        }
    },
    "choose": {"default": "p"},
}
Told = dict[tuple[Target, int], tuple[ClockState, datetime | None]]


@pytest.fixture
async def desk(office: Office) -> Office:
    async with office.database.unit_of_work() as work:
        await put_in_force(work, Rulebook.SLA, SLA, by=SYSTEM, at=when("Mon 08:00"))
    return office


async def two(office: Office, *, source: str, target: str) -> tuple[Case, Case]:
    """Two problems told in one chat."""
    chat = await office.chat(at="Mon 09:00")
    first = await office.report_in(chat, "Till one", at=source)
    return first, await office.report_in(chat, "Till two", at=target)


async def told(office: Office, case: Case) -> Told:
    await rows_equal_recount(office, case)
    await office.rows_equal_fold(case)
    return {(one.target, one.cycle): (one.state, one.due_at) for one in await office.see(all_clocks, case.id)}


async def sweep(office: Office, at: str) -> None:
    await Escalations(office.database, lambda: when(at)).run()


async def answered_and_merged(office: Office, at: str = "Mon 13:59") -> tuple[Case, Case]:
    """The customer waits since nine for the first answer about the one, and has it about the other since ten."""
    source, target = await two(office, source="Mon 09:00", target="Mon 09:30")
    await office.do(reply, target.number, "On it", key="a", at=when("Mon 10:00"), **LI)
    await office.do(merge, source.number, target.number, at=when(at), **LI)
    return source, target


async def test_a_wait_for_the_first_answer_goes_on_where_the_case_does(desk: Office) -> None:
    source, target = await answered_and_merged(desk)
    stands_still = (ClockState.PAUSED, None)
    assert await told(desk, source) == {(FIRST, 1): stands_still, (RESOLUTION, 1): stands_still}
    assert await told(desk, target) == {
        (FIRST, 1): (ClockState.MET, when("Mon 14:30")),
        (FIRST, 2): (ClockState.RUNNING, when("Mon 14:00")),
        (RESOLUTION, 1): (ClockState.RUNNING, when("Wed 10:00")),  # that of the older one
    }
    await sweep(desk, "Mon 15:00")
    await desk.do(reply, target.number, "Sorry", key="b", at=when("Mon 15:10"), **LI)
    now = await told(desk, target)
    assert now[FIRST, 2] == (ClockState.BREACHED, when("Mon 14:00"))
    assert set(now) == {(FIRST, 1), (FIRST, 2), (RESOLUTION, 1)}


async def test_a_step_of_the_ladder_that_lies_behind_is_not_taken_again(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 09:30")
    await desk.do(reply, target.number, "On it", key="a", at=when("Mon 10:00"), **LI)
    await sweep(desk, "Mon 11:50")
    assert (await desk.case(source)).escalation_level == 0
    await sweep(desk, "Mon 12:10")
    assert (await desk.case(source)).escalation_level == 1
    await desk.do(merge, source.number, target.number, at=when("Mon 13:40"), **LI)
    await sweep(desk, "Mon 13:50")
    assert (await desk.case(target)).escalation_level == 1
    await sweep(desk, "Mon 14:01")
    assert (await desk.told(target))[-1] == "TargetBreached by system"


async def test_of_two_waits_the_longer_counts(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 11:00")
    await desk.do(merge, source.number, target.number, at=when("Mon 11:30"), **LI)
    assert await told(desk, target) == {
        (FIRST, 1): (ClockState.RUNNING, when("Mon 14:00")),
        (RESOLUTION, 1): (ClockState.RUNNING, when("Wed 10:00")),
    }
    later, older = await two(desk, source="Mon 12:00", target="Mon 09:10")
    before = await told(desk, older)
    await desk.do(merge, later.number, older.number, at=when("Mon 12:10"), **LI)
    assert await told(desk, older) == before


async def test_what_was_missed_there_is_due_at_once_here(desk: Office) -> None:
    source, target = await answered_and_merged(desk, at="Mon 15:00")
    assert (await told(desk, source))[FIRST, 1] == (ClockState.BREACHED, when("Mon 14:00"))
    assert (await told(desk, target))[FIRST, 2] == (ClockState.RUNNING, when("Mon 15:00"))
    await desk.do(reply, target.number, "Sorry", key="b", at=when("Mon 15:10"), **LI)
    assert (await told(desk, target))[FIRST, 2] == (ClockState.BREACHED, when("Mon 15:00"))


async def test_a_clock_that_stood_still_brings_what_it_ran(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 15:30")
    await desk.do(ask_customer, source.number, "Which?", key="q", at=when("Mon 10:00"), **LI)
    await desk.do(hear_customer, chat_of(source), text="That", key="h", at=when("Mon 15:00"))
    await desk.do(merge, source.number, target.number, at=when("Mon 16:00"), **LI)
    now = await told(desk, target)
    assert now[RESOLUTION, 1] == (ClockState.RUNNING, when("Wed 15:00"))  # 14 of 16 hours are left


async def test_undone_each_case_owes_what_is_its_own(desk: Office) -> None:
    source, target = await answered_and_merged(desk, at="Mon 11:00")
    await desk.do(unmerge, source.number, at=when("Mon 11:30"), **LI)
    assert await told(desk, source) == {
        (FIRST, 1): (ClockState.RUNNING, when("Mon 14:30")),
        (RESOLUTION, 1): (ClockState.RUNNING, when("Wed 10:30")),  # it stood still for half an hour
    }
    assert await told(desk, target) == {
        (FIRST, 1): (ClockState.MET, when("Mon 14:30")),
        (RESOLUTION, 1): (ClockState.RUNNING, when("Wed 10:30")),
    }


async def test_undone_the_targets_own_wait_is_counted_from_its_own_beginning(desk: Office) -> None:
    source, target = await answered_and_merged(desk, at="Mon 11:00")
    await desk.do(hear_customer, chat_of(target), text="And till two?", key="h", at=when("Mon 11:10"))
    await desk.do(unmerge, source.number, at=when("Mon 11:30"), **LI)
    now = await told(desk, target)
    assert set(now) == {(FIRST, 1), (NEXT, 1), (RESOLUTION, 1)}
    assert now[NEXT, 1] == (ClockState.RUNNING, when("Tue 11:40"))  # eight hours from ten past eleven


async def test_a_miss_stays_where_it_was_made_though_the_merge_is_undone(desk: Office) -> None:
    source, target = await answered_and_merged(desk)
    await desk.do(unmerge, source.number, at=when("Mon 15:00"), **LI)
    assert (await told(desk, target))[FIRST, 2] == (ClockState.BREACHED, when("Mon 14:00"))


async def test_a_calendar_that_is_corrected_counts_what_was_brought_anew(desk: Office) -> None:
    _, target = await answered_and_merged(desk, at="Mon 11:00")
    async with desk.database.unit_of_work() as work:
        set_desk_calendar(work, ROUND)
        look_again(work, at=when("Mon 11:10"))
    await sweep(desk, "Mon 11:20")
    assert (await told(desk, target))[FIRST, 2] == (ClockState.RUNNING, when("Mon 13:00"))


async def test_why_tells_what_ran_in_the_other_case(desk: Office) -> None:
    _, target = await answered_and_merged(desk)
    events = await desk.see(history, target.id)
    spans = why(events, FIRST, 2, await desk.see(book_for, events), when("Mon 14:00"))
    counted = [span.ends - span.begins for span in spans if span.kind is SpanKind.OPEN]
    assert (spans[0].begins, spans[-1].ends) == (when("Mon 09:00"), when("Mon 14:00"))
    assert sum(counted[1:], counted[0]) == when("Mon 13:00") - when("Mon 09:00")


async def test_a_target_counted_again_after_it_was_dropped_has_a_number_of_its_own(desk: Office) -> None:
    """The customer ends it before the second answer: neither met nor missed. The first keeps its row."""
    _, case = await two(desk, source="Mon 09:00", target="Mon 09:00")
    say: dict[str, Any] = {"key": "a", "at": when("Mon 09:10"), **LI}
    await desk.do(reply, case.number, "Hello", **say)
    await desk.do(hear_customer, chat_of(case), text="And?", key="h1", at=when("Mon 09:20"))
    await desk.do(reply, case.number, "So", key="b", at=when("Mon 09:30"), **LI)
    await desk.do(hear_customer, chat_of(case), text="And?", key="h2", at=when("Mon 09:40"))
    await desk.do(resolve, case.number, SOLVED, by=SYSTEM, at=when("Mon 09:50"))
    await desk.do(hear_customer, chat_of(case), text="No", key="h3", at=when("Mon 10:00"))
    now = await told(desk, case)
    assert now[NEXT, 1][0] is ClockState.MET
    assert now[NEXT, 2][0] is ClockState.RUNNING
