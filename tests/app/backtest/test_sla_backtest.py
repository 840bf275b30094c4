"""A draft of service levels: what was in force differs nowhere, a change just where it should; nothing is touched."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app.backtest.draft import CaseDifference
from app.backtest.run import backtest
from app.backtest.sla import read_sla_draft
from app.jobs.escalations import Escalations
from app.jobs.rules import Rules
from caseengine.cases import Cases, history
from caseengine.clocks import all_clocks, book_for
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.errors import RulebookInvalid
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    add_to_case,
    ask_customer,
    classify,
    fill,
    identify_customer,
    move,
    note,
    prioritise,
    reopen,
    reply,
    resolve,
    tag,
    take,
)
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook, decide
from caseengine.sla_replay import replay
from customers.agreements import set_tier
from customers.tables import agreements
from storage.engine import Database
from tests.app.backtest.test_backtest import everything
from tests.caseengine.office import CUSTOMER, Office, when
from tests.caseengine.test_escalation import steps
from tests.caseengine.test_service_levels import RULES, account, covered, decided

WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
SOLVED = Resolution(ResolutionCode.SOLVED, "Done")
LADDER = [
    {"target": "first_response", "share": 0.9, "do": "notify"},
    {"target": "first_response", "after": "30m", "do": "raise"},
    {"target": "resolution", "after": "1h", "do": "tell_manager"},
]
IN_FORCE: dict[str, Any] = deepcopy(RULES)
IN_FORCE["policies"]["standard"] |= {"warn_at": [0.5], "ladder": LADDER, "ladders": {"deliveries": []}}
IN_FORCE["policies"]["first"] = {"targets": {"first_response": "45m", "resolution": "4h"}}
IN_FORCE["choose"]["type_and_priority"].append({"when": {"fact": "priority", "is": 1}, "policy": "first"})


def changed(**policies: Mapping[str, Any]) -> dict[str, Any]:
    """What is in force, with policies in place of others."""
    document = deepcopy(IN_FORCE)
    document["policies"] |= policies
    return document


@pytest.fixture
async def office(database: Database) -> Office:
    furnished = Office(database)
    await furnished.furnish()
    return furnished


class Lived:
    """Some days of a desk with service levels; the sweep goes round every quarter of an hour of what happens."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.swept = when("Mon 08:00")

    async def until(self, at: str) -> None:
        while self.swept + timedelta(minutes=5) <= when(at):
            self.swept += timedelta(minutes=5)
            if when("Mon 08:00").time() <= self.swept.time() <= when("Mon 18:00").time():
                await Escalations(self.office.database, lambda: self.swept).run()

    async def does(self, at: str, operation: Any, case: Case, *args: Any, by: Any = None, **named: Any) -> None:
        await self.until(at)
        by = by or self.office.mo.actor
        await self.office.do(operation, case.number, *args, by=by, at=when(at), **named)

    async def writes(self, at: str, case: Case, text: str) -> None:
        await self.until(at)
        async with self.office.database.unit_of_work() as work:
            await add_to_case(work, await Cases(work).by_id(case.id), text, by=CUSTOMER, at=when(at))

    async def lives(self) -> dict[str, Case]:
        office = self.office
        await decided(office, IN_FORCE)
        shop, gone = await account(office), await account(office, tier="A")
        await covered(office, shop, "gold-cover")
        conversation = await office.chat(at="Mon 09:00")
        cases = {"till": await office.report("The till jams", at="Mon 09:00", impact=1, urgency=2)}
        cases["known"] = await office.report_in(conversation, "Who am I", impact=3, urgency=3)
        cases["tier"] = await office.report("Best customer", at="Mon 09:00", account_id=gone)
        cases["angry"] = await office.report("Bad", at="Mon 09:30", case_type="complaint", department="deliveries")
        await self.until("Mon 09:20")
        contact = await contact_of(office)
        await office.do(
            identify_customer, conversation, contact_id=contact, account_id=shop, by=CUSTOMER, at=when("Mon 09:20")
        )
        await self.does("Mon 12:15", take, cases["till"])
        await self.does("Mon 14:40", reply, cases["till"], "Hello", key="r-000001")
        await self.does("Mon 15:00", ask_customer, cases["till"], "Which?", key="q-000001")
        await self.writes("Tue 10:00", cases["till"], "The left one")
        await self.does("Tue 10:30", prioritise, cases["till"], Priority.P1, reason="All tills")
        await self.does("Tue 11:00", move, cases["angry"], "tills", reason="Ours")
        await self.does("Tue 15:00", resolve, cases["till"], SOLVED)
        await self.does("Wed 10:00", reopen, cases["till"], reason="Again", by=CUSTOMER)
        await self.does("Wed 12:00", resolve, cases["till"], SOLVED)
        await self.until("Wed 17:00")
        return cases


async def contact_of(office: Office) -> UUID:
    contact = uuid4()
    told = "INSERT INTO contacts (id, name, name_source, language, version) VALUES (:id, 'Ana', 'x', 'en', 1)"
    async with office.database.unit_of_work() as work:
        work.write(sa.text(told).bindparams(sa.bindparam("id", contact, sa.Uuid())))
    return contact


