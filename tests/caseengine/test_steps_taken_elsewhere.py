"""Where a wait goes on in another case, that case's miss is told, and no step after it is taken a second time."""

from typing import Any

import pytest

from app.rulebooks import put_in_force
from caseengine.cases import history
from caseengine.clocks import book_for
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import LadderStepTaken, TargetBreached
from caseengine.model.sla import Target
from caseengine.operations import hear_customer, merge, split, unmerge
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook
from caseengine.sla_replay import replay
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import Office, when
from tests.caseengine.test_waits_go_on import LI, sweep, told, two

AFTER: list[dict[str, Any]] = [
    {"target": "first_response", "after": "30m", "do": "raise"},
    {"target": "first_response", "after": "1h", "do": "tell_manager"},
]
SLA: dict[str, Any] = {
    "policies": {
        "p": {"targets": {"first_response": "1h"}, "ladder": AFTER},
        "angry": {"targets": {"first_response": "1h"}, "ladder": AFTER},
    },
    "choose": {
        "default": "p",
        "type_and_priority": [{"when": {"fact": "case_type", "is": "complaint"}, "policy": "angry"}],
    },
}


@pytest.fixture
async def desk(office: Office) -> Office:
    await office.do(put_in_force, Rulebook.SLA, SLA, by=SYSTEM, at=when("Mon 08:00"))
    return office


async def steps(office: Office, case: Case) -> list[str]:
    """What the ladder did here, with the miss; the rows are what the history adds up to."""
    await told(office, case)
    found = [
        event for event in await office.see(history, case.id) if isinstance(event, LadderStepTaken | TargetBreached)
    ]
    return [event.action if isinstance(event, LadderStepTaken) else "missed" for event in found]


async def missed_and_raised(office: Office, *, target: str = "Mon 11:00") -> tuple[Case, Case]:
    """The one was missed at ten and raised at half past; the other is younger than that."""
    cases = await two(office, source="Mon 09:00", target=target)
    await sweep(office, "Mon 10:01")
    await sweep(office, "Mon 10:31")
    assert await steps(office, cases[0]) == ["missed", "raise"]
    return cases


async def test_merged_a_case_is_not_raised_again_for_the_same_wait(desk: Office) -> None:
    source, target = await missed_and_raised(desk)
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 11:11")
    assert await steps(desk, target) == ["missed"]
    await sweep(desk, "Mon 11:45")
    assert (await desk.case(target)).escalation_level == 1  # that of the source
    await sweep(desk, "Mon 12:15")
    assert await steps(desk, target) == ["missed", "tell_manager"]  # nobody told them yet
    assert (await desk.case(target)).escalation_level == 1


async def test_split_off_a_case_is_not_raised_for_a_wait_that_was(desk: Office) -> None:
    first, _ = await missed_and_raised(desk)
    second = await desk.do(split, first.number, subject="B", text="the B of it", at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 11:11")
    await sweep(desk, "Mon 11:45")
    assert await steps(desk, second) == ["missed"]
    assert (await desk.case(second)).escalation_level == 0
    await sweep(desk, "Mon 12:15")
    assert await steps(desk, second) == ["missed", "tell_manager"]


async def test_whatever_happens_before_the_miss_is_told(desk: Office) -> None:
    source, target = await missed_and_raised(desk)
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    await desk.do(hear_customer, chat_of(target), text="Hello?", key="h", at=when("Mon 11:11"))
    await sweep(desk, "Mon 11:45")
    assert await steps(desk, target) == ["missed"]


async def test_split_off_what_was_just_merged_has_no_step_taken_again(desk: Office) -> None:
    source, target = await missed_and_raised(desk)
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    second = await desk.do(split, target.number, subject="B", text="the B of it", at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 11:11")
    await sweep(desk, "Mon 11:45")
    assert await steps(desk, target) == await steps(desk, second) == ["missed"]


async def test_another_ladder_has_taken_nothing(desk: Office) -> None:
    source = (await missed_and_raised(desk))[0]
    target = await desk.report_in(chat_of(source), "No!", at="Mon 11:00", case_type="complaint")
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 11:11")
    await sweep(desk, "Mon 11:45")
    assert await steps(desk, target) == ["missed", "raise"]
    assert (await desk.case(target)).escalation_level == 2


async def test_undone_its_own_wait_has_the_whole_ladder_before_it(desk: Office) -> None:
    source, target = await missed_and_raised(desk)
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    await desk.do(unmerge, source.number, at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 12:01")
    await sweep(desk, "Mon 12:31")
    assert await steps(desk, target) == ["missed", "raise"]


async def test_lived_again_it_takes_what_it_took(desk: Office) -> None:
    source, target = await missed_and_raised(desk)
    await desk.do(merge, source.number, target.number, at=when("Mon 11:10"), **LI)
    await sweep(desk, "Mon 11:11")
    await sweep(desk, "Mon 12:15")
    events = await desk.see(history, target.id)
    again = replay(events, await desk.see(book_for, events), Period(when("Mon 08:00"), when("Mon 13:00")))
    taken = [one.what for one in again.steps[Target.FIRST_RESPONSE, 1]]
    assert [what for what in taken if not what.startswith("warn")] == ["breach", "tell_manager"]
