"""An agent opens a case for somebody who rings: for whom, once, with what looks like it, and who may."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.rulebooks import decide
from caseengine.tables import cases
from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.reading import add_product
from tests.app.house import Peer, Served
from tests.caseengine.machine import RULEBOOKS
from tests.caseengine.office import when

SHOP = UUID("9a0d5b1c-6a7e-4f7d-b1a4-3d2c8e5f6a77")


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


def asked(**changed: Any) -> dict[str, Any]:
    return {"key": "the-call-at-nine", "subject": "The till jams", "department": "tills"} | changed


async def opens(peer: Peer, **changed: Any) -> dict[str, Any]:
    answered = await peer.asks("POST", "/api/cases", asked(**changed))
    assert answered.status == 201, answered
    case: dict[str, Any] = answered.json
    return case


async def refused(peer: Peer, **changed: Any) -> str:
    return (await peer.asks("POST", "/api/cases", asked(**changed))).code


async def of_a_shop(served: Served, name: str = "Ölbaum Ana") -> UUID:
    """Somebody of Harbour Street, with an address and a telephone."""
    contact_id, at = uuid4(), when("Mon 08:00")
    known = (
        Identity(IdentityKind.EMAIL, "ana@harbour.example", "import", at),
        Identity(IdentityKind.PHONE, "01632 960 101", "import", at),
    )
    async with served.database.unit_of_work() as work:
        Accounts(work).add(Account(SHOP, None, "store", "Harbour Street", "S-17"))
        Contacts(work).add(Contact(contact_id, name, "de", known, ((SHOP, Role.MEMBER),)))
    return contact_id


async def count(served: Served) -> int:
    return int(await served.office.see(lambda snapshot: snapshot.scalar(sa.select(sa.func.count()).select_from(cases))))


async def test_a_caller_becomes_a_case_with_its_channel_promise_and_place_in_the_queue(
    served: Served, li: Peer
) -> None:
    contact = await of_a_shop(served)
    opened = (await opens(li, contact_id=str(contact), impact=1, urgency=1, order_number="A-1"))["case"]
    assert (opened["contact_name"], opened["account_id"]) == ("Ölbaum Ana", str(SHOP))
    assert (opened["channel"], opened["language"], opened["priority"]) == ("telephone", "de", 1)
    assert (opened["status"], opened["conversation"]) == ("new", None)
    assert opened["due_at"] is not None
    first = (await li.gets(f"/api/cases/{opened['number']}/timeline"))["entries"][0]
    assert (first["kind"], first["actor"]["name"], first["data"]["channel"]) == ("CaseOpened", "Li", "telephone")
    assert [one["number"] for one in (await li.gets("/api/cases?unassigned=true"))["cases"]] == [opened["number"]]
    async with served.database.unit_of_work() as work:
        await served.office.rows_equal_fold(await Cases(work).get(opened["number"]))


async def test_a_claim_stays_a_claim(served: Served, li: Peer) -> None:
    await of_a_shop(served)
    claimed = {"name": "Ana", "email": "Ana@Harbour.example", "phone": "01632 960101", "account": "Harbour  Street"}
    opened = (await opens(li, claimed=claimed))["case"]
    assert (opened["contact_id"], opened["contact_name"], opened["account_id"]) == (None, None, None)
    written = {"name": "Ana", "email": "ana@harbour.example", "phone": "+441632960101", "account": "Harbour Street"}
    assert opened["claimed"] == written
    assert opened["reply_address"] == "ana@harbour.example"


async def test_the_same_key_opens_one_case(served: Served, li: Peer) -> None:
    first = await opens(li)
    again = await opens(li)
    assert (first["case"]["number"], await count(served)) == (again["case"]["number"], 1)
    assert await refused(li, subject="Another thing") == "http.key_reused"
    sam = await served.agent(served.office.sam)
    assert (await opens(sam))["case"]["number"] != first["case"]["number"]


@pytest.mark.parametrize(
    "changed",
    [
        *({"subject": "Another thing"}, {"description": "Another word"}, {"department": "deliveries"}),
        *({"case_type": "question"}, {"impact": 1}, {"urgency": 3}, {"channel": "letter"}, {"language": "en"}),
        *({"order_number": "A-2"}, {"order_number": None}, {"products": []}, {"products": ["till-2", "drawer"]}),
        *({"claimed": {}}, {"claimed": {"name": "Ana", "phone": "01632 960102"}}, {"account_id": str(uuid4())}),
        *({"fields": {}}, {"fields": {"till": 5}}, {"contact_id": None}),
    ],
)
async def test_the_same_key_with_anything_else_names_the_case_and_opens_none(
    served: Served, changed: dict[str, Any]
) -> None:
    for kind, document in RULEBOOKS.items():
        await served.office.do(decide, kind, document, by=served.office.sam.actor, at=when("Mon 08:00"))
    sam = await served.agent(served.office.sam)
    told = {"case_type": "complaint", "order_number": "A-1", "products": ["till-2"], "fields": {"till": 4}}
    claimed = {"name": "Ana", "phone": "01632 960101"}
    first = asked(contact_id=str(await of_a_shop(served)), claimed=claimed, **told)
    number = (await opens(sam, **first))["case"]["number"]
    assert (await opens(sam, **first, account_id=str(SHOP), language="de"))["case"]["number"] == number
    answered = await sam.asks("POST", "/api/cases", first | changed)
    assert (answered.code, answered.json["number"]) == ("http.key_reused", number)
    assert await count(served) == 1


async def test_what_was_done_with_it_since_is_no_matter_to_its_key(served: Served, li: Peer) -> None:
    for kind, document in RULEBOOKS.items():
        await served.office.do(decide, kind, document, by=served.office.sam.actor, at=when("Mon 08:00"))
    opened = (await opens(li, case_type="complaint"))["case"]
    served.clock.passes(minutes=1)
    await li.posts(f"/api/cases/{opened['number']}/fields", {"values": {"till": 4}})
    assert (await opens(li, case_type="complaint"))["case"]["number"] == opened["number"]


async def test_what_looks_like_it_is_told_before_and_with_it(served: Served, li: Peer) -> None:
    contact = await of_a_shop(served)
    known = await served.office.report("The till drawer jams", at="Mon 09:30", contact_id=contact)
    asks = f"/api/alike?subject=Till drawer jams&department=tills&contact_id={contact}"
    before = await li.gets(asks)
    assert [one["number"] for one in before["duplicates"]] == [known.number]
    assert await count(served) == 1
    opened = await opens(li, subject="Till drawer jams again", contact_id=str(contact))
    assert [one["number"] for one in opened["alike"]["duplicates"]] == [known.number]


async def test_a_problem_of_many_is_known_before_it_is_opened_again(served: Served, li: Peer) -> None:
    for name in ("Ana", "Bo", "Cleo"):
        await served.office.report("Every till is frozen", at="Mon 09:30", contact_id=await served.office.contact(name))
    found = await li.gets("/api/alike?subject=Every till is frozen&department=tills")
    assert (len(found["known_problem"]), found["customers"]) == (3, 4)


async def test_only_in_departments_of_ones_own(served: Served, li: Peer) -> None:
    assert await refused(li, department="deliveries") == "department.not_found"
    assert await refused(li, department="nowhere") == "department.not_found"
    foreign = await li.asks("GET", "/api/alike?subject=Late&department=deliveries")
    assert foreign.code == "department.not_found"
    sam = await served.agent(served.office.sam)
    assert (await opens(sam, department="deliveries"))["case"]["department"] == "deliveries"
    assert await refused(sam, key="another-call", department="nowhere") == "department.not_found"


async def test_what_cannot_be_says_why_and_opens_nothing(served: Served, li: Peer) -> None:
    contact = await of_a_shop(served)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"contact_id": str(uuid4())}, "customers.contact_not_found"),
        ({"contact_id": str(contact), "account_id": str(uuid4())}, "customers.account_not_found"),
        ({"account_id": str(SHOP)}, "http.body_invalid"),
        ({"claimed": {"email": "no address"}}, "customers.identity_invalid"),
        ({"subject": "  "}, "case.text_missing"),
        ({"impact": 4}, "http.body_invalid"),
    ]
    for changed, code in wrong:
        assert await refused(li, **changed) == code
    assert await count(served) == 0


async def test_fields_are_taken_by_the_form_of_its_type(served: Served, li: Peer) -> None:
    for kind, document in RULEBOOKS.items():
        await served.office.do(decide, kind, document, by=served.office.sam.actor, at=when("Mon 08:00"))
    assert await refused(li, case_type="complaint", fields={"till": 0}) == "case.fields_invalid"
    opened = (await opens(li, case_type="complaint", fields={"till": 4}))["case"]
    assert (opened["fields"], [item["id"] for item in opened["checklist"]]) == ({"till": 4}, ["sorry"])


@pytest.mark.parametrize(
    "typed",
    [
        *("ölb", "ana ölbaum", "ana@harbour", "01632 960101", "+44 1632 960 101", "960101", "harbour street", "s-17"),
        *("+44 (0)1632 960101", "+44(0) 1632 960101", "0044 (0)1632 960-101", "(0)1632 960101", "9 6 0 1 0 1"),
        *("x ölbaum", "ana ölbaum harbour street s-17 of no matter what"),
    ],
)
async def test_a_contact_is_found_by_what_callers_say(served: Served, li: Peer, typed: str) -> None:
    contact = await of_a_shop(served)
    await served.office.contact("Bo")
    (found,) = (await li.gets(f"/api/contacts?search={typed.replace('+', '%2B')}"))["contacts"]
    assert (found["id"], found["emails"], found["phones"]) == (
        str(contact),
        ["ana@harbour.example"],
        ["+441632960101"],
    )
    assert [one["path"] for one in found["accounts"]] == [["Harbour Street"]]


@pytest.mark.parametrize("typed", ["nobody", "%%", "__", "ana quince", "11", "  "])
async def test_nobody_is_found_by_what_fits_nobody(served: Served, li: Peer, typed: str) -> None:
    await of_a_shop(served)
    asking = await li.asks("GET", f"/api/contacts?search={typed.replace('%', '%25')}")
    assert asking.json["contacts"] == []


async def test_products_are_named(served: Served, li: Peer) -> None:
    async with served.database.unit_of_work() as work:
        work.write(add_product("till-2", "Till 2", ()))
        work.write(add_product("card-reader", "Card reader", ()))
    assert [one["name"] for one in (await li.gets("/api/products"))["products"]] == ["Card reader", "Till 2"]
