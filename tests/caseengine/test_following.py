"""After the end: a reply reopens for a while, later it opens a case that follows; silence closes; nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest

from app.jobs.closing import Closing
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import add_to_case, close, fill, hand_over, hear_customer, reopen, resolve, tag, take
from caseengine.reading.case_view import case_view
from caseengine.reading.closing import closed_by_customer, silent
from caseengine.rulebooks import Rulebook, decide
from storage.transaction import UnitOfWork
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import CUSTOMER, Office, when
from tests.caseengine.test_plans import BIG, plan_of

SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
DONE = when("Mon 10:00")


async def resolved(office: Office) -> Case:
    chat, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=DONE)
    assert (await office.conversation(chat)).mode is Mode.BOT
    return case


async def writes(office: Office, case: Case, **later: float) -> Case:
    """The customer, in the conversation of the case, some time after its end."""
    at = DONE + timedelta(**later)
    heard = await office.do(hear_customer, chat_of(case), text="It jams again", key=f"k{at}", at=at)
    return heard[0]


async def silence(office: Office, **later: float) -> None:
    await Closing(office.database, lambda: DONE + timedelta(**later)).run()


async def test_silence_closes_and_a_reply_in_time_reopens_for_the_same_agent(office: Office) -> None:
    case = await resolved(office)
    await silence(office, days=4, hours=23)
    assert (await office.case(case)).status is Status.RESOLVED
    await silence(office, days=5)
    assert (await office.told(case))[-1] == "CaseClosed by system"
    assert not await office.see(closed_by_customer, case.id)
    back = await writes(office, case, days=9)
    assert (back.id, back.status, back.agent_id) == (case.id, Status.OPEN, office.li.id)
    assert back.due_at is not None
    assert (await office.conversation(chat_of(case))).agent_id == office.li.id
    await office.rows_equal_fold(case)


@pytest.mark.parametrize("closed", [True, False])
async def test_a_reply_too_late_opens_a_case_that_follows(office: Office, closed: bool) -> None:
    case = await resolved(office)
    if closed:
        await silence(office, days=6)
    later = await writes(office, case, days=14, hours=1)
    assert (later.follows, later.status) == (case.id, Status.NEW)
    assert (later.description, later.subject, later.department) == ("It jams again", case.subject, case.department)
    assert later.conversation_id == case.conversation_id
    assert later.due_at is not None
    assert case.id in later.links
    assert (await office.conversation(chat_of(case))).mode is Mode.QUEUED
    told = await office.told(case)
    assert "FollowUpOpened by customer" in told
    view = await office.see(case_view, office.li, later.number)
    assert view.kept.follows is not None
    assert view.kept.follows.number == case.number
    for one in (case, later):
        await office.rows_equal_fold(one)


async def test_further_words_go_to_the_case_that_follows_already(office: Office) -> None:
    case = await resolved(office)
    await office.do(close, case.number, by=CUSTOMER, at=DONE)

    async def add(work: UnitOfWork, text: str) -> Case:
        return await add_to_case(
            work, await Cases(work).by_id(case.id), text, by=CUSTOMER, at=DONE + timedelta(days=30)
        )

    first, again = await office.do(add, "It jams"), await office.do(add, "Badly")
    assert first.follows == case.id
    assert again.id == first.id
    assert (await office.told(first))[-1] == "CustomerWrote by Ana"
    await office.do(resolve, first.number, SOLVED, by=office.li.actor, at=DONE + timedelta(days=31))
    await office.do(close, first.number, by=CUSTOMER, at=DONE + timedelta(days=31))
    assert (await office.do(add, "Once more")).id == first.id  # which may be reopened itself


async def test_a_case_that_follows_is_what_the_one_before_was(office: Office) -> None:
    case = await resolved(office)
    forms = {"forms": {"incident": {"type": "object", "properties": {"till": {"type": "integer"}}}}}
    await office.do(decide, Rulebook.FORMS, forms, by=office.sam.actor, at=DONE)
    await office.do(tag, case.number, add=["till"], by=office.li.actor, at=DONE)
    await office.do(fill, case.number, {"till": 4}, by=office.li.actor, at=DONE)
    later = await writes(office, case, days=15)
    assert (later.tags, later.fields, later.priority) == (("till",), {"till": 4}, case.priority)
    await office.rows_equal_fold(later)


async def test_a_case_that_follows_a_call_speaks_its_language_and_says_how_it_came_in(office: Office) -> None:
    """Where it goes on in a conversation, that is how it came in."""
    phoned, written = [await office.report(channel="telephone", language="de") for _ in range(2)]
    chat = await office.chat()
    for case, here, expected in ((phoned, None, ("telephone", "de")), (written, chat, ("", "en"))):
        await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=DONE)
        later: dict[str, Any] = {"by": CUSTOMER, "at": DONE + timedelta(days=15), "conversation": here}
        async with office.database.unit_of_work() as work:
            following = await add_to_case(work, await Cases(work).by_id(case.id), "It jams again", **later)
        assert following.follows == case.id
        assert (following.channel, following.language) == expected
        await office.rows_equal_fold(following)


async def test_who_wants_a_person_about_what_ended_long_ago_has_a_case_that_follows(office: Office) -> None:
    case = await resolved(office)
    chat = await office.chat("Tue 09:00")

    async def wanted(work: UnitOfWork) -> Case:
        found = await Cases(work).by_id(case.id)
        told: dict[str, Any] = {"reason": "asked_for_person", "summary": {}, "by": CUSTOMER}
        return await hand_over(work, chat, found, at=DONE + timedelta(days=30), **told)

    later = await office.do(wanted)
    assert (later.follows, later.conversation_id) == (case.id, chat)
    assert (await office.case(case)).status is Status.RESOLVED
    assert (await office.conversation(chat)).mode is Mode.QUEUED


async def test_every_way_a_customer_has_ends_somewhere(office: Office) -> None:
    case = await resolved(office)
    await office.do(close, case.number, by=CUSTOMER, at=DONE)

    async def add(work: UnitOfWork, days: float) -> Case:
        found = await Cases(work).by_id(case.id)
        return await add_to_case(work, found, "More", by=CUSTOMER, at=DONE + timedelta(days=days))

    assert (await office.do(add, 3)).id == case.id
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=DONE)
    late: dict[str, Any] = {"by": CUSTOMER, "at": DONE + timedelta(days=20)}
    first = await office.do(add, 20)
    second = await office.do(reopen, case.number, reason="It is not done", **late)
    assert {first.follows, second.follows} == {case.id}
    agent: dict[str, Any] = {"by": office.li.actor, "at": DONE + timedelta(days=20)}
    assert (await office.do(reopen, case.number, reason="We were wrong", **agent)).id == case.id


async def test_the_desk_decides_how_long(office: Office) -> None:
    rules = {"reopen_within_days": 1, "close_after_days": 0.5}
    await office.do(decide, Rulebook.CASES, rules, by=office.sam.actor, at=DONE)
    case = await resolved(office)
    await silence(office, hours=13)
    assert (await office.case(case)).status is Status.CLOSED
    assert (await writes(office, case, hours=25)).follows == case.id


async def test_closing_goes_through_all_that_are_due_and_no_other(office: Office) -> None:
    cases = [await office.report(str(place)) for place in range(5)]
    for case in cases[:4]:
        await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=DONE)
    await office.do(reopen, cases[3].number, reason="Again", by=CUSTOMER, at=DONE)
    await silence(office, days=6)
    statuses = [(await office.case(case)).status for case in cases]
    assert statuses == [Status.CLOSED] * 3 + [Status.OPEN, Status.NEW]


async def test_the_sweep_looks_at_what_is_due_alone(office: Office) -> None:
    plan = await plan_of(office, silent, DONE)
    assert not [step for step in plan if step.startswith("SCAN ") and step.split()[1] in BIG]
    assert any("ix_cases_status_resolved_at" in step for step in plan)
