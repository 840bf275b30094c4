"""A customer who says nothing for long enough agrees: resolved cases close by themselves."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.lifecycle import Status
from caseengine.operations.keeping import case_rules
from caseengine.reading.closing import silent
from storage.engine import Database
from storage.errors import Conflict

PAGE = 200


class Closing:
    """Costs by what is due, not by what there is: the due ones come first in their index."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def run(self) -> None:
        """Close every case that has been resolved for as long as the desk's rules say."""
        at, missed = self._now(), set[UUID]()
        while True:
            async with self._database.snapshot() as snapshot:
                since = at - (await case_rules(snapshot)).close_after
                due = [one for one in await silent(snapshot, since, limit=PAGE + len(missed)) if one not in missed]
            if not due:
                return
            for case_id in due:
                try:
                    await self._close(case_id, since)
                except Conflict:  # somebody is at the case this very moment; the next run looks again
                    missed.add(case_id)

    async def _close(self, case_id: UUID, since: datetime) -> None:
        async with self._database.unit_of_work() as work:
            case = await Cases(work).by_id(case_id)
            if case.status is Status.RESOLVED and case.resolved_at is not None and case.resolved_at <= since:
                case.close(by=SYSTEM, at=self._now())
