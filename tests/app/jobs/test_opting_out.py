"""Whoever says stop is written to no more: at no case of theirs, under no name."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.case import Case
from caseengine.operations.linking import identify_customer
from caseengine.operations.wishing import wish
from customers.codes import OneTimeCodes, code_for
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.preferences import Holder, HolderKind, Preferences
from customers.tables import one_time_codes
from customers.wishes import Way, Wishes
from tests.app.jobs import test_telling
from tests.app.jobs.test_telling import SECRET, Street
from tests.caseengine.office import when

NEW = "new@home.example"
THEMSELVES = Actor(ActorKind.CUSTOMER, "x")
street = test_telling.street


async def newcomer(street: Street, address: str = NEW) -> Case:
    """A case of somebody known by an address alone, who typed the code that was sent there."""
    case = await street.case(contact_id=None, reply_address=address)
    await proves_address(street, case, address)
    return case


async def proves_address(street: Street, case: Case, address: str) -> None:
    here, source = uuid4(), str(case.number)
    async with street.database.unit_of_work() as work:
        named: dict[str, Any] = {"case": case.id, "case_address": address, "source": source, "language": "en"}
        named["at"] = street.clock()
        await OneTimeCodes(work, SECRET).send(here, IdentityKind.EMAIL, address, **named)
    async with street.database.unit_of_work() as work:
        code = await work.scalar(sa.select(one_time_codes.c.id).where(one_time_codes.c.conversation == here))
        await OneTimeCodes(work, SECRET).check(here, code_for(SECRET, code), at=street.clock())
    await street.delivers()
    street.sent.clear()


async def known(street: Street, *addresses: str) -> UUID:
    contact = uuid4()
    on_file = tuple(Identity(IdentityKind.EMAIL, one, "import", when("Mon 08:00")) for one in addresses)
    async with street.database.unit_of_work() as work:
        Contacts(work).add(Contact(contact, "New", "en", on_file))
    return contact


async def says(street: Street, whose: Case | UUID, way: Way | None, by: Actor = THEMSELVES) -> None:
    """As the page behind the link does, for who opened a case or for a contact."""
    holder = Holder(HolderKind.CASE, whose.id) if isinstance(whose, Case) else Holder(HolderKind.CONTACT, whose)
    async with street.database.unit_of_work() as work:
        at = street.clock()
        await wish(work, holder, lambda _: Wishes(way=way), zone="UTC", by=by, source="test", at=at)


async def identified(street: Street, case: Case, contact: UUID) -> None:
    conversation = (await street.office.case(case)).conversation_id
    how = {"contact_id": contact, "account_id": None, "by": SYSTEM, "at": street.clock()}
    await street.office.do(identify_customer, conversation, **how)


async def hears(street: Street, case: Case) -> list[str]:
    """The addresses that an agent's words about it go to."""
    before = len(street.by("mail"))
    at = street.clock.at + timedelta(minutes=10)
    await street.replies(case, "At noon.", f"{at:%a %H:%M}")
    await street.tells()
    return [mail["to"] for mail in street.by("mail")[before:]]


async def why(street: Street, case: Case) -> str:
    return (await street.notices(case))[-1].why


async def test_an_address_that_said_stop_gets_nothing_of_another_case(street: Street) -> None:
    case = await newcomer(street)
    assert await hears(street, case) == [NEW]
    await says(street, case, None)
    other = await newcomer(street, "New@Home.Example")

    assert (await hears(street, case), await hears(street, other)) == ([], [])
    assert await why(street, other) == "opted_out"


async def test_a_stop_goes_with_the_case_to_whose_it_is(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, "new@work.example")
    await says(street, case, None)
    await identified(street, case, contact)

    assert await hears(street, case) == []
    later = await street.case(contact_id=contact)
    assert await hears(street, later) == []


async def test_a_stop_said_before_is_older_than_what_the_contact_said_since(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, "new@work.example")
    await says(street, case, None)
    street.clock.at += timedelta(minutes=1)
    await says(street, contact, Way.EMAIL)
    await identified(street, case, contact)
    assert await hears(street, case) == ["new@work.example"]


async def test_what_a_newcomer_wants_does_not_lift_the_stop_of_whoever_they_are(street: Street) -> None:
    contact = await known(street, "new@work.example")
    await says(street, contact, None)
    street.clock.at += timedelta(minutes=1)
    case = await newcomer(street)
    await says(street, case, Way.EMAIL)
    await identified(street, case, contact)
    assert await hears(street, case) == []


async def test_of_several_cases_one_stop_is_enough(street: Street) -> None:
    contact = await known(street, "new@work.example")
    first = await newcomer(street)
    conversation = (await street.office.case(first)).conversation_id
    assert conversation is not None
    second = await street.office.report_in(conversation, reply_address=NEW)
    await says(street, first, None)
    await says(street, second, Way.EMAIL)
    await identified(street, first, contact)
    assert await hears(street, first) == []


async def test_an_address_on_file_that_said_stop_gets_nothing_either(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, NEW)
    await says(street, case, None)
    theirs = await street.case(contact_id=contact)

    assert await hears(street, theirs) == []
    assert await why(street, theirs) == "opted_out"


async def test_a_contacts_stop_holds_for_who_writes_from_their_address(street: Street) -> None:
    contact = await known(street, NEW)
    await says(street, contact, None)
    assert await hears(street, await newcomer(street)) == []


async def test_the_link_of_a_case_stops_it_after_it_became_somebodys(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, NEW)
    await identified(street, case, contact)
    assert await hears(street, case) == [NEW]
    await says(street, case, None)

    assert await hears(street, case) == []
    async with street.database.snapshot() as snapshot:
        wanted = await Preferences(snapshot, zone="UTC").of(Holder(HolderKind.CONTACT, contact))
    assert wanted.wishes.way is None


async def test_only_its_reader_lifts_what_stops_an_address(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, NEW)
    await says(street, case, None)
    theirs = await street.case(contact_id=contact)
    await says(street, contact, Way.EMAIL, by=street.office.mo.actor)
    assert await hears(street, theirs) == [], "an agent changed something else for them"
    await says(street, contact, Way.CHAT)
    await says(street, contact, Way.EMAIL)
    assert await hears(street, theirs) == [NEW]


async def test_who_asked_an_agent_to_stop_can_ask_to_be_told_again(street: Street) -> None:
    contact = await known(street, NEW)
    theirs = await street.case(contact_id=contact)
    await says(street, contact, None, by=street.office.mo.actor)
    assert await hears(street, theirs) == []
    await says(street, contact, Way.EMAIL, by=street.office.mo.actor)
    assert await hears(street, theirs) == [NEW]


async def test_another_address_of_theirs_is_written_to(street: Street) -> None:
    case, contact = await newcomer(street), await known(street, "new@work.example", NEW)
    await says(street, case, None)
    theirs = await street.case(contact_id=contact)
    assert await hears(street, theirs) == ["new@work.example"]
