"""What a draft would have made of a wait that went on in another case: both cases are asked."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.backtest.run import backtest
from app.backtest.sla import read_sla_draft
from app.rulebooks import put_in_force
from caseengine.clocks import all_clocks
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import merge, reply, split, unmerge
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook
from storage.engine import Database
from tests.caseengine.office import Office, when
from tests.conftest import empty_sqlite

WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
LI: dict[str, Any] = {"by": Office.li.actor}
IN_FORCE: dict[str, Any] = {"policies": {"p": {"targets": {"first_response": "4h"}}}, "choose": {"default": "p"}}
DRAFT: dict[str, Any] = {
    "policies": {"p": {"targets": {"first_response": "8h", "resolution": "16h"}, "warn_at": [0.5]}},
    "choose": {"default": "p"},
}


async def lived(database: Database, document: dict[str, Any]) -> tuple[Office, list[Case]]:
    """Of four cases the last was split off the first, and the second and third were merged; one merge was undone."""
    office = Office(database)
    await office.furnish()
    await office.do(put_in_force, Rulebook.SLA, document, by=SYSTEM, at=when("Mon 08:00"))
    chat = await office.chat(at="Mon 09:00")
    cases = [
        await office.report_in(chat, name, at=at)
        for name, at in (("A", "Mon 09:00"), ("B", "Mon 12:00"), ("C", "Tue 09:00"))
    ]
    told: dict[str, Any] = {"subject": "D", "text": "And D", **LI}
    cases.append(await office.do(split, cases[0].number, at=when("Mon 15:00"), **told))
    for source in cases[:2]:
        await office.do(merge, source.number, cases[2].number, at=when("Tue 10:00"), **LI)
    await office.do(unmerge, cases[0].number, at=when("Tue 10:30"), **LI)
    await office.do(reply, cases[2].number, "Hi", key="k", at=when("Tue 10:35"), **LI)
    return office, cases


async def dues(office: Office, case: Case) -> dict[str, str]:
    """Of the clocks that are due at all."""
    found = await office.see(all_clocks, case.id)
    return {f"{one.target}.{one.cycle}.due_at": one.due_at.isoformat() for one in found if one.due_at is not None}


@pytest.fixture
async def other_database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(empty_sqlite(tmp_path / "other.db"))
    yield opened
    await opened.close()


async def test_a_backtest_tells_what_cases_would_have_taken_over(database: Database, other_database: Database) -> None:
    office, cases = await lived(database, IN_FORCE)
    would, there = await lived(other_database, DRAFT)
    async with office.database.snapshot() as snapshot:
        draft = await read_sla_draft(snapshot, DRAFT, WEEK)
        found = {one.case_id: one async for one in backtest(snapshot, draft, WEEK)}
    assert not any(one.uncertain for one in found.values())
    for case, other in zip(cases, there, strict=True):
        told = {one.what: one.draft for one in found[case.id].differences if one.what.endswith("due_at")}
        changed = await dues(office, case) | told
        assert {what: due for what, due in changed.items() if due is not None} == await dues(would, other)
