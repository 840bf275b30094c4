"""Days that are over are packed for the boards, and packed anew where somebody wrote into them since."""

import asyncio
import time
from collections.abc import Callable
from datetime import date, datetime

import structlog

from caseengine.model.happening import Happening
from caseengine.packing.packer import pack_day, to_pack, to_repack
from caseengine.packing.touching import announce
from storage.engine import Database
from storage.errors import Conflict

log = structlog.get_logger()
DAYS_AT_ONCE = 8
"""Days after which it looks for newer ones that were touched meanwhile."""


class Packing:
    """Boards are right without it, and slower. Two workers may do it at once: one of two finds the day done."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._complete_before: date | None = None

    async def run(self) -> None:
        """Pack whatever is to be packed, newest first; what is touched comes before what is missing."""
        before = await self._announced()
        while before is not None:
            async with self._database.snapshot() as snapshot:
                days = await to_repack(snapshot, before, DAYS_AT_ONCE)
                if not days and self._complete_before != before:
                    days = await to_pack(snapshot, before, DAYS_AT_ONCE)
            if not days:
                self._complete_before = before
                return
            for day, happenings in days.items():
                began = time.perf_counter()
                if not await self._pack(day, happenings):
                    return
                await asyncio.sleep(time.perf_counter() - began)  # others have as long to themselves

    async def _announced(self) -> date | None:
        try:
            async with self._database.unit_of_work() as work:
                return await announce(work, self._now())
        except Conflict:  # another worker has said so
            return None

    async def _pack(self, day: str, happenings: Happening) -> bool:
        """Whether it was done; if not, another worker is at it, and the next run sees what is left."""
        try:
            async with self._database.unit_of_work() as work:
                await pack_day(work, day, happenings)
        except Conflict:
            return False
        log.info("day_packed", day=day)
        return True
