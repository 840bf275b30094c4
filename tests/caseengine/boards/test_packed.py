"""A packed day says what its rows say, at every moment, whoever writes into it."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.conversation import Outcome
from caseengine.model.happening import EVERYTHING, Happening
from caseengine.operations import assign, reopen, resolve
from caseengine.operations.escalating import recount
from caseengine.operations.surveying import add_effort, answer_survey, ask_survey
from caseengine.packing.columns import FORMAT
from caseengine.packing.packed import known_words
from caseengine.packing.packer import pack_day
from caseengine.packing.sql import day_of, micros, whole_seconds
from caseengine.packing.touching import SETTLES_AFTER, announce
from caseengine.reading.boards import Whose, period_board
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import packed_days, tallies, touched_days
from caseengine.tallying import tally_anew
from storage.errors import Conflict
from storage.transaction import UnitOfWork
from tests.caseengine.boards.packing import boards, pack, stale, touches_left, unpack
from tests.caseengine.boards.test_boards import LI, SOLVED, WEEK, busy_week, came_to, merge, unmerge
from tests.caseengine.office import Office, when

MONDAY, FRIDAY = "2026-03-02", when("Fri 12:00")


async def week_of_everything(office: Office) -> dict[str, Any]:
    """Cases, clocks, conversations and surveys."""
    cases = await busy_week(office)
    await office.do(decide, Rulebook.SURVEYS, {"on": True}, by=SYSTEM, at=when("Mon 08:00"))
    survey = await office.do(ask, cases["a"], when("Mon 12:10"))
    await office.handed_over()
    talk = await office.chat(visitor="somebody")
    await office.do(came_to, talk, Outcome.TALKED)
    return {**cases, "survey": survey, "talk": talk}


async def ask(work: UnitOfWork, case: Any, at: Any) -> Any:
    found = await Cases(work).by_id(case.id)
    return await ask_survey(work, found, channel="webchat", secret=b"s" * 32, by=SYSTEM, at=at)


async def test_packed_days_say_what_their_rows_say(any_office: Office) -> None:
    known = await week_of_everything(any_office)
    await any_office.do(answer_survey, known["survey"], csat=4, effort=2, at=when("Mon 13:00"))
    counted = await boards(any_office)
    await pack(any_office, FRIDAY)
    days = await any_office.see(lambda found: found.scalar(sa.select(sa.func.count()).select_from(packed_days)))
    assert days == 4 * len(Happening)
    assert await boards(any_office) == counted


async def test_a_correction_of_the_past_shows_at_once(any_office: Office) -> None:
    """Each writer into days that are packed touches just those, and packing them anew changes nothing."""
    known = await week_of_everything(any_office)
    await pack(any_office, FRIDAY)
    merged, standing = Happening.OPENED | Happening.REOPENED, Happening.RESOLVED | Happening.CLOSED
    everywhere = {"part": (Whose(), Whose(department="tills"), Whose(agent_id=Office.li.id))}

    async def corrected(touched: dict[str, Happening], act: Any, *args: Any, **named: Any) -> None:
        await any_office.do(act, *args, **named)
        assert await stale(any_office) == touched
        mixed = await boards(any_office, everywhere["part"])
        await pack(any_office, FRIDAY)
        assert await touches_left(any_office) == 0
        repacked = await boards(any_office, everywhere["part"])
        await unpack(any_office)
        assert mixed == repacked == await boards(any_office, everywhere["part"])
        await pack(any_office, FRIDAY)

    monday, tuesday, wednesday = MONDAY, "2026-03-03", "2026-03-04"
    await corrected({monday: standing}, reopen, known["a"].number, reason="Again", by=LI, at=FRIDAY)
    await corrected({monday: merged | standing}, merge, known["f"], known["b"], by=LI, at=FRIDAY)
    await corrected({monday: merged | standing}, unmerge, known["f"], known["b"], by=LI, at=FRIDAY)
    await corrected({wednesday: Happening.BREACHED}, assign, known["b"].number, Office.mo.id, by=LI, at=FRIDAY)
    await corrected({}, resolve, known["b"].number, SOLVED, by=LI, at=FRIDAY)
    await corrected({monday: Happening.BEGUN}, came_to, known["talk"], Outcome.SOLVED)
    late = {"csat": 4, "at": when("Wed 10:00")}
    asked, answered = {monday: Happening.ASKED}, {wednesday: Happening.ANSWERED}
    await corrected(asked | answered, answer_survey, known["survey"], **late)
    await corrected(answered, add_effort, known["survey"], effort=2, at=FRIDAY)
    tallied = Happening(sum(list(Happening)[:7]))
    await corrected({monday: tallied, tuesday: tallied, wednesday: tallied}, tally_anew)
    case = known["c"]

    async def count_clocks_anew(work: UnitOfWork) -> None:
        await recount(work, await Cases(work).by_id(case.id))

    ends = Happening.ENDED | Happening.BREACHED
    await any_office.do(count_clocks_anew)
    assert (await stale(any_office))[tuesday] & ends == ends
    mixed = await boards(any_office)
    await pack(any_office, FRIDAY)
    assert await boards(any_office) == mixed


async def test_a_day_that_is_not_over_costs_writers_nothing(any_office: Office) -> None:
    await any_office.report(at="Mon 09:00")
    assert await touches_left(any_office) == 0
    await pack(any_office, when("Tue 12:00"))
    await any_office.report(at="Tue 13:00")
    assert await touches_left(any_office) == 0
    await any_office.report(at="Mon 23:59")
    assert await touches_left(any_office) > 0


async def test_nothing_is_packed_until_the_announcement_has_settled(any_office: Office) -> None:
    await any_office.report()
    assert await any_office.do(announce, FRIDAY) is None
    assert await any_office.do(announce, FRIDAY + SETTLES_AFTER / 2) is None
    assert await any_office.do(announce, FRIDAY + SETTLES_AFTER) == FRIDAY.date()
    assert await any_office.do(announce, FRIDAY - timedelta(days=1)) is None  # a clock that is slow packs nothing


async def opened(office: Office) -> int:
    return int((await office.see(period_board, Whose(), WEEK)).opened.value)


async def test_a_writer_between_reading_and_packing_is_not_lost(any_office: Office) -> None:
    await any_office.report(at="Mon 09:00")
    await pack(any_office, FRIDAY)
    async with any_office.database.unit_of_work() as work:
        await pack_day(work, MONDAY, EVERYTHING)
        await any_office.report(at="Mon 10:00")
    assert (await opened(any_office), await touches_left(any_office) > 0) == (2, True)
    await pack(any_office, FRIDAY)
    assert (await opened(any_office), await touches_left(any_office)) == (2, 0)


@pytest.mark.parametrize("packed_before", [True, False])
async def test_who_packs_an_older_moment_gives_way(any_office: Office, packed_before: bool) -> None:
    """One reads, somebody writes, another packs that and takes its touch away; only now does the first want to pack."""
    await any_office.report(at="Mon 09:00")
    if packed_before:
        await pack(any_office, FRIDAY)
    else:
        await any_office.do(announce, FRIDAY)
    with pytest.raises(Conflict):
        async with any_office.database.unit_of_work() as slow:
            await pack_day(slow, MONDAY, EVERYTHING)
            await any_office.report(at="Mon 10:00")
            await any_office.do(pack_day, MONDAY, EVERYTHING)
            assert await touches_left(any_office) == 0
    assert await opened(any_office) == 2


async def test_two_who_give_a_word_a_code_at_once_agree(any_office: Office) -> None:
    await any_office.report(at="Mon 09:00")
    await any_office.report(at="Tue 09:00", department="deliveries")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(any_office.database.unit_of_work())
        await pack_day(first, MONDAY, EVERYTHING)
        with pytest.raises(Conflict):
            async with any_office.database.unit_of_work() as second:
                await pack_day(second, "2026-03-03", EVERYTHING)
                await stack.aclose()
    await pack(any_office, FRIDAY)
    assert (await any_office.see(period_board, Whose(department="deliveries"), WEEK)).opened.value == 1


async def test_a_writer_that_commits_after_the_packer_leaves_its_touch(any_office: Office) -> None:
    """On PostgreSQL writers do not wait for one another: the row and its touch are there only after the packing."""
    if not any_office.database.url.startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time")
    case = await any_office.report(at="Mon 09:00")
    await pack(any_office, FRIDAY)
    engine = create_async_engine(any_office.database.url)
    values = {"kind": "opened", "at": when("Mon 10:00"), "case_id": case.id, "seq": 99, "department": "tills"}
    values |= {"case_type": "question", "priority": 3}
    async with engine.connect() as slow:
        await slow.execute(sa.insert(tallies).values(values))
        await slow.execute(sa.insert(touched_days).values(day=MONDAY, happenings=int(Happening.OPENED)))
        async with any_office.database.unit_of_work() as work:
            await pack_day(work, MONDAY, EVERYTHING)
        assert await opened(any_office) == 1
        await slow.commit()
    await engine.dispose()
    assert await opened(any_office) == 2


async def test_days_of_another_format_are_not_read_and_are_packed_anew(any_office: Office) -> None:
    await any_office.report()
    await pack(any_office, FRIDAY)

    async def older(work: UnitOfWork) -> None:
        work.write(sa.update(packed_days).values(format=FORMAT - 1, many=77))

    await any_office.do(older)
    assert await opened(any_office) == 1
    await pack(any_office, FRIDAY)
    formats = await any_office.see(lambda found: found.rows(sa.select(packed_days.c.format).distinct()))
    assert ([row.format for row in formats], await opened(any_office)) == ([FORMAT], 1)


async def test_a_word_keeps_its_code(any_office: Office) -> None:
    await any_office.report(at="Mon 09:00")
    await pack(any_office, when("Tue 12:00"))
    before = dict(await any_office.see(known_words))
    await any_office.report(at="Tue 13:00", department="deliveries")
    await pack(any_office, FRIDAY)
    after = dict(await any_office.see(known_words))
    assert before.items() < after.items()


@pytest.mark.parametrize(("lasted", "seconds"), [(999_999, 0), (1_000_000, 1), (1_999_999, 1), (-5_000_000, -5)])
async def test_instants_are_numbers_to_the_microsecond(any_office: Office, lasted: int, seconds: int) -> None:
    begins = when("Mon 09:59") + timedelta(seconds=59, microseconds=999_999)
    ends = begins + timedelta(microseconds=lasted)
    table = sa.select(sa.literal(begins, tallies.c.at.type).label("a"), sa.literal(ends, tallies.c.at.type).label("b"))
    made = table.subquery()
    a, b = sa.type_coerce(made.c.a, tallies.c.at.type), sa.type_coerce(made.c.b, tallies.c.at.type)
    row = await any_office.see(
        lambda found: found.first(sa.select(micros(a), micros(b), whole_seconds(a, b), day_of(a)))
    )
    assert row[0] == int(when("Mon 09:59").timestamp()) * 1_000_000 + 59_999_999
    assert (row[1] - row[0], row[2], row[3]) == (lasted, seconds, MONDAY)
