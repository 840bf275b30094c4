"""Proof by one-time code: what works, what gives nothing away, and what no number of tries gets through."""

import asyncio
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from customers.assurance import Assurance, Assurances, Level
from customers.codes import OneTimeCodes, code_for, mail_params
from customers.errors import CodeExpired, CodeUsedUp, CodeWrong, TooManyCodes
from customers.tables import one_time_codes
from storage.errors import Conflict
from storage.outbox import waiting
from tests.customers.conftest import MONDAY, SECRET

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def ask(database, conversation, address, *, kind="email", source="192.0.2.1", at=MONDAY, **case):
    async with database.unit_of_work() as work:
        await OneTimeCodes(work, SECRET).send(conversation, kind, address, source=source, language="en", at=at, **case)


async def mails(database, *, at=MONDAY):
    async with database.snapshot() as snapshot:
        return [row.payload for row in await waiting(snapshot, at=at + HOUR) if row.topic == "mail"]


async def the_code(database):
    """The code of the newest request, whoever would get it."""
    return code_for(SECRET, UUID((await mails(database))[-1]["params"]["code_id"]))


async def enter(database, conversation, typed, *, at=MONDAY):
    """As the bot does it: the refusal is caught inside the unit of work, and the turn commits."""
    refused = None
    async with database.unit_of_work() as work:
        try:
            return await OneTimeCodes(work, SECRET).check(conversation, typed, at=at)
        except (CodeWrong, CodeUsedUp, CodeExpired) as refusal:
            refused = refusal
    return refused


def other_than(code):
    return f"{(int(code) + 1) % 10**8:08}"


async def test_a_code_sent_to_the_address_on_file_proves_the_contact(database, people):
    conversation = uuid4()
    await ask(database, conversation, " Ana@Corner.example ")
    assert [mail["to"] for mail in await mails(database)] == ["ana@corner.example"]

    assurance = await enter(database, conversation, await the_code(database))

    assert (assurance.level, assurance.contact_id) == (Level.VERIFIED, people.ana.id)
    assert assurance.account_ids == {people.north.id, people.leith.id, people.perth.id}
    async with database.unit_of_work() as work:
        assert await Assurances(work).of(conversation, at=MONDAY) == assurance


async def test_a_code_may_be_typed_with_gaps_and_wide_digits(database, people):
    conversation = uuid4()
    await ask(database, conversation, "ana@corner.example")
    code = await the_code(database)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code[:4])
    assert (await enter(database, conversation, f" {wide}-{code[4:]} ")).level is Level.VERIFIED


async def test_the_code_is_kept_nowhere(database, people):
    await ask(database, uuid4(), "ana@corner.example")
    code = await the_code(database)
    async with database.snapshot() as snapshot:
        row = await snapshot.first(sa.select(one_time_codes))
        code_id = UUID((await mails(database))[-1]["params"]["code_id"])
        assert await mail_params(snapshot, SECRET, code_id, at=MONDAY) == {
            "code": f"{code[:4]} {code[4:]}",
            "minutes": 10,
        }
        assert await mail_params(snapshot, SECRET, code_id, at=MONDAY + 10 * MINUTE) is None
    assert code not in repr(row)
    assert code.encode() not in row.code_hash
    assert code not in repr(await mails(database))


async def test_a_code_works_once_and_in_its_own_conversation_only(database, people):
    conversation, elsewhere = uuid4(), uuid4()
    await ask(database, conversation, "ana@corner.example")
    code = await the_code(database)
    assert isinstance(await enter(database, elsewhere, code), CodeExpired)
    assert (await enter(database, conversation, code)).level is Level.VERIFIED
    assert isinstance(await enter(database, conversation, code), CodeExpired)


async def test_a_code_expires_after_ten_minutes(database, people):
    conversation = uuid4()
    await ask(database, conversation, "ana@corner.example")
    code = await the_code(database)
    assert isinstance(await enter(database, conversation, code, at=MONDAY + 10 * MINUTE + MINUTE / 60), CodeExpired)


