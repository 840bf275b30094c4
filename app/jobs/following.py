"""Following the published facts: where a follower begins, and the next page for it."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from caseengine.cursors import Cursor, advance, cursor
from caseengine.rule_following import TOPIC
from storage.engine import Database
from storage.errors import Conflict
from storage.outbox import OutboxRow, missing_between, published_after, settle
from storage.tables import outbox

PAGE = 200


async def follow(database: Database, follower: str, since: datetime, page: Callable[[], Awaitable[bool]]) -> None:
    """Whatever was published since the last run.

    Args:
        since: who never followed begins here.
        page: takes in the next facts; whether there were any.
    """
    with contextlib.suppress(Conflict):  # another worker is faster; the next run goes on behind it
        await begin(database, follower, since)
        while await page():
            pass


async def begin(database: Database, follower: str, since: datetime) -> None:
    """Who never followed does not begin with the past; from here on nothing is missed.

    Raises:
        Conflict: another worker began at the same moment.
    """
    earlier = sa.select(sa.func.max(outbox.c.id)).where(outbox.c.topic == TOPIC, outbox.c.emitted_at < since)
    async with database.unit_of_work() as work:
        if await cursor(work, follower) is None:
            advance(work, None, Cursor(follower, int(await work.scalar(earlier) or 0)))


async def facts_behind(database: Database, follower: str) -> tuple[Cursor | None, Sequence[OutboxRow]]:
    """Where a follower is, and the next facts; none is passed over because its commit came later than its id."""
    async with database.snapshot() as snapshot:
        before = await cursor(snapshot, follower)
        position = before.position if before else 0
        rows = await published_after(snapshot, TOPIC, position, limit=PAGE)
        whole = not rows or not await missing_between(snapshot, position, rows[-1].id)
    if whole:
        return before, rows
    await database.run(settle)
    async with database.snapshot() as snapshot:
        return before, await published_after(snapshot, TOPIC, position, limit=PAGE)
