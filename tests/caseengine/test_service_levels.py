"""Cases get a policy, their clocks go on with every operation, and the customer is promised what they say."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.rulebooks import put_in_force
from caseengine.calendar_corrections import look_again
from caseengine.calendars import set_calendar, set_desk_calendar
from caseengine.cases import Cases, history
from caseengine.clocks import all_clocks, book_for
from caseengine.model.actor import SYSTEM
from caseengine.model.calendar import Calendar, Window
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.sla import ClockState, Target, fold
from caseengine.operations import (
    add_to_case,
    apply_policy,
    ask_customer,
    escalate,
    identify_customer,
    link_conversation,
    move,
    open_conversation,
    prioritise,
    reopen,
    reply,
    resolve,
    take,
)
from caseengine.operations.escalating import escalate_due
from caseengine.rulebooks import Newcomers, Rulebook
from caseengine.tables import cases
from customers.accounts import Account, Accounts
from customers.agreements import Agreement, agreements_of, put_agreement, set_tier, tier_of
from tests.caseengine.office import CALENDAR, CUSTOMER, Office, when

HOUR = timedelta(hours=1)
SOLVED = Resolution(ResolutionCode.SOLVED, "Done")
FIRST, NEXT, RESOLUTION = Target
RULES: dict[str, Any] = {
    "policies": {
        "standard": {"targets": {"first_response": "3h", "next_response": "2h", "resolution": {"1": "6h", "2": "9h"}}},
        "gold": {
            "calendar": "always",
            "targets": {"first_response": "1h", "next_response": "1h", "resolution": "4h"},
            "warn_at": [0.5],
        },
        "slow": {"targets": {"first_response": "7h", "resolution": "70h"}},
        "angry": {"targets": {"first_response": "2h"}},
    },
    "choose": {
        "entitlement": {"gold-cover": "gold", "bare": "none"},
        "tier": {"A": "gold", "C": "slow"},
        "type_and_priority": [{"when": {"fact": "case_type", "is": "complaint"}, "policy": "angry"}],
        "default": "standard",
    },
}


async def decided(office: Office, document: Mapping[str, Any] = RULES) -> None:
    async with office.database.unit_of_work() as work:
        set_calendar(work, "always", Calendar(ZoneInfo("Europe/London"), ((Window(time(0), time(0)),),) * 7))
        await put_in_force(work, Rulebook.SLA, document, by=SYSTEM, at=when("Mon 08:00"))


async def account(office: Office, *, tier: str | None = None, parent: UUID | None = None) -> UUID:
    async with office.database.unit_of_work() as work:
        found = Account(uuid4(), parent, "store", "Shop", f"A-{uuid4().hex[:8]}", tier)
        Accounts(work).add(found)
    return found.id


async def covered(office: Office, account_id: UUID, entitlement: str, **terms: Any) -> None:
    async with office.database.unit_of_work() as work:
        wanted = {"starts_on": date(2026, 1, 1)} | terms
        put_agreement(work, Agreement(uuid4(), account_id, entitlement, **wanted), known=False)


async def states(office: Office, case: Case) -> dict[tuple[Target, int], ClockState]:
    return {(one.target, one.cycle): one.state for one in await office.see(all_clocks, case.id)}


async def column(office: Office, case: Case, name: str) -> Any:
    async with office.database.snapshot() as snapshot:
        return await snapshot.scalar(sa.select(cases.c[name]).where(cases.c.id == case.id))


async def rows_equal_recount(office: Office, case: Case) -> None:
    """What is saved is what the whole history adds up to."""
    events = await office.see(history, case.id)
    book = await office.see(book_for, events)
    assert sorted(fold(events, book).every, key=str) == sorted(await office.see(all_clocks, case.id), key=str)


async def test_a_desk_that_decided_nothing_promises_as_ever_and_counts(office: Office) -> None:
    case = await office.report(at="Mon 09:00")
    assert case.due_at == when("Mon 14:00")
    assert await office.told(case) == ["CaseOpened by Ana", "PromiseMade by Ana"]
    assert await states(office, case) == {(FIRST, 1): ClockState.RUNNING, (RESOLUTION, 1): ClockState.RUNNING}
    assert await column(office, case, "sla_due_at") == when("Mon 14:00")


async def test_the_promise_is_what_the_policy_says(office: Office) -> None:
    await decided(office)
    case = await office.report(at="Mon 09:00")
    assert (case.policy, case.policy_version) == ("standard", 1)
    assert case.due_at == when("Mon 12:00")
    complaint = await office.report(at="Mon 09:00", case_type="complaint")
    assert complaint.policy == "angry"
    assert complaint.due_at == when("Mon 11:00")
    assert set(await states(office, complaint)) == {(FIRST, 1)}


async def test_clocks_go_on_with_every_operation(office: Office) -> None:
    await decided(office)
    case = await office.report(at="Mon 09:00", impact=1, urgency=1)
    by: dict[str, Any] = {"by": office.li.actor}
    await office.do(take, case.number, at=when("Mon 09:05"), **by)
    await office.do(ask_customer, case.number, "Which?", key="a", at=when("Mon 10:00"), **by)
    assert await states(office, case) == {(FIRST, 1): ClockState.MET, (RESOLUTION, 1): ClockState.PAUSED}
    assert await column(office, case, "sla_due_at") is None
    async with office.database.unit_of_work() as work:
        heard = await add_to_case(work, await Cases(work).by_id(case.id), "Two", by=CUSTOMER, at=when("Mon 11:00"))
    assert heard.due_at == when("Mon 14:00")  # the next answer, over lunch
    assert await column(office, case, "sla_due_at") == when("Mon 14:00")
    await office.do(reply, case.number, "Thanks", key="b", at=when("Mon 14:30"), **by)
    assert await column(office, case, "sla_due_at") == when("Mon 17:00")
    await office.do(resolve, case.number, SOLVED, at=when("Mon 15:00"), **by)
    await office.do(reopen, case.number, reason="Again", by=CUSTOMER, at=when("Wed 10:00"))
    assert await states(office, case) == {
        (FIRST, 1): ClockState.MET,
        (NEXT, 1): ClockState.BREACHED,
        (NEXT, 2): ClockState.RUNNING,
        (RESOLUTION, 1): ClockState.MET,
        (RESOLUTION, 2): ClockState.RUNNING,
    }
    assert (await office.case(case)).due_at == when("Wed 12:00")
    await rows_equal_recount(office, case)


async def test_a_clock_knows_whose_it_is_and_was(office: Office) -> None:
    case = await office.report(at="Mon 09:00")
    await office.do(take, case.number, by=office.mo.actor, at=when("Mon 09:05"))
    await office.do(reply, case.number, "Hello", key="a", by=office.mo.actor, at=when("Mon 09:10"))
    await office.do(move, case.number, "deliveries", reason="Not ours", by=office.mo.actor, at=when("Mon 09:20"))
    async with office.database.snapshot() as snapshot:
        told = sa.text("SELECT target, department, agent_id FROM case_clocks ORDER BY target")
        rows = [(row.target, row.department, row.agent_id is not None) for row in await snapshot.rows(told)]
    assert rows == [("first_response", "tills", True), ("resolution", "deliveries", False)]


async def test_who_is_recognised_gets_the_cover_of_the_nearest_account(office: Office) -> None:
    await decided(office)
    group = await account(office)
    shop = await account(office, parent=group)
    await covered(office, group, "gold-cover")
    conversation = await office.chat()
    case = await office.report_in(conversation)
    assert case.due_at == when("Mon 12:00")
    async with office.database.unit_of_work() as work:
        contact = uuid4()
        stored = {"id": contact, "name": "Ana", "source": "x", "language": "en"}
        told = (
            "INSERT INTO contacts (id, name, name_source, language, version) VALUES (:id, :name, :source, :language, 1)"
        )
        bound = sa.text(told).bindparams(sa.bindparam("id", type_=sa.Uuid()))
        work.write(bound.bindparams(**stored))
    by: dict[str, Any] = {"by": CUSTOMER, "at": when("Mon 09:20")}
    await office.do(identify_customer, conversation, contact_id=contact, account_id=shop, **by)
    known = await office.case(case)
    assert known.policy == "gold"
    assert known.due_at == when("Mon 12:00")  # what was said stays said
    assert await column(office, case, "sla_due_at") == when("Mon 10:00")
    await rows_equal_recount(office, case)


async def test_the_nearest_cover_counts_and_cover_ends(office: Office) -> None:
    await decided(office)
    group = await account(office)
    shop = await account(office, parent=group)
    await covered(office, group, "gold-cover", ends_on=date(2026, 3, 3))
    assert (await office.report(account_id=shop)).policy == "gold"
    assert (await office.report(account_id=shop, at="Wed 09:00")).policy == "standard"
    await covered(office, shop, "bare")
    bare = await office.report(account_id=shop)
    assert bare.policy == ""
    assert await states(office, bare) == {}
    assert bare.due_at == when("Mon 14:00")  # no SLA, and still a word by when
    found = await office.see(agreements_of, shop, on=date(2026, 3, 2))
    assert [one.entitlement for one in found] == ["bare", "gold-cover"]


async def test_cover_begins_and_ends_with_the_days_of_the_desk(office: Office) -> None:
    """In Auckland it is one o'clock on Tuesday when it is Monday noon in UTC."""
    await decided(office)
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, Calendar(ZoneInfo("Pacific/Auckland"), CALENDAR.windows))
    shop, other = await account(office), await account(office)
    tuesday = date(2026, 3, 3)
    await covered(office, shop, "gold-cover", starts_on=tuesday, ends_on=tuesday)
    await covered(office, other, "gold-cover", starts_on=tuesday, cases_max=1)
    instants = ("Mon 10:59", "Mon 12:00", "Tue 10:59", "Tue 11:00")
    found = [[(await office.report(account_id=one, at=at)).policy for at in instants] for one in (shop, other)]
    assert found == [["standard", "gold", "gold", "standard"], ["standard", "gold", "standard", "standard"]]


