"""A company of one's own: brought in, brought in again, changed, and refused whole when it has a slip."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from app.agent_access import lock, new_password
from app.company import import_company
from app.company_file import CompanyFile, CompanyInvalid, Problem, read_company_file
from app.company_summary import CompanySummary, company_id
from app.demo.files import FOLDER
from caseengine.agents import AgentRole, Agents, all_agents
from caseengine.calendars import calendars_by_id, desk_calendar
from caseengine.departments import all_departments
from caseengine.model.calendar import is_open
from caseengine.model.errors import AgentNotFound
from caseengine.rulebooks import Rulebook, RulebookVersion, rulebook
from caseengine.service_levels import sla_in_force
from caseengine.tables import calendar_corrections
from customers.accounts import Accounts, Role
from customers.agreements import all_agreements, tier_of
from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.reading import product_names
from storage.engine import Database

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
WHEELS: dict[str, Any] = {
    "departments": [
        {"id": "repairs", "name": "Repairs", "examples": ["My brake rubs"]},
        {"id": "orders", "name": "Orders"},
    ],
    "agents": [
        {"key": "ada", "name": "Ada Park", "email": "Ada@wheels.example", "departments": ["repairs"]},
        {"key": "joe", "name": "Joe Birch", "email": "joe@wheels.example", "role": "supervisor"},
    ],
    "calendar": {
        "zone": "Europe/London",
        "windows": {"monday": ["09:00-12:00", "13:00-17:00"]},
        "holidays": {"country": "GB", "subdivision": "ENG"},
        "own_days": [{"day": 24, "month": 12}],
        "closed_on": [date(2026, 3, 9)],
    },
    "accounts": [  # the child first: the order is the file's own
        {"number": "W-101", "kind": "store", "name": "Wheels Hexham", "parent": "W-100"},
        {"number": "W-100", "kind": "group", "name": "Wheels"},
    ],
    "contacts": [
        {
            "key": "crm-7",
            "name": "Bea Quill",
            "email": "bea@wheels.example",
            "phone": "+44 1632 960 301",
            "roles": {"W-101": "manager"},
        },
    ],
    "products": [{"id": "tourer-2", "name": "Tourer 2", "aliases": ["touring bike"]}],
}


def plain(password: str) -> str:
    return f"hash of {password}"


async def bring(database: Database, folder: Path, **parts: Any) -> CompanySummary:
    """Write the parts to a file and bring it in."""
    path = folder / "company.yaml"
    path.write_text(yaml.safe_dump(parts), "utf-8")
    return await import_company(database, read_company_file(path), at=MONDAY, hash_password=plain)


def counts(summary: CompanySummary) -> dict[str, tuple[int, int, int]]:
    return {kind: (tally.added, tally.changed, tally.unchanged) for kind, tally in summary.tallies.items()}


async def test_everything_is_there_afterwards(database: Database, tmp_path: Path) -> None:
    summary = await bring(database, tmp_path, **WHEELS)

    async with database.unit_of_work() as work:
        assert {item.id: item.examples for item in await all_departments(work)} == {
            "repairs": ("My brake rubs",),
            "orders": (),
        }
        ada, joe = await all_agents(work)
        assert (ada.email, ada.departments, ada.role) == ("ada@wheels.example", frozenset({"repairs"}), AgentRole.AGENT)
        assert ada.password_hash == plain(summary.passwords["Ada@wheels.example"])
        assert joe.role is AgentRole.SUPERVISOR
        store = await Accounts(work).by_number("w-101")
        assert [account.name for account in await Accounts(work).path(store.id)] == ["Wheels", "Wheels Hexham"]
        [bea] = await Contacts(work).by_identity(IdentityKind.EMAIL, "bea@wheels.example")
        assert await Contacts(work).by_identity(IdentityKind.ACCOUNT, "W-101") == [bea]
        assert bea.roles == ((store.id, Role.MANAGER),)
        assert await product_names(work) == [("tourer-2", "Tourer 2", ("touring bike",))]


async def test_the_hours_know_holidays_and_own_days(database: Database, tmp_path: Path) -> None:
    await bring(database, tmp_path, **WHEELS)

    async with database.snapshot() as snapshot:
        hours = await desk_calendar(snapshot)
    assert len(hours.openings(date(2026, 3, 2))) == 2
    for closed in (date(2026, 3, 9), date(2026, 5, 25), date(2029, 12, 24), date(2026, 3, 3)):
        assert hours.openings(closed) == []


async def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    await bring(database, tmp_path, **WHEELS)
    again = await bring(database, tmp_path, **WHEELS)

    assert again.passwords == {}
    assert {(added, changed) for added, changed, _ in counts(again).values()} == {(0, 0)}


async def test_what_differs_is_changed_and_what_is_not_named_stays(database: Database, tmp_path: Path) -> None:
    first = await bring(database, tmp_path, **WHEELS)
    ada = {"key": "ada", "name": "Ada Marsh", "email": "ada.marsh@wheels.example", "departments": ["orders"]}
    again = await bring(
        database,
        tmp_path,
        departments=[{"id": "repairs", "name": "Workshop"}],
        agents=[ada],
        accounts=[{"number": "W-101", "kind": "store", "name": "Wheels Corbridge"}],
        products=[{"id": "tourer-2", "name": "Tourer 2", "aliases": ["tourer"]}],
    )

    assert counts(again) == dict.fromkeys(("departments", "agents", "accounts", "products"), (0, 1, 0))
    async with database.unit_of_work() as work:
        changed = await Agents(work).by_email("ada.marsh@wheels.example")
        assert (changed.name, changed.departments) == ("Ada Marsh", frozenset({"orders"}))
        assert changed.password_hash == plain(first.passwords["Ada@wheels.example"])
        assert {item.id: item.name for item in await all_departments(work)} == {
            "repairs": "Workshop",
            "orders": "Orders",
        }
        assert (await Accounts(work).by_number("W-101")).parent_id is None
        assert len(await all_agents(work)) == 2


async def test_a_department_signs_as_the_file_tells_and_nothing_stands_for_what_nobody_knows(
    database: Database, tmp_path: Path
) -> None:
    def signed(en: str, **named: str) -> list[dict[str, Any]]:
        return [{"id": "repairs", "name": "Repairs", "signature": {"en": en, **named}}]

    summaries = [
        await bring(database, tmp_path, departments=signed("{agent}\nYour {department} at {company}", de="{agent}")),
        await bring(database, tmp_path, departments=signed("{agent}\nYour {department} at {company}", de="{agent}")),
        await bring(database, tmp_path, departments=signed("{agent} of {company}")),
    ]
    assert [counts(one)["departments"] for one in summaries] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
    for strange in ("{phone}", "{agent.name}", "{agent!r}", "{company:>999}", "{}"):
        with pytest.raises(CompanyInvalid) as refused:
            await bring(database, tmp_path, departments=signed("{agent}", de=f"Ihr {strange}"))
        (problem,) = refused.value.problems
        assert (problem.where, problem.code) == ("departments: repairs: signature: de", "unknown_placeholder")
        assert problem.value == strange[1:-1]
    async with database.snapshot() as snapshot:
        (kept,) = await all_departments(snapshot)
    assert kept.signatures == {"en": "{agent} of {company}"}


async def test_a_contact_is_no_longer_known_by_what_the_file_dropped(database: Database, tmp_path: Path) -> None:
    await bring(database, tmp_path, **WHEELS)
    bea = {"key": "crm-7", "name": "Bea Quill", "email": "bea@new.example", "roles": {"W-100": "member"}}
    again = await bring(database, tmp_path, contacts=[bea])

    assert counts(again) == {"contacts": (0, 1, 0)}
    async with database.unit_of_work() as work:
        assert await Contacts(work).by_identity(IdentityKind.EMAIL, "bea@wheels.example") == []
        assert await Contacts(work).by_identity(IdentityKind.ACCOUNT, "W-101") == []
        assert await Contacts(work).by_identity(IdentityKind.PHONE, "+441632960301") == []
        [found] = await Contacts(work).by_identity(IdentityKind.EMAIL, "bea@new.example")
        assert found.id == company_id("contact", "crm-7")
        assert found.roles == (((await Accounts(work).by_number("W-100")).id, Role.MEMBER),)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"agents": [{**WHEELS["agents"][0], "departments": ["nowhere"]}]}, ("agents: ada", "unknown_department")),
        ({"agents": [WHEELS["agents"][0]] * 2}, ("agents", "twice")),
        ({"agents": [{**WHEELS["agents"][0], "colour": "red"}]}, ("agents: 0: colour", "invalid")),
        ({"contacts": [{"key": "x", "name": "X", "roles": {"W-9": "member"}}]}, ("contacts: x", "unknown_account")),
        ({"contacts": [{"key": "x", "name": "X", "email": "nobody"}]}, ("contacts: x", "bad_email")),
        ({"contacts": [{"key": "x", "name": "X", "teams": {"tenant": "me"}}]}, ("contacts: x", "bad_teams")),
        ({"contacts": [{"key": "x", "name": "X", "phone": "12"}]}, ("contacts: x", "bad_phone")),
        (
            {"accounts": [{"number": "A1", "kind": "group", "name": "A", "parent": "A1"}]},
            ("accounts: A1", "circle"),
        ),
        ({"calendar": {"zone": "Europe/Lundon", "windows": {}}}, ("calendar: zone", "unknown_zone")),
        (
            {"calendar": {"zone": "Europe/London", "windows": {"monday": ["17:00-09:00", "10:00-12:00"]}}},
            ("calendar: windows", "bad_windows"),
        ),
        ({"calendar": {"zone": "Europe/London", "windows": {}}}, ("calendar: windows", "never_opens")),
        (
            {"calendars": [{"id": "x", "zone": "Europe/London", "windows": {"monday": ["09:00-09:00"]}}]},
            ("calendars: x: windows", "bad_windows"),
        ),
        ({"calendars": [{"zone": "Europe/London", "windows": {"monday": ["09:00-10:00"]}}]}, ("calendars", "twice")),
        ({"sla": {"choose": {"default": "gold"}}}, ("sla: choose.default", "unknown_policy")),
        ({"sla": {"policies": {"g": {"calendar": "x"}}}}, ("sla: policies.calendar.x", "unknown_calendar")),
        (
            {"agreements": [{"key": "a", "account": "W-9", "entitlement": "gold", "starts_on": date(2026, 1, 1)}]},
            ("agreements: a", "unknown_account"),
        ),
        ({"accounts": [{**WHEELS["accounts"][1], "tier": "D"}]}, ("accounts: 0: tier", "invalid")),
        (
            {"calendar": {"zone": "Europe/London", "windows": {}, "holidays": {"country": "XX"}}},
            ("calendar: holidays", "unknown_country"),
        ),
        (
            {"calendar": {"zone": "Europe/London", "windows": {}, "own_days": [{"day": 31, "month": 2}]}},
            ("calendar: own_days", "no_such_day"),
        ),
    ],
)
async def test_a_slip_is_named_and_nothing_is_written(
    database: Database, tmp_path: Path, parts: dict[str, Any], expected: tuple[str, str]
) -> None:
    rest = {"departments": [{"id": "repairs", "name": "Repairs"}]}
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, **rest, **parts)

    assert expected in [(problem.where, problem.code) for problem in refused.value.problems]
    async with database.snapshot() as snapshot:
        assert await all_departments(snapshot) == []


async def test_an_address_belongs_to_one_agent(database: Database, tmp_path: Path) -> None:
    await bring(database, tmp_path, agents=[WHEELS["agents"][1]])
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, agents=[{**WHEELS["agents"][1], "key": "other"}])
    assert refused.value.problems == (Problem("agents: other", "email_taken", "joe@wheels.example"),)


async def test_an_object_id_in_teams_belongs_to_one_contact(database: Database, tmp_path: Path) -> None:
    tenant, me = "72f988bf-86f1-41af-91ab-2d7cd011db47", "7faf8ab2-3d56-4244-b585-20c8a42ed2b8"
    bea = {"key": "crm-7", "name": "Bea Quill", "teams": {tenant: me}}
    await bring(database, tmp_path, contacts=[bea])
    async with database.unit_of_work() as work:
        [found] = await Contacts(work).by_identity(IdentityKind.TEAMS, f"{tenant}|{me}")
        assert found.id == company_id("contact", "crm-7")
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, contacts=[{**bea, "key": "crm-8"}])
    assert refused.value.problems == (Problem("contacts: crm-8", "teams_taken", f"{tenant}|{me}"),)


async def test_somebody_in_teams_is_one_agent(database: Database, tmp_path: Path) -> None:
    tenant, me = "72f988bf-86f1-41af-91ab-2d7cd011db47", "7FAF8AB2-3d56-4244-b585-20c8a42ed2b8"
    ada, joe = WHEELS["agents"]
    own = {"departments": WHEELS["departments"]}
    await bring(database, tmp_path, **own, agents=[{**ada, "teams": {tenant: me}}])
    for agents in ([{**joe, "teams": {tenant: me}}], [{**ada, "teams": {tenant: me}}, {**joe, "teams": {tenant: me}}]):
        with pytest.raises(CompanyInvalid) as refused:
            await bring(database, tmp_path, agents=agents)
        assert refused.value.problems == (Problem("agents: joe", "teams_of_another", f"{tenant}|{me.lower()}"),)
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, agents=[{**joe, "teams": {tenant: "me"}}])
    assert refused.value.problems[0].code == "bad_teams"

    async def known() -> str | None:
        async with database.snapshot() as snapshot:
            return {agent.name: agent.teams for agent in await all_agents(snapshot)}["Ada Park"]

    await bring(database, tmp_path, agents=[ada])
    assert await known() == f"{tenant}|{me.lower()}", "a file that does not say so takes nothing away"
    await bring(database, tmp_path, agents=[{**ada, "teams": {}}])
    assert await known() is None
    await bring(database, tmp_path, agents=[{**joe, "teams": {tenant: me}}])


async def test_an_id_at_a_site_belongs_to_one_contact(database: Database, tmp_path: Path) -> None:
    bea = {"key": "crm-7", "name": "Bea Quill", "web": {"https://wheels.example": "4711"}}
    await bring(database, tmp_path, contacts=[bea])
    async with database.unit_of_work() as work:
        [found] = await Contacts(work).by_identity(IdentityKind.WEB, "https://wheels.example|4711")
        assert found.id == company_id("contact", "crm-7")
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, contacts=[{**bea, "key": "crm-8"}])
    assert refused.value.problems == (Problem("contacts: crm-8", "web_taken", "https://wheels.example|4711"),)


def test_no_file_and_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(CompanyInvalid) as refused:
        read_company_file(tmp_path / "none.yaml")
    assert refused.value.problems[0].code == "unreadable"
    (tmp_path / "bad.yaml").write_text("agents: [", "utf-8")
    with pytest.raises(CompanyInvalid) as refused:
        read_company_file(tmp_path / "bad.yaml")
    assert refused.value.problems[0].code == "no_yaml"


async def test_a_new_password_and_a_lock(database: Database, tmp_path: Path) -> None:
    await bring(database, tmp_path, **WHEELS)
    given = await new_password(database, "ADA@wheels.example", hash_password=plain)
    await lock(database, "joe@wheels.example", at=MONDAY)

    async with database.unit_of_work() as work:
        assert (await Agents(work).by_email("ada@wheels.example")).password_hash == plain(given)
        assert (await Agents(work).by_email("joe@wheels.example")).password_hash == "locked"
    with pytest.raises(AgentNotFound):
        await lock(database, "nobody@wheels.example", at=MONDAY)


def test_the_demo_company_is_written_the_same_way(tmp_path: Path) -> None:
    """All its files but the past cases, put together, are a company file."""
    parts = ("departments", "agents", "calendar", "accounts", "contacts", "products")
    whole = {part: yaml.safe_load((FOLDER / f"{part}.yaml").read_text("utf-8")) for part in parts}
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(whole), "utf-8")
    assert len(read_company_file(tmp_path / "company.yaml").agents) == 8


async def test_rulebooks_come_with_the_departments_and_agents_they_name(database: Database, tmp_path: Path) -> None:
    then = [{"do": "move", "department": "repairs"}, {"do": "assign", "agent": "ada@wheels.example"}]
    rules = {"rules": [{"id": "brakes", "events": ["CaseOpened"], "then": then}]}
    summary = await bring(database, tmp_path, **WHEELS, **rules)
    assert counts(summary)["rules"] == (1, 0, 0)
    assert counts(await bring(database, tmp_path, **rules))["rules"] == (0, 0, 1)
    async with database.snapshot() as snapshot:
        assert await rulebook(snapshot, Rulebook.RULES) == RulebookVersion(1, rules)


@pytest.mark.parametrize(
    ("rulebooks", "problem"),
    [
        ({"rules": "all"}, Problem("rules", "list")),
        ({"sla": []}, Problem("sla", "mapping")),
        ({"rules": [{"id": "x", "events": ["CaseOpened"], "then": [{"do": "move", "department": "moon"}]}]},
         Problem("rules[0].then[0].department", "unknown_department")),
    ],
)  # fmt: skip
async def test_a_rulebook_that_makes_no_sense_keeps_the_whole_file_out(
    database: Database, tmp_path: Path, rulebooks: dict[str, Any], problem: Problem
) -> None:
    with pytest.raises(CompanyInvalid) as refused:
        await bring(database, tmp_path, **WHEELS, **rulebooks)
    assert refused.value.problems == (problem,)
    async with database.snapshot() as snapshot:
        assert await all_departments(snapshot) == []


LEVELS: dict[str, Any] = {
    "calendars": [
        {
            "id": "nights",
            "zone": "Europe/London",
            "windows": {"friday": ["22:00-06:00"]},
            "overrides": {date(2026, 12, 24): ["09:00-12:00"]},
        }
    ],
    "sla": {
        "policies": {"gold": {"calendar": "nights", "targets": {"resolution": {1: "4h"}}}},
        "choose": {"entitlement": {"gold": "gold"}},
    },
    "accounts": [{"number": "W-100", "kind": "group", "name": "Wheels", "tier": "B"}],
    "agreements": [{"key": "a-1", "account": "W-100", "entitlement": "gold", "starts_on": date(2026, 1, 1)}],
    "contacts": [{"key": "crm-7", "name": "Bea Quill", "roles": {"W-100": "manager"}, "tier": "A"}],
}


async def test_service_levels_are_brought_in_and_kept_up_to_date(database: Database, tmp_path: Path) -> None:
    first = await bring(database, tmp_path, **LEVELS)
    again = await bring(database, tmp_path, **LEVELS)
    extended = [{**LEVELS["agreements"][0], "ends_on": date(2027, 1, 1), "cases_max": 9}]
    later = await bring(database, tmp_path, **{**LEVELS, "agreements": extended, "contacts": []})

    assert (counts(first)["sla"], counts(first)["calendars"]) == ((1, 0, 0), (0, 1, 0))
    assert counts(again)["sla"] == counts(again)["calendars"] == counts(again)["agreements"] == (0, 0, 1)
    assert counts(later)["agreements"] == (0, 1, 0)
    async with database.snapshot() as snapshot:
        sla = await sla_in_force(snapshot)
        (agreement,) = await all_agreements(snapshot)
        assert (sla.version, sla.entitlements) == (1, {"gold": "gold"})
        assert (agreement.ends_on, agreement.cases_max) == (date(2027, 1, 1), 9)
        assert await tier_of(snapshot, company_id("contact", "crm-7"), None) == "A"
        assert await tier_of(snapshot, None, company_id("account", "W-100")) == "B"
        nights = (await calendars_by_id(snapshot, ["nights"]))["nights"]
        assert is_open(datetime(2026, 3, 7, 5, 59, tzinfo=UTC), nights)
        assert not is_open(datetime(2026, 12, 24, 12, 1, tzinfo=UTC), nights)


async def test_holidays_that_no_file_reaches_any_more_stay_closed(database: Database) -> None:
    company = CompanyFile.model_validate({"calendar": WHEELS["calendar"]})
    walks = dict[int, list[datetime]]()
    for year in (2026, 2029):
        at = datetime(year, 3, 2, tzinfo=UTC)
        await import_company(database, company, at=at, hash_password=lambda _: "x")
        async with database.snapshot() as snapshot:
            hours = await desk_calendar(snapshot)
            begun = sa.select(calendar_corrections.c.since).where(calendar_corrections.c.at == at)
            walks[year] = [row.since for row in await snapshot.rows(begun)]
    assert {date(2025, 12, 25), date(2026, 12, 24), date(2034, 12, 25)} <= hours.holidays
    assert len(walks[2029]) == 2
    assert min(walks[2029]) > datetime(2031, 1, 1, tzinfo=UTC)  # nothing of what was counted so far
