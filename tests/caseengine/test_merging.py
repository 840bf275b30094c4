"""Two cases of one customer become one, and two again."""

import pytest

from caseengine.cases import Cases
from caseengine.clocks import all_clocks
from caseengine.model.case import Case
from caseengine.model.case_errors import CaseItself, CustomersDiffer, MergeChained
from caseengine.model.conversation import Mode
from caseengine.model.errors import CaseNotFound, NotPermitted, TransitionNotAllowed
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.sla import Target
from caseengine.operations import (
    add_to_case,
    ask_customer,
    case_for,
    escalate,
    hear_customer,
    identify_customer,
    merge,
    reply,
    resolve,
    set_parent,
    split,
    take,
    unmerge,
    watch,
)
from caseengine.reading.cases import cases_of
from caseengine.reading.timeline import timeline
from customers.assurance import Level
from storage.transaction import UnitOfWork
from tests.caseengine.any_order import chat_of
from tests.caseengine.office import CUSTOMER, Office, when
from tests.caseengine.test_access import account, person, viewer
from tests.caseengine.test_any_order import word_is_where_it_belongs

SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")


async def two_of_ana(office: Office) -> tuple[Case, Case]:
    """Two chats of one contact, with people in the first."""
    ana = await person(office.database)
    chat = await office.chat()
    source = await office.report_in(chat, "The till jams again", contact_id=ana)
    target = await office.report_in(await office.chat("Mon 09:01"), "Till number two jams", contact_id=ana)
    await office.hand_over(chat, source)
    await office.do(take, source.number, by=office.li.actor, at=when("Mon 09:06"))
    return source, target


async def test_what_the_customer_writes_after_a_merge_reaches_the_target(office: Office) -> None:
    source, target = await two_of_ana(office)
    by = {"by": office.li.actor, "at": when("Mon 09:10")}
    merged = await office.do(merge, source.number, target.number, notice="It goes on there", **by)
    assert (merged.status, merged.merged_into, merged.due_at) == (Status.MERGED, target.id, None)
    now = await office.case(target)
    assert (now.agent_id, now.conversation_id) == (office.li.id, source.conversation_id)  # whoever was with them stays
    await office.do(hear_customer, chat_of(source), text="Still jammed", key="k1", at=when("Mon 09:15"))
    assert (await office.told(target))[-1] == "CustomerWrote by customer"
    assert [row.body["text"] for row in await office.log(chat_of(source))] == ["It goes on there"]
    for chat in (chat_of(source), chat_of(target)):
        await word_is_where_it_belongs(office, chat)
    for case in (source, target):
        await office.rows_equal_fold(case)


async def test_undone_everything_is_where_it_was_and_later_words_stay_at_the_target(office: Office) -> None:
    source, target = await two_of_ana(office)
    li = office.li.actor
    await office.do(merge, source.number, target.number, by=li, at=when("Mon 09:10"))
    await office.do(reply, target.number, "On our way", key="r1", by=li, at=when("Mon 09:12"))
    back = await office.do(unmerge, source.number, by=li, at=when("Mon 09:20"))
    assert (back.status, back.agent_id, back.merged_into) == (Status.OPEN, office.li.id, None)
    assert back.due_at == when("Mon 14:10")  # its clock stood still while it was merged
    assert (await office.case(target)).conversation_id == target.conversation_id
    assert (await office.conversation(chat_of(source))).live_cases == [source.id]
    assert "AgentReplied by Li" in await office.told(target)
    assert "AgentReplied by Li" not in await office.told(source)
    await office.do(hear_customer, chat_of(source), text="Hello?", key="k2", at=when("Mon 09:25"))
    assert (await office.told(source))[-1].startswith("CustomerWrote")
    for case in (source, target):
        await office.rows_equal_fold(case)
    for chat in (chat_of(source), chat_of(target)):
        await word_is_where_it_belongs(office, chat)


