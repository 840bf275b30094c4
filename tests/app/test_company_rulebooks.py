"""Rulebooks in the company file: in force at once, in versions, and refused whole where one makes no sense."""

from typing import Any

import pytest

from app.company import import_company
from app.company_file import CompanyFile, CompanyInvalid
from caseengine.operations.keeping import case_rules
from caseengine.rulebooks import Rulebook, rulebook
from storage.engine import Database
from tests.caseengine.office import when

FORMS = {"return": {"type": "object", "properties": {"reason": {"enum": ["damaged"]}}}}


async def bring(database: Database, **told: Any) -> dict[str, tuple[int, int, int]]:
    company = CompanyFile.model_validate(told)
    summary = await import_company(database, company, at=when("Mon 09:00"), hash_password=lambda _: "x")
    return {kind: (one.added, one.changed, one.unchanged) for kind, one in summary.tallies.items() if kind in told}


async def test_each_difference_is_a_new_version(database: Database) -> None:
    assert await bring(database, cases={"close_after_days": 3}, forms=FORMS) == {"cases": (1, 0, 0), "forms": (1, 0, 0)}
    assert await bring(database, cases={"close_after_days": 4}, forms=FORMS) == {"cases": (0, 1, 0), "forms": (0, 0, 1)}
    async with database.snapshot() as snapshot:
        assert (await case_rules(snapshot)).close_after.days == 4
        assert (await rulebook(snapshot, Rulebook.FORMS)).document == {"forms": FORMS}
        assert (await rulebook(snapshot, Rulebook.CASES)).version == 2


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"cases": {"close_after_days": -1}}, "cases: close_after_days"),
        ({"forms": {"return": {"type": "object", "properties": {"a": {"pattern": "x"}}}}}, "forms.return"),
        ({"scripts": {"a": {"title": {"en": "A"}, "start": "b", "steps": {}}}}, "scripts.a.start"),
        ({"cases": {"close_after_days": 3}, "forms": {"party": {}}}, "forms.party"),
    ],
)
async def test_what_makes_no_sense_is_named_and_nothing_is_taken(
    database: Database, told: dict[str, Any], where: str
) -> None:
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, **told)
    assert refused.value.problems[0].where.startswith(where)
    async with database.snapshot() as snapshot:
        assert (await rulebook(snapshot, Rulebook.CASES)).version == 0


async def test_a_ladder_may_be_for_a_department_of_the_same_file(database: Database) -> None:
    step = {"target": "resolution", "after": "0m", "do": "raise"}
    sla = {"policies": {"gold": {"targets": {"resolution": "1h"}, "ladders": {"moon": [step]}}}}
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, sla=sla)
    (problem,) = refused.value.problems
    assert (problem.where, problem.code) == ("sla: policies.gold.ladders.moon", "unknown_department")
    brought = await bring(database, departments=[{"id": "moon", "name": "Moon"}], sla=sla)
    assert brought["departments"] == (1, 0, 0)