async def test_an_agreement_covers_as_many_cases_as_it_says(office: Office) -> None:
    await decided(office)
    shop = await account(office)
    await covered(office, shop, "gold-cover", cases_max=2)
    policies = [(await office.report(account_id=shop, at=f"Mon 09:0{n}")).policy for n in range(3)]
    assert policies == ["gold", "gold", "standard"]


async def test_a_tier_raises_and_never_lowers_a_target(office: Office) -> None:
    await decided(office)
    best, last = await account(office, tier="A"), await account(office, tier="C")
    assert (await office.report(account_id=best)).policy == "gold"
    case = await office.report(account_id=last)
    assert (case.policy, case.tier) == ("standard", "C")
    below = await account(office, parent=best)
    assert await office.see(tier_of, None, below) == "A"
    async with office.database.unit_of_work() as work:
        set_tier(work, account_id=best, tier=None)
    assert await office.see(tier_of, None, below) is None


async def test_another_priority_gets_another_target(office: Office) -> None:
    await decided(office)
    case = await office.report(at="Mon 09:00", impact=1, urgency=2)
    by: dict[str, Any] = {"by": office.li.actor, "at": when("Mon 10:00")}
    await office.do(prioritise, case.number, Priority.P1, reason="All tills", **by)
    (solution,) = [one for one in await office.see(all_clocks, case.id) if one.target is RESOLUTION]
    assert solution.due_at == when("Mon 16:00")  # six hours from nine, over lunch
    assert await office.told(case) == [
        "CaseOpened by Ana", "PolicyApplied by system", "PromiseMade by Ana", "CasePrioritised by Li",
    ]  # fmt: skip
    await rows_equal_recount(office, case)


