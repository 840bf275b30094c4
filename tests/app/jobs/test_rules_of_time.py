"""Rules of time at work: what they wait for may be edited, and the hours they count by corrected."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.company import import_company
from app.company_file import CompanyFile
from app.jobs import rules as job
from caseengine import rule_following
from caseengine.calendars import set_calendar, set_desk_calendar
from caseengine.cursors import cursor
from caseengine.model.calendar import Calendar, Window
from caseengine.model.case import Case
from caseengine.operations import ask_customer, hear_customer
from caseengine.operations.ruling import set_timers
from caseengine.rule_law import law_in_force
from caseengine.rule_timers import ENROLLED
from caseengine.tables import rule_timers
from tests.app.jobs.ruled import AnyRule, RuledOffice, rule, tag, waiting
from tests.caseengine.office import MONDAY, when

LONDON = ZoneInfo("Europe/London")
ROUND = Calendar(LONDON, ((Window(time(0), time(0)),),) * 7)
ONE_HOUR = Calendar(LONDON, ((),) * 7, overrides={MONDAY.date(): (Window(time(9), time(10)),)})
"""Open on Monday from nine to ten, and never again."""
NOTE = {"do": "note", "text": "Look at {number}"}
"""Each firing is traced: a note is never so already."""


def slow(*, hours: float, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"time": "wall", "since": "opened", "then": [NOTE]}
    return waiting("slow", hours=hours, **told | more)


async def corrected(ruled: RuledOffice, calendar: Calendar) -> None:
    async with ruled.database.unit_of_work() as work:
        set_desk_calendar(work, calendar)


async def due(ruled: RuledOffice) -> list[Any]:
    """When the timers are looked at next, those that never are last."""
    async with ruled.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(rule_timers.c.due_at))
    return sorted((row.due_at for row in rows), key=lambda at: (at is None, at))


async def test_who_leaves_and_comes_back_within_a_period_meets_no_rule_twice(ruled: RuledOffice) -> None:
    await ruled.decides(
        slow(hours=3, status=["new", "open"]),
        waiting("quiet", hours=2, time="wall", status=["new", "open"], then=[NOTE]),
    )
    chat = await ruled.chat()
    case = await ruled.report_in(chat)
    await ruled.rules_run("Mon 12:30")
    await ruled.do(ask_customer, case.number, "Which?", key="q", by=ruled.mo.actor, at=when("Mon 13:00"))
    await ruled.rules_run("Mon 13:01")
    await ruled.do(hear_customer, chat, text="That one", key="h", at=when("Mon 14:00"))
    await ruled.rules_run("Mon 14:01")
    assert sorted(await ruled.fired(case)) == ["quiet", "slow"]
    await ruled.rules_run("Tue 14:00")
    assert sorted(await ruled.fired(case)) == ["quiet", "quiet", "slow"]  # in the status it came into there


async def test_a_changed_wait_counts_old_cases_from_when_it_was_changed(ruled: RuledOffice) -> None:
    await ruled.decides(slow(hours=100))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    await ruled.decides(slow(hours=2), at="Tue 09:00")
    await ruled.rules_run("Tue 10:59")
    assert await ruled.fired(case) == []
    new = await ruled.report(at="Tue 10:59")
    for at in ("Tue 11:00", "Tue 11:01", "Fri 09:00"):
        await ruled.rules_run(at)
    assert [trace.at for trace in await ruled.traces(case)] == [when("Tue 11:00")]
    assert await ruled.fired(new) == ["slow"]


async def test_a_wait_that_is_due_as_it_is_changed_begins_anew(ruled: RuledOffice) -> None:
    """The sweep comes by before the walk over all cases does."""
    await ruled.decides(slow(hours=2))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    await ruled.decides(slow(hours=3), at="Mon 10:59")
    ruled.at = when("Mon 11:01")
    ruled.job._law = await ruled.see(law_in_force)
    await ruled.job._sweep()
    assert await ruled.fired(case) == []
    assert await due(ruled) == [when("Mon 13:59")]


async def test_a_rule_that_has_fired_waits_again_once_it_waits_for_something_else(ruled: RuledOffice) -> None:
    await ruled.decides(slow(hours=1))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    await ruled.rules_run("Mon 10:01")
    await ruled.decides(slow(hours=30), at="Mon 11:00")
    await ruled.rules_run("Tue 16:59")
    assert await ruled.fired(case) == ["slow"]
    await ruled.rules_run("Tue 17:00")
    await ruled.rules_run("Sun 17:00")
    assert await ruled.fired(case) == ["slow", "slow"]


OTHERWISE: dict[str, list[AnyRule]] = {
    "its title": [slow(hours=5) | {"name": "Too slow"}],
    "its actions": [slow(hours=5, then=[NOTE, tag("slow")])],
    "its condition": [slow(hours=5, when={"fact": "words", "contains": "till"})],
    "the same wait in other words": [slow(hours=5) | {"every": {**slow(hours=5)["every"], "for": {"minutes": 300}}}],
    "rules beside it": [rule("other", then=[NOTE]), waiting("another", hours=9, then=[NOTE]), slow(hours=5)],
}


@pytest.mark.parametrize("edited", OTHERWISE)
async def test_an_edit_of_anything_but_the_wait_neither_begins_it_anew_nor_fires_it_again(
    ruled: RuledOffice, edited: str
) -> None:
    await ruled.decides(slow(hours=5))
    fired = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    waits = await ruled.report(at="Mon 13:00")
    await ruled.rules_run("Mon 14:00")
    await ruled.decides(*OTHERWISE[edited], at="Mon 15:00")
    for at in ("Mon 15:01", "Mon 17:59"):
        await ruled.rules_run(at)
    assert (await ruled.fired(fired), await ruled.fired(waits)) == (["slow"], [])
    await ruled.rules_run("Mon 18:00")
    await ruled.rules_run("Mon 23:59")
    assert [[one.at for one in await ruled.traces(case) if one.rule == "slow"] for case in (fired, waits)] == [
        [when("Mon 14:00")],
        [when("Mon 18:00")],
    ]


@pytest.mark.parametrize("between", [[], [slow(hours=2) | {"enabled": False}], [slow(hours=9)]])
@pytest.mark.parametrize("noticed", [True, False])
async def test_a_wait_that_is_back_counts_from_when_it_came_back(
    ruled: RuledOffice, between: list[AnyRule], noticed: bool
) -> None:
    """Gone, switched off or changed meanwhile, whether or not the rules were at work then."""
    await ruled.decides(slow(hours=2))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    await ruled.decides(*between, at="Mon 10:00")
    if noticed:
        await ruled.rules_run("Mon 10:01")
    await ruled.decides(slow(hours=2), at="Mon 10:30")
    await ruled.rules_run("Mon 12:29")
    assert await ruled.fired(case) == []
    await ruled.rules_run("Mon 12:30")
    assert await ruled.fired(case) == ["slow"]


async def test_a_rule_waits_on_over_versions_that_cannot_be_read_any_more(ruled: RuledOffice) -> None:
    await ruled.decides(slow(hours=2, then=[{"do": "telegraph"}]), at="Mon 08:00")
    await ruled.decides(slow(hours=2), at="Mon 11:00")
    law = await ruled.see(law_in_force)
    assert law.since == {"slow": when("Mon 08:00")}


async def test_a_wait_that_is_edited_without_end_is_held_back(
    ruled: RuledOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseengine.policies.rules.FIRINGS_MAX", 3)
    await ruled.decides(slow(hours=0.05))
    case = await ruled.report(at="Mon 09:00")
    for minute in range(5, 55, 10):
        await ruled.rules_run(f"Mon 09:{minute - 1:02}")
        await ruled.rules_run(f"Mon 09:{minute + 4:02}")
        await ruled.decides(slow(hours=0.05 + minute / 10_000), at=f"Mon 09:{minute + 5:02}")
    assert await ruled.fired(case) == ["slow", "slow", "slow", "slow (rate)"]


def by_set_desk_calendar(ruled: RuledOffice, hours: str) -> Awaitable[None]:
    return corrected(ruled, Calendar(LONDON, ((Window(*map(time.fromisoformat, hours.split("-"))),),) * 7))


async def by_company_file(ruled: RuledOffice, hours: str) -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    told = {"zone": "Europe/London", "windows": {day: [hours] for day in days}}
    company = CompanyFile.model_validate({"calendar": told})
    await import_company(ruled.database, company, at=ruled.at, hash_password=lambda _: "x")


@pytest.mark.parametrize("correct", [by_set_desk_calendar, by_company_file])
async def test_waits_in_working_time_are_counted_anew_where_the_desk_is_open_longer(
    ruled: RuledOffice, correct: Callable[[RuledOffice, str], Awaitable[None]]
) -> None:
    await ruled.decides(slow(hours=20, time="working"))
    case, other = await ruled.report(at="Mon 09:00"), await ruled.report(at="Mon 09:30")
    await ruled.rules_run("Mon 09:31")
    await correct(ruled, "00:00-00:00")
    await ruled.rules_run("Tue 04:59")
    assert await due(ruled) == [when("Tue 05:00"), when("Tue 05:30")]
    await ruled.rules_run("Tue 05:00")
    assert (await ruled.fired(case), await ruled.fired(other)) == (["slow"], [])


@pytest.mark.parametrize("correct", [by_set_desk_calendar, by_company_file])
async def test_a_wait_that_would_never_have_ended_ends_once_the_desk_opens(
    ruled: RuledOffice, correct: Callable[[RuledOffice, str], Awaitable[None]]
) -> None:
    await corrected(ruled, ONE_HOUR)
    await ruled.decides(slow(hours=5, time="working"))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    assert await due(ruled) == [None]
    await correct(ruled, "09:00-17:00")
    await ruled.rules_run("Mon 13:59")
    assert await ruled.fired(case) == []
    await ruled.rules_run("Mon 14:00")
    assert await ruled.fired(case) == ["slow"]


async def test_a_condition_that_asks_for_the_desk_to_be_open_is_looked_at_by_the_new_hours(ruled: RuledOffice) -> None:
    there = {"fact": "desk_open", "is": True}
    await ruled.decides(slow(hours=2, when=there))
    case = await ruled.report(at="Mon 16:00")
    await ruled.rules_run("Mon 18:30")
    assert await due(ruled) == [when("Tue 09:00")]
    await by_set_desk_calendar(ruled, "09:00-20:00")
    await ruled.rules_run("Mon 18:35")
    assert await ruled.fired(case) == ["slow"]


async def test_a_rule_that_has_fired_does_not_fire_again_by_other_hours(ruled: RuledOffice) -> None:
    await ruled.decides(slow(hours=2, time="working"))
    case = await ruled.report(at="Mon 09:00")
    await ruled.rules_run("Mon 09:01")
    await ruled.rules_run("Mon 11:00")
    await by_set_desk_calendar(ruled, "12:00-20:00")
    for at in ("Mon 11:01", "Mon 14:01", "Sun 14:01"):
        await ruled.rules_run(at)
    assert await ruled.fired(case) == ["slow"]


async def test_a_calendar_that_no_rule_counts_by_sets_nothing_anew(ruled: RuledOffice) -> None:
    await ruled.decides(slow(hours=2, time="working"))
    await ruled.rules_run("Mon 09:01")
    before = await ruled.see(cursor, ENROLLED)
    async with ruled.database.unit_of_work() as work:
        set_calendar(work, "nights", ROUND)
    assert await ruled.see(cursor, ENROLLED) == before


async def many(ruled: RuledOffice, monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Five cases that one rule waits on, walked over in steps of two."""
    monkeypatch.setattr(rule_following, "WALK", 2)
    await ruled.decides(slow(hours=20, time="working"))
    found = [await ruled.report(at="Mon 09:00") for _ in range(5)]
    await ruled.rules_run("Mon 09:01")
    return found


