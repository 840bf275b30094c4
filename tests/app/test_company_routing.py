"""Skills, hours and routing come with the company file; who leaves a department leaves its cases."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.agent_access import lock
from app.company_file import CompanyInvalid, Problem
from app.company_summary import company_id
from app.demo.files import FOLDER
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import Opening, assigning, open_case
from caseengine.policies.routing_policy import Mode
from caseengine.routing_rules import routing_rules
from caseengine.skills import profile_of
from storage.engine import Database
from tests.app.test_company import MONDAY, WHEELS, bring, counts

SKILLS = [{"id": "brakes", "name": "Brakes", "parent": "bicycles"}, {"id": "bicycles", "name": "Bicycles"}]
ROUTING = {"departments": {"repairs": {"mode": "offer"}}, "needs": [{"skills": {"brakes": 2}}]}
ADA = WHEELS["agents"][0]
WORK = {
    "skills": {"brakes": 4},
    "languages": ["en"],
    "shifts": {"zone": "Europe/London", "weekly": {"monday": ["08:00-16:00"]}, "leave": [["2026-08-01", "2026-08-14"]]},
}


def whole(**ada: Any) -> dict[str, Any]:
    agents = [{**ADA, "work": WORK, **ada}, *WHEELS["agents"][1:]]
    return {"departments": WHEELS["departments"], "agents": agents, "skills": SKILLS, "routing": ROUTING}


async def test_what_is_told_is_kept_and_told_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    first = await bring(database, tmp_path, **whole())
    assert counts(first)["skills"] == (2, 0, 0)
    async with database.snapshot() as snapshot:
        ada = await profile_of(snapshot, company_id("agent", "ada"))
        version, policy = await routing_rules(snapshot)
    assert (ada.skills, ada.languages) == ({"brakes": 4}, ("en",))
    assert (version, policy.of("repairs").mode, policy.of("orders").mode) == (1, Mode.OFFER, Mode.PULL)

    again = counts(await bring(database, tmp_path, **whole()))
    assert (again["skills"], again["agents"], again["routing"]) == ((0, 0, 2), (0, 0, 2), (0, 0, 1))
    changed = counts(await bring(database, tmp_path, **whole(work={**WORK, "capacity": 3})))
    assert changed["agents"] == (0, 1, 1)


async def test_a_level_below_what_follows_is_told_twice_without_a_change(database: Database, tmp_path: Path) -> None:
    work = {**WORK, "skills": {"brakes": 4, "bicycles": 2}}
    await bring(database, tmp_path, **whole(work=work))
    assert counts(await bring(database, tmp_path, **whole(work=work)))["agents"] == (0, 0, 2)


async def test_waiting_drops_what_there_is(database: Database, tmp_path: Path) -> None:
    drop = ["skills", "preferred", "language", "brakes"]
    told = {**whole(), "routing": {"relax": [{"after_s": 300, "drop": drop}]}}
    assert counts(await bring(database, tmp_path, **told))["routing"] == (1, 0, 0)


@pytest.mark.parametrize(
    ("told", "where", "code"),
    [
        (
            {"skills": [{"id": "a", "name": "A", "parent": "b"}, {"id": "b", "name": "B", "parent": "a"}]},
            "skills: a",
            "circle",
        ),
        ({"routing": {"departments": {"nowhere": {}}}}, "routing: departments.nowhere", "unknown_department"),
        ({"routing": {"needs": [{"skills": {"juggling": 1}}]}}, "routing: needs.juggling", "unknown_skill"),
        (
            {"routing": {"relax": [{"after_s": 60, "drop": ["preferred"]}, {"after_s": 300, "drop": ["skils"]}]}},
            "routing: relax[1].drop.skils",
            "unknown_skill",
        ),
        (
            {"routing": {"default": {"overflow": {"to": "nowhere"}}}},
            "routing: departments.nowhere",
            "unknown_department",
        ),
        ({"routing": {"capacity": -1}}, "routing.capacity", "number"),
        ({"agents": [{**ADA, "work": {"skills": {"juggling": 1}}}]}, "agents: ada", "unknown_skill"),
        (
            {"agents": [{**ADA, "work": {"shifts": {"zone": "Mars/Base", "weekly": {}}}}]},
            "agents: ada: shifts",
            "bad_shifts",
        ),
    ],
)
async def test_what_cannot_be_is_named_and_nothing_is_changed(
    database: Database, tmp_path: Path, told: dict[str, Any], where: str, code: str
) -> None:
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, **{"departments": WHEELS["departments"], **told})
    problem: Problem = refused.value.problems[0]
    assert (problem.where, problem.code) == (where, code)
    async with database.snapshot() as snapshot:
        assert (await routing_rules(snapshot))[0] == 0


async def a_case_of_adas(database: Database) -> Case:
    async with database.unit_of_work() as work:
        case = await open_case(
            work, Opening(subject="It rubs", description="", department="repairs"), by=SYSTEM, at=MONDAY
        )
    async with database.unit_of_work() as work:
        await assigning.assign(work, case.number, company_id("agent", "ada"), by=SYSTEM, at=MONDAY)
    return case


@pytest.mark.parametrize("how", ["locked", "moved"])
async def test_nothing_stays_with_somebody_who_cannot_work_on_it(database: Database, tmp_path: Path, how: str) -> None:
    await bring(database, tmp_path, **whole())
    case = await a_case_of_adas(database)
    if how == "locked":
        await lock(database, "ada@wheels.example", at=MONDAY)
    else:
        await bring(database, tmp_path, **whole(departments=["orders"]))
    async with database.unit_of_work() as work:
        found = await Cases(work).by_id(case.id)
    assert (found.agent_id, found.status) == (None, "open")


def test_the_demo_says_what_everybody_can_do() -> None:
    told = yaml.safe_load((FOLDER / "skills.yaml").read_text("utf-8"))
    agents = yaml.safe_load((FOLDER / "agents.yaml").read_text("utf-8"))
    assert set(told["work"]) == {agent["key"] for agent in agents}