async def differences(
    office: Office, document: Mapping[str, Any], period: Period = WEEK
) -> dict[str, dict[str, tuple[Any, Any]]]:
    return {number: told(one) for number, one in (await found(office, document, period)).items()}


async def found(office: Office, document: Mapping[str, Any], period: Period = WEEK) -> dict[str, CaseDifference]:
    async with office.database.snapshot() as snapshot:
        draft = await read_sla_draft(snapshot, document, period)
        return {one.number: one async for one in backtest(snapshot, draft, period)}


def told(difference: CaseDifference) -> dict[str, tuple[Any, Any]]:
    return {one.what: (one.current, one.draft) for one in difference.differences}


async def test_replaying_what_was_in_force_makes_the_clocks_and_steps_there_are(office: Office) -> None:
    cases = await Lived(office).lives()
    for case in cases.values():
        events = await office.see(history, case.id)
        book = await office.see(book_for, events)
        again = replay(events, book, Period(WEEK.start, when("Wed 17:00")))
        saved = {(one.target, one.cycle): one for one in await office.see(all_clocks, case.id)}
        assert set(again.clocks) == set(saved)
        for key, clock in again.clocks.items():
            assert (clock.state, clock.due_at, clock.steps) == (saved[key].state, saved[key].due_at, saved[key].steps)
        taken = sorted((one.at, one.what) for those in again.steps.values() for one in those)
        plain = [what.replace("warn ", "warned ").replace("breach", "breached") for _, what in taken]
        assert sorted(plain) == sorted(await steps(office, case))
    assert "raise" in await steps(office, cases["till"])


async def test_what_is_in_force_as_a_draft_differs_nowhere(office: Office) -> None:
    await Lived(office).lives()
    assert await differences(office, IN_FORCE) == {}
    assert await differences(office, IN_FORCE, Period(when("Tue 00:00"), when("Wed 11:00"))) == {}


async def test_the_same_in_other_words_differs_nowhere_either(office: Office) -> None:
    """It is another version then: every policy is chosen and measured anew."""
    await Lived(office).lives()
    assert await differences(office, changed(spare={"targets": {"resolution": "1h"}})) == {}
    assert await differences(office, changed(spare={}), Period(when("Tue 00:00"), when("Wed 11:00"))) == {}


async def test_a_shorter_target_differs_in_just_the_cases_it_holds_for(office: Office) -> None:
    cases = await Lived(office).lives()
    shorter = changed(angry={"targets": {"first_response": "1h"}})
    there = await differences(office, shorter)
    assert there == {
        cases["angry"].number: {
            "first_response.1.due_at": ("2026-03-02T11:30:00+00:00", "2026-03-02T10:30:00+00:00"),
            "first_response.1.steps": (["breach 2026-03-02 11:30"], ["breach 2026-03-02 10:30"]),
        }
    }


async def test_a_longer_target_would_have_been_met(office: Office) -> None:
    cases = await Lived(office).lives()
    longer = changed(
        standard={"targets": {"first_response": "6h", "next_response": "2h", "resolution": {"1": "6h", "2": "9h"}}}
    )
    there = (await differences(office, longer))[cases["till"].number]
    assert there["first_response.1.verdict"] == ("breached", "met")
    assert there["first_response.1.steps"][1] == []
    assert there["first_response.1.steps"][0][-1].startswith("raise")


async def test_a_policy_is_chosen_anew_when_the_priority_changed(office: Office) -> None:
    cases = await Lived(office).lives()
    document = deepcopy(IN_FORCE)
    document["choose"]["type_and_priority"] = document["choose"]["type_and_priority"][:1]
    there = await differences(office, document)
    assert set(there) == {cases["till"].number}
    assert there[cases["till"].number]["resolution.1.policy"] == ("first", "standard")


async def test_a_policy_is_chosen_anew_when_the_customer_is_known(office: Office) -> None:
    cases = await Lived(office).lives()
    document = deepcopy(IN_FORCE)
    document["choose"]["entitlement"] = {"gold-cover": "none"}
    there = await differences(office, document)
    assert set(there) == {cases["known"].number}
    assert there[cases["known"].number]["resolution.1.policy"] == ("gold", None)


COMPLAINTS = {"when": {"fact": "case_type", "is": "complaint"}, "policy": "gold"}
VIPS = {"when": {"fact": "tags", "contains": "vip"}, "policy": "gold"}
AT_TILLS = {"when": {"fact": "fields.till", "exists": True}, "policy": "gold"}
MOVED = {"when": {"fact": "department", "is": "deliveries"}, "policy": "gold"}