async def test_timers_are_set_anew_some_at_a_time_and_a_kill_between_loses_none(
    ruled: RuledOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = await many(ruled, monkeypatch)
    (before, *_) = await due(ruled)
    await corrected(ruled, ROUND)
    steps: list[int] = []

    async def set_some(work: Any, bench: Any, case_ids: Any) -> None:
        if steps:
            raise asyncio.CancelledError
        steps.append(len(case_ids))
        await set_timers(work, bench, case_ids)

    with monkeypatch.context() as killed, pytest.raises(asyncio.CancelledError):
        killed.setattr(job, "set_timers", set_some)
        await ruled.rules_run("Mon 09:02")
    assert steps == [2]
    assert await due(ruled) == [when("Tue 05:00")] * 2 + [before] * 3

    await ruled.worker().run()  # another process, started later
    assert await due(ruled) == [when("Tue 05:00")] * 5
    await ruled.rules_run("Tue 05:00")
    assert [await ruled.fired(case) for case in cases] == [["slow"]] * 5


async def test_hours_that_are_corrected_while_timers_are_set_anew_hold_for_all_of_them(
    ruled: RuledOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step that is under way counted by the old ones: it is not taken."""
    await many(ruled, monkeypatch)
    await corrected(ruled, ONE_HOUR)
    to_come = [ROUND]

    async def set_some(work: Any, bench: Any, case_ids: Any) -> None:
        await set_timers(work, bench, case_ids)
        if to_come:
            await corrected(ruled, to_come.pop())

    monkeypatch.setattr(job, "set_timers", set_some)
    await ruled.rules_run("Mon 09:02")
    assert await due(ruled) == [when("Tue 05:00")] * 5
