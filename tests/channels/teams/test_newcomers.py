"""Megan wrote in Teams before the company's file spoke of her; what she has is hers when it does."""

import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from rich.console import Console

from app.company import import_company
from app.company_file import CompanyInvalid, Problem, read_company_file
from app.company_newcomers import Join, Joined, bring_together
from app.company_summary import CompanySummary, company_id
from app.import_report import show_company
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations.access import Viewer, case_for
from caseengine.operations.opening import Opening, open_case
from caseengine.reading.cases import cases_of
from customers.assurance import Assurances, Level
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from storage.engine import Database
from tests.caseengine.office import facts
from tests.channels.teams.peer import MEGAN, TENANT, Wire, conversation, open_wire

ME = f"{TENANT}|{MEGAN}"
STORE = {"accounts": [{"number": "S-1", "kind": "store", "name": "Corner shop"}]}
HER: dict[str, Any] = {
    "key": "crm-1",
    "name": "Megan Bowen-Smith",
    "email": "megan@shop.example",
    "roles": {"S-1": "member"},
    "teams": {TENANT: MEGAN},
}


async def brings(wire: Wire, folder: Path, *contacts: Any, **more: Any) -> CompanySummary:
    path = folder / "company.yaml"
    departments = [{"id": "deliveries", "name": "Deliveries"}]
    path.write_text(yaml.safe_dump({**STORE, "departments": departments, "contacts": list(contacts), **more}))
    company = read_company_file(path)
    return await import_company(wire.database, company, at=wire.clock(), hash_password=lambda _: "x")


async def whose(wire: Wire) -> Any:
    async with wire.database.unit_of_work() as work:
        return await Assurances(work).of(conversation(), at=wire.clock())


async def opens(wire: Wire, subject: str = "No bread") -> Case:
    proved = await whose(wire)
    assert proved.contact_id is not None
    async with wire.database.unit_of_work() as work:
        told: Any = {"subject": subject, "description": subject, "department": "deliveries"}
        opening = Opening(**told, contact_id=proved.contact_id, conversation=conversation())
        return await open_case(work, opening, by=SYSTEM, at=wire.clock())


async def test_her_cases_and_conversations_are_the_contacts_of_the_file(any_database: Database, tmp_path: Path) -> None:
    async with open_wire(any_database) as wire:
        await brings(wire, tmp_path)
        await wire.post(wire.message("My bread did not come"))
        before = await whose(wire)
        live, ended = await opens(wire), await opens(wire, "Old")
        async with wire.database.unit_of_work() as work:
            newcomer = await Contacts(work).get(before.contact_id)
            await Contacts(work).change(newcomer, by=SYSTEM, source="self", at=wire.clock(), phone="+44 1632 960 301")

        assert (await brings(wire, tmp_path, HER)).joined == 1

        her = company_id("contact", "crm-1")
        now = await whose(wire)
        assert (now.contact_id, now.level) == (her, Level.CHANNEL)
        async with wire.database.unit_of_work() as work:
            [owner] = await Contacts(work).by_identity(IdentityKind.TEAMS, ME)
            assert (owner.id, owner.name) == (her, "Megan Bowen-Smith")
            assert owner.given(IdentityKind.PHONE) == ["+441632960301"]
            left = await Contacts(work).get(before.contact_id)
            assert left.identities == ()
            viewer = Viewer(conversation(), now)
            assert {row.number for row in await cases_of(work, viewer)} == {live.number, ended.number}
            case = await case_for(work, live.number, viewer)
            assert case.account_id == company_id("account", "S-1")
        async with wire.database.snapshot() as snapshot:
            folded = Case.fold(await history(snapshot, live.id))
        async with wire.database.unit_of_work() as work:
            assert facts(folded) == facts(await Cases(work).by_id(live.id))

        await wire.post(wire.message("Any news?", key="2"))
        assert (await whose(wire)).contact_id == her, "the next message is hers, too"
        assert (await brings(wire, tmp_path, HER)).joined == 0
        await brings(wire, tmp_path, {**HER, "teams": {}})
        async with wire.database.snapshot() as snapshot:
            assert await Contacts(snapshot).by_identity(IdentityKind.TEAMS, ME) == [], "the file gives, the file takes"


async def test_a_contact_that_was_in_the_file_already_takes_it_over(wire: Wire, tmp_path: Path) -> None:
    await brings(wire, tmp_path, {**HER, "teams": {}})
    await wire.post(wire.message("My bread did not come"))
    case = await opens(wire)
    assert (await brings(wire, tmp_path, HER)).tallies["contacts"].changed == 1
    async with wire.database.unit_of_work() as work:
        assert (await Cases(work).by_id(case.id)).contact_id == company_id("contact", "crm-1")


async def writes_all_the_time(wire: Wire, *, still: bool) -> None:
    """A turn of theirs comes before every joining, so that each loses."""
    wrote = (
        "CREATE TRIGGER writing BEFORE UPDATE OF contact_id ON assurances BEGIN SELECT RAISE(IGNORE); END"
        if still
        else "DROP TRIGGER writing"
    )
    async with wire.database.unit_of_work() as work:
        work.write(sa.text(wrote))


