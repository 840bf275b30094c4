"""No board reads a whole table: each walks one piece of an index that holds all it asks for."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from caseengine.reading.boards import (
    Drill,
    Figure,
    Period,
    Whose,
    agents_board,
    cases_behind,
    now_board,
    period_board,
)
from caseengine.reading.boards.figures import PRESENT
from storage.tables import metadata
from tests.caseengine.boards.packing import pack
from tests.caseengine.office import Office, when
from tests.caseengine.postgres_plans import ExplainingPostgres
from tests.caseengine.test_plans import plan_of

BIG = {"cases", "case_events", "case_clocks", "tallies", "conversations", "surveys", "case_conversations"}
BIG |= {"packed_days", "touched_days"}
ROWS = BIG - {"packed_days"}
WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))
PARTIAL = {
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["postgresql"]["where"] is not None
}
PART = Whose(seen=frozenset({"tills"}), department="tills")
ME = Whose(agent_id=uuid4())
KIND = Whose(case_type="question", priority=2, policy="gold")
BOARDS: dict[str, Callable[[Office], Awaitable[list[str]]]] = {
    "now": lambda office: plan_of(office, now_board, Whose(), at=when("Wed 10:00")),
    "now, a part": lambda office: plan_of(office, now_board, PART, at=when("Wed 10:00")),
    "period": lambda office: plan_of(office, period_board, Whose(), WEEK),
    "period, a part": lambda office: plan_of(office, period_board, PART, WEEK),
    "period, a kind": lambda office: plan_of(office, period_board, KIND, WEEK),
    "agents": lambda office: plan_of(office, agents_board, Whose(), WEEK),
    "me": lambda office: plan_of(office, agents_board, ME, WEEK),
}


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("which", BOARDS)
async def test_no_board_reads_a_whole_table(office: Office, which: str, is_packed: bool) -> None:
    if is_packed:
        await office.report()
        await pack(office, when("Thu 12:00"))
    steps = await BOARDS[which](office)
    assert steps
    assert [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG] == []


@pytest.mark.parametrize("figure", Figure)
async def test_no_list_behind_a_figure_reads_a_whole_table(office: Office, figure: Figure) -> None:
    await office.report()
    present = figure in PRESENT
    drill = Drill(figure=figure, at=when("Wed 10:00") if present else None, period=None if present else WEEK)
    drill = drill.to(figure, bucket="older", target="resolution")
    steps = await plan_of(office, cases_behind, drill, limit=2)
    assert [step for step in steps if step.startswith("SCAN ") and step.split()[1] in BIG] == []


@pytest.mark.parametrize("board", ["now", "period", "agents"])
async def test_what_is_counted_is_in_the_index_itself(office: Office, board: str) -> None:
    """Nothing of a wide row is fetched: the key of the tallies is their table, the others are covering indexes."""
    steps = [step for step in await BOARDS[board](office) if set(step.split()) & ROWS]
    assert steps
    read = ("COVERING INDEX", "PRIMARY KEY")
    assert [step for step in steps if not any(word in step for word in read)] == []


@pytest.mark.postgres
@pytest.mark.parametrize("empty_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("figure", [None, *Figure])
async def test_nor_does_postgres(any_office: Office, figure: Figure | None) -> None:
    """All of an index may be walked where it has only what is live or counts, which is little."""
    await any_office.report()
    await pack(any_office, when("Thu 12:00"))
    present = figure in PRESENT
    async with any_office.database.snapshot() as snapshot:
        steps = ExplainingPostgres(snapshot)
        if figure is None:
            await now_board(steps, Whose(), at=when("Wed 10:00"))
            await period_board(steps, Whose(), WEEK)
            await agents_board(steps, Whose(), WEEK)
        else:
            drill = Drill(figure=figure, at=when("Wed 10:00") if present else None, period=None if present else WEEK)
            await cases_behind(steps, drill.to(figure, bucket="older", target="resolution"), limit=2)
    assert {step.table for step in steps.steps} & BIG
    assert [step for step in steps.steps if step.table in BIG and not (step.bounded or step.by in PARTIAL)] == []