async def test_only_the_newest_code_of_a_conversation_counts(database, people):
    conversation = uuid4()
    await ask(database, conversation, "ana@corner.example")
    first = await the_code(database)
    await ask(database, conversation, "ana@corner.example", at=MONDAY + MINUTE)
    assert isinstance(await enter(database, conversation, first, at=MONDAY + MINUTE), CodeWrong)
    assert (await enter(database, conversation, await the_code(database), at=MONDAY + MINUTE)).level is Level.VERIFIED


@pytest.mark.parametrize("address", ["ana@corner.example", "nobody@corner.example", "perth@corner.example"])
async def test_five_tries_whether_or_not_anybody_got_a_code(database, people, address):
    conversation = uuid4()
    await ask(database, conversation, address)
    wrong = other_than(await the_code(database))
    answers = [await enter(database, conversation, wrong) for _ in range(6)]
    assert [getattr(answer, "tries_left", answer.code) for answer in answers] == [
        4,
        3,
        2,
        1,
        *["customers.code_used_up"] * 2,
    ]
    assert isinstance(await enter(database, conversation, await the_code(database)), CodeUsedUp)


@pytest.mark.parametrize("address", ["nobody@corner.example", "perth@corner.example"])
async def test_even_the_decoys_own_code_proves_nothing(database, people, address):
    conversation = uuid4()
    await ask(database, conversation, address)
    assert isinstance(await enter(database, conversation, await the_code(database)), CodeWrong)
    async with database.unit_of_work() as work:
        assert (await Assurances(work).of(conversation, at=MONDAY)).level is Level.ANONYMOUS


async def test_the_database_is_asked_and_told_the_same_whoever_is_meant(database, people):
    conversations = {address: uuid4() for address in ("ben", "nobody", "perth")}
    asked = {}
    for name, conversation in conversations.items():
        with statements() as seen:
            await ask(database, conversation, f"{name}@corner.example", source="192.0.2.1")
            await enter(database, conversation, "00000000")
        asked[name] = seen
    assert len(asked["ben"]) > 10
    assert asked["ben"] == asked["nobody"] == asked["perth"]


@contextmanager
def statements():
    """The texts of all statements that reach a database meanwhile."""
    seen = []

    def note(connection, cursor, statement, parameters, context, executemany):
        if "SAVEPOINT" not in statement:
            seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def test_nothing_is_mailed_to_an_address_that_is_not_on_file(database, people):
    await ask(database, uuid4(), "nobody@corner.example")
    assert [(mail["template"], mail["to"]) for mail in await mails(database)] == [("one_time_code", "")]


async def test_the_readers_of_a_shared_mailbox_are_told_that_it_proves_nobody(database, people):
    await ask(database, uuid4(), "perth@corner.example")
    assert [(mail["template"], mail["to"]) for mail in await mails(database)] == [
        ("address_shared", "perth@corner.example")
    ]


@pytest.mark.parametrize(("kind", "typed"), [("phone", "01632 960101"), ("loyalty", "loy 12345")])
async def test_a_number_leads_to_the_mail_on_file(database, people, kind, typed):
    await ask(database, uuid4(), typed, kind=kind)
    assert (await mails(database))[-1]["to"] in {"ana@corner.example", "ana.field@home.example", "ben@corner.example"}


async def test_parallel_wrong_guesses_get_five_tries_together(database, people):
    conversation = uuid4()
    await ask(database, conversation, "ana@corner.example")
    wrong = other_than(await the_code(database))

    answers = await asyncio.gather(*(enter(database, conversation, wrong) for _ in range(20)), return_exceptions=True)

    assert sum(isinstance(answer, CodeWrong) for answer in answers) <= 5
    assert all(isinstance(answer, CodeWrong | CodeUsedUp | Conflict) for answer in answers)
    async with database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.select(one_time_codes.c.tries)) == 5
    assert isinstance(await enter(database, conversation, await the_code(database)), CodeUsedUp)