async def test_a_case_in_hand_keeps_the_version_it_was_given(office: Office) -> None:
    await decided(office)
    case = await office.report(at="Mon 09:00")
    shorter = {**RULES, "policies": {**RULES["policies"], "standard": {"targets": {"first_response": "30m"}}}}
    await decided(office, shorter)
    async with office.database.unit_of_work() as work:
        await apply_policy(work, await Cases(work).by_id(case.id), by=SYSTEM, at=when("Mon 09:10"))
    assert (await office.case(case)).policy_version == 1
    later = await office.report(at="Mon 09:20")
    assert (later.policy_version, later.due_at) == (2, when("Mon 09:50"))


async def test_a_corrected_calendar_counts_as_if_it_had_never_been_wrong(office: Office) -> None:
    case = await office.report(at="Mon 16:30")
    assert await column(office, case, "sla_due_at") == when("Tue 12:00")
    closed = Calendar(CALENDAR.zone, CALENDAR.windows, frozenset({date(2026, 3, 3)}))
    async with office.database.unit_of_work() as work:
        set_desk_calendar(work, closed)
        look_again(work, at=when("Mon 17:00"))
    await office.do(escalate_due, case.id, at=when("Mon 17:01"))
    assert await column(office, case, "sla_due_at") == when("Wed 12:00")
    assert await office.told(case) == ["CaseOpened by Ana", "PromiseMade by Ana"]
    await rows_equal_recount(office, case)


