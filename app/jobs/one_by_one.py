"""One case after another, each in work of its own: what fails at one holds up none of the others.

Every job that goes through cases does it by this.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog

from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict, StorageUnavailable
from storage.transaction import Snapshot, UnitOfWork

log = structlog.get_logger()
T = TypeVar("T")
REST, REST_MAX = timedelta(minutes=1), timedelta(hours=1)
"""A case that failed rests so long, twice as long each time it fails again, and never longer than this."""
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Failed:
    """How often a case failed in a row, and until when it rests."""

    times: int
    until: datetime


class OneByOne:
    """Does the same thing to many cases.

    Args:
        job: its name, for the log.
    """

    def __init__(self, job: str, database: Database, now: Callable[[], datetime]) -> None:
        self._job = job
        self._database = database
        self._now = now
        self._failed: dict[UUID, Failed] = {}

    @property
    def failed(self) -> int:
        """How many failed lately: so many more have to be read of a list that they may stand in front of."""
        return len(self._failed)

    def rests(self, case_id: UUID) -> bool:
        """Whether it failed lately and is not tried again yet."""
        failed = self._failed.get(case_id)
        return failed is not None and self._now() < failed.until

    async def do(self, case_id: UUID, act: Callable[[UnitOfWork], Awaitable[object]], *, tries: int = 1) -> bool:
        """One case, in a unit of work of its own; whether it was done.

        A case that somebody else is at this very moment is tried again at once, and then left to the next run. One
        that fails is logged and rests.

        Raises:
            StorageUnavailable: nothing can be done to any case.
        """
        if self.rests(case_id):
            return False
        for _ in range(tries):
            try:
                async with self._database.unit_of_work() as work:
                    await act(work)
            except (Conflict, AlreadyReceived):
                continue
            except StorageUnavailable:
                raise
            except Exception:
                log.exception("case_failed", job=self._job, case_id=str(case_id), tries=self._fails(case_id))
                return False
            self._failed.pop(case_id, None)
            return True
        log.info("case_gave_way", job=self._job, case_id=str(case_id))
        return False

    def _fails(self, case_id: UUID) -> int:
        """It rests; how often it failed in a row."""
        at = self._now()
        self._failed = {one: failed for one, failed in self._failed.items() if at - failed.until < FORGOTTEN_AFTER}
        times = self._failed[case_id].times + 1 if case_id in self._failed else 1
        self._failed[case_id] = Failed(times, at + min(REST * 2 ** min(times - 1, 10), REST_MAX))
        return times


async def each(database: Database, read: Callable[[Snapshot, T | None], Awaitable[Sequence[T]]]) -> AsyncIterator[T]:
    """What a list has, page by page, each begun behind the last of the one before: what stays in it is passed once."""
    last: T | None = None
    while True:
        async with database.snapshot() as snapshot:
            page = await read(snapshot, last)
        if not page:
            return
        for one in page:
            yield one
        last = page[-1]