async def test_a_case_waits_again_for_what_it_waited_for(office: Office) -> None:
    source, target = await two_of_ana(office)
    li = office.li.actor
    await office.do(ask_customer, source.number, "Which till?", key="q", by=li, at=when("Mon 09:08"))
    await office.do(merge, source.number, target.number, by=li, at=when("Mon 09:10"))
    back = await office.do(unmerge, source.number, by=li, at=when("Mon 09:20"))
    assert back.status is Status.WAITING_ON_CUSTOMER


async def test_the_target_tells_both_stories_in_order_of_time(office: Office) -> None:
    source, target = await two_of_ana(office)
    await office.do(merge, source.number, target.number, by=office.li.actor, at=when("Mon 09:10"))
    lines = await office.see(timeline, target.id, public_only=False)
    assert {line.number for line in lines} == {source.number, target.number}
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    alone = await office.see(timeline, source.id, public_only=False)
    assert {line.number for line in alone} == {source.number}
    await office.do(unmerge, source.number, by=office.li.actor, at=when("Mon 09:20"))
    assert {line.number for line in await office.see(timeline, target.id, public_only=False)} == {target.number}


async def test_cases_of_different_customers_are_not_merged(office: Office) -> None:
    by = {"by": office.li.actor, "at": when("Mon 09:10")}
    mine = await office.report(contact_id=await person(office.database))
    theirs = await office.report(contact_id=await person(office.database))
    for other in (theirs, await office.report()):
        with pytest.raises(CustomersDiffer):
            await office.do(merge, mine.number, other.number, **by)
    one, two = await office.report_in(await office.chat()), await office.report_in(await office.chat())
    with pytest.raises(CustomersDiffer):  # nobody has proved anything, and they came from two conversations
        await office.do(merge, one.number, two.number, **by)
    assert (await office.told(mine))[-1].startswith("PromiseMade")


async def test_a_merge_is_no_chain_no_circle_and_not_with_itself(office: Office) -> None:
    chat = await office.chat()
    a, b, c = [await office.report_in(chat, name) for name in ("A", "B", "C")]
    by = {"by": office.mo.actor, "at": when("Mon 09:10")}
    with pytest.raises(CaseItself):
        await office.do(merge, a.number, a.number, **by)
    await office.do(merge, a.number, b.number, **by)
    with pytest.raises(TransitionNotAllowed):
        await office.do(merge, c.number, a.number, **by)
    with pytest.raises(MergeChained):
        await office.do(merge, b.number, c.number, **by)
    with pytest.raises(TransitionNotAllowed):
        await office.do(merge, b.number, a.number, **by)
    with pytest.raises(TransitionNotAllowed):
        await office.do(unmerge, b.number, **by)
    d = await office.report_in(chat, "D")
    await office.do(set_parent, c.number, d.number, **by)
    with pytest.raises(MergeChained):
        await office.do(merge, d.number, b.number, **by)
    await office.do(resolve, b.number, SOLVED, **by)
    with pytest.raises(TransitionNotAllowed):
        await office.do(merge, c.number, b.number, **by)


async def test_both_departments_have_to_be_the_agents(office: Office) -> None:
    chat = await office.chat()
    here, there = await office.report_in(chat), await office.report_in(chat, department="deliveries")
    for pair in ((here, there), (there, here)):
        with pytest.raises(NotPermitted):
            await office.do(merge, *(one.number for one in pair), by=office.li.actor, at=when("Mon 09:10"))


async def test_a_merged_number_leads_its_customer_on_and_undone_no_more(office: Office) -> None:
    """Whoever proved the one number may read on about the other just while it goes on there."""
    chat = await office.chat()
    ana = "ana@shop.example"
    source = await office.report_in(chat, reply_address=ana)
    target = await office.report_in(chat, "And the drawer", reply_address=ana)
    other = await office.report_in(chat, "And the door", reply_address="bo@shop.example")
    known = viewer(None, Level.ANONYMOUS, cases=frozenset({source.id}))
    with pytest.raises(CaseNotFound):
        await office.do(case_for, target.number, known)
    await office.do(merge, source.number, target.number, by=office.li.actor, at=when("Mon 09:10"))
    assert (await office.do(case_for, target.number, known)).id == target.id
    assert [row.number for row in await office.see(cases_of, known)] == [target.number]
    await office.do(unmerge, source.number, by=office.li.actor, at=when("Mon 09:12"))
    with pytest.raises(CaseNotFound):
        await office.do(case_for, target.number, known)
    await office.do(merge, source.number, other.number, by=office.li.actor, at=when("Mon 09:14"))
    with pytest.raises(CaseNotFound):  # a code for that one would go to somebody else
        await office.do(case_for, other.number, known)


