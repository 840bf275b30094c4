"""People, what they are known by, and what happens when they change."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from customers.accounts import Role
from customers.assurance import Assurance, Level
from customers.contacts import Contacts
from customers.details import change_own
from customers.errors import AssuranceTooLow, ContactNotFound, IdentityInvalid
from customers.identities import Identity, IdentityKind
from customers.reading import account_names, contact_card, own_card, product_names
from customers.tables import contact_changes
from storage.errors import Conflict
from storage.outbox import published_after, waiting
from tests.customers.conftest import MONDAY, person

LATER = MONDAY + timedelta(hours=1)


@dataclass(frozen=True)
class By:
    kind: str = "customer"
    id: str = "c1"
    name: str = "Ana Field"


async def change(database, contact_id, **new):
    async with database.unit_of_work() as work:
        contact = await Contacts(work).get(contact_id)
        await Contacts(work).change(contact, by=By(), source="web chat", at=LATER, **new)


async def test_a_contact_comes_back_as_it_was_added(database, people):
    async with database.snapshot() as snapshot:
        ana = await Contacts(snapshot).get(people.ana.id)
    assert (ana.name, ana.language, ana.roles) == ("Ana Field", "en", ((people.north.id, Role.MANAGER),))
    assert set(ana.identities) == set(people.ana.identities)
    async with database.snapshot() as snapshot:
        with pytest.raises(ContactNotFound):
            await Contacts(snapshot).get(uuid4())


@pytest.mark.parametrize(
    ("kind", "typed"), [("email", "ANA@corner.example"), ("phone", "(01632) 960 101"), ("phone", "0044 1632 960101")]
)
async def test_a_contact_is_found_however_it_is_typed(database, people, kind, typed):
    async with database.snapshot() as snapshot:
        assert [found.id for found in await Contacts(snapshot).by_identity(kind, typed)] == [people.ana.id]


async def test_a_shared_mailbox_finds_everybody_who_shares_it(database, people):
    async with database.snapshot() as snapshot:
        found = await Contacts(snapshot).by_identity("email", "perth@corner.example")
    assert {contact.id for contact in found} == {people.cleo.id, people.dan.id}


async def test_changes_keep_their_source_and_time_and_leave_as_events(database, people):
    await change(database, people.ana.id, name="  Ana   Hill ", phone="01632 960199")
    async with database.snapshot() as snapshot:
        ana = await Contacts(snapshot).get(people.ana.id)
        rows = await snapshot.rows(sa.select(contact_changes).order_by(contact_changes.c.field))
        (event,) = await published_after(snapshot, "event", 0)
    assert (ana.name, ana.name_source, ana.name_since, ana.version) == ("Ana Hill", "web chat", LATER, 1)
    assert (ana.on_file(IdentityKind.PHONE), ana.given(IdentityKind.PHONE)) == (["+441632960101"], ["+441632960199"])
    assert [(row.field, row.old, row.new, row.source, row.at) for row in rows] == [
        ("name", "Ana Field", "Ana Hill", "web chat", LATER),
        ("phone", "+441632960101", "+441632960199", "web chat", LATER),
    ]
    assert event.payload["kind"] == "ContactChanged"
    assert event.payload["data"] == {
        "contact_id": str(ana.id),
        "fields": ["name", "phone"],
        "source": "web chat",
    }
    assert "Hill" not in str(event.payload["data"]), "values stay out of the feed"


async def test_what_did_not_change_is_no_change(database, people):
    await change(database, people.ana.id, name="Ana Field", phone="01632 960101", email="ana@corner.example")
    async with database.snapshot() as snapshot:
        assert (await Contacts(snapshot).get(people.ana.id)).version == 0
        assert await published_after(snapshot, "event", 0) == []


async def test_an_invalid_detail_changes_nothing(database, people):
    async with database.unit_of_work() as work:
        ana = await Contacts(work).get(people.ana.id)
        new = {"name": "Other", "phone": "01632 960188", "email": "none"}
        with pytest.raises(IdentityInvalid):
            await Contacts(work).change(ana, by=By(), source="web chat", at=LATER, **new)
        assert ana.name == "Ana Field"
    async with database.snapshot() as snapshot:
        assert (await Contacts(snapshot).get(people.ana.id)).name == "Ana Field"


async def test_a_new_address_recognises_nobody_until_it_is_proved(database, people):
    await change(database, people.ben.id, email="ana@corner.example")
    async with database.snapshot() as snapshot:
        assert [c.id for c in await Contacts(snapshot).by_identity("email", "ana@corner.example")] == [people.ana.id]
        card = await contact_card(snapshot, people.ben.id)
    assert (card.emails, card.unproved_emails) == (("ben@corner.example",), ("ana@corner.example",))


async def test_a_card_shows_everything_they_are_known_by_newest_first_within_a_kind(database, people):
    await change(database, people.ben.id, email="ana@corner.example", phone="01632 960188")
    async with database.snapshot() as snapshot:
        known = (await contact_card(snapshot, people.ben.id)).identities
    assert [(item.kind, item.value, item.on_file) for item in known] == [
        (IdentityKind.EMAIL, "ana@corner.example", False),
        (IdentityKind.EMAIL, "ben@corner.example", True),
        (IdentityKind.PHONE, "+441632960188", False),
        (IdentityKind.LOYALTY, "LOY12345", True),
    ]
    assert [item.since for item in known[:2]] == [LATER, MONDAY]


async def test_an_agent_can_put_an_address_on_file_and_the_older_one_is_told(database, people):
    async with database.unit_of_work() as work:
        ben = await Contacts(work).get(people.ben.id)
        await Contacts(work).confirm(
            ben, "email", "Ben@New.example", by=By("agent", "a1", "Li"), source="agent", at=LATER
        )
    async with database.snapshot() as snapshot:
        assert [c.id for c in await Contacts(snapshot).by_identity("email", "ben@new.example")] == [ben.id]
        (mail,) = [row.payload for row in await waiting(snapshot, at=LATER)]
    assert (mail["template"], mail["to"]) == ("address_added", "ben@corner.example")


async def test_two_who_change_one_contact_at_once_do_not_overwrite_each_other(database, people):
    with pytest.raises(Conflict):
        async with database.unit_of_work() as first:
            ana = await Contacts(first).get(people.ana.id)
            await Contacts(first).change(ana, name="One", by=By(), source="x", at=LATER)
            await change(database, people.ana.id, name="Two")


async def test_an_outside_identity_belongs_to_one_contact(database, people):
    web = Identity(IdentityKind.WEB, "https://shop.example|7", "https://shop.example", MONDAY)
    async with database.unit_of_work() as work:
        Contacts(work).add(replace(person("One"), identities=(web,)))
    with pytest.raises(Conflict):
        async with database.unit_of_work() as work:
            Contacts(work).add(replace(person("Two"), identities=(web,)))
    async with database.snapshot() as snapshot:
        (found,) = await Contacts(snapshot).by_identity("web", "https://shop.example|7")
    assert found.name == "One"


async def test_a_number_somebody_gives_does_not_make_its_owners_number_ambiguous(database, people):
    await change(database, people.ben.id, phone="01632 960101")
    async with database.snapshot() as snapshot:
        assert [c.id for c in await Contacts(snapshot).by_identity("phone", "01632 960101")] == [people.ana.id]
        assert (await contact_card(snapshot, people.ben.id)).phones == ("+441632960101",)


async def test_people_change_their_own_details_and_only_when_they_proved_who_they_are(database, people):
    async with database.unit_of_work() as work:
        verified = Assurance(uuid4(), Level.VERIFIED, people.ben.id)
        changed = await change_own(
            work, verified, name="Benjamin Hill", email="ben@new.example", source="chat", at=LATER
        )
        assert changed.given(IdentityKind.EMAIL) == ["ben@new.example"]
        for level in (Level.ANONYMOUS, Level.CLAIMED, Level.CHANNEL):
            with pytest.raises(AssuranceTooLow):
                await change_own(work, Assurance(uuid4(), level, people.ben.id), name="X", source="chat", at=LATER)
    async with database.snapshot() as snapshot:
        assert (await Contacts(snapshot).get(people.ben.id)).name == "Benjamin Hill"
        assert (await snapshot.first(sa.select(contact_changes.c.actor))).actor == {
            "kind": "customer",
            "id": str(people.ben.id),
            "name": "Ben Hill",
        }


async def test_own_details_are_for_those_who_proved_who_they_are(database, people):
    async with database.snapshot() as snapshot:
        for level in (Level.ANONYMOUS, Level.CLAIMED, Level.CHANNEL):
            with pytest.raises(AssuranceTooLow):
                await own_card(snapshot, Assurance(uuid4(), level, people.ana.id))
        card = await own_card(snapshot, Assurance(uuid4(), Level.VERIFIED, people.ana.id))
    assert (card.name, card.phones) == ("Ana Field", ("+441632960101",))
    assert [(item.name, item.role, item.path) for item in card.accounts] == [
        ("Corner North", Role.MANAGER, ("Corner Shops", "Corner North"))
    ]


async def test_names_for_recognising(database, people):
    async with database.snapshot() as snapshot:
        assert (people.leith.id, "Corner Leith") in await account_names(snapshot)
        assert await product_names(snapshot) == [("till-5", "Till 5", ("cash register",))]
