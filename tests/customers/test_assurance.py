"""How well we know who is speaking, and when we stop knowing it."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa

from customers.accounts import Role
from customers.assurance import AGE_MAX, IDLE_MAX, Assurance, Assurances, Level, require, require_contact
from customers.contacts import Contacts
from customers.errors import AssuranceTooLow, IdentityInvalid
from customers.reading import Proved, proved_in
from customers.tables import account_roles
from storage.errors import Conflict
from tests.customers.conftest import MONDAY, person

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(database):
    """Assurances of one conversation, one unit of work each."""
    conversation = uuid4()

    async def call(verb, *args, at=MONDAY):
        async with database.unit_of_work() as work:
            times = {} if verb == "drop" else {"at": at}
            return await getattr(Assurances(work), verb)(conversation, *args, **times)

    async def of(at=MONDAY):
        return await call("of", at=at)

    async def holds_back():
        assurance = await of()
        async with database.unit_of_work() as work:
            return await Assurances(work).holds_back(assurance)

    return SimpleNamespace(call=call, of=of, holds_back=holds_back, conversation=conversation)


async def test_nobody_is_known_at_first(desk):
    assert await desk.of() == Assurance(desk.conversation)


async def test_a_claim_is_kept_in_its_written_form_and_proves_nothing(desk, people):
    await desk.call("claim", "email", "Ana@Corner.Example")
    await desk.call("claim", "phone", "01632 960101")
    found = await desk.of()
    assert (found.level, found.contact_id, found.account_ids) == (Level.CLAIMED, None, frozenset())
    assert found.claimed == {"email": "ana@corner.example", "phone": "+441632960101"}
    with pytest.raises(IdentityInvalid):
        await desk.call("claim", "email", "not an address")


async def test_a_manager_sees_the_account_and_all_below(desk, people):
    await desk.call("verify", people.ana.id, "test")
    assert (await desk.of()).account_ids == {people.north.id, people.leith.id, people.perth.id}


async def test_a_member_sees_no_account_whole(desk, people):
    await desk.call("verify", people.ben.id, "test")
    assert (await desk.of()).account_ids == frozenset()


async def test_the_channels_word_opens_no_accounts(desk, people):
    await desk.call("vouch", people.ana.id, "teams")
    found = await desk.of()
    assert (found.level, found.contact_id, found.account_ids) == (Level.CHANNEL, people.ana.id, frozenset())


async def test_what_a_proof_would_open_is_known_to_wait_for_one(desk, people):
    assert not await desk.holds_back()
    await desk.call("vouch", people.ben.id, "teams")
    assert not await desk.holds_back(), "a member sees no account whole, however proved"
    await desk.call("vouch", people.ana.id, "teams")
    assert await desk.holds_back()
    await desk.call("verify", people.ana.id, "test")
    assert not await desk.holds_back()


async def test_the_channels_word_does_not_weaken_a_proof_of_the_same_person(desk, people):
    await desk.call("verify", people.ana.id, "test")
    await desk.call("vouch", people.ana.id, "teams")
    assert (await desk.of()).level is Level.VERIFIED
    await desk.call("vouch", people.ben.id, "teams")
    found = await desk.of()
    assert (found.level, found.contact_id) == (Level.CHANNEL, people.ben.id)


async def test_a_role_taken_away_is_gone_at_once(desk, people, database):
    await desk.call("verify", people.ana.id, "test")
    async with database.unit_of_work() as work:
        work.write(sa.update(account_roles).values(role=str(Role.MEMBER)))
    assert (await desk.of()).account_ids == frozenset()


async def test_a_proof_ends_after_thirty_silent_minutes(desk, people):
    await desk.call("claim", "email", "ana@corner.example")
    await desk.call("verify", people.ana.id, "test")
    assert (await desk.of(MONDAY + IDLE_MAX)).level is Level.VERIFIED
    late = await desk.of(MONDAY + IDLE_MAX + MINUTE)
    assert (late.level, late.contact_id) == (Level.CLAIMED, None)


async def test_talking_keeps_a_proof_alive_for_twelve_hours_and_no_longer(desk, people):
    await desk.call("verify", people.ana.id, "test")
    for minutes in range(20, 12 * 60 + 40, 20):
        await desk.call("touch", at=MONDAY + minutes * MINUTE)
    assert (await desk.of(MONDAY + AGE_MAX)).level is Level.VERIFIED
    assert (await desk.of(MONDAY + AGE_MAX + MINUTE)).level is Level.ANONYMOUS


async def test_what_has_expired_does_not_come_back(desk, people):
    await desk.call("verify", people.ana.id, "test")
    await desk.call("prove_case", uuid4())
    late = MONDAY + IDLE_MAX + MINUTE
    await desk.call("touch", at=late)
    assert (await desk.of(late)).level is Level.ANONYMOUS
    await desk.call("claim", "email", "ana@corner.example", at=late)
    other = uuid4()
    await desk.call("prove_case", other, at=late)
    found = await desk.of(late)
    assert (found.level, found.contact_id, found.cases) == (Level.CLAIMED, None, {other})


async def test_a_proved_case_stays_a_case(desk, people):
    case = uuid4()
    await desk.call("prove_case", case)
    found = await desk.of()
    assert (found.level, found.contact_id, found.cases) == (Level.ANONYMOUS, None, {case})
    assert (await desk.of(MONDAY + IDLE_MAX + MINUTE)).cases == frozenset()


async def test_another_person_does_not_inherit_what_the_first_had_proved(desk, people):
    await desk.call("verify", people.ana.id, "test")
    await desk.call("prove_case", uuid4())
    await desk.call("verify", people.ben.id, "test")
    found = await desk.of()
    assert (found.contact_id, found.cases) == (people.ben.id, frozenset())


async def test_dropping_forgets_everything(desk, people):
    await desk.call("claim", "email", "ana@corner.example")
    await desk.call("verify", people.ana.id, "test")
    await desk.call("prove_case", uuid4())
    await desk.call("drop")
    assert await desk.of() == Assurance(desk.conversation)


async def test_one_step_sees_what_the_step_before_proved(database, people):
    conversation, new = uuid4(), person("Eva Long", ("email", "eva@corner.example"))
    async with database.unit_of_work() as work:
        await Assurances(work).claim(conversation, "email", "eva@corner.example", at=MONDAY)
        Contacts(work).add(new)
        await Assurances(work).verify(conversation, new.id, "test", at=MONDAY)
        assert (await Assurances(work).of(conversation, at=MONDAY)).contact_id == new.id
    async with database.unit_of_work() as work:
        assert (await Assurances(work).of(conversation, at=MONDAY)).contact_id == new.id


@pytest.mark.parametrize("known_before", [True, False])
async def test_two_writers_of_one_conversation_do_not_overwrite_each_other(database, people, known_before):
    conversation = uuid4()
    if known_before:
        async with database.unit_of_work() as work:
            await Assurances(work).claim(conversation, "email", "ana@corner.example", at=MONDAY)
    with pytest.raises(Conflict):
        async with database.unit_of_work() as first:
            await Assurances(first).verify(conversation, people.ana.id, "test", at=MONDAY)
            async with database.unit_of_work() as second:
                await Assurances(second).drop(conversation)


async def proved(database, conversation, at):
    async with database.snapshot() as snapshot:
        return await proved_in(snapshot, conversation, at=at)


async def test_agents_read_what_holds_now_and_until_when(database, desk, people):
    nothing = Proved(Level.ANONYMOUS, None, None, None, None, {})
    assert await proved(database, desk.conversation, MONDAY) == nothing
    await desk.call("claim", "email", "ana@corner.example")
    claimed = Proved(Level.CLAIMED, None, None, None, None, {"email": "ana@corner.example"})
    assert await proved(database, desk.conversation, MONDAY) == claimed
    await desk.call("verify", people.ana.id, "one_time_code")
    until = MONDAY + IDLE_MAX
    verified = Proved(Level.VERIFIED, people.ana.id, "one_time_code", MONDAY, until, claimed.claimed)
    assert await proved(database, desk.conversation, until) == verified
    assert await proved(database, desk.conversation, until + MINUTE) == claimed


async def test_the_age_of_a_proof_ends_it_before_its_idle_time_does(database, desk, people):
    await desk.call("vouch", people.ana.id, "teams")
    for minutes in range(20, 12 * 60, 20):
        await desk.call("touch", at=MONDAY + minutes * MINUTE)
    found = await proved(database, desk.conversation, MONDAY + AGE_MAX - MINUTE)
    assert (found.level, found.proof, found.expires_at) == (Level.CHANNEL, "teams", MONDAY + AGE_MAX)
    assert (await proved(database, desk.conversation, MONDAY + AGE_MAX + MINUTE)).level is Level.ANONYMOUS


async def test_reading_prolongs_nothing(database, desk, people):
    await desk.call("verify", people.ana.id, "test")
    for minutes in range(31):
        await proved(database, desk.conversation, MONDAY + minutes * MINUTE)
    assert (await proved(database, desk.conversation, MONDAY)).expires_at == MONDAY + IDLE_MAX
    assert (await desk.of(MONDAY + IDLE_MAX + MINUTE)).level is Level.ANONYMOUS


def test_what_asks_for_more_is_refused():
    for level in Level:
        require(Assurance(uuid4(), level), Level.ANONYMOUS)
    with pytest.raises(AssuranceTooLow) as refusal:
        require(Assurance(uuid4(), Level.CLAIMED), Level.CHANNEL)
    assert refusal.value.params == {"needed": Level.CHANNEL, "has": Level.CLAIMED}
    with pytest.raises(AssuranceTooLow):
        require_contact(Assurance(uuid4(), Level.VERIFIED), Level.CHANNEL)
