"""A code to a new address: it puts that address on file for who is verified already, and does nothing else."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from customers.assurance import AGE_MAX, Assurances, Level
from customers.codes import OneTimeCodes
from customers.contacts import Contacts
from customers.errors import CodeExpired, CodeUsedUp, CodeWrong, TooManyCodes
from customers.tables import one_time_codes
from tests.customers.conftest import MONDAY, SECRET
from tests.customers.test_codes import HOUR, MINUTE, ask, enter, mails, other_than, statements, the_code

NEW, BENS, ANAS, SHARED = "ben@new.example", "ben@corner.example", "ana@corner.example", "perth@corner.example"


class ACTOR:
    kind, id, name = "customer", "ben", "Ben Hill"


async def ask_to_confirm(database, conversation, address, *, source="192.0.2.1", at=MONDAY):
    async with database.unit_of_work() as work:
        await OneTimeCodes(work, SECRET).send_confirmation(conversation, address, source=source, language="en", at=at)


async def confirm(database, conversation, address, typed, *, at=MONDAY):
    """As the bot does it: the refusal is caught inside the unit of work, and the turn commits."""
    refused = None
    async with database.unit_of_work() as work:
        try:
            return await OneTimeCodes(work, SECRET).check(conversation, typed, at=at, confirms=address)
        except (CodeWrong, CodeUsedUp, CodeExpired) as refusal:
            refused = refusal
    return refused


async def verified(database, contact, *, at=MONDAY):
    conversation = uuid4()
    async with database.unit_of_work() as work:
        await Assurances(work).verify(conversation, contact.id, "identity_token", at=at)
    return conversation


async def gives(database, contact, address):
    async with database.unit_of_work() as work:
        found = await Contacts(work).get(contact.id)
        await Contacts(work).change(found, email=address, by=ACTOR, source="web chat", at=MONDAY)


async def owners(database, address):
    async with database.snapshot() as snapshot:
        return [found.name for found in await Contacts(snapshot).by_identity("email", address)]


async def speaker(database, conversation, *, at=MONDAY):
    async with database.unit_of_work() as work:
        assurance = await Assurances(work).of(conversation, at=at)
    return assurance.level, assurance.contact_id


@pytest.fixture
async def bens(database, people):
    """A conversation verified as Ben, who gave a new address."""
    await gives(database, people.ben, NEW)
    return await verified(database, people.ben)


async def test_a_new_address_is_on_file_once_its_owner_proved_it(database, people, bens):
    await ask_to_confirm(database, bens, "Ben@New.example")
    assert (await mails(database))[-1]["to"] == NEW
    assurance = await confirm(database, bens, NEW, await the_code(database))
    assert (assurance.level, assurance.contact_id) == (Level.VERIFIED, people.ben.id)
    assert await owners(database, NEW) == ["Ben Hill"]
    assert [(m["template"], m["to"]) for m in await mails(database)][-1] == ("address_added", BENS)


async def test_a_waiting_address_identifies_nobody_not_even_who_gave_it(database, people, bens):
    for conversation in (bens, uuid4()):
        await ask(database, conversation, NEW)
        assert (await mails(database))[-1]["to"] == ""


@pytest.mark.parametrize("address", [ANAS, SHARED])
async def test_an_address_on_file_for_another_gets_no_code_and_makes_nobody_that_other(database, people, address):
    await gives(database, people.ben, address)
    before, conversation = await owners(database, address), await verified(database, people.ben)

    await ask_to_confirm(database, conversation, address)

    assert [(mail["template"], mail["to"]) for mail in await mails(database)] == [("address_taken", address)]
    code = await the_code(database)
    assert isinstance(await confirm(database, conversation, address, code), CodeWrong)
    assert isinstance(await enter(database, conversation, code), CodeWrong)
    assert await speaker(database, conversation) == (Level.VERIFIED, people.ben.id)
    assert await owners(database, address) == before


async def test_nobody_can_confirm_an_address_they_did_not_give(database, people, bens):
    for conversation, address in ((uuid4(), NEW), (await verified(database, people.ana), NEW), (bens, "x@y.example")):
        await ask_to_confirm(database, conversation, address)
        assert [(mail["template"], mail["to"]) for mail in await mails(database)][-1] == ("one_time_code", "")
        assert isinstance(
            await confirm(database, conversation, address, await the_code(database)), CodeWrong | CodeExpired
        )
        assert await owners(database, address) == []


async def test_an_address_that_is_on_file_for_them_already_stays(database, people):
    conversation = await verified(database, people.ben)
    await ask_to_confirm(database, conversation, BENS)
    assert (await confirm(database, conversation, BENS, await the_code(database))).contact_id == people.ben.id
    assert await owners(database, BENS) == ["Ben Hill"]


async def test_a_confirming_code_does_not_identify(database, people, bens):
    await ask_to_confirm(database, bens, NEW)
    code = await the_code(database)
    assert isinstance(await enter(database, bens, code), CodeWrong)
    async with database.unit_of_work() as work:
        await Assurances(work).drop(bens)
    assert isinstance(await enter(database, bens, code), CodeWrong)
    assert (await speaker(database, bens))[1] is None


async def test_an_identifying_code_confirms_no_address(database, people, bens):
    await ask_to_confirm(database, bens, NEW)
    await ask(database, bens, BENS)
    code = await the_code(database)
    for address in (NEW, BENS):
        assert isinstance(await confirm(database, bens, address, code), CodeWrong)
    assert await owners(database, NEW) == []


async def test_a_code_for_one_new_address_does_not_confirm_another(database, people, bens):
    await gives(database, people.ben, "ben@other.example")
    await ask_to_confirm(database, bens, NEW)
    assert isinstance(await confirm(database, bens, "ben@other.example", await the_code(database)), CodeWrong)
    assert await owners(database, "ben@other.example") == []


async def test_who_is_another_person_by_then_confirms_nothing_and_stays_who_they_are(database, people, bens):
    await gives(database, people.ana, NEW)
    await ask_to_confirm(database, bens, NEW)
    async with database.unit_of_work() as work:
        await Assurances(work).verify(bens, people.ana.id, "identity_token", at=MONDAY)
    assert isinstance(await confirm(database, bens, NEW, await the_code(database)), CodeWrong)
    assert await speaker(database, bens) == (Level.VERIFIED, people.ana.id)
    assert await owners(database, NEW) == []


@pytest.mark.parametrize("address", [NEW, ANAS])
async def test_who_is_proved_no_more_confirms_nothing(database, people, address):
    await gives(database, people.ben, address)
    begun = MONDAY - AGE_MAX + 5 * MINUTE
    conversation, before = await verified(database, people.ben, at=begun), await owners(database, address)
    for n in range(1, 25):
        async with database.unit_of_work() as work:
            await Assurances(work).touch(conversation, at=begun + n * timedelta(minutes=29))
    await ask_to_confirm(database, conversation, address)
    later = MONDAY + 6 * MINUTE
    code = await the_code(database)
    assert isinstance(await confirm(database, conversation, address, code, at=later), CodeExpired)
    assert isinstance(await confirm(database, conversation, address, other_than(code), at=later), CodeExpired)
    assert (await speaker(database, conversation, at=later))[1] is None
    assert await owners(database, address) == before


async def test_an_address_that_came_on_file_for_another_meanwhile_is_refused(database, people, bens):
    await ask_to_confirm(database, bens, NEW)
    code = await the_code(database)
    async with database.unit_of_work() as work:
        ana = await Contacts(work).get(people.ana.id)
        await Contacts(work).confirm(ana, "email", NEW, by=ACTOR, source="agent", at=MONDAY)
    assert isinstance(await confirm(database, bens, NEW, code), CodeWrong)
    assert await owners(database, NEW) == ["Ana Field"]


@pytest.mark.parametrize("address", [NEW, ANAS])
async def test_tries_and_limits_are_the_same_whoever_has_the_address(database, people, address):
    await gives(database, people.ben, address)
    conversation = await verified(database, people.ben)
    for _ in range(3):
        await ask_to_confirm(database, conversation, address)
    with pytest.raises(TooManyCodes) as refused:
        await ask_to_confirm(database, conversation, address)
    assert refused.value.retry_after_s == HOUR.total_seconds()
    wrong = other_than(await the_code(database))
    answers = [await confirm(database, conversation, address, wrong) for _ in range(5)]
    assert [getattr(answer, "tries_left", 0) for answer in answers] == [4, 3, 2, 1, 0]


async def test_one_contact_causes_three_mails_an_hour_to_addresses_of_others_and_hears_no_difference(database, people):
    taken = (ANAS, "ana.field@home.example", SHARED, NEW)
    conversation = await verified(database, people.ben)
    for address in taken:
        await gives(database, people.ben, address)
        await ask_to_confirm(database, conversation, address)
    assert [mail["to"] for mail in await mails(database)] == [*taken[:3], ""]
    assert isinstance(await confirm(database, conversation, NEW, await the_code(database)), CodeWrong)
    async with database.snapshot() as snapshot:
        kept = [row.confirms for row in await snapshot.rows(sa.select(one_time_codes.c.confirms))]
    assert kept == [""] * 4, "a decoy keeps the purpose and no address"


async def test_the_database_is_asked_and_told_the_same_whoever_has_the_address(database, people):
    asked = {}
    for address in (NEW, ANAS, SHARED):
        await gives(database, people.ben, address)
        conversation = await verified(database, people.ben)
        with statements() as seen:
            await ask_to_confirm(database, conversation, address)
            await confirm(database, conversation, address, "00000000")
        asked[address] = seen
    assert len(asked[NEW]) > 10
    assert asked[NEW] == asked[ANAS] == asked[SHARED]
