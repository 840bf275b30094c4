"""Warnings, breaches and ladders: the sweep over clocks that are due, and over those a corrected calendar counted."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from app.jobs.one_by_one import OneByOne, each
from caseengine.calendar_corrections import Left, cases_to_recount, counted, go_on, left_to_recount, next_correction
from caseengine.cases import Cases
from caseengine.operations.escalating import BookCallback, escalate_due, recount
from caseengine.reading.due_clocks import due_steps
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import UnitOfWork

PAGE = 200
RECOUNTED = 50
"""Cases counted anew before the sweep looks again at what is due."""
TRIES_MAX = 5


class Escalations:
    """Looks after clocks.

    Args:
        book_callback: what a step "callback" does; a notice is given where it is left out.
    """

    def __init__(
        self, database: Database, now: Callable[[], datetime], book_callback: BookCallback | None = None
    ) -> None:
        self._database = database
        self._now = now
        self._book_callback = book_callback
        self._cases = OneByOne("escalations", database, now)

    async def run(self) -> None:
        """Take every step that is past due, and go on with what is to be counted anew."""
        await self._take_steps()
        await self._recount_left()
        while await self._recount_some():
            await self._take_steps()

    async def _take_steps(self) -> None:
        """What somebody else is at is looked at in the next sweep."""
        at = self._now()
        seen: set[UUID] = set()
        async for due in each(self._database, lambda snapshot, last: due_steps(snapshot, at, after=last, limit=PAGE)):
            if due.case_id not in seen:
                seen.add(due.case_id)
                act = partial(escalate_due, case_id=due.case_id, at=at, book_callback=self._book_callback)
                await self._cases.do(due.case_id, act)

    async def _recount_left(self) -> None:
        """Try again what walks passed over: it had failed, or somebody else was at it."""
        async for left in each(self._database, partial(left_to_recount, limit=PAGE)):
            await self._cases.do(left.case_id, partial(_recount_late, left=left), tries=TRIES_MAX)

    async def _recount_some(self) -> bool:
        """One step of the walk after a calendar was corrected; whether there may be more to walk."""
        async with self._database.snapshot() as snapshot:
            walk = await next_correction(snapshot)
            found = await cases_to_recount(snapshot, walk, limit=RECOUNTED) if walk is not None else []
        if walk is None:
            return False
        done = [await self._cases.do(one, partial(_recount, case_id=one), tries=TRIES_MAX) for one in found]
        left = [one for one, is_done in zip(found, done, strict=True) if not is_done]
        try:
            async with self._database.unit_of_work() as work:
                go_on(work, walk, found[-1] if len(found) == RECOUNTED else None, left)
        except Conflict:
            return False  # another worker walks
        return True


async def _recount(work: UnitOfWork, case_id: UUID) -> None:
    await recount(work, await Cases(work).by_id(case_id))


async def _recount_late(work: UnitOfWork, left: Left) -> None:
    await _recount(work, left.case_id)
    counted(work, left)
