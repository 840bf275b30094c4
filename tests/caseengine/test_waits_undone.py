"""Nobody is made to wait, and nobody is promised anything, by a merge that was undone."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from app.jobs.promises import Promises
from app.rulebooks import put_in_force
from bot.replies.catalogue import load_catalogue
from caseengine.calendar_corrections import look_again
from caseengine.calendars import set_desk_calendar
from caseengine.cases import Cases, history
from caseengine.clocks import all_clocks, book_for
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.model.priority import Priority
from caseengine.model.sla import ClockState, SpanKind, why
from caseengine.operations import (
    ask_customer,
    ask_third_party,
    hear_third_party,
    merge,
    prioritise,
    reply,
    split,
    unmerge,
)
from caseengine.rulebooks import Rulebook
from storage.transaction import UnitOfWork
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import CALENDAR, CUSTOMER, Office, when
from tests.caseengine.test_waits_go_on import FIRST, LI, NEXT, RESOLUTION, SLA, answered_and_merged, sweep, told, two

LADDERS = {
    "policies": {
        "calm": {"targets": {"first_response": "8h"}},
        "angry": {
            "targets": {"first_response": "6h"},
            "ladder": [
                {"target": "first_response", "share": 0.5, "do": "raise"},
                {"target": "first_response", "share": 0.6, "do": "tell_manager"},
            ],
        },
    },
    "choose": {
        "default": "calm",
        "type_and_priority": [{"when": {"fact": "case_type", "is": "complaint"}, "policy": "angry"}],
    },
}


STANDS_STILL = {
    "policies": {
        "p": {
            "targets": {"first_response": "4h", "next_response": "8h"},
            "pauses_in": {"next_response": ["waiting_on_third_party"]},
        }
    },
    "choose": {"default": "p"},
}


@pytest.fixture
async def desk(office: Office) -> Office:
    await office.do(put_in_force, Rulebook.SLA, SLA, by=SYSTEM, at=when("Mon 08:00"))
    return office


async def promises(office: Office, at: str) -> None:
    catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="X")
    await Promises(office.database, catalogue, lambda: when(at)).run()


async def says(office: Office, case: Case, at: str, *, asks: bool = False) -> None:
    say = ask_customer if asks else reply
    await office.do(say, case.number, "Which?", key=f"{case.number}-{at}", at=when(at), **LI)


async def writes(office: Office, case: Case, at: str) -> None:
    """What its customer writes about this case and no other."""

    async def hears(work: UnitOfWork) -> None:
        (await Cases(work).by_id(case.id)).hear_customer("And?", by=CUSTOMER, at=when(at))

    await office.do(hears)


async def merged_and_undone(office: Office, source: Case, target: Case, at: str, until: str) -> None:
    await office.do(merge, source.number, target.number, at=when(at), **LI)
    await office.do(unmerge, source.number, at=when(until), **LI)


@pytest.mark.parametrize("first_undone", [0, 1])
async def test_two_merges_that_are_undone_leave_no_wait(desk: Office, first_undone: int) -> None:
    one, target = await two(desk, source="Mon 09:00", target="Mon 10:00")
    other = await desk.report_in(chat_of(target), "Till three", at="Mon 09:30")
    await says(desk, target, "Mon 10:10")
    alone = await told(desk, target)
    for source in (one, other):
        await desk.do(merge, source.number, target.number, at=when("Mon 11:00"), **LI)
    for source in (one, other) if first_undone == 0 else (other, one):
        await desk.do(unmerge, source.number, at=when("Mon 11:10"), **LI)
    assert await told(desk, target) == alone
    await sweep(desk, "Mon 18:00")
    assert (await desk.case(target)).escalation_level == 0


async def test_undone_nothing_is_promised_to_whoever_waits_for_nothing(desk: Office) -> None:
    source, target = await answered_and_merged(desk, at="Mon 11:00")
    assert (await desk.case(target)).due_at is not None
    await desk.do(unmerge, source.number, at=when("Mon 11:30"), **LI)
    await says(desk, source, "Mon 11:31")
    assert (await desk.case(target)).due_at is None
    await promises(desk, "Mon 17:00")
    for case in (source, target):
        assert ((await desk.case(case)).due_at, (await desk.case(case)).escalation_level) == (None, 0)


async def test_undone_a_promise_of_its_own_stands(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 10:00")
    own = target.due_at
    await merged_and_undone(desk, source, target, "Mon 11:00", "Mon 11:30")
    assert (await desk.case(target)).due_at == own
    assert (await told(desk, target))[FIRST, 1] == (ClockState.RUNNING, own)


async def test_what_was_asked_or_answered_is_not_promised_anew(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 09:00")
    await says(desk, source, "Mon 09:10", asks=True)
    await says(desk, target, "Mon 09:10", asks=True)
    await merged_and_undone(desk, source, target, "Mon 09:20", "Mon 09:30")
    assert (await desk.case(source)).due_at is None
    await desk.do(merge, source.number, target.number, at=when("Mon 09:40"), **LI)
    now = await desk.case(target)
    assert (now.status, now.due_at) == (Status.WAITING_ON_CUSTOMER, None)  # it waits in both


async def test_undone_a_case_waits_for_its_customer_as_it_did(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 09:00")
    await says(desk, target, "Mon 09:10", asks=True)
    await desk.do(merge, source.number, target.number, at=when("Mon 09:20"), **LI)
    assert (await desk.case(target)).status is Status.OPEN
    await desk.do(unmerge, source.number, at=when("Mon 09:30"), **LI)
    now = await desk.case(target)
    assert (now.status, now.due_at) == (Status.WAITING_ON_CUSTOMER, None)
    assert (await told(desk, target))[RESOLUTION, 1] == (ClockState.PAUSED, None)


async def test_a_miss_of_the_others_wait_has_ended_and_its_ladder_with_it(desk: Office) -> None:
    source, target = await answered_and_merged(desk)
    await desk.do(unmerge, source.number, at=when("Mon 15:00"), **LI)
    missed = next(one for one in await desk.see(all_clocks, target.id) if (one.target, one.cycle) == (FIRST, 2))
    assert (missed.breached_at, missed.ended_at, missed.next_at) == (when("Mon 14:00"), when("Mon 15:00"), None)


async def test_undone_a_wait_that_stood_still_from_its_beginning_is_still_there(office: Office) -> None:
    """It is the second wait for a next answer here: the number of the first is taken."""
    await office.do(put_in_force, Rulebook.SLA, STANDS_STILL, by=SYSTEM, at=when("Mon 08:00"))
    source, target = await two(office, source="Mon 09:00", target="Mon 09:10")
    await says(office, source, "Mon 09:20")
    await says(office, target, "Mon 09:20")
    await writes(office, target, "Mon 09:30")
    await says(office, target, "Mon 09:40")
    await writes(office, source, "Mon 09:50")
    await office.do(ask_third_party, target.number, "Maker?", at=when("Mon 09:55"), **LI)
    await office.do(merge, source.number, target.number, at=when("Mon 10:30"), **LI)
    await writes(office, target, "Mon 10:40")
    await office.do(unmerge, source.number, at=when("Mon 10:50"), **LI)
    assert (await told(office, target))[NEXT, 2] == (ClockState.PAUSED, None)
    own = next(one for one in await office.see(all_clocks, target.id) if (one.target, one.cycle) == (NEXT, 2))
    assert (own.started_at, own.spent) == (when("Mon 10:40"), timedelta(0))
    await office.do(hear_third_party, target.number, "So", at=when("Mon 11:00"), **LI)
    assert (await told(office, target))[NEXT, 2] == (ClockState.RUNNING, when("Tue 11:30"))


async def test_a_step_that_was_taken_nowhere_is_taken(office: Office) -> None:
    """By the target's ladder it is behind; the other case had no ladder."""
    await office.do(put_in_force, Rulebook.SLA, LADDERS, by=SYSTEM, at=when("Mon 08:00"))
    chat = await office.chat(at="Mon 09:00")
    source = await office.report_in(chat, "A", at="Mon 09:00")
    target = await office.report_in(chat, "B", at="Mon 11:00", case_type="complaint")
    await office.do(merge, source.number, target.number, at=when("Mon 14:15"), **LI)
    await sweep(office, "Mon 14:16")
    assert (await office.told(target))[-2:] == ["LadderStepTaken by system"] * 2
    assert (await office.case(target)).escalation_level == 1
    await told(office, target)


