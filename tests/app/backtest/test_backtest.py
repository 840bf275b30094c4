"""A backtest: the rules in force make what they made, a draft differs just where it should, and nothing is touched."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.backtest.draft import CaseDifference
from app.backtest.rules import read_rules_draft
from app.backtest.run import backtest, history_of, how_many, newest_histories
from caseengine.calendars import desk_calendar
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid
from caseengine.model.number import format_number
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import (
    add_to_case,
    ask_customer,
    escalate,
    link_conversation,
    open_conversation,
    reply,
    resolve,
    take,
)
from caseengine.rule_law import house_of, law_in_force
from caseengine.rule_replay import Draft, Period, replay
from caseengine.tables import cases
from storage.engine import Database
from storage.tables import metadata
from tests.app.jobs.ruled import AnyRule, RuledOffice, rule, tag, waiting
from tests.caseengine.office import CUSTOMER, when

WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
ANGRY = {"fact": "event.text", "contains": "angry"}
FIRST = {"do": "set_priority", "priority": 1}
LATER = {"do": "set_priority", "priority": 4}
IN_FORCE = (
    rule("tills", when={"fact": "words", "contains": "till"}, then=[FIRST, tag("till")]),
    rule("angry", on=["CustomerWrote", "CaseReopened"], when=ANGRY, then=[{"do": "escalate"}]),
    rule("raised", on="CaseEscalated", then=[{"do": "move", "department": "deliveries"}], stop=True),
    rule("never", on="CaseEscalated", then=[tag("never")]),
    waiting("silent", hours=3, status=["waiting_on_customer"], then=[{"do": "note", "text": "Call {number}"}]),
    waiting("old", hours=8, since="opened", when={"fact": "tags", "contains": "till"}, then=[tag("old")]),
)


@pytest.fixture
async def ruled(database: Database) -> RuledOffice:
    office = RuledOffice(database)
    await office.furnish()
    return office


class Week:
    """A week of a desk with rules: each thing that happens is judged right away."""

    def __init__(self, office: RuledOffice) -> None:
        self.office = office

    async def lives(self) -> dict[str, Case]:
        office = self.office
        await office.decides(*IN_FORCE)
        cases = {"till": await office.report("The till jams", at="Mon 09:00")}
        await office.rules_run("Mon 09:00")
        cases["late"] = await office.report("Delivery is late", at="Mon 10:00", department="deliveries")
        await office.rules_run("Mon 10:00")
        await office.do(take, cases["till"].number, by=office.li.actor, at=when("Mon 11:00"))
        await office.rules_run("Mon 11:00")
        await office.do(
            ask_customer, cases["till"].number, "Which?", key="q-000001", by=office.li.actor, at=when("Mon 15:30")
        )
        await office.rules_run("Mon 15:30")
        await self.minutes_pass("Tue 09:00", "Tue 12:00")
        await self.writes(cases["till"], "I am angry", "Tue 14:00")
        await self.writes(cases["late"], "Thank you", "Tue 15:00")
        await office.do(escalate, cases["late"].number, reason="Odd", by=office.mo.actor, at=when("Wed 09:00"))
        await office.rules_run("Wed 09:00")
        solved = Resolution(ResolutionCode.SOLVED, "Done")
        await office.do(resolve, cases["late"].number, solved, by=office.mo.actor, at=when("Wed 10:00"))
        await office.rules_run("Wed 10:00")
        await self.writes(cases["late"], "I am angry now", "Thu 09:00")
        return cases

    async def writes(self, case: Case, text: str, at: str) -> None:
        async with self.office.database.unit_of_work() as work:
            await add_to_case(work, await Cases(work).by_id(case.id), text, by=CUSTOMER, at=when(at))
        await self.office.rules_run(at)

    async def minutes_pass(self, start: str, end: str) -> None:
        at = when(start)
        while at <= when(end):
            self.office.at = at
            await self.office.job.run()
            at += timedelta(minutes=15)


async def differences(office: RuledOffice, *rules: AnyRule, period: Period = WEEK) -> dict[str, CaseDifference]:
    document = {"rules": [dict(each) for each in rules]}
    async with office.database.snapshot() as snapshot:
        draft = await read_rules_draft(snapshot, document, period)
        return {found.number: found async for found in backtest(snapshot, draft, period)}


async def everything(database: Database) -> Mapping[str, Any]:
    """Every row of every table."""
    async with database.snapshot() as snapshot:
        return {
            table.name: sorted(map(repr, await snapshot.rows(sa.select(table)))) for table in metadata.sorted_tables
        }


async def test_replaying_the_rules_in_force_makes_what_they_made(ruled: RuledOffice) -> None:
    cases = await Week(ruled).lives()
    assert await ruled.fired(cases["till"]) == ["tills", "old", "silent", "angry", "raised"]
    assert await ruled.fired(cases["late"]) == ["angry"]
    for case in cases.values():
        async with ruled.database.snapshot() as snapshot:
            law = await law_in_force(snapshot)
            draft = Draft(law.rules, law.since, await house_of(snapshot, law.rules), await desk_calendar(snapshot))
            found = await history_of(snapshot, case.number)
            assert found is not None
            replayed = replay(found.events, draft, WEEK, found.conversed)
        saved = await ruled.case(case)
        traced = [(trace.rule, trace.guard, trace.actions, trace.reasons) for trace in await ruled.traces(case)]
        assert [(one.rule, one.guard, one.outcomes, one.reasons) for one in replayed.firings] == traced
        assert replayed.case is not None
        for what in ("status", "priority", "department", "agent_id", "tags", "escalation_level", "fields"):
            assert getattr(replayed.case, what) == getattr(saved, what), what
        assert not replayed.uncertain


async def test_the_rules_in_force_as_a_draft_differ_nowhere(ruled: RuledOffice) -> None:
    await Week(ruled).lives()
    assert await differences(ruled, *IN_FORCE) == {}
    assert await differences(ruled, *IN_FORCE, period=Period(when("Tue 11:00"), when("Thu 00:00"))) == {}


async def test_a_changed_rule_differs_in_just_the_cases_it_meets(ruled: RuledOffice) -> None:
    cases = await Week(ruled).lives()
    changed = rule("tills", when={"fact": "words", "contains": "till"}, then=[LATER, tag("till")])
    found = await differences(ruled, changed, *IN_FORCE[1:])
    assert set(found) == {cases["till"].number}
    told = {one.what: (one.current, one.draft) for one in found[cases["till"].number].differences}
    assert told["priority"] == (1, 4)
    assert set(told) == {"priority", "fired"}
    assert {one.at for one in found[cases["till"].number].differences} == {when("Mon 09:00")}


async def test_what_follows_from_a_change_is_told_too(ruled: RuledOffice) -> None:
    cases = await Week(ruled).lives()
    calm = rule("angry", on="CustomerWrote", when={"fact": "event.text", "contains": "furious"}, then=[FIRST])
    found = await differences(ruled, IN_FORCE[0], calm, *IN_FORCE[2:])
    assert set(found) == {case.number for case in cases.values()}
    told = {one.what: (one.current, one.draft) for one in found[cases["till"].number].differences}
    assert told["department"] == ("deliveries", "tills")
    assert told["escalation_level"] == (1, 0)


async def test_a_rule_of_time_of_a_draft_is_due_when_it_would_have_been(ruled: RuledOffice) -> None:
    cases = await Week(ruled).lives()
    hello = {"do": "reply", "words": {"en": "We are at {number}"}}
    asked = waiting(
        "new", hours=1, status=["new"], when={"fact": "department", "is": "deliveries"}, then=[FIRST, hello]
    )
    found = await differences(ruled, *IN_FORCE, asked)
    assert set(found) == {cases["late"].number}
    (fired,) = [one for one in found[cases["late"].number].differences if one.what == "fired"]
    assert fired.at == when("Mon 11:00")
    assert fired.draft == ["new", *fired.current]


SLOW: dict[str, Any] = {"hours": 6, "time": "wall", "since": "opened", "then": [{"do": "note", "text": "Slow"}]}
EDITED: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({}, {"fired": [], "waits": ["Tue 14:00"], "answered": ["Tue 14:00"]}),
    ({"hours": 2}, {"fired": ["Tue 11:00"], "waits": ["Tue 11:00"], "answered": ["Tue 11:00"]}),
    ({"hours": 30}, {"fired": ["Wed 15:00"], "waits": ["Wed 15:00"], "answered": ["Wed 15:00"]}),
    ({"time": "working"}, {"fired": ["Tue 16:00"], "waits": ["Tue 16:00"], "answered": ["Tue 16:00"]}),
    ({"since": "change"}, {"fired": ["Tue 15:00"], "waits": ["Tue 15:00"], "answered": ["Tue 18:00"]}),
    ({"status": ["open"]}, {"fired": [], "waits": [], "answered": ["Tue 15:00"]}),
]


@pytest.mark.parametrize(("edited", "times"), EDITED)
async def test_what_is_told_of_a_changed_wait_is_what_then_happens(
    ruled: RuledOffice, edited: dict[str, Any], times: dict[str, list[str]]
) -> None:
    await ruled.decides(waiting("slow", **SLOW))
    cases = {"fired": await ruled.report(at="Mon 09:00")}
    await ruled.rules_run("Mon 09:00")
    await ruled.rules_run("Mon 15:00")
    cases |= {name: await ruled.report(at="Tue 08:00") for name in ("waits", "answered")}
    await ruled.rules_run("Tue 08:00")
    period = Period(when("Tue 09:00"), when("Thu 00:00"))
    async with ruled.database.snapshot() as snapshot:
        draft = (await read_rules_draft(snapshot, {"rules": [waiting("slow", **SLOW | edited)]}, period)).draft

    await ruled.decides(waiting("slow", **SLOW | edited), at="Tue 09:00")
    await Week(ruled).minutes_pass("Tue 09:00", "Tue 11:45")
    await ruled.do(take, cases["answered"].number, by=ruled.li.actor, at=when("Tue 12:00"))
    await Week(ruled).minutes_pass("Tue 12:00", "Wed 23:45")

    for name, case in cases.items():
        happened = [trace.at for trace in await ruled.traces(case) if trace.at >= period.start]
        assert happened == [when(at) for at in times[name]]
        found = await ruled.see(history_of, case.number)
        assert found is not None
        assert [one.at for one in replay(found.events, draft, period, found.conversed).firings] == happened
    assert await differences(ruled, waiting("slow", **SLOW | edited), period=period) == {}


async def test_a_period_is_judged_alone(ruled: RuledOffice) -> None:
    await Week(ruled).lives()
    changed = rule("tills", when={"fact": "words", "contains": "till"}, then=[LATER, tag("till")])
    later = Period(when("Mon 12:00"), when("Sun 00:00"))
    assert await differences(ruled, changed, *IN_FORCE[1:], period=later) == {}


async def test_what_could_not_have_happened_is_told_as_uncertain(ruled: RuledOffice) -> None:
    await ruled.decides(rule("li", then=[{"do": "assign", "agent": "li@desk.example"}]))
    case = await ruled.report()
    await ruled.rules_run()
    await ruled.do(reply, case.number, "Hello", key="r-000001", by=ruled.li.actor, at=when("Mon 10:00"))
    found = await differences(ruled)
    assert set(found) == {case.number}
    assert found[case.number].uncertain  # nobody held it, so nobody could have answered


async def test_the_channel_is_the_one_the_case_was_on_by_then(ruled: RuledOffice) -> None:
    channel = {"fact": "channel", "is": "webchat"}
    in_force = (rule("chats", when=channel, then=[tag("chat")]), rule("said", on="CustomerWrote", then=[FIRST]))
    await ruled.decides(*in_force)
    case = await ruled.report_in(await ruled.chat())
    await ruled.rules_run("Mon 09:00")
    mail = uuid4()
    await ruled.do(
        open_conversation, id=mail, channel="email", visitor="a@b.example", locale="en", at=when("Mon 10:00")
    )
    async with ruled.database.unit_of_work() as work:
        await link_conversation(work, await Cases(work).by_id(case.id), mail, by=CUSTOMER, at=when("Mon 10:00"))
    await ruled.rules_run("Mon 10:00")
    await Week(ruled).writes(case, "Any news?", "Mon 11:00")
    assert (await ruled.case(case)).tags == ("chat",)
    by_mail = {"fact": "channel", "is": "email"}
    assert await differences(ruled, *in_force) == {}
    found = await differences(ruled, in_force[0], rule("said", on="CustomerWrote", when=by_mail, then=[LATER]))
    assert {one.what for one in found[case.number].differences} == {"priority", "fired"}
    found = await differences(ruled, in_force[0], rule("said", on="CustomerWrote", when=channel, then=[FIRST]))
    assert {one.what for one in found[case.number].differences} == {"priority", "fired"}


async def test_nothing_is_written_anywhere(ruled: RuledOffice) -> None:
    await Week(ruled).lives()
    before = await everything(ruled.database)
    assert before["outbox"]
    await differences(ruled, rule("all", on="CaseOpened", then=[FIRST, {"do": "reply", "words": {"en": "Hello"}}]))
    assert await everything(ruled.database) == before


async def test_a_draft_that_names_nobody_is_refused(ruled: RuledOffice) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        await differences(ruled, rule("x", then=[{"do": "assign", "agent": "nobody@desk.example"}]))
    assert refused.value.params == {"where": "rules[0].then[0].agent", "problem": "unknown_agent"}


async def test_it_looks_at_what_a_period_has(ruled: RuledOffice) -> None:
    await Week(ruled).lives()
    assert await ruled.see(how_many, WEEK) == 2
    assert await ruled.see(how_many, Period(when("Mon 00:00"), when("Mon 09:30"))) == 1


async def test_the_newest_are_those_opened_last(ruled: RuledOffice) -> None:
    """Numbers have six digits one day, and "100000" comes before "99999"."""
    old, new = await ruled.report(at="Mon 09:00"), await ruled.report(at="Mon 09:00")
    async with ruled.database.unit_of_work() as work:
        for case, number in ((old, 99_999), (new, 100_000)):
            renumbered = sa.update(cases).where(cases.c.id == case.id).values(number=format_number(number, 5))
            work.write(renumbered)
    assert [one.case_id for one in await ruled.see(newest_histories, 1)] == [new.id]
    newer = await ruled.report(at="Mon 09:01")
    assert [one.case_id for one in await ruled.see(newest_histories, 2)] == [newer.id, new.id]
