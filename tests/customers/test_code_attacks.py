"""The attacks of the reliability bar on one-time codes: S7 guessing, S16 timing, S18 flooding a victim with mail."""

import asyncio
from datetime import timedelta
from statistics import median
from time import perf_counter
from uuid import uuid4

import pytest
import sqlalchemy as sa

from customers.assurance import Level
from customers.codes import OneTimeCodes
from customers.errors import CodeError, TooManyCodes
from customers.tables import one_time_codes
from storage.errors import Conflict
from tests.customers.conftest import MONDAY, SECRET
from tests.customers.test_codes import ask, enter, mails, other_than, the_code

pytestmark = [pytest.mark.bar, pytest.mark.slow]


async def guesses(database, conversation, numbers, at):
    """Guess in parallel, each guess in a unit of work of its own; what was proved."""

    async def guess(number):
        try:
            return await enter(database, conversation, f"{number:08}", at=at)
        except Conflict:
            return None

    answers = await asyncio.gather(*(guess(number) for number in numbers))
    return [answer for answer in answers if getattr(answer, "level", Level.ANONYMOUS) is Level.VERIFIED]


async def test_s07_ten_thousand_guesses_prove_nothing_and_lock_nobody_out(database, people):
    victim, home = uuid4(), "198.51.100.7"
    await ask(database, victim, "ana@corner.example", source=home)
    assert (await enter(database, victim, await the_code(database))).level is Level.VERIFIED

    proved, asked = [], 0
    for batch in range(20):
        at = MONDAY + timedelta(minutes=90 * batch)
        attacker = uuid4()
        try:
            await ask(database, attacker, "ana@corner.example", source=f"203.0.113.{batch}", at=at)
            asked += 1
        except TooManyCodes:
            pass
        proved += await guesses(database, attacker, range(batch * 500, batch * 500 + 500), at)

    async with database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.select(sa.func.max(one_time_codes.c.tries))) <= 5
    assert proved == []
    assert asked > 5
    again = uuid4()
    await ask(database, again, "ana@corner.example", source=home, at=at)
    assert (await enter(database, again, await the_code(database), at=at)).contact_id == people.ana.id


@pytest.mark.timeout(900)
async def test_s16_an_address_on_file_takes_as_long_as_any_other(database, people):
    async def timed(address, n):
        """Seconds to send a code and to try a wrong one; the days are far apart, so that no limit is reached."""
        at, conversation = MONDAY + timedelta(days=2 * n), uuid4()
        begun = perf_counter()
        await ask(database, conversation, address, source=f"192.0.2.{n % 250}", at=at)
        async with database.unit_of_work() as work:
            with pytest.raises(CodeError):
                await OneTimeCodes(work, SECRET).check(conversation, "00000000", at=at)
        return perf_counter() - begun

    known: list[float] = []
    unknown: list[float] = []
    for n in range(1_000):
        pair = [("ben@corner.example", known), ("any@corner.example", unknown)]
        for address, times in pair if n % 2 else reversed(pair):
            times.append(await timed(address, n))
    # Each pair ran side by side, so that other load on the machine strikes both.
    apart = [one - other for one, other in zip(known, unknown, strict=True)]
    assert abs(median(apart)) <= 0.05 * median(unknown)


async def test_s18_a_crowd_of_strangers_brings_three_mails_an_hour(database, people):
    async def one(n):
        try:
            address = ("ana@corner.example", "ana.field@home.example", "01632 960101")[n % 3]
            kind = "phone" if n % 3 == 2 else "email"
            await ask(database, uuid4(), address, kind=kind, source=f"10.0.{n // 250}.{n % 250}")
        except (TooManyCodes, Conflict):
            pass

    for start in range(0, 600, 20):
        await asyncio.gather(*(one(n) for n in range(start, start + 20)))
    assert len([mail for mail in await mails(database) if mail["to"]]) == 3


async def test_a_wrong_guess_beside_the_right_one_in_another_conversation_changes_nothing(database, people):
    conversations = [uuid4() for _ in range(3)]
    codes = []
    for n, conversation in enumerate(conversations):
        await ask(database, conversation, "ana@corner.example", source=f"192.0.2.{n}")
        codes.append(await the_code(database))
    await asyncio.gather(*(guesses(database, conversations[0], [int(other_than(codes[0]))], MONDAY) for _ in range(9)))
    for conversation, code in zip(conversations[1:], codes[1:], strict=True):
        assert (await enter(database, conversation, code)).level is Level.VERIFIED
