"""Rules of time at work: what they wait for may be edited."""

from typing import Any

import pytest
import sqlalchemy as sa

from caseengine.rule_law import law_in_force
from caseengine.tables import rule_timers
from storage.engine import Database
from tests.app.jobs.ruled import AnyRule, RuledOffice, rule, tag, waiting
from tests.caseengine.office import when

NOTE = {"do": "note", "text": "Look at {number}"}
"""Each firing is traced: a note is never so already."""


@pytest.fixture
async def ruled(any_database: Database) -> RuledOffice:
    office = RuledOffice(any_database)
    await office.furnish()
    return office


def slow(*, hours: float, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"time": "wall", "since": "opened", "then": [NOTE]}
    return waiting("slow", hours=hours, **told | more)


async def due(ruled: RuledOffice) -> list[Any]:
    """When the timers are looked at next, those that never are last."""
    async with ruled.database.snapshot() as snapshot:
        rows = await snapshot.rows(sa.select(rule_timers.c.due_at))
    return sorted((row.due_at for row in rows), key=lambda at: (at is None, at))


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