@pytest.mark.parametrize(
    ("chosen", "operation", "told"),
    [
        (COMPLAINTS, classify, {"case_type": CaseType.COMPLAINT, "reason": "Angry"}),
        (VIPS, tag, {"add": ["vip"]}),
        (AT_TILLS, fill, {"values": {"till": 3}}),
        (MOVED, move, {"department": "deliveries", "reason": "Theirs"}),
    ],
)
async def test_a_policy_is_chosen_anew_whenever_it_is_at_work(
    office: Office, chosen: Mapping[str, Any], operation: Any, told: Mapping[str, Any]
) -> None:
    forms = {"forms": {"incident": {"type": "object", "properties": {"till": {"type": "integer"}}}}}
    await office.do(decide, Rulebook.FORMS, forms, by=SYSTEM, at=when("Mon 08:00"))
    policies = {name: IN_FORCE["policies"][name] for name in ("standard", "gold")}
    plain = {"policies": policies, "choose": {"default": "standard"}}
    await decided(office, plain)
    case = await office.report(at="Mon 09:00")
    await office.do(operation, case.number, **told, by=office.mo.actor, at=when("Mon 10:00"))
    draft = {"policies": policies, "choose": {"default": "standard", "type_and_priority": [chosen]}}
    there = await differences(office, draft)
    assert there[case.number]["first_response.1.policy"] == ("standard", "gold")


async def test_a_policy_is_chosen_anew_when_a_rule_sets_the_priority(office: Office) -> None:
    """Though nothing was chosen then: only the draft asks for priorities."""
    plain = deepcopy(IN_FORCE)
    plain["choose"]["type_and_priority"] = plain["choose"]["type_and_priority"][:1]
    await decided(office, plain)
    case = await office.report(at="Mon 09:00")
    first = {"do": "set_priority", "priority": 1}
    ruling = {"rules": [{"id": "up", "events": ["NoteAdded"], "then": [first]}]}
    await office.do(decide, Rulebook.RULES, ruling, by=SYSTEM, at=when("Mon 09:30"))
    await office.do(note, case.number, "Urgent", by=office.mo.actor, at=when("Mon 10:00"))
    await Rules(office.database, lambda: when("Mon 10:00")).run()
    assert (await differences(office, IN_FORCE))[case.number]["resolution.1.policy"] == ("standard", "first")


async def test_the_tier_is_that_of_then(office: Office) -> None:
    cases = await Lived(office).lives()
    async with office.database.unit_of_work() as work:
        set_tier(work, account_id=(await Cases(work).by_id(cases["tier"].id)).account_id, tier=None)
    assert await differences(office, IN_FORCE) == {}
    document = deepcopy(IN_FORCE)
    del document["choose"]["tier"]["A"]
    there = await found(office, document)
    assert set(there) == {cases["tier"].number}
    assert told(there[cases["tier"].number])["first_response.1.policy"] == ("gold", "standard")
    assert not there[cases["tier"].number].uncertain


async def test_cover_that_is_gone_is_told_from_the_log_and_uncertain(office: Office) -> None:
    cases = await Lived(office).lives()
    async with office.database.unit_of_work() as work:
        work.write(sa.delete(agreements))
    assert await differences(office, IN_FORCE) == {}
    document = deepcopy(IN_FORCE)
    document["choose"]["entitlement"] = {"gold-cover": "angry"}
    there = await found(office, document)
    assert set(there) == {cases["known"].number}
    assert there[cases["known"].number].uncertain


async def test_a_case_from_before_keeps_its_policy_until_one_is_chosen(office: Office) -> None:
    cases = await Lived(office).lives()
    document = changed(standard={"targets": {"first_response": "1h"}}, first={"targets": {"resolution": "1h"}})
    there = await differences(office, document, Period(when("Tue 00:00"), when("Thu 00:00")))
    assert set(there) == {cases["till"].number}
    assert "first_response.1.due_at" not in there[cases["till"].number]


async def test_a_desk_that_decided_nothing_is_compared_with_what_holds_then(office: Office) -> None:
    case = await office.report(at="Mon 09:00")
    assert await differences(office, {}) == {}
    there = await differences(office, {"policies": {"default": {"targets": {"first_response": "2h"}}}})
    assert there[case.number]["first_response.1.due_at"][1] == "2026-03-02T11:00:00+00:00"
    assert there[case.number]["resolution.1.verdict"] == ("breached", None)


async def test_a_tier_nobody_wrote_down_is_uncertain(office: Office) -> None:
    best = await account(office, tier="A")
    case = await office.report(at="Mon 09:00", account_id=best)
    document = {
        "policies": {"gold": {"targets": {"first_response": "1h", "next_response": "1h", "resolution": "4h"}}},
        "choose": {"tier": {"A": "gold"}},
    }
    assert (await found(office, document))[case.number].uncertain


async def test_nothing_is_written_anywhere(office: Office) -> None:
    await Lived(office).lives()
    before = await everything(office.database)
    assert before["case_clocks"]
    assert await differences(office, changed(standard={"targets": {"first_response": "10m"}}))
    assert await everything(office.database) == before


async def test_a_calendar_there_is_not_is_refused(office: Office) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        await differences(office, {"policies": {"gold": {"calendar": "lunar", "targets": {"resolution": "1h"}}}})
    assert refused.value.params == {"where": "policies.calendar.lunar", "problem": "unknown_calendar"}
