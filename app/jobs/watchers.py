"""Agents who watch a case are told: published facts become notices, each fact once, also after a crash."""

from collections.abc import Callable
from datetime import datetime

import structlog

from app.jobs.following import facts_behind, follow
from caseengine.cursors import Cursor, advance
from caseengine.operations.watching import tell_watchers
from caseengine.policies.watching import is_for_watchers
from storage.engine import Database
from storage.errors import Conflict, StorageUnavailable
from storage.outbox import OutboxRow

log = structlog.get_logger()
FOLLOWER = "watchers"


class WatcherNotices:
    """Runs when something was published."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._since = now()

    async def run(self) -> None:
        """Whatever happened since the last run."""
        await follow(self._database, FOLLOWER, self._since, self._follow)

    async def _follow(self) -> bool:
        before, rows = await facts_behind(self._database, FOLLOWER)
        if not rows:
            return False
        for row in rows:
            if is_for_watchers(row.payload):
                before = await self._tell(before, row)
        if before is None or before.position < rows[-1].id:
            await self._go_on(before, Cursor(FOLLOWER, rows[-1].id))
        return True

    async def _tell(self, before: Cursor | None, row: OutboxRow) -> Cursor:
        """One fact, in a unit of work of its own: the next one sees who was told of this. Returns where we are."""
        after = Cursor(FOLLOWER, row.id)
        try:
            async with self._database.unit_of_work() as work:
                await tell_watchers(work, row.payload, at=row.emitted_at)
                advance(work, before, after)
        except (StorageUnavailable, Conflict):
            raise
        except Exception:
            log.exception("watchers_passed_over", outbox_id=row.id)
            await self._go_on(before, after)
        return after

    async def _go_on(self, before: Cursor | None, after: Cursor) -> None:
        async with self._database.unit_of_work() as work:
            advance(work, before, after)
