"""What is counted equals the history counted anew, and every figure its list, whatever happened in whatever order."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caseengine.agents import Agents
from caseengine.cases import Cases
from caseengine.model import events as happened
from caseengine.model.case import Case
from caseengine.model.errors import CaseError
from caseengine.model.lifecycle import LIVE
from caseengine.operations import assign, close, hear_third_party, move, reopen, reply, resolve
from caseengine.reading.boards import Period, Whose, agents_board, now_board, period_board
from caseengine.tables import cases, tallies
from caseengine.tallying import tally_anew
from storage.engine import Database
from storage.refusal import Refusal
from storage.transaction import UnitOfWork
from tests.caseengine.boards.packing import boards, pack, unpack
from tests.caseengine.boards.test_boards import LI, MO, SOLVED, every_figure_lists_its_cases, merge, unmerge
from tests.caseengine.office import Office, when
from tests.conftest import empty_sqlite

STEPS = (
    "assign li",
    "assign mo",
    "reply",
    "resolve",
    "close",
    "reopen",
    "move",
    "return",
    "merge",
    "unmerge",
    "heard",
    "pack",
)
STORY = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(STEPS), st.integers(1, 40)), min_size=3, max_size=25)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=STORY)
def test_whatever_happens_the_figures_and_their_lists_agree(story: list[tuple[int, str, int]], tmp_path: Path) -> None:
    asyncio.run(played(story, tmp_path))


async def played(story: list[tuple[int, str, int]], folder: Path) -> None:
    database = Database(empty_sqlite(folder / f"{uuid4().hex}.db"))
    try:
        office = Office(database)
        await office.furnish()
        known = [await office.report(str(place), f"Mon 09:0{place}") for place in range(3)]
        at = when("Mon 10:00")
        for place, step, hours in story:
            at += timedelta(hours=hours)
            if step == "pack":
                await pack(office, at)
                continue
            try:
                await office.do(happen, known, place, step, at)
            except Refusal:
                continue
        await agree(office, at)
        await say_the_same_packed_or_not(office, at)
    finally:
        await database.close()


async def agree(office: Office, at: Any) -> None:
    """Boards of the whole, of a part and of now; then the tallies counted anew."""
    middle = when("Tue 12:00")
    for period in (Period(when("Mon 00:00"), at + timedelta(hours=1)), Period(when("Mon 10:30"), middle)):
        board = await office.see(period_board, Whose(), period)
        await every_figure_lists_its_cases(office, board, await office.see(agents_board, Whose(), period))
        parts = [await office.see(period_board, Whose(department=name), period) for name in ("tills", "deliveries")]
        assert board.resolved.value == sum(part.resolved.value for part in parts)
    now = await office.see(now_board, Whose(), at=at)
    await every_figure_lists_its_cases(office, now)
    alive = await office.see(lambda snapshot: snapshot.rows(sa.select(cases.c.id).where(cases.c.status.in_(LIVE))))
    assert now.live.value == len(alive)
    kept = await everything(office)
    await office.do(tally_anew)
    assert await everything(office) == kept


async def say_the_same_packed_or_not(office: Office, at: Any) -> None:
    """Boards with whatever is packed and was touched since; with all of it packed; and with nothing."""
    everywhere = Whose(), Whose(department="tills"), Whose(agent_id=Office.mo.id)
    periods = Period(when("Mon 00:00"), at + timedelta(hours=1)), Period(when("Mon 10:30"), when("Tue 12:00"))
    mixed = await boards(office, everywhere, periods)
    await pack(office, at)
    assert await boards(office, everywhere, periods) == mixed
    await unpack(office)
    assert await boards(office, everywhere, periods) == mixed


async def everything(office: Office) -> list[Any]:
    order = (tallies.c.case_id, tallies.c.seq, tallies.c.kind)
    return [tuple(row) for row in await office.see(lambda found: found.rows(sa.select(tallies).order_by(*order)))]


async def happen(work: UnitOfWork, known: list[Case], place: int, step: str, at: Any) -> None:
    case = known[place]
    by = {"by": LI, "at": at}
    if step.startswith("assign"):
        agent = {"li": Office.li, "mo": Office.mo}[step.split()[1]]
        await Agents(work).get(agent.id)
        await assign(work, case.number, agent.id, by=MO, at=at)
    elif step == "reply":
        await reply(work, case.number, "Hello", key=f"key-{at.timestamp():.0f}", **by)
    elif step == "resolve":
        await resolve(work, case.number, SOLVED, by=MO, at=at)
    elif step == "close":
        await close(work, case.number, by=MO, at=at)
    elif step == "reopen":
        await reopen(work, case.number, reason="Again", by=MO, at=at)
    elif step == "move":
        found = await Cases(work).by_id(case.id)
        other = "tills" if found.department == "deliveries" else "deliveries"
        await move(work, case.number, other, reason="Theirs", by=MO, at=at)
    elif step == "return":
        found = await Cases(work).by_id(case.id)
        fact: dict[str, Any] = {"case_id": case.id, "actor": MO, "at": at, "agent_id": found.agent_id}
        found.record(happened.CaseReturned(**fact, agent_name="", reason="offline"))
    elif step == "heard":
        await hear_third_party(work, case.number, "Yes", by=MO, at=at)
    else:
        await (merge if step == "merge" else unmerge)(work, case, known[(place + 1) % 3], by=MO, at=at)


async def test_a_refused_step_leaves_no_tally(office: Office) -> None:
    case = await office.report()
    with suppress(CaseError):
        await office.do(close, case.number, by=LI, at=when("Mon 10:00"))
    assert [row[0] for row in await everything(office)] == ["opened"]


async def test_tallies_of_an_older_desk_are_made_from_its_history(any_office: Office) -> None:
    for place in range(3):
        await any_office.report(str(place))
    kept = await everything(any_office)

    async def forget(work: UnitOfWork) -> None:
        work.write(sa.delete(tallies))

    await any_office.do(forget)
    seen, last = await any_office.do(tally_anew, UUID(int=0))
    assert (len(seen), last) == (3, None)
    assert await everything(any_office) == kept
