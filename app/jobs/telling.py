"""Customers are told: published facts become notices, and notices that are due leave.

How far we are is kept with the notices: after a crash, and with two workers, each fact is planned once and each notice
leaves once. Source: docs/decisions/0023-notices-to-customers.md
"""

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from app.jobs.following import facts_behind, follow
from caseengine.cursors import Cursor, advance, cursor
from caseengine.operations.sending import Telling
from caseengine.operations.telling import plan_notice, tell
from caseengine.operations.untold import drop_for_fault
from caseengine.policies.noticing import WhyNot
from caseengine.rule_following import told_of
from caseengine.telling import HOLDERS_MAX, CustomerNotice, drop, holders_due, planned_for, rest
from customers.preferences import Holder
from storage.engine import Database
from storage.errors import Conflict, StorageUnavailable
from storage.outbox import OutboxRow

log = structlog.get_logger()
FOLLOWER = "customer_notices"
REST = timedelta(minutes=10)
"""What cannot be told for a fault of ours is tried again then."""
TRIED_FOR = timedelta(days=1)
"""And no longer than this."""


class CustomerNotices:
    """Runs when something was published, and now and then for what is due by time."""

    def __init__(self, database: Database, now: Callable[[], datetime], telling: Telling) -> None:
        self._database = database
        self._now = now
        self._telling = telling
        self._since = now()

    async def run(self) -> None:
        """Plan whatever happened, and tell whatever is due."""
        await follow(self._database, FOLLOWER, self._since, self._follow)
        while await self._sweep():
            pass

    async def _follow(self) -> bool:
        """One page of facts; whether there were any."""
        before, rows = await facts_behind(self._database, FOLLOWER)
        if not rows:
            return False
        try:
            await self._plan(before, rows)
        except StorageUnavailable:
            raise
        except Exception:
            await self._one_by_one(rows)
        return True

    async def _plan(self, before: Cursor | None, rows: Sequence[OutboxRow]) -> None:
        async with self._database.unit_of_work() as work:
            for row in rows:
                if told_of(row) is not None:
                    await plan_notice(work, row.payload, row.emitted_at, zone=self._telling.zone)
            advance(work, before, Cursor(FOLLOWER, rows[-1].id))

    async def _one_by_one(self, rows: Sequence[OutboxRow]) -> None:
        """One that cannot be planned is passed over, loudly; those another worker planned are behind us."""
        for row in rows:
            async with self._database.snapshot() as snapshot:
                before = await cursor(snapshot, FOLLOWER)
            if before is not None and before.position >= row.id:
                continue
            try:
                await self._plan(before, [row])
            except (StorageUnavailable, Conflict):
                raise
            except Exception:
                log.exception("notice_passed_over", outbox_id=row.id)
                async with self._database.unit_of_work() as work:
                    advance(work, before, Cursor(FOLLOWER, row.id))

    async def _sweep(self) -> bool:
        """Everybody with something due; whether there may be more."""
        async with self._database.snapshot() as snapshot:
            holders = await holders_due(snapshot, self._now())
        done = [await self._tell(holder) for holder in holders]
        return len(holders) == HOLDERS_MAX and any(done)

    async def _tell(self, holder: Holder) -> bool:
        try:
            async with self._database.unit_of_work() as work:
                await tell(work, holder, self._telling, at=self._now())
        except Conflict:
            return False  # somebody is at one of the cases this very moment; the next run looks again
        except StorageUnavailable:
            raise
        except Exception:
            log.exception("notice_failed", holder=str(holder.id))
            await self._tell_one_by_one(holder)
        return True

    async def _tell_one_by_one(self, holder: Holder) -> None:
        """What cannot be told for a fault of ours rests, in the end for good, and holds up nothing else of theirs."""
        at = self._now()
        async with self._database.snapshot() as snapshot:
            waiting = await planned_for(snapshot, holder, before=at)
        for notice in waiting:
            try:
                async with self._database.unit_of_work() as work:
                    await tell(work, holder, self._telling, at=at, alone=notice.id)
            except Conflict:
                continue
            except StorageUnavailable:
                raise
            except Exception:
                log.exception("notice_rests", case_id=str(notice.case_id))
                with contextlib.suppress(Conflict):  # another worker has settled it, or somebody is at its case
                    await self._rest(notice, notice.fails_since or at)

    async def _rest(self, notice: CustomerNotice, since: datetime) -> None:
        at = self._now()
        if at >= since + TRIED_FOR:
            await self._drop(notice)
            return
        async with self._database.unit_of_work() as work:
            rest(work, notice, at + REST, fails_since=since)

    async def _drop(self, notice: CustomerNotice) -> None:
        """Even where the fault lets nobody learn it on its case."""
        try:
            async with self._database.unit_of_work() as work:
                await drop_for_fault(work, notice, self._telling.notes, at=self._now())
        except (Conflict, StorageUnavailable):
            raise
        except Exception:
            log.exception("dropped_notice_untold", case_id=str(notice.case_id))
            async with self._database.unit_of_work() as work:
                drop(work, notice, WhyNot.FAULT, at=self._now())
