"""Warnings, breaches and ladders: the sweep over the clocks that are due, one unit of work a case."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from caseengine.operations.escalating import BookCallback, escalate_due
from caseengine.reading.due_clocks import due_steps
from storage.engine import Database
from storage.errors import Conflict

log = structlog.get_logger()
PAGE = 200


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

    async def run(self) -> None:
        """Take every step that is past due; what somebody else is at is looked at in the next sweep."""
        at = self._now()
        seen: set[UUID] = set()
        while True:
            async with self._database.snapshot() as snapshot:
                due = [case_id for case_id in await due_steps(snapshot, at, limit=PAGE) if case_id not in seen]
            if not due:
                return
            for case_id in due:
                seen.add(case_id)
                await self._escalate(case_id, at)

    async def _escalate(self, case_id: UUID, at: datetime) -> None:
        try:
            async with self._database.unit_of_work() as work:
                await escalate_due(work, case_id, at=at, book_callback=self._book_callback)
        except Conflict:
            return
        except Exception:
            log.exception("escalation_failed", case=str(case_id))  # the others are not held up by it