async def test_a_right_guess_among_parallel_ones_is_accepted_once(database, people):
    conversation = uuid4()
    await ask(database, conversation, "ana@corner.example")
    code = await the_code(database)
    answers = await asyncio.gather(*(enter(database, conversation, code) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(answer, Assurance) for answer in answers) == 1


@pytest.mark.parametrize("address", ["ana@corner.example", "nobody@corner.example"])
async def test_three_codes_an_hour_and_ten_a_day_for_an_address(database, people, address):
    sent, refused = 0, []
    for minute in range(0, 24 * 60, 10):
        try:
            await ask(database, uuid4(), address, source=f"192.0.2.{minute % 250}", at=MONDAY + minute * MINUTE)
            sent += 1
        except TooManyCodes as refusal:
            refused.append((minute, refusal.retry_after_s))
    assert sent == 10
    assert refused[0] == (30, 30 * 60)
    assert refused[-1] == (1430, 10 * 60)


async def test_parallel_requests_cannot_pass_a_limit_together(database, people):
    answers = await asyncio.gather(
        *(ask(database, uuid4(), "ana@corner.example", source=f"192.0.2.{n}") for n in range(12)),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in answers) == 3
    assert len(await mails(database)) == 3


async def test_a_contact_with_two_addresses_gets_three_mails_an_hour_and_nobody_is_told(database, people):
    for address in ("ana@corner.example", "ana.field@home.example"):
        for _ in range(3):
            await ask(database, uuid4(), address)
    assert [mail["to"] for mail in await mails(database)] == ["ana@corner.example"] * 3 + [""] * 3


async def test_a_conversation_and_a_source_have_limits_of_their_own(database, people):
    conversation = uuid4()
    for n in range(5):
        await ask(database, conversation, f"{n}@elsewhere.example")
    with pytest.raises(TooManyCodes):
        await ask(database, conversation, "6@elsewhere.example")
    for n in range(15):
        await ask(database, uuid4(), f"{n}@other.example")
    with pytest.raises(TooManyCodes):
        await ask(database, uuid4(), "16@other.example")


async def test_strangers_cannot_lock_out_somebody_who_proved_the_address_before(database, people):
    home, conversation = "198.51.100.7", uuid4()
    await ask(database, conversation, "ana@corner.example", source=home)
    await enter(database, conversation, await the_code(database))
    tomorrow = MONDAY + 25 * HOUR
    for n in range(3):
        await ask(database, uuid4(), "ana@corner.example", source=f"192.0.2.{n}", at=tomorrow)
    with pytest.raises(TooManyCodes):
        await ask(database, uuid4(), "ana@corner.example", source="203.0.113.9", at=tomorrow)

    again = uuid4()
    await ask(database, again, "ana@corner.example", source=home, at=tomorrow)

    assert (await enter(database, again, await the_code(database), at=tomorrow)).contact_id == people.ana.id


async def test_a_strangers_wrong_guesses_cost_the_victim_nothing(database, people):
    attacker, victim = uuid4(), uuid4()
    await ask(database, victim, "ana@corner.example")
    code = await the_code(database)
    await ask(database, attacker, "ana@corner.example", source="203.0.113.9")
    for _ in range(50):
        await enter(database, attacker, "00000000")
    assert (await enter(database, victim, code)).level is Level.VERIFIED


async def test_the_address_given_for_a_case_proves_that_case_alone(database, people):
    conversation, case = uuid4(), uuid4()
    await ask(database, conversation, "New@Comer.example", case=case, case_address="new@comer.example")
    assert (await mails(database))[-1]["to"] == "new@comer.example"
    assurance = await enter(database, conversation, await the_code(database))
    assert (assurance.level, assurance.contact_id, assurance.cases) == (Level.ANONYMOUS, None, {case})


@pytest.mark.parametrize("given", [None, "somebody@else.example"])
async def test_another_address_than_the_cases_gets_no_code(database, people, given):
    await ask(database, uuid4(), "new@comer.example", case=uuid4(), case_address=given)
    assert (await mails(database))[-1]["to"] == ""