async def test_two_people_of_a_shop_are_two_customers(office: Office) -> None:
    """Each reads their own cases: a merge would show the one to the other."""
    shop = await account(office.database)
    ana, bo = await person(office.database), await person(office.database)
    by = {"by": office.li.actor, "at": when("Mon 09:10")}
    mine = await office.report("Till one", contact_id=ana, account_id=shop)
    theirs = await office.report("Till two", contact_id=bo, account_id=shop)
    shops = await office.report("Till three", account_id=shop)
    for one, other in ((mine, theirs), (mine, shops), (shops, mine)):
        with pytest.raises(CustomersDiffer):
            await office.do(merge, one.number, other.number, **by)
    again = await office.report("Till three again", account_id=shop)
    assert (await office.do(merge, again.number, shops.number, **by)).merged_into == shops.id


async def test_a_conversation_whose_proof_has_lapsed_reads_on_about_its_own_alone(office: Office) -> None:
    ana, chat = await person(office.database), await office.chat()
    older = await office.report("Long ago", contact_id=ana)
    newer = await office.report_in(chat, "Again", contact_id=ana)
    await office.do(merge, newer.number, older.number, by=office.li.actor, at=when("Mon 09:10"))
    lapsed = viewer(chat, Level.ANONYMOUS)
    assert (await office.do(case_for, newer.number, lapsed)).id == newer.id
    with pytest.raises(CaseNotFound):
        await office.do(case_for, older.number, lapsed)
    assert (await office.do(case_for, older.number, viewer(None, Level.CHANNEL, contact_id=ana))).id == older.id


async def test_who_waits_goes_on_waiting_for_words_at_the_target(office: Office) -> None:
    """The target waited for the customer; with the source, the customer waits for the desk."""
    ana, li = await person(office.database), office.li.actor
    target = await office.report("Till one", contact_id=ana)
    await office.do(ask_customer, target.number, "Which till?", key="q", by=li, at=when("Mon 09:30"))
    source = await office.report("Till two", "Mon 10:00", contact_id=ana)
    await office.do(merge, source.number, target.number, by=li, at=when("Mon 10:05"))
    now = await office.case(target)
    assert (now.status, now.due_at) == (Status.OPEN, source.due_at)
    running = {clock.target for clock in await office.see(all_clocks, target.id) if clock.running_since}
    assert running == {Target.FIRST_RESPONSE, Target.RESOLUTION}  # nobody has answered about the other till
    await office.rows_equal_fold(now)


async def test_the_target_is_as_urgent_as_the_more_urgent_of_the_two(office: Office) -> None:
    ana, li = await person(office.database), office.li.actor
    calm = await office.report("Till one", contact_id=ana, impact=3, urgency=3)
    urgent = await office.report("Till two", contact_id=ana, impact=1, urgency=1)
    family = await office.report("All tills")
    at = {"by": li, "at": when("Mon 09:10")}
    await office.do(escalate, urgent.number, reason="The whole street waits", **at)
    await office.do(watch, urgent.number, **at)
    await office.do(set_parent, urgent.number, family.number, **at)
    await office.do(merge, urgent.number, calm.number, **at)
    now = await office.case(calm)
    assert (now.priority, now.escalation_level, now.watchers) == (urgent.priority, 1, (office.li.id,))
    assert now.parent_id == family.id
    await office.rows_equal_fold(now)
    await office.do(
        merge, (await office.report(contact_id=ana)).number, calm.number, **at
    )  # a calmer one changes nothing
    assert (await office.case(calm)).priority == urgent.priority


