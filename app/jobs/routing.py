"""The routing sweep: offers that ran out, work of those who vanished, and whoever waits gets somebody."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from app.jobs.lines import LeftOff, Lines
from app.jobs.one_by_one import OneByOne, each
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.operations.calling import call_now, miss
from caseengine.operations.needing import Likely
from caseengine.operations.routing import Notice, route, waits
from caseengine.operations.taking_back import take_back_chat, take_back_misplaced, take_back_offer
from caseengine.policies.routing import Decision
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.reading.callbacks import callbacks_begun, callbacks_over
from caseengine.reading.out_of_place import live_work_of_the_lost, offers_ended, work_out_of_place
from caseengine.reading.room import room_in
from caseengine.reading.waiting_cases import departments_waiting, with_somebody_there
from caseengine.routing_rules import routing_rules
from storage.engine import Database
from storage.transaction import UnitOfWork

TRIES_MAX = 5
PAGE = 200
PLACED_MAX = 50
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
        self._back, self._calls, self._places = (OneByOne("routing", database, now) for _ in range(3))
        self._left_off: dict[str, LeftOff] = {}
        self._guessed: dict[UUID, tuple[datetime, Likely]] = {}

    async def run(self) -> None:
        """Everything that is due."""
        await self.look_after()
        await self.give_out()

    async def look_after(self) -> None:
        """Who was given something has it and is there, and who is to be called is called."""
        await self.put_back()
        await self.call()

    async def give_out(self) -> None:
        """What waits, department by department."""
        async with self._database.snapshot() as snapshot:
            _, policy = await routing_rules(snapshot)
        for department in await self._to_place(policy):
            await self.place(department)

    async def put_back(self) -> None:
        """Offers and work of those who are not there any more go back to the queue."""
        at = self._now()
        async for offer in each(self._database, lambda now, last: offers_ended(now, at, behind=last)):
            await self._do(self._back, offer.case_id, partial(take_back_offer, at=self._now()))
        async for row in each(self._database, lambda now, last: live_work_of_the_lost(now, at, behind=last)):
            await self._do(self._back, row.id, partial(take_back_chat, at=self._now()))
        if self._looked_at is not None and at - self._looked_at < OUT_OF_PLACE_EVERY:
            return
        self._looked_at = at
        async for row in each(self._database, lambda now, last: work_out_of_place(now, behind=last)):
            await self._do(self._back, row.id, partial(take_back_misplaced, at=self._now()))

    async def call(self) -> None:
        """Appointments whose time has come, and those nobody kept."""
        at = self._now()
        async for one in each(self._database, lambda now, last: callbacks_begun(now, at, behind=last)):
            how = miss if one.ends_at <= at else call_now
            await self._do(self._calls, one.case_id, partial(how, callback=one, at=at))
        async for one in each(self._database, lambda now, last: callbacks_over(now, at, behind=last)):
            await self._do(self._calls, one.case_id, partial(miss, callback=one, at=at))

    async def place(self, department: str, *, most: int = PLACED_MAX) -> int:
        """Give what waits in a department to whoever can have it, first come first; how many were placed.

        Nothing is decided about what nobody there could have, and what fails holds up nothing behind it.
        """
        async with self._database.snapshot() as snapshot:
            room = await room_in(snapshot, department, at=self._now())
            lines = Lines(self._database, room, self._left_off.setdefault(department, {}))
            if room.free or room.overflows:
                await lines.begin(snapshot)
        placed = 0
        async for one in lines.walk():
            decision = await self._route(one.id)
            if decision is not None and decision.agent_id is not None:
                lines.given(one, decision.agent_id)
                placed += 1
            elif decision is not None:
                lines.in_vain(one)
            if placed >= most:
                break
        return placed

    async def _route(self, case_id: UUID) -> Decision | None:
        decided: list[Decision | None] = []

        async def decide(work: UnitOfWork, case: Case) -> None:
            likely = await self._likely(case) if waits(case) and not case.needs else None
            decided.append(await route(work, case, likely=likely, notice=self._notice, at=self._now()))

        done = await self._do(self._places, case_id, decide)
        return decided[-1] if done else None

    async def _do(
        self, way: OneByOne, case_id: UUID, operation: Callable[[UnitOfWork, Case], Awaitable[object]]
    ) -> bool:
        """Whether it was done, again when somebody else's came in between.

        What fails in one way holds up the same case in no other: who cannot be called can still be placed.
        """

        async def act(work: UnitOfWork) -> None:
            await operation(work, await Cases(work).by_id(case_id))

        return await way.do(case_id, act, tries=TRIES_MAX)

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

    @property
    def _notice(self) -> Notice:
        return lambda name: {"text": self._words["notice.agent_joined"].format(name=name)}
