"""Rules at work: each published fact of a case is judged once, and what is due by time is looked at.

How far we are is kept in the unit of work of the effects: after a crash, and with two workers, each fact is judged
exactly once. Source: docs/decisions/0017-rules.md
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog

from app.jobs.one_by_one import OneByOne
from app.metrics import RULE_FIRINGS
from caseengine.cursors import Cursor, advance, cursor
from caseengine.model.events import RuleFired
from caseengine.operations.ruling import bench_of, facts_told, judge_event, judge_timer, set_timers
from caseengine.rule_following import FOLLOWER, TOPIC, Told, beginning, cases_to_enrol, matters, told_of
from caseengine.rule_law import Law, law_in_force
from caseengine.rule_timers import DUE_MAX, ENROLLED, KeptTimer, drop_timers_of_other_rules, keep_timer, timers_due
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict, StorageUnavailable
from storage.outbox import OutboxRow, missing_between, published_after, settle
from storage.transaction import UnitOfWork

log = structlog.get_logger()
PAGE = 500
TOGETHER_MAX = 25
"""Facts judged in one unit of work."""
CONFLICTS_MAX = 20
"""In a row, before the job rests."""
TRIES_MAX = 5
"""A fact, or a timer, that cannot be judged is passed over after so many; those behind it wait no longer."""


class Rules:
    """Runs when something was published, and now and then for what is due by time."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._law = Law()
        self._tries: dict[object, int] = {}
        self._cases = OneByOne("rules", database, now)

    async def run(self) -> None:
        """Judge whatever waits.

        Raises:
            RulebookInvalid: the rules in force cannot be read.
        """
        async with self._database.snapshot() as snapshot:
            self._law = await law_in_force(snapshot, self._law)
        if not self._law.version:
            return
        while await self._follow():
            pass
        while await self._enrols():
            pass
        while await self._sweep():
            pass

    async def _follow(self) -> bool:
        """One page of facts; whether there were any. What the rules did is on the next one."""
        rows = await self._page()
        left, together = rows, TOGETHER_MAX
        for _ in range(len(rows) + CONFLICTS_MAX):
            if not left:
                return bool(rows)
            some = _first(left, self._law, together)
            done = await self._judge(some)
            together = TOGETHER_MAX if done else 1
            left = left[done:]
        raise Conflict

    async def _page(self) -> Sequence[OutboxRow]:
        async with self._database.snapshot() as snapshot:
            self._law = await law_in_force(snapshot, self._law)
            place = await cursor(snapshot, FOLLOWER) or await beginning(snapshot, self._law)
            rows = await published_after(snapshot, TOPIC, place.position, limit=PAGE)
            whole = not rows or not await missing_between(snapshot, place.position, rows[-1].id)
        if whole:
            return rows
        await self._database.run(settle)
        async with self._database.snapshot() as snapshot:
            return await published_after(snapshot, TOPIC, place.position, limit=PAGE)

    async def _judge(self, rows: Sequence[OutboxRow]) -> int:
        """How many of these are judged now; 0: to be tried again, one by one."""
        told = [found for found in map(told_of, rows) if found is not None and matters(found, self._law)]
        try:
            await self._judge_together(rows, told)
        except (Conflict, AlreadyReceived):
            return await self._overtaken(rows)
        except StorageUnavailable:
            raise
        except Exception:
            if not self._gives_up(rows[0].id, alone=len(told) <= 1):
                return 0
            log.exception("rules_passed_over", outbox_id=rows[0].id)
            await self._judge_together(rows, [])
        return len(rows)

    async def _judge_together(self, rows: Sequence[OutboxRow], told: Sequence[Told]) -> None:
        async with self._database.unit_of_work() as work:
            before = await cursor(work, FOLLOWER)
            if before is not None and before.position >= rows[0].id:
                raise Conflict  # another worker judged them
            traced = await self._judge_facts(work, told)
            advance(work, before, Cursor(FOLLOWER, rows[-1].id))
        _tell(traced)

    async def _judge_facts(self, work: UnitOfWork, told: Sequence[Told]) -> list[RuleFired]:
        if not told:
            return []
        at, bench = self._now(), await bench_of(work, self._law)
        order = [(fact.case_id, fact.seq) for fact in told]
        events = await facts_told(work, order)
        traced: list[RuleFired] = []
        for place in order:
            if place in events:
                traced += await judge_event(work, bench, events[place], place[1], at=at)
        await set_timers(work, bench, {case_id for case_id, _ in events})
        return traced

    async def _overtaken(self, rows: Sequence[OutboxRow]) -> int:
        """Somebody was faster: at these facts, which are done then, or at a case, which is tried again."""
        async with self._database.snapshot() as snapshot:
            place = await cursor(snapshot, FOLLOWER)
        return sum(row.id <= place.position for row in rows) if place is not None else 0

    def _gives_up(self, key: object, *, alone: bool) -> bool:
        """What fails together is tried one by one; what fails alone is passed over in the end."""
        if alone:
            self._tries[key] = self._tries.get(key, 0) + 1
        if self._tries.get(key, 0) < TRIES_MAX:
            return False
        del self._tries[key]
        return True

    async def _enrols(self) -> bool:
        try:
            return await self._enrol()
        except Conflict:
            return True  # another worker went this step, or somebody is at one of these cases

    async def _enrol(self) -> bool:
        """After a new version, or other opening hours: one step of the walk over all cases; whether it goes on.

        Where they cannot be enrolled together, each is by itself, and the walk goes on without those that fail.
        """
        law = self._law
        async with self._database.snapshot() as snapshot:
            before = await cursor(snapshot, ENROLLED)
            fresh = before is None or before.position != law.version
            if not fresh and before is not None and not before.place:
                return False
            after = before.place if before is not None and not fresh else ""
            found, place = await cases_to_enrol(snapshot, law, after) if law.rules.of_time else ([], "")
        step = partial(self._step, before, Cursor(ENROLLED, law.version, place), fresh=fresh)
        try:
            await step(found)
        except (Conflict, StorageUnavailable):
            raise
        except Exception:
            log.exception("enrolled_one_by_one", job="rules", count=len(found))
            for case_id in found:
                await self._cases.do(case_id, partial(self._enrol_cases, [case_id]))
            await step([])
        return bool(place)

    async def _step(self, before: Cursor | None, after: Cursor, found: Sequence[UUID], *, fresh: bool) -> None:
        async with self._database.unit_of_work() as work:
            if fresh:
                drop_timers_of_other_rules(work, list(self._law.rules.of_time))
            await self._enrol_cases(found, work)
            advance(work, before, after)

    async def _enrol_cases(self, found: Sequence[UUID], work: UnitOfWork) -> None:
        await set_timers(work, await bench_of(work, self._law), found)

    async def _sweep(self) -> bool:
        """What is due by time; whether there may be more."""
        async with self._database.snapshot() as snapshot:
            found = await timers_due(snapshot, self._now())
        done = [await self._look_at(kept) for kept in found]
        return len(found) == DUE_MAX and any(done)

    async def _look_at(self, kept: KeptTimer) -> bool:
        try:
            async with self._database.unit_of_work() as work:
                bench = await bench_of(work, self._law)
                traced = await judge_timer(work, bench, kept, at=self._now())
        except (Conflict, AlreadyReceived):
            return False  # somebody is at the case this very moment; the next sweep looks again
        except StorageUnavailable:
            raise
        except Exception:
            log.exception("rule_of_time_failed", rule=kept.rule, case_id=str(kept.case_id))
            if self._gives_up((kept.case_id, kept.rule), alone=True):
                async with self._database.unit_of_work() as work:
                    keep_timer(work, kept, replace(kept, due_at=None))
            return False
        _tell([traced] if traced else [])
        return True


def _first(rows: Sequence[OutboxRow], law: Law, together: int) -> Sequence[OutboxRow]:
    """The first rows, with at most so many that matter; those that do not cost nothing."""
    mattering = 0
    for place, row in enumerate(rows):
        told = told_of(row)
        mattering += told is not None and matters(told, law)
        if mattering > together:
            return rows[:place]
    return rows


def _tell(traced: Sequence[RuleFired]) -> None:
    for fact in traced:
        RULE_FIRINGS.labels(fact.guard or "fired").inc()
        if fact.guard:
            log.warning("rule_held_back", rule=fact.rule, case_id=str(fact.case_id), guard=fact.guard)