async def test_undone_words_said_where_the_source_was_are_about_the_source_alone(office: Office) -> None:
    source, target = await two_of_ana(office)
    li = office.li.actor
    await office.do(merge, source.number, target.number, by=li, at=when("Mon 09:10"))
    await office.do(ask_customer, target.number, "Which?", key="q", by=li, at=when("Mon 09:12"))
    await office.do(unmerge, source.number, by=li, at=when("Mon 09:20"))
    assert target.id not in (await office.conversation(chat_of(source))).cases
    await office.do(hear_customer, chat_of(source), text="About the first", key="k", at=when("Mon 09:25"))
    assert (await office.told(source))[-1].startswith("CustomerWrote")
    assert (await office.case(target)).status is Status.WAITING_ON_CUSTOMER


async def test_words_for_a_merged_number_land_on_the_target(office: Office) -> None:
    chat = await office.chat()
    source, target = await office.report_in(chat), await office.report_in(chat, "Same again")
    await office.do(merge, source.number, target.number, by=office.li.actor, at=when("Mon 09:10"))

    async def add(work: UnitOfWork) -> Case:
        return await add_to_case(work, await Cases(work).by_id(source.id), "More", by=CUSTOMER, at=when("Mon 10:00"))

    assert (await office.do(add)).id == target.id
    assert (await office.told(target))[-1] == "CustomerWrote by Ana"


async def test_who_proves_themselves_while_cases_are_merged_owns_both_afterwards(office: Office) -> None:
    chat = await office.chat()
    source, target = await office.report_in(chat), await office.report_in(chat, "Same again")
    await office.do(merge, source.number, target.number, by=office.li.actor, at=when("Mon 09:10"))
    ana = await person(office.database)
    at = when("Mon 09:12")
    await office.do(identify_customer, chat, contact_id=ana, account_id=None, by=CUSTOMER, at=at)
    await office.do(unmerge, source.number, by=office.li.actor, at=when("Mon 09:14"))
    assert (await office.case(source)).contact_id == (await office.case(target)).contact_id == ana


async def test_a_second_problem_goes_on_in_a_case_of_its_own(office: Office) -> None:
    chat, first = await office.handed_over(contact_id=await person(office.database))
    by = {"by": office.mo.actor, "at": when("Mon 09:10")}
    told = {"subject": "A pallet is missing", "text": "and a pallet is missing", "department": "deliveries"}
    second = await office.do(split, first.number, **told, **by)
    assert (second.contact_id, second.conversation_id, second.department) == (first.contact_id, chat, "deliveries")
    assert second.due_at is not None
    assert (await office.case(first)).links == (second.id,)
    assert "CaseSplit by Mo" in await office.told(first)
    here = (await office.conversation(chat)).cases
    assert (here[second.id].opened, here[second.id].live) == (True, False)
    for case in (first, second):
        await office.rows_equal_fold(case)


async def test_a_second_problem_of_a_call_came_in_by_it_too(office: Office) -> None:
    first = await office.report(channel="telephone", language="de")
    second = await office.do(split, first.number, subject="Another", text="x", by=office.li.actor, at=when("Mon 09:10"))
    assert (second.channel, second.language) == ("telephone", "de")
    await office.rows_equal_fold(second)


async def test_a_conversation_that_was_only_linked_does_not_read_on_about_the_second(office: Office) -> None:
    first = await office.report(contact_id=await person(office.database))
    chat = await office.chat("Tue 09:00")
    await office.hand_over(chat, first, "Tue 09:01")
    second = await office.do(split, first.number, subject="Another", text="x", by=office.li.actor, at=when("Tue 09:05"))
    assert second.conversation_id == chat
    assert not (await office.conversation(chat)).cases[second.id].opened
    stranger = viewer(chat, Level.ANONYMOUS)
    with pytest.raises(CaseNotFound):
        await office.do(case_for, second.number, stranger)


async def test_the_bot_has_the_word_where_nobody_worked_on_the_source(office: Office) -> None:
    chat = await office.chat()
    source, target = await office.report_in(chat), await office.report_in(chat, "Same again")
    await office.do(merge, source.number, target.number, by=office.li.actor, at=when("Mon 09:10"))
    await office.do(unmerge, source.number, by=office.li.actor, at=when("Mon 09:12"))
    assert (await office.conversation(chat)).mode is Mode.BOT
