"""A draft of routing: the recorded version decides the same, a change differs just where it should."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from app.backtest.draft import CaseDifference, Draft, Together
from app.backtest.routing import read_routing_draft
from app.backtest.run import backtest
from app.backtest.sla import read_sla_draft
from caseengine.agents import Agent
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid
from caseengine.operations import assign, move, tag
from caseengine.operations.routing import accept, decline, give_back, route
from caseengine.operations.taking_back import take_back_offer
from caseengine.rule_replay import Period
from caseengine.tables import assignments
from storage.engine import Database
from tests.app.backtest.test_backtest import everything
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk, a_desk
from tests.caseengine.test_service_levels import account, decided
from tests.customers.test_codes import statements

WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
IN_FORCE: dict[str, Any] = {
    "departments": {"tills": {"mode": "assign"}, "deliveries": {"mode": "offer", "offer_s": 300}},
    "needs": [{"when": {"fact": "words", "contains": "printer"}, "skills": {"printers": 3}}],
    "relax": [{"after_s": 900, "drop": ["skills"]}],
    "classifier": {"at_least": 0.6},
}
ASSIGNED: dict[str, Any] = {"departments": {"tills": {"mode": "assign"}}}
NEVER = {"when": {"fact": "words", "contains": "no such words"}, "skills": {"refunds": 5}}


class LivedDesk:
    """A morning of a desk that routes: by rules, by likeness, with an offer declined, one run out, and a move."""

    def __init__(self, desk: RoutingDesk) -> None:
        self.desk = desk

    async def lives(self) -> dict[str, Case]:
        desk = self.desk
        await desk.decides(IN_FORCE, at="Mon 08:01")
        self.ann = await desk.hires("Ann", "tills", "deliveries", skills={"printers": 4})
        self.ben = await desk.hires("Ben", "tills", "deliveries", skills={"refunds": 2})
        self.cat = await desk.hires("Cat", "tills", skills={"printers": 5}, capacity=2)
        cases = {"printer": await desk.report("The printer jams"), "plain": await desk.report("The till jams")}
        await self.routed(cases["printer"], "Mon 09:01")
        await self.routed(cases["plain"], "Mon 09:01", likely={"refunds": 0.7})
        cases["late"] = await desk.report("Late", department="deliveries")
        await self.routed(cases["late"], "Mon 09:01")
        asked = await self.asked(cases["late"])
        await desk.do(decline, cases["late"].number, reason="Busy", by=asked.actor, at=when("Mon 09:02"))
        await self.routed(cases["late"], "Mon 09:02")
        asked = await self.asked(cases["late"])
        await desk.do(accept, cases["late"].number, by=asked.actor, at=when("Mon 09:06"))
        cases["moved"] = await desk.report("A printer", at="Mon 09:01", department="deliveries")
        await self.routed(cases["moved"], "Mon 09:01")
        async with desk.database.unit_of_work() as work:
            await take_back_offer(work, await Cases(work).by_id(cases["moved"].id), at=when("Mon 09:07"))
        sam = desk.sam.actor
        await desk.do(move, cases["moved"].number, "tills", reason="Theirs", by=sam, at=when("Mon 09:08"))
        for agent in (self.ann, self.ben, self.cat):
            await desk.is_there(agent, "Mon 09:10")
        await self.routed(cases["moved"], "Mon 09:10")
        return cases

    async def routed(self, case: Case, at: str, **likely: Any) -> None:
        async with self.desk.database.unit_of_work() as work:
            found = await route(work, await Cases(work).by_id(case.id), at=when(at), **likely)
        assert found is not None
        assert found.agent_id is not None

    async def asked(self, case: Case) -> Any:
        offered_to = (await self.desk.case(case)).offered_to
        return next(one for one in (self.ann, self.ben, self.cat) if one.id == offered_to)


@pytest.fixture
async def lived(database: Database) -> LivedDesk:
    return LivedDesk(await a_desk(database))


async def found(desk: RoutingDesk, document: Mapping[str, Any], period: Period = WEEK) -> dict[str, CaseDifference]:
    async with desk.database.snapshot() as snapshot:
        draft = await read_routing_draft(snapshot, document, period)
        return {one.number: one async for one in backtest(snapshot, draft, period)}


def told(difference: CaseDifference) -> dict[str, tuple[Any, Any]]:
    return {one.what: (one.current, one.draft) for one in difference.differences}


async def test_what_is_in_force_as_a_draft_differs_nowhere(lived: LivedDesk) -> None:
    cases = await lived.lives()
    assert await found(lived.desk, IN_FORCE) == {}
    assert await found(lived.desk, IN_FORCE, Period(when("Mon 09:05"), when("Tue 00:00"))) == {}
    records = [record for case in cases.values() for record in await lived.desk.records(case)]
    assert [record.state for record in records].count("assigned") == 3
    assert {record.state for record in records} == {"assigned", "accepted", "declined", "expired"}


@pytest.mark.parametrize(
    "other",
    [
        {"needs": [*IN_FORCE["needs"], NEVER]},
        {"classifier": {"at_least": 0.65}},
        {"costs": {"teams": 2}},
        {"decline_again_s": 1_000},
        {"measured_days": 10},
    ],
)
async def test_the_same_in_other_words_differs_nowhere_either(lived: LivedDesk, other: Mapping[str, Any]) -> None:
    """What a case needs, costs and who declined is found anew then, and comes out the same."""
    await lived.lives()
    assert await found(lived.desk, {**IN_FORCE, **other}) == {}


async def test_other_needs_find_somebody_else(lived: LivedDesk) -> None:
    cases = await lived.lives()
    draft = {**IN_FORCE, "needs": [{"when": {"fact": "words", "contains": "printer"}, "skills": {"printers": 5}}]}
    there = await found(lived.desk, draft)
    changed = told(there[cases["printer"].number])
    assert changed["decision.agent"] == (lived.ann.email, lived.cat.email)
    assert changed["decision.excluded"][1][lived.ann.email] == "skill:printers:5"
    assert not there[cases["printer"].number].uncertain
    assert cases["plain"].number not in there
    assert cases["late"].number not in there


async def test_needs_that_were_not_asked_about_then_are_uncertain(lived: LivedDesk) -> None:
    cases = await lived.lives()
    rule = {"when": {"fact": "words", "contains": "till"}, "skills": {"refunds": 2}}
    await lived.desk.hires("Dan", skills={"refunds": 2})
    there = await found(lived.desk, {**IN_FORCE, "needs": [*IN_FORCE["needs"], rule]})
    assert set(there) <= {cases["plain"].number}
    hard = {"when": {"fact": "words", "contains": "printer"}, "skills": {"refunds": 2}}
    there = await found(lived.desk, {**IN_FORCE, "needs": [hard]})
    assert there[cases["printer"].number].uncertain
    assert told(there[cases["printer"].number])["decision.agent"] == (lived.ann.email, None)


async def test_nobody_where_nobody_would_have_been_able(lived: LivedDesk) -> None:
    cases = await lived.lives()
    there = await found(lived.desk, {**IN_FORCE, "capacity": 0})
    assert told(there[cases["late"].number])["decision.agent"][1] is None
    assert set(told(there[cases["late"].number])["decision.excluded"][1].values()) == {"over_capacity"}


async def test_a_department_that_is_not_routed_decides_nothing(lived: LivedDesk) -> None:
    cases = await lived.lives()
    draft = {**IN_FORCE, "departments": {"deliveries": {"mode": "offer", "offer_s": 300}}}
    there = await found(lived.desk, draft)
    assert set(there) == {cases["printer"].number, cases["plain"].number, cases["moved"].number}
    assert told(there[cases["printer"].number]) == {
        "decision.agent": (lived.ann.email, None),
        "decision.mode": ("assign", "pull"),
    }


async def test_an_offer_that_would_have_run_out(lived: LivedDesk) -> None:
    cases = await lived.lives()
    shorter = {"tills": {"mode": "assign"}, "deliveries": {"mode": "offer", "offer_s": 60}}
    there = await found(lived.desk, {**IN_FORCE, "departments": shorter})
    assert {number: told(one) for number, one in there.items()} == {
        cases["late"].number: {"decision.outcome": ("accepted", "expired")}
    }


async def test_who_declined_may_be_asked_again_sooner(lived: LivedDesk) -> None:
    cases = await lived.lives()
    there = await found(lived.desk, {**IN_FORCE, "decline_again_s": 0})
    (first, second) = await lived.desk.records(cases["late"])
    assert first.agent_id != second.agent_id
    # Only who declined at that very instant still counts: the second decision was made at once.
    assert cases["late"].number not in there


async def test_other_costs_are_uncertain_where_loads_were_counted_by_them(lived: LivedDesk) -> None:
    cases = await lived.lives()
    there = await found(lived.desk, {**IN_FORCE, "costs": {"default": 3}})
    assert there
    assert there.get(cases["moved"].number) is None or there[cases["moved"].number].uncertain


async def test_what_follows_a_different_decision_is_uncertain(lived: LivedDesk) -> None:
    cases = await lived.lives()
    pull = {"tills": {"mode": "assign"}, "deliveries": {"mode": "pull"}}
    there = await found(lived.desk, {**IN_FORCE, "departments": pull})
    assert [one.what for one in there[cases["late"].number].differences].count("decision.agent") == 2
    assert there[cases["late"].number].uncertain


async def test_nothing_is_written_anywhere(lived: LivedDesk) -> None:
    await lived.lives()
    before = await everything(lived.desk.database)
    assert before["assignments"]
    assert await found(lived.desk, {**IN_FORCE, "capacity": 0})
    assert await everything(lived.desk.database) == before


async def test_several_drafts_are_told_of_together(lived: LivedDesk) -> None:
    cases = await lived.lives()
    async with lived.desk.database.snapshot() as snapshot:
        sla = {"policies": {"default": {"targets": {"first_response": "1h"}}}}
        drafts: list[Draft] = [
            await read_sla_draft(snapshot, sla, WEEK),
            await read_routing_draft(snapshot, {**IN_FORCE, "capacity": 0}, WEEK),
        ]
        there = {one.number: one async for one in backtest(snapshot, Together(drafts), WEEK)}
    assert set(there) == {case.number for case in cases.values()}
    whats = [one.what.split(".")[0] for one in there[cases["late"].number].differences]
    assert list(dict.fromkeys(whats)) == ["first_response", "resolution", "decision"]


async def test_a_stored_decision_that_was_another_is_seen(lived: LivedDesk) -> None:
    """The comparison is with what is recorded, not with what the recorded version would decide."""
    cases = await lived.lives()
    async with lived.desk.database.unit_of_work() as work:
        mine = sa.update(assignments).where(assignments.c.case_id == cases["printer"].id)
        work.write(mine.values(agent_id=lived.ben.id))
    there = await found(lived.desk, IN_FORCE)
    assert told(there[cases["printer"].number])["decision.agent"] == (lived.ben.email, lived.ann.email)
    assert replace(there[cases["printer"].number], differences=()).uncertain is False


async def test_a_skill_there_is_not_is_refused(lived: LivedDesk) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        await found(lived.desk, {"needs": [{"when": {"fact": "words", "contains": "x"}, "skills": {"flying": 1}}]})
    assert refused.value.params == {"where": "needs.flying", "problem": "unknown_skill"}


async def test_what_an_agent_asked_for_stays_asked_for(lived: LivedDesk) -> None:
    desk = lived.desk
    await desk.decides(IN_FORCE, at="Mon 08:01")
    await desk.hires("Ann", skills={"printers": 4})
    ben = await desk.hires("Ben", skills={"refunds": 2})
    case = await desk.report("The printer jams")
    await desk.needs(case, refunds=1)
    await desk.routes(case)
    assert await desk.holder(case) == ben.id
    assert await found(desk, {**IN_FORCE, "needs": []}) == {}


async def test_a_case_that_would_have_gone_elsewhere_by_then_is_uncertain(lived: LivedDesk) -> None:
    desk = lived.desk
    await desk.decides(IN_FORCE, at="Mon 08:01")
    await desk.hires("Ann", at="Mon 10:00", skills={"printers": 4})
    case = await desk.report("The printer jams", at="Mon 09:00")
    await desk.routes(case, at="Mon 10:00")
    tills = {"mode": "assign", "overflow": {"to": "deliveries", "after_s": 600}}
    harder = [{"when": {"fact": "words", "contains": "printer"}, "skills": {"printers": 5}}]
    draft = {**IN_FORCE, "departments": {"tills": tills}, "needs": harder, "relax": []}
    (there,) = (await found(desk, draft)).values()
    assert there.uncertain
    assert told(there)["decision.agent"][1] is None


async def test_a_page_of_cases_is_read_as_one(lived: LivedDesk) -> None:
    """Their decisions, who would not have them, and each version of the rulebook once, however many they are."""
    await lived.lives()
    asked = []
    for more in (0, 4):
        for _ in range(more):
            await lived.routed(await lived.desk.report(department="deliveries", at="Mon 09:10"), "Mon 09:10")
        async with lived.desk.database.snapshot() as snapshot:
            draft = await read_routing_draft(snapshot, IN_FORCE, WEEK)
            with statements() as seen:
                assert [one async for one in backtest(snapshot, draft, WEEK)] == []
        asked.append(len(seen))
    assert asked[0] == asked[1]


async def test_who_gave_a_case_back_would_not_have_had_it(lived: LivedDesk) -> None:
    desk, cases = lived.desk, await lived.lives()
    held = await desk.case(cases["plain"])
    holder = next(one for one in (lived.ann, lived.ben, lived.cat) if one.id == held.agent_id)
    await desk.do(give_back, held.number, by=holder.actor, at=when("Mon 09:05"))
    await lived.routed(cases["plain"], "Mon 09:10")
    assert await found(desk, IN_FORCE) == {}
    assert await found(desk, {**IN_FORCE, "decline_again_s": 1_000}) == {}
    forgiving = await found(desk, {**IN_FORCE, "decline_again_s": 0})
    excluded = told(forgiving[held.number])["decision.excluded"]
    assert excluded == ({holder.email: "declined"}, {holder.email: ""})


async def test_needs_are_set_anew_whenever_they_are_at_work(database: Database) -> None:
    """A tag that a draft asks for says the same of the past as of a desk under it."""
    vips = {"needs": [{"when": {"fact": "tags", "contains": "vip"}, "skills": {"refunds": 4}}]}

    async def day(**document: Any) -> tuple[RoutingDesk, Case]:
        desk = RoutingDesk(database)
        await desk.decides({**ASSIGNED, **document}, at="Mon 08:01")
        case = await desk.report(at="Mon 09:00")
        await desk.do(tag, case.number, add=["vip"], by=desk.li.actor, at=when("Mon 09:00"))
        await desk.sweeps("Mon 09:01")
        return desk, case

    furnished = await a_desk(database)
    ann, ben = await two_of_a_desk(furnished)
    desk, case = await day()
    assert await desk.holder(case) == ben.id
    assert told((await found(desk, {**ASSIGNED, **vips}))[case.number])["decision.agent"] == (ben.email, ann.email)
    desk, case = await day(**vips)
    assert await desk.holder(case) == ann.id


async def test_needs_by_what_the_service_level_tells(database: Database) -> None:
    """The tier is known once the policy is chosen, before it is asked what the case needs."""
    desk = await a_desk(database)
    ann, ben = await two_of_a_desk(desk)
    await desk.decides(ASSIGNED, at="Mon 08:01")
    await decided(desk)
    case = await desk.report(at="Mon 09:00", account_id=await account(desk, tier="A"))
    await desk.sweeps("Mon 09:01")
    assert await desk.holder(case) == ben.id
    best = {**ASSIGNED, "needs": [{"when": {"fact": "tier", "is": "A"}, "skills": {"refunds": 4}}]}
    assert told((await found(desk, best))[case.number])["decision.agent"] == (ben.email, ann.email)


async def two_of_a_desk(desk: RoutingDesk) -> tuple[Agent, Agent]:
    """Ann can do refunds, Ben has more room: he gets what needs nothing."""
    ann = await desk.hires("Ann", skills={"refunds": 5}, capacity=6)
    ben = await desk.hires("Ben", capacity=60)
    busy = await desk.report("Another", at="Mon 08:59")
    await desk.do(assign, busy.number, ann.id, by=desk.sam.actor, at=when("Mon 08:59"))
    return ann, ben
