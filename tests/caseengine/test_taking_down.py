"""On each database: a call becomes one case, contacts are found, and what is written down is compared before."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from caseengine.model.case import Case
from caseengine.model.errors import NotPermitted
from caseengine.operations import Opening, assess, relate, take_down, unrelate
from caseengine.operations.taking_down import is_asked_again, opened_before
from caseengine.reading.alike import compare, gather_drafted
from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.finding import FOUND_MAX, find_contacts
from customers.identities import Identity, IdentityKind
from storage.engine import Database
from storage.errors import Conflict
from tests.caseengine.office import Office, when

AT = when("Mon 10:00")


@pytest.fixture
async def office(any_database: Database) -> Office:
    furnished = Office(any_database)
    await furnished.furnish()
    return furnished


def call(**told: Any) -> Opening:
    plain = {"subject": "The till jams", "description": "They say it jams", "department": "tills"}
    return Opening(**{**plain, "channel": "telephone", **told})


async def rings(office: Office, key: str = "the-call", **told: Any) -> Case:
    return await office.do(take_down, call(**told), key=key, by=office.li.actor, at=AT)


async def somebody(office: Office, name: str, *numbers: str) -> UUID:
    contact_id = uuid4()
    known = tuple(Identity(IdentityKind.PHONE, number, "import", AT) for number in numbers)
    async with office.database.unit_of_work() as work:
        Contacts(work).add(Contact(contact_id, name, "en", known))
    return contact_id


async def found(office: Office, typed: str) -> list[str]:
    return [card.name for card in await office.see(find_contacts, typed)]


async def test_of_two_tries_at_once_one_opens_the_case(office: Office) -> None:
    answers = await asyncio.gather(*(rings(office) for _ in range(4)), return_exceptions=True)
    assert {type(one) for one in answers} <= {Case, Conflict}
    assert len({one.number for one in [await rings(office), *answers] if isinstance(one, Case)}) == 1


async def test_what_is_asked_again_is_told_from_anything_else(office: Office) -> None:
    ana = await somebody(office, "Ana")
    told: dict[str, Any] = {"contact_id": ana, "products": ("till-2",), "claimed": {"phone": "01632 960 101"}}
    await rings(office, **told)
    before = await office.see(opened_before, by=office.li.actor, key="the-call")
    assert before is not None
    for changed, again in (
        ({}, True),
        ({"language": "en"}, True),
        ({"claimed": {"phone": "+441632960101", "name": " "}}, True),
        ({"language": "de"}, False),
        ({"products": ()}, False),
        ({"fields": {"till": 4}}, False),
    ):
        assert await office.see(is_asked_again, before, call(**{**told, **changed})) is again


async def test_it_is_an_agents_of_its_department_and_rows_are_what_events_add_up_to(office: Office) -> None:
    with pytest.raises(NotPermitted):
        await rings(office, department="deliveries")
    case = await rings(office, claimed={"name": "Ana", "phone": "01632 960 101", "email": ""})
    assert (case.channel, dict(case.claimed)) == ("telephone", {"name": "Ana", "phone": "+441632960101"})
    assert (await office.told(case))[0] == "CaseOpened by Li"
    await office.rows_equal_fold(case)


async def test_links_and_levels_are_kept(office: Office) -> None:
    one, other = await rings(office), await rings(office, "another-call")
    by = {"by": office.li.actor, "at": AT}
    for operation in (relate, relate, unrelate, unrelate, relate):
        await office.do(operation, one.number, other.number, **by)
    await office.do(assess, one.number, impact=1, urgency=1, reason="Every till", **by)
    assert (await office.case(one)).links == (other.id,)
    assert (await office.case(one)).priority == 1
    assert (await office.told(one)).count("CasesLinked by Li") == 2
    for case in (one, other):
        await office.rows_equal_fold(case)


async def test_contacts_are_found_by_name_and_number(office: Office) -> None:
    await somebody(office, "Ölbaum Müller", "+441632960101")
    await somebody(office, "Ana 100%", "+441632960777")
    assert await found(office, "müll ölb") == ["Ölbaum Müller"]
    assert await found(office, "960 101") == ["Ölbaum Müller"]
    assert await found(office, "100%") == ["Ana 100%"]
    assert await found(office, "OLBAUM mull") == ["Ölbaum Müller"]
    assert await found(office, "baum") == []
    assert await found(office, "0%") == []
    assert await found(office, "#77") == []
    assert await found(office, "__") == []
    assert await found(office, "a") == []


async def test_they_are_found_by_what_is_known_now(office: Office) -> None:
    ana, bo = await somebody(office, "Ana Brandt"), await somebody(office, "Bo Ek")
    shop = Account(uuid4(), None, "store", "Harbour Street", "S-17")
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    async with office.database.unit_of_work() as work:
        contact = await Contacts(work).get(ana)
        await Contacts(work).change(
            contact, name="Ana Ek", email="a.ek@corner.example", phone="01632 960102", source="agent", **by
        )
        Accounts(work).add(shop)
        told = Contact(bo, "Bo Ek", "en", (), ((shop.id, Role.MEMBER),))
        Contacts(work).correct(await Contacts(work).get(bo), told, source="import", **by)
    assert await found(office, "brandt") == []
    assert await found(office, "ek") == ["Ana Ek", "Bo Ek"]
    for typed in ("a.ek@corner.example", "ek corner", "corner.ex", "960102", "01632 960 102"):
        assert await found(office, typed) == ["Ana Ek"], typed
    for typed in ("harbour", "s-17", "bo street"):
        assert await found(office, typed) == ["Bo Ek"], typed
    async with office.database.unit_of_work() as work:
        Accounts(work).change(replace(shop, name="Station Road"))
    assert await found(office, "harbour") == []
    assert await found(office, "station bo") == ["Bo Ek"]


async def test_no_more_contacts_are_found_than_can_be_looked_through(office: Office) -> None:
    for place in range(FOUND_MAX + 2):
        await somebody(office, f"Ana {place:02}")
    assert await found(office, "ana") == [f"Ana {place:02}" for place in range(FOUND_MAX)]


async def test_what_is_written_down_is_compared_with_what_is_open(office: Office) -> None:
    ana = await somebody(office, "Ana")
    mine = await rings(office, contact_id=ana)
    draft = call(subject="Till jams again", contact_id=ana)
    alike = await compare(await office.see(gather_drafted, draft, at=AT))
    assert [one.number for one in alike.duplicates] == [mine.number]
