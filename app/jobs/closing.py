"""A customer who says nothing for long enough agrees: resolved cases close by themselves."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from app.jobs.one_by_one import OneByOne, each
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.lifecycle import Status
from caseengine.operations.keeping import case_rules
from caseengine.reading.closing import silent
from storage.engine import Database
from storage.transaction import UnitOfWork

PAGE = 200


class Closing:
    """Costs by what is due, not by what there is: the due ones come first in their index."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._cases = OneByOne("closing", database, now)

    async def run(self) -> None:
        """Close every case that has been resolved for as long as the desk's rules say."""
        at = self._now()
        async with self._database.snapshot() as snapshot:
            since = at - (await case_rules(snapshot)).close_after
        async for due in each(self._database, lambda snapshot, last: silent(snapshot, since, after=last, limit=PAGE)):
            await self._cases.do(due.case_id, partial(_close, case_id=due.case_id, since=since, at=at))


async def _close(work: UnitOfWork, *, case_id: UUID, since: datetime, at: datetime) -> None:
    case = await Cases(work).by_id(case_id)
    if case.status is Status.RESOLVED and case.resolved_at is not None and case.resolved_at <= since:
        case.close(by=SYSTEM, at=at)