async def test_whoever_cannot_be_joined_yet_is_told_beside_the_passwords_and_joined_by_the_next(
    wire: Wire, tmp_path: Path
) -> None:
    await wire.post(wire.message("My bread did not come"))
    newcomer = (await whose(wire)).contact_id
    await writes_all_the_time(wire, still=True)
    agents = [{"key": "ada", "name": "Ada Park", "email": "ada@shop.example", "departments": ["deliveries"]}]

    summary = await brings(wire, tmp_path, HER, agents=agents)

    assert (summary.joined, summary.not_joined) == (0, ["Megan Bowen-Smith"])
    printed = Console(record=True, file=io.StringIO(), width=100)
    show_company(printed, summary)
    told = printed.export_text()
    assert f"ada@shop.example  {summary.passwords['ada@shop.example']}" in told
    assert "bring the file in again" in told
    assert (await whose(wire)).contact_id == newcomer

    await writes_all_the_time(wire, still=False)
    assert (await brings(wire, tmp_path, HER)).joined == 1
    assert (await whose(wire)).contact_id == company_id("contact", "crm-1")


async def test_another_import_that_was_faster_leaves_nothing_to_join(wire: Wire, tmp_path: Path) -> None:
    await brings(wire, tmp_path, {**HER, "teams": {}})
    await wire.post(wire.message("My bread did not come"))
    newcomer = (await whose(wire)).contact_id
    assert newcomer is not None
    assert (await brings(wire, tmp_path, HER)).joined == 1
    async with wire.database.snapshot() as snapshot:
        join = Join(newcomer, await Contacts(snapshot).get(company_id("contact", "crm-1")))

    assert await bring_together(wire.database, join, source="company", at=wire.clock()) is Joined.BEFORE
    assert (await whose(wire)).contact_id == company_id("contact", "crm-1")


async def test_whoever_proved_more_after_the_file_was_in_stays_somebody_of_their_own(
    wire: Wire, tmp_path: Path
) -> None:
    await brings(wire, tmp_path, {**HER, "teams": {}})
    await wire.post(wire.message("My bread did not come"))
    newcomer = (await whose(wire)).contact_id
    assert newcomer is not None
    async with wire.database.unit_of_work() as work:
        told = await Contacts(work).get(company_id("contact", "crm-1"))
        contact = await Contacts(work).get(newcomer)
        proved: Any = {"by": SYSTEM, "source": "code", "at": wire.clock()}
        await Contacts(work).confirm(contact, IdentityKind.EMAIL, "me@home.example", **proved)

    join = Join(newcomer, told)
    assert await bring_together(wire.database, join, source="company", at=wire.clock()) is Joined.NOT_YET
    assert (await whose(wire)).contact_id == newcomer


async def test_whoever_has_proved_more_is_somebody_of_their_own(wire: Wire, tmp_path: Path) -> None:
    await wire.post(wire.message("My bread did not come"))
    proved = await whose(wire)
    async with wire.database.unit_of_work() as work:
        contact = await Contacts(work).get(proved.contact_id)
        await Contacts(work).confirm(
            contact, IdentityKind.EMAIL, "me@home.example", by=SYSTEM, source="code", at=wire.clock()
        )
    with pytest.raises(CompanyInvalid) as refused:
        await brings(wire, tmp_path, HER)
    assert refused.value.problems == (Problem("contacts: crm-1", "teams_taken", ME),)
    assert (await whose(wire)).contact_id == proved.contact_id
    async with wire.database.snapshot() as snapshot:
        assert await Contacts(snapshot).by_identity(IdentityKind.EMAIL, "megan@shop.example") == []


async def test_two_of_the_file_are_not_one_person_in_teams(wire: Wire, tmp_path: Path) -> None:
    await wire.post(wire.message("My bread did not come"))
    with pytest.raises(CompanyInvalid) as refused:
        await brings(wire, tmp_path, HER, {**HER, "key": "crm-2", "email": "other@shop.example"})
    assert refused.value.problems == (Problem("contacts: crm-2", "teams_taken", ME),)


async def test_somebody_elses_identity_is_not_taken_with_it(wire: Wire, tmp_path: Path) -> None:
    """Who wrote first is joined by their object id alone: another one of the same name stays who they are."""
    other = "99999999-3d56-4244-b585-20c8a42ed2b8"
    await wire.post(wire.message("My bread did not come"))
    await brings(wire, tmp_path, {**HER, "name": "Megan Bowen", "teams": {TENANT: other}})
    now = await whose(wire)
    async with wire.database.unit_of_work() as work:
        mine = await Contacts(work).get(now.contact_id)
        assert mine.identities == (Identity(IdentityKind.TEAMS, ME, f"teams:{TENANT}", wire.clock()),)
