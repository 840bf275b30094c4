"""Bring a database up to this release: its schema, and what earlier releases did not keep."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from caseengine.cases import Cases
from caseengine.cursors import Cursor, advance, cursor
from caseengine.operations.escalating import recount
from caseengine.tallying import tally_anew
from storage.engine import Database
from storage.migrate import migrate
from storage.transaction import UnitOfWork

log = structlog.get_logger()
PAST, DONE = "past", "done"
"""The cursor that remembers how far this came; a start that is killed in the middle goes on there."""


async def bring_up_to_date(database: Database) -> Sequence[str]:
    """Apply what is missing of the schema, then count what was not counted; before anybody else is at work.

    Returns:
        The revisions applied, oldest first.

    Raises:
        SchemaTooNew: a later release has already changed this database.
    """
    applied = await migrate(database)
    while (place := await _count_some(database)) != DONE:
        log.info("past_cases_counted", to=place)
    return applied


async def _count_some(database: Database) -> str:
    """Tallies and clocks of the next cases from before boards and service levels; returns the place after them."""
    async with database.unit_of_work() as work:
        before = await cursor(work, PAST)
        if before is not None and before.place == DONE:
            return DONE
        seen, last = await tally_anew(work, UUID(before.place) if before else None)
        for case_id in seen:
            await _give_clocks(work, case_id)
        place = str(last) if last else DONE
        advance(work, before, Cursor(PAST, 0, place))
    return place


async def _give_clocks(work: UnitOfWork, case_id: UUID) -> None:
    case = await Cases(work).by_id(case_id)
    if case.is_live:
        await recount(work, case)
