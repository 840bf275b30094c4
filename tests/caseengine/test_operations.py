"""What customers, the bot and agents do with cases, as stories."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from caseengine.agents import LOCKED, Agents
from caseengine.cases import Cases
from caseengine.model.actor import BOT, SYSTEM
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.errors import (
    AgentLocked,
    AgentNotFound,
    CaseChanged,
    CaseTaken,
    ConversationNotFound,
    DepartmentNotFound,
    NotPermitted,
    TextMissing,
    TransitionNotAllowed,
)
from caseengine.model.lifecycle import Status
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    Opening,
    add_to_case,
    ask_customer,
    ask_third_party,
    assign,
    close,
    escalate,
    hand_back,
    hear_customer,
    hear_third_party,
    identify_customer,
    link_cases,
    link_conversation,
    move,
    note,
    open_case,
    open_conversation,
    prioritise,
    renew_promise,
    reopen,
    reply,
    resolve,
    take,
)
from caseengine.reading.case_view import case_view
from customers.contact import Contact
from customers.contacts import Contacts
from storage.errors import AlreadyReceived, Conflict
from storage.transaction import UnitOfWork
from tests.caseengine.office import CUSTOMER, Office, when

SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
CLOSING = {"text": "Solved: replaced the drum", "choices": [{"title": "Yes", "says": "yes"}]}


async def test_a_case_is_opened_with_a_number_and_a_promise(office: Office) -> None:
    case = await office.report(at="Mon 16:30", impact=1, urgency=2)
    assert case.number.startswith("CAS-00001-")
    assert case.due_at == when("Tue 12:00")
    assert (case.priority, case.status) == (Priority.P2, Status.NEW)
    assert await office.told(case) == ["CaseOpened by Ana", "PromiseMade by Ana"]
    assert (await office.report()).number.startswith("CAS-00002-")


async def test_an_opening_names_what_there_is(office: Office) -> None:
    with pytest.raises(DepartmentNotFound):
        await office.report(department="nowhere")
    with pytest.raises(ConversationNotFound):
        await office.report(conversation=uuid4())
    with pytest.raises(TextMissing):
        await office.report(" ")
    with pytest.raises(ValueError, match="CaseType"):
        await office.report(case_type="riddle")
    assert await office.published() == []


async def test_the_random_part_can_be_given(office: Office) -> None:
    opening = Opening(subject="Old", description="", department="tills")
    case = await office.do(open_case, opening, by=SYSTEM, at=when("Mon 09:00"), random=0)
    assert case.number.startswith("CAS-00001-000")


async def test_a_handover_is_taken_answered_and_resolved(office: Office) -> None:
    conversation, case = await office.handed_over()
    assert (await office.conversation(conversation)).mode is Mode.QUEUED

    joined = {"text": "Li has joined"}
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"), notice=joined)
    assert (await office.conversation(conversation)).mode is Mode.AGENT
    await office.do(reply, case.number, "Which till?", key="r1", by=office.li.actor, at=when("Mon 09:11"))
    heard = await office.do(hear_customer, conversation, text="The second", key="a2", at=when("Mon 09:12"))
    assert [found.number for found in heard] == [case.number]
    resolved = await office.do(
        resolve, case.number, SOLVED, closing=CLOSING, by=office.li.actor, at=when("Mon 10:00"), version=7
    )

    kept = await office.conversation(conversation)
    assert (kept.mode, kept.agent_id, kept.live_cases) == (Mode.BOT, None, [])
    assert (resolved.status, resolved.conversation_id, resolved.due_at) == (Status.RESOLVED, conversation, None)
    log = await office.log(conversation)
    assert [(row.body["kind"], row.body["text"]) for row in log] == [
        ("notice", "Li has joined"),
        ("message", "Which till?"),
        ("message", "Solved: replaced the drum"),
    ]
    assert log[2].body["choices"] == CLOSING["choices"]
    assert log[1].body["sender"] == {"role": "agent", "id": str(office.li.id), "name": "Li"}
    assert [found["key"] for found in await office.deliveries()] == [row.key for row in log]
    assert await office.told(case) == [
        "CaseOpened by Ana",
        "PromiseMade by Ana",
        "HandoverRequested by bot",
        "CaseAssigned by Li",
        "AgentReplied by Li",
        "CustomerWrote by customer",
        "PromiseMade by customer",
        "CaseResolved by Li",
    ]
    await office.rows_equal_fold(case)


async def test_the_bot_can_ask_to_confirm_what_was_resolved_here(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 10:00"))
    async with office.database.unit_of_work() as work:
        (found,) = await Cases(work).resolved_in(conversation)
        await close(work, found.number, by=CUSTOMER, at=when("Mon 10:05"))
        assert await Cases(work).resolved_in(conversation) == []
    assert (await office.case(case)).status is Status.CLOSED
    with pytest.raises(TransitionNotAllowed):
        await office.do(close, case.number, by=CUSTOMER, at=when("Mon 10:06"))


async def test_a_reply_reopens_a_resolved_case_to_the_agent_who_had_it(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 11:00"))

    await office.do(hear_customer, conversation, text="It jams again", key="a9", by=CUSTOMER, at=when("Tue 10:00"))

    kept, found = await office.conversation(conversation), await office.case(case)
    assert (kept.mode, kept.agent_id) == (Mode.AGENT, office.li.id)
    assert (found.status, found.agent_id, found.due_at) == (Status.OPEN, office.li.id, when("Tue 15:00"))
    assert (await office.told(case))[-2:] == ["CaseReopened by Ana", "PromiseMade by Ana"]
    await office.rows_equal_fold(case)


async def test_a_case_nobody_had_reopens_into_the_queue(office: Office) -> None:
    conversation = await office.chat()
    case = await office.report_in(conversation)
    await office.do(resolve, case.number, Resolution(ResolutionCode.WITHDRAWN, "x"), by=CUSTOMER, at=when("Mon 09:05"))
    await office.do(reopen, case.number, reason="Not at all", by=CUSTOMER, at=when("Mon 09:30"))
    assert (await office.conversation(conversation)).mode is Mode.QUEUED
    assert (await office.case(case)).status is Status.OPEN


async def test_an_agent_who_reopens_leaves_the_word_with_the_bot(office: Office) -> None:
    conversation = await office.chat()
    case = await office.report_in(conversation)
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 09:05"))
    await office.do(close, case.number, by=SYSTEM, at=when("Mon 09:06"))
    await office.do(reopen, case.number, reason="Too early", by=office.li.actor, at=when("Mon 09:30"))
    assert (await office.conversation(conversation)).mode is Mode.BOT


async def test_nobody_hears_where_there_is_no_case(office: Office) -> None:
    conversation = await office.chat()
    await office.report_in(conversation)
    assert await office.do(hear_customer, conversation, text="Hello", key="a1", at=when("Mon 09:05")) == []


async def test_a_person_wanted_again_reopens_a_resolved_case(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 09:30"))
    await office.hand_over(conversation, case, "Mon 10:00")
    assert (await office.case(case)).due_at == when("Mon 15:00")
    assert (await office.conversation(conversation)).mode is Mode.QUEUED


async def test_who_holds_a_case_joins_the_conversation_that_waits_about_it(office: Office) -> None:
    conversation = await office.chat()
    case = await office.report_in(conversation)
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:05"))
    assert (await office.conversation(conversation)).mode is Mode.BOT
    await office.hand_over(conversation, case, "Mon 10:00")
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 10:05"))
    assert (await office.conversation(conversation)).agent_id == office.li.id


async def test_hand_back_lets_the_bot_speak_and_keeps_the_case(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    found = await office.do(hand_back, case.number, by=office.li.actor, at=when("Mon 09:20"))
    again = await office.do(hand_back, case.number, by=office.li.actor, at=when("Mon 09:21"))
    assert (await office.conversation(conversation)).mode is Mode.BOT
    assert (found.agent_id, found.status, again.version) == (office.li.id, Status.OPEN, found.version)


async def test_two_cases_in_one_conversation(office: Office) -> None:
    conversation = await office.chat()
    till, freezer = (
        await office.report_in(conversation),
        await office.report_in(conversation, "No freezer came", department="deliveries"),
    )
    async with office.database.unit_of_work() as work:
        a, b = await Cases(work).by_id(till.id), await Cases(work).by_id(freezer.id)
        await link_cases(work, a, b, by=BOT, at=when("Mon 09:02"))
        await link_cases(work, b, a, by=BOT, at=when("Mon 09:02"))
    assert (await office.case(till)).links == (freezer.id,)
    await office.hand_over(conversation, till)
    await office.hand_over(conversation, freezer)
    await office.do(take, till.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(take, freezer.number, by=office.mo.actor, at=when("Mon 09:11"))
    assert (await office.conversation(conversation)).agent_id == office.mo.id

    heard = await office.do(hear_customer, conversation, text="And?", key="a3", at=when("Mon 09:12"))
    assert [case.number for case in heard] == [freezer.number]
    await office.do(ask_customer, till.number, "Which till?", key="q", by=office.li.actor, at=when("Mon 09:13"))
    await office.do(reply, freezer.number, "On its way", key="r", by=office.mo.actor, at=when("Mon 09:14"))
    heard = await office.do(hear_customer, conversation, text="The second", key="a4", at=when("Mon 09:15"))
    assert [case.number for case in heard] == [freezer.number, till.number]

    await office.do(resolve, freezer.number, SOLVED, by=office.mo.actor, at=when("Mon 10:00"))
    kept = await office.conversation(conversation)
    assert (kept.mode, kept.agent_id, kept.live_cases) == (Mode.AGENT, office.li.id, [till.id])
    await office.do(resolve, till.number, SOLVED, by=office.li.actor, at=when("Mon 10:10"))
    assert (await office.conversation(conversation)).mode is Mode.BOT
    view = await office.see(case_view, office.li, till.number)
    assert (view.linked, view.conversations) == ([], [conversation])  # Li does not work for deliveries
    assert [row.number for row in (await office.see(case_view, office.mo, till.number)).linked] == [freezer.number]
    for case in (till, freezer):
        await office.rows_equal_fold(case)


async def test_an_unanswered_second_case_keeps_the_customer_in_the_queue(office: Office) -> None:
    conversation, first = await office.handed_over()
    second = await office.report_in(conversation)
    await office.hand_over(conversation, second)
    await office.do(take, first.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(resolve, first.number, SOLVED, by=office.li.actor, at=when("Mon 10:00"))
    assert (await office.conversation(conversation)).mode is Mode.QUEUED


async def test_an_agent_takes_nothing_from_another(office: Office) -> None:
    case = await office.report()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    with pytest.raises(CaseTaken):
        await office.do(take, case.number, by=office.mo.actor, at=when("Mon 09:11"))
    again = await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:12"), version=1)
    assert [line for line in await office.told(again) if line.startswith("CaseAssigned")] == ["CaseAssigned by Li"]
    await office.do(assign, case.number, office.mo.id, by=office.li.actor, at=when("Mon 09:13"))
    assert (await office.case(case)).agent_id == office.mo.id


@pytest.mark.parametrize(
    "operation", [take, reply, note, ask_customer, resolve, escalate, hand_back, assign, move, prioritise]
)
async def test_agents_touch_the_cases_of_their_departments_alone(office: Office, operation: object) -> None:
    case = await office.report(department="deliveries")
    before = len(await office.told(case))
    more: dict[object, tuple[tuple[object, ...], dict[str, object]]] = {
        reply: (("Hi",), {"key": "k"}),
        note: (("Hi",), {}),
        ask_customer: (("Hi",), {"key": "k"}),
        resolve: ((SOLVED,), {}),
        escalate: ((), {"reason": "x"}),
        assign: ((office.li.id,), {}),
        move: (("tills",), {"reason": "x"}),
        prioritise: ((Priority.P1,), {"reason": "x"}),
    }
    words, named = more.get(operation, ((), {}))
    with pytest.raises(NotPermitted):
        await office.do(operation, case.number, *words, by=office.li.actor, at=when("Mon 09:10"), **named)  # type: ignore[arg-type]
    assert len(await office.told(case)) == before


async def test_a_supervisor_works_everywhere_and_nobody_gives_a_case_to_strangers(office: Office) -> None:
    case = await office.report(department="deliveries")
    with pytest.raises(NotPermitted):
        await office.do(assign, case.number, office.li.id, by=office.sam.actor, at=when("Mon 09:10"))
    await office.do(assign, case.number, office.mo.id, by=office.sam.actor, at=when("Mon 09:10"))
    with pytest.raises(AgentNotFound):
        await office.do(assign, case.number, uuid4(), by=office.sam.actor, at=when("Mon 09:10"))
    with pytest.raises(AgentNotFound):
        await office.do(take, case.number, by=CUSTOMER, at=when("Mon 09:10"))


async def test_nothing_is_given_to_who_is_locked_out(office: Office) -> None:
    case = await office.report()
    async with office.database.unit_of_work() as work:
        Agents(work).set_password(office.li.id, LOCKED)
    with pytest.raises(AgentLocked):
        await office.do(assign, case.number, office.li.id, by=office.mo.actor, at=when("Mon 09:10"))
    assert (await office.case(case)).agent_id is None


async def test_a_case_of_who_is_locked_out_reopens_into_the_queue(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 09:20"))
    async with office.database.unit_of_work() as work:
        Agents(work).set_password(office.li.id, LOCKED)
    await office.do(reopen, case.number, reason="Again", by=CUSTOMER, at=when("Mon 10:00"))
    assert (await office.case(case)).agent_id is None
    assert (await office.conversation(conversation)).mode is Mode.QUEUED
    await office.rows_equal_fold(case)


async def test_a_case_speaks_the_language_of_its_conversation(office: Office) -> None:
    conversation = uuid4()
    told = {"channel": "webchat", "visitor": "visitor-1", "locale": "de-AT"}
    await office.do(open_conversation, id=conversation, **told, at=when("Mon 09:00"))
    assert (await office.report_in(conversation)).language == "de"
    assert (await office.report()).language == ""


async def test_who_looked_at_an_older_version_looks_again(office: Office) -> None:
    case = await office.report()
    await office.do(note, case.number, "Odd", by=office.li.actor, at=when("Mon 09:10"), version=2)
    with pytest.raises(CaseChanged) as refused:
        await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 09:11"), version=2)
    assert refused.value.params == {"expected": 2, "found": 3}


async def test_the_same_reply_twice_is_one_reply(office: Office) -> None:
    conversation, case = await office.handed_over()
    at, by = when("Mon 09:10"), office.li.actor
    first = await office.do(reply, case.number, "Hello", key="r1", by=by, at=at, version=3)
    again = await office.do(reply, case.number, "Hello", key="r1", by=by, at=at, version=3)
    assert first.version == again.version
    assert first.agent_id == office.li.id  # who answers a case nobody holds, holds it
    assert (await office.conversation(conversation)).mode is Mode.AGENT
    assert len(await office.log(conversation)) == len(await office.deliveries()) == 1


async def test_the_same_reply_five_times_at_once_is_one_reply(office: Office) -> None:
    conversation, case = await office.handed_over()
    at, by = when("Mon 09:10"), office.li.actor
    answers = await asyncio.gather(
        *(office.do(reply, case.number, "Hello", key="r1", by=by, at=at) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(answer, Case | Conflict | AlreadyReceived) for answer in answers)
    assert len(await office.log(conversation)) == 1
    assert (await office.told(case)).count("AgentReplied by Li") == 1


async def test_a_case_without_a_conversation_is_answered_all_the_same(office: Office) -> None:
    case = await office.report()
    found = await office.do(reply, case.number, "Hello", key="r1", by=office.li.actor, at=when("Mon 09:10"))
    await office.do(resolve, case.number, SOLVED, closing="Done", by=office.li.actor, at=when("Mon 09:20"))
    assert found.status is Status.OPEN
    assert await office.deliveries() == []


async def test_a_case_that_ended_is_not_answered(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Mon 09:20"))
    with pytest.raises(TransitionNotAllowed):
        await office.do(reply, case.number, "Oh", key="r1", by=office.li.actor, at=when("Mon 09:21"))
    assert await office.log(conversation) == []
    await office.do(note, case.number, "Still odd", by=office.li.actor, at=when("Mon 09:22"))


async def test_a_case_moves_to_another_department_and_its_customer_waits_again(office: Office) -> None:
    conversation, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    moved = await office.do(
        move, case.number, "deliveries", reason="A freezer", by=office.li.actor, at=when("Mon 09:15")
    )
    assert (moved.department, moved.agent_id) == ("deliveries", None)
    assert (await office.conversation(conversation)).mode is Mode.QUEUED
    with pytest.raises(NotPermitted):
        await office.do(note, case.number, "Hm", by=office.li.actor, at=when("Mon 09:16"))
    with pytest.raises(DepartmentNotFound):
        await office.do(move, case.number, "nowhere", reason="x", by=office.mo.actor, at=when("Mon 09:17"))
    same = await office.do(move, case.number, "deliveries", reason="x", by=office.mo.actor, at=when("Mon 09:18"))
    assert same.version == moved.version
    await office.rows_equal_fold(case)


async def test_priority_and_level_are_raised_with_reasons(office: Office) -> None:
    case = await office.report()
    await office.do(prioritise, case.number, Priority.P1, reason="All tills", by=office.li.actor, at=when("Mon 09:10"))
    await office.do(escalate, case.number, reason="Twice this week", by=office.li.actor, at=when("Mon 09:11"))
    with pytest.raises(TextMissing):
        await office.do(escalate, case.number, reason="", by=office.li.actor, at=when("Mon 09:12"))
    found = await office.case(case)
    assert (found.priority, found.escalation_level) == (Priority.P1, 1)
    await office.rows_equal_fold(case)


async def test_somebody_outside_is_waited_for(office: Office) -> None:
    case = await office.report()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    waiting = await office.do(ask_third_party, case.number, "A part", by=office.li.actor, at=when("Mon 09:11"))
    assert waiting.status is Status.WAITING_ON_THIRD_PARTY
    going_on = await office.do(hear_third_party, case.number, "Sent", by=office.li.actor, at=when("Mon 09:12"))
    assert going_on.status is Status.OPEN


async def test_nobody_came_so_the_promise_is_renewed_and_the_case_raised(office: Office) -> None:
    case = await office.report(at="Mon 09:00")

    async def sweep(work: UnitOfWork, at: str) -> Case:
        return await renew_promise(work, await Cases(work).by_id(case.id), by=SYSTEM, at=when(at))

    early = await office.do(sweep, "Mon 13:59")
    assert early.version == case.version
    late = await office.do(sweep, "Mon 15:00")
    assert (late.escalation_level, late.due_at) == (1, when("Tue 10:30"))
    twice = await office.do(sweep, "Mon 15:01")
    assert twice.version == late.version
    assert (await office.told(case))[-2:] == ["CaseEscalated by system", "PromiseMade by system"]


async def test_words_added_renew_a_kept_promise_only(office: Office) -> None:
    case = await office.report(at="Mon 09:00")

    async def add(work: UnitOfWork, at: str) -> Case:
        return await add_to_case(work, await Cases(work).by_id(case.id), "More", by=CUSTOMER, at=when(at))

    assert (await office.do(add, "Mon 10:00")).due_at == when("Mon 14:00")
    await office.do(reply, case.number, "Noted", key="r", by=office.li.actor, at=when("Mon 11:00"))
    assert (await office.do(add, "Tue 09:00")).due_at == when("Tue 09:00") + timedelta(hours=5)  # lunch between


async def test_a_case_goes_on_in_another_conversation(office: Office) -> None:
    first, second = await office.chat(), await office.chat("Tue 09:00")
    case = await office.report_in(first)

    async def go_on(work: UnitOfWork) -> Case:
        return await link_conversation(
            work, await Cases(work).by_id(case.id), second, by=CUSTOMER, at=when("Tue 09:01")
        )

    await office.do(go_on)
    await office.do(reply, case.number, "Here", key="r", by=office.li.actor, at=when("Tue 09:05"))
    assert [row.body["text"] for row in await office.log(second)] == ["Here"]
    assert await office.log(first) == []
    assert not (await office.conversation(second)).cases[case.id].opened
    await office.rows_equal_fold(case)


async def test_who_proves_themselves_later_owns_what_they_opened(office: Office) -> None:
    conversation = await office.chat()
    case = await office.report_in(conversation)
    contact, another = Contact(uuid4(), "Ana", "en"), Contact(uuid4(), "Bo", "en")
    async with office.database.unit_of_work() as work:
        Contacts(work).add(contact)
        Contacts(work).add(another)
    named = {"account_id": None, "by": CUSTOMER}
    (found,) = await office.do(identify_customer, conversation, contact_id=contact.id, at=when("Mon 09:10"), **named)
    assert found.contact_id == contact.id
    taken = await office.do(identify_customer, conversation, contact_id=another.id, at=when("Mon 09:20"), **named)
    assert taken == []
    await office.rows_equal_fold(case)


async def test_people_let_go_of_the_conversation_a_case_moved_on_from(office: Office) -> None:
    first, case = await office.handed_over()
    await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
    second = await office.chat("Tue 09:00")
    await office.hand_over(second, case, "Tue 09:01")
    assert (await office.conversation(first)).mode is Mode.BOT
    await office.do(reply, case.number, "Here", key="r", by=office.li.actor, at=when("Tue 09:05"))
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=when("Tue 10:00"))
    assert (await office.conversation(second)).mode is Mode.BOT
