"""The routing sweep: offers that ran out, work of those who vanished, and whoever waits gets somebody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, Protocol
from uuid import UUID

import structlog

from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.operations.calling import call_now, miss
from caseengine.operations.needing import Likely
from caseengine.operations.routing import PASSED_OVER_MAX, Notice, expire_offer, return_work, route, waits
from caseengine.policies.routing import Decision
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.reading.callbacks import callbacks_begun, callbacks_over
from caseengine.reading.out_of_place import live_work_of_the_lost, offers_ended, work_out_of_place
from caseengine.reading.waiting_cases import (
    Waiting,
    departments_waiting,
    first_waiting,
    heads_waiting,
    with_somebody_there,
)
from caseengine.routing_rules import routing_rules
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import UnitOfWork

log = structlog.get_logger()
TRIES_MAX = 5
PLACED_MAX = 500
"""Decisions of one department in one run; the rest at the next, so that every department has its turn."""
OUT_OF_PLACE_EVERY = timedelta(minutes=1)
GUESS_AGAIN_AFTER = timedelta(hours=1)
"""What was learnt meanwhile may say more of a case that waits."""
GUESSES_KEPT_MAX = 10_000


class Guess(Protocol):
    """Learnt from past cases: which skills those had who solved what sounds like this; empty when unsure.

    It is asked in a thread of its own.
    """

    def likely(self, words: str) -> Likely: ...


class RoutingSweep:
    """Any number may run at once: who comes second finds the case or the agent changed, and decides again."""

    def __init__(
        self, database: Database, words: Mapping[str, str], now: Callable[[], datetime], guess: Guess | None = None
    ) -> None:
        self._database = database
        self._words = words
        self._now = now
        self._guess = guess
        self._looked_at: datetime | None = None
        self._guessed: dict[UUID, tuple[datetime, Likely]] = {}

    async def run(self) -> None:
        """Everything that is due."""
        async with self._database.snapshot() as snapshot:
            _, policy = await routing_rules(snapshot)
        await self.put_back()
        await self.call()
        for department in await self._to_place(policy):
            await self.place(department)

    async def put_back(self) -> None:
        """Offers and work of those who are not there any more go back to the queue."""
        at = self._now()
        async for offer in self._walk(partial(offers_ended, at=at)):
            expired = offer.expires_at <= at
            await self._do(offer.case_id, partial(expire_offer, expired=expired, at=at))
        async for row in self._walk(partial(live_work_of_the_lost, at=at)):
            await self._do(row.id, partial(return_work, reason="agent_vanished", at=at))
        if self._looked_at is not None and at - self._looked_at < OUT_OF_PLACE_EVERY:
            return
        self._looked_at = at
        async for row in self._walk(work_out_of_place):
            reason = "agent_locked" if row.locked else "agent_left"
            await self._do(row.id, partial(return_work, reason=reason, at=at))

    async def call(self) -> None:
        """Appointments whose time has come, and those nobody kept."""
        at = self._now()
        async for one in self._walk(partial(callbacks_begun, at=at)):
            await self._do(one.case_id, partial(miss if one.ends_at <= at else call_now, callback=one, at=at))
        async for one in self._walk(partial(callbacks_over, at=at)):
            await self._do(one.case_id, partial(miss, callback=one, at=at))

    async def place(self, department: str, *, most: int = PLACED_MAX) -> int:
        """Give what waits in a department to whoever can have it, first come first; how many were placed.

        Of cases that need the same, a few behind one that nobody can have are tried too: a mail may fit where a chat
        does not.
        """
        async with self._database.snapshot() as snapshot:
            heads = await heads_waiting(snapshot, department)
        heap = [(head.order, head) for head in heads]
        heapify(heap)
        passed: dict[str, set[UUID]] = {head.needs_key: set() for head in heads}
        placed = 0
        while heap and placed < most:
            _, head = heappop(heap)
            decision = await self._route(head.id)
            if decision is not None and decision.agent_id is not None:
                placed += 1
            else:
                passed[head.needs_key].add(head.id)
            for follower in await self._behind(department, head, passed[head.needs_key]):
                heappush(heap, (follower.order, follower))
        return placed

    async def _behind(self, department: str, head: Waiting, passed: set[UUID]) -> list[Waiting]:
        if len(passed) > PASSED_OVER_MAX:
            return []
        async with self._database.snapshot() as snapshot:
            found = await first_waiting(snapshot, department, head.needs_key, limit=len(passed) + 1)
        return [one for one in found if one.id not in passed][:1]

    async def _route(self, case_id: UUID) -> Decision | None:
        decided: list[Decision | None] = []

        async def decide(work: UnitOfWork, case: Case) -> None:
            likely = await self._likely(case) if waits(case) and not case.needs else None
            decided.append(await route(work, case, likely=likely, notice=self._notice, at=self._now()))

        done = await self._do(case_id, decide)
        return decided[-1] if done else None

    async def _do(self, case_id: UUID, operation: Callable[[UnitOfWork, Case], Awaitable[object]]) -> bool:
        """In a unit of work of its own, again when somebody else's came in between; False when that never ended."""
        for _ in range(TRIES_MAX):
            try:
                async with self._database.unit_of_work() as work:
                    await operation(work, await Cases(work).by_id(case_id))
            except Conflict:
                continue
            return True
        log.info("routing_gave_way", case_id=str(case_id))
        return False

    async def _likely(self, case: Case) -> Likely | None:
        """What past cases tell of it; what they told is remembered, be it nothing."""
        if self._guess is None:
            return None
        at, known = self._now(), self._guessed.get(case.id)
        if known is not None and at - known[0] < GUESS_AGAIN_AFTER:
            return known[1]
        if len(self._guessed) >= GUESSES_KEPT_MAX:
            self._guessed.clear()
        likely = await asyncio.to_thread(self._guess.likely, f"{case.subject}\n{case.description}")
        self._guessed[case.id] = (at, likely)
        return likely

    async def _to_place(self, policy: RoutingPolicy) -> list[str]:
        """Departments where something waits that somebody could be given, or that may wait elsewhere instead."""
        if not policy.is_on:
            return []
        async with self._database.snapshot() as snapshot:
            waiting = await departments_waiting(snapshot)
            there = await with_somebody_there(snapshot, at=self._now())
        routed = [one for one in waiting if policy.of(one).mode is not Mode.PULL]
        return [one for one in routed if one in there or policy.of(one).overflow]

    async def _walk(self, read: Callable[..., Awaitable[Sequence[Any]]]) -> AsyncIterator[Any]:
        """Page by page, each behind the last row of the one before, until there is nothing more."""
        behind = None
        while True:
            async with self._database.snapshot() as snapshot:
                page = await read(snapshot, behind=behind)
            if not page:
                return
            for row in page:
                yield row
            behind = page[-1]

    @property
    def _notice(self) -> Notice:
        return lambda name: {"text": self._words["notice.agent_joined"].format(name=name)}