async def test_a_policy_may_ask_on_which_channel_the_case_is(office: Office) -> None:
    chats = {"when": {"fact": "channel", "is": "webchat"}, "policy": "gold"}
    await decided(office, {**RULES, "choose": {**RULES["choose"], "type_and_priority": [chats]}})
    case = await office.report_in(await office.chat())
    assert (await office.case(case)).policy == "gold"
    mail = uuid4()
    await office.do(open_conversation, id=mail, channel="email", visitor="a", locale="en", at=when("Mon 09:30"))
    async with office.database.unit_of_work() as work:
        await link_conversation(work, await Cases(work).by_id(case.id), mail, by=CUSTOMER, at=when("Mon 09:30"))
    assert (await office.case(case)).policy == RULES["choose"]["default"]


@pytest.mark.parametrize("fact", ["status", "agent", "parent", "escalation_level", "reopened"])
@pytest.mark.parametrize("kind", [Rulebook.SLA, Rulebook.ROUTING])
async def test_a_rulebook_asks_about_nothing_after_which_it_is_not_asked(
    office: Office, kind: Rulebook, fact: str
) -> None:
    """Rules are for what happens to a case."""
    asked = {"when": {"fact": fact, "is": "x"}}
    choose = {**RULES["choose"], "type_and_priority": [{**asked, "policy": "gold"}]}
    documents = {
        Rulebook.SLA: {**RULES, "choose": choose},
        Rulebook.ROUTING: {"needs": [{**asked, "skills": {"x": 1}}]},
    }
    async with office.database.unit_of_work() as work:
        with pytest.raises(RulebookInvalid) as refused:
            await put_in_force(work, kind, documents[kind], by=SYSTEM, at=when("Mon 08:00"))
    assert refused.value.params["problem"] == "unknown_fact"


async def test_a_rulebook_names_calendars_that_there_are(office: Office) -> None:
    lunar = {"policies": {"gold": {"calendar": "lunar", "targets": {"resolution": "1h"}}}}
    with pytest.raises(RulebookInvalid) as refused:
        await decided(office, lunar)
    assert refused.value.problem == "unknown_calendar"


async def test_a_ladder_is_for_a_department_that_there_is(office: Office) -> None:
    ladders = {name: [{"target": "resolution", "after": "0m", "do": "raise"}] for name in ("tills", "moon")}
    gold = {"policies": {"gold": {"targets": {"resolution": "1h"}, "ladders": ladders}}}
    with pytest.raises(RulebookInvalid) as refused:
        await decided(office, gold)
    assert (refused.value.where, refused.value.problem) == ("policies.gold.ladders.moon", "unknown_department")
    async with office.database.unit_of_work() as work:
        newcomers = Newcomers(frozenset({"moon"}))
        await put_in_force(work, Rulebook.SLA, gold, by=SYSTEM, at=when("Mon 09:00"), newcomers=newcomers)


@pytest.mark.parametrize("odd", [date(2026, 1, 1), {1, 2}])
async def test_what_no_document_can_hold_is_refused(office: Office, odd: object) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        await decided(office, {"policies": {"gold": {"targets": odd}}})
    assert refused.value.problem == "not_json"


async def test_an_escalation_leaves_the_clocks_alone(office: Office) -> None:
    case = await office.report(at="Mon 09:00")
    before = await office.see(all_clocks, case.id)
    await office.do(escalate, case.number, reason="Loud", by=office.li.actor, at=when("Mon 09:30"))
    assert await office.see(all_clocks, case.id) == before