async def test_why_tells_what_was_counted_though_both_began_at_once(desk: Office) -> None:
    source, target = await two(desk, source="Mon 09:00", target="Mon 09:00")
    await says(desk, source, "Mon 10:00", asks=True)
    await desk.do(prioritise, target.number, Priority(1), reason="urgent", at=when("Mon 15:00"), **LI)
    due = (await told(desk, target))[RESOLUTION, 1]
    await desk.do(merge, source.number, target.number, at=when("Mon 16:00"), **LI)
    assert (await told(desk, target))[RESOLUTION, 1] == due
    events = await desk.see(history, target.id)
    spans = why(events, RESOLUTION, 1, await desk.see(book_for, events), when("Mon 16:00"))
    assert sum((one.ends - one.begins for one in spans if one.kind is SpanKind.OPEN), timedelta()) == timedelta(
        hours=16
    )


async def test_a_corrected_calendar_is_walked_to_whoever_took_over_what_ran_then(desk: Office) -> None:
    monday = when("Mon 09:00").date()
    async with desk.database.unit_of_work() as work:
        set_desk_calendar(work, replace(CALENDAR, overrides={monday: ()}))
    source, target = await two(desk, source="Mon 09:00", target="Thu 11:00")
    await says(desk, source, "Mon 17:30", asks=True)
    await desk.do(merge, source.number, target.number, at=when("Thu 12:00"), **LI)
    async with desk.database.unit_of_work() as work:
        set_desk_calendar(work, CALENDAR)
        look_again(work, days=(monday, monday), at=when("Thu 12:05"))
    await sweep(desk, "Thu 12:10")
    assert (await told(desk, target))[RESOLUTION, 1] == (ClockState.RUNNING, when("Fri 14:00"))


async def test_whoever_waits_goes_on_waiting_in_a_case_that_is_split_off(desk: Office) -> None:
    first, _ = await two(desk, source="Mon 09:00", target="Mon 09:00")
    second = await desk.do(split, first.number, subject="B", text="the B of it", at=when("Mon 12:20"), **LI)
    assert (await told(desk, second))[FIRST, 1] == (ClockState.RUNNING, when("Mon 14:00"))
    assert second.due_at == first.due_at == when("Mon 14:00")


async def test_whoever_was_answered_begins_to_wait_with_the_split(desk: Office) -> None:
    first, _ = await two(desk, source="Mon 09:00", target="Mon 09:00")
    await says(desk, first, "Mon 10:00")
    second = await desk.do(split, first.number, subject="B", text="the B of it", at=when("Mon 11:00"), **LI)
    assert (await told(desk, second))[FIRST, 1] == (ClockState.RUNNING, when("Mon 16:00"))
