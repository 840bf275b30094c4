"""The queue of a department in its order, walked line by line: those that need the same stand in one line.

Where nobody can have the first of a line, those behind it are looked at: a mail may fit where a chat does not. A line
is walked forwards alone, for room only shrinks while things are given out, and so far in one run that its cost is
bounded; the next run goes on where it was left off.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from caseengine.reading.room import Room
from caseengine.reading.waiting_cases import Waiting, first_waiting, heads_waiting
from storage.engine import Database
from storage.transaction import Snapshot

LOOKED_AT_MAX = 1_000
"""So many of a department are passed over in one run, behind the first few of each line; its lines share them."""
PASSED_OVER_MAX = 5
"""So many decisions about those behind the first few of a line may come to nothing in one run."""
PAGE = 50

LeftOff = dict[str, Waiting]
"""The case up to which a line was walked when the run before had enough of it, by what the line needs."""


@dataclass
class Line:
    """
    Attributes:
        ahead: read and not walked yet.
        moved: one of it was given to somebody.
        beyond: the first few are past; from here on it counts what is `passed` and decided `in_vain`.
    """

    ahead: deque[Waiting] = field(default_factory=deque)
    moved: bool = False
    beyond: bool = False
    passed: int = 0
    in_vain: int = 0


class Lines:
    """
    Args:
        room: of the department.
        left_off: kept from run to run; changed here.
    """

    def __init__(self, database: Database, room: Room, left_off: LeftOff) -> None:
        self._database = database
        self._room = room
        self._left_off = left_off
        self._lines: dict[str, Line] = {}
        self._share = LOOKED_AT_MAX

    async def begin(self, snapshot: Snapshot) -> None:
        """Read the first few of each line."""
        heads = await heads_waiting(snapshot, self._room.department, each=1 + PASSED_OVER_MAX)
        for one in heads:
            self._lines.setdefault(one.needs_key, Line()).ahead.append(one)
        await self._room.look_at(snapshot, heads)
        self._share = max(1 + PASSED_OVER_MAX, LOOKED_AT_MAX // max(len(self._lines), 1))
        for gone in self._left_off.keys() - self._lines.keys():
            del self._left_off[gone]

    async def walk(self) -> AsyncIterator[Waiting]:
        """What somebody may have, the first of all lines first. Say of each what came of it, if anything did."""
        heap = [(line.ahead[0].order, line.ahead[0]) for line in self._lines.values()]
        heapify(heap)
        while heap:
            _, one = heappop(heap)
            line = self._lines[one.needs_key]
            line.ahead.popleft()
            if self._room.may_move(one.id):
                yield one
            elif line.beyond:
                line.passed += 1
            if (following := await self._following(line, one)) is not None:
                heappush(heap, (following.order, following))

    def given(self, one: Waiting, agent_id: str) -> None:
        self._lines[one.needs_key].moved = True
        self._room.given(one.id, agent_id)

    def in_vain(self, one: Waiting) -> None:
        """It was decided about, and stays."""
        line = self._lines[one.needs_key]
        line.in_vain += line.beyond

    async def _following(self, line: Line, one: Waiting) -> Waiting | None:
        """Who stands behind a case; None where the line ends, or is left off."""
        if line.passed > self._share or line.in_vain > PASSED_OVER_MAX:
            self._left_off[one.needs_key] = one
            return None
        if not line.ahead and self._room.may_have_alike(one.id):
            await self._read_on(line, one)
        return line.ahead[0] if line.ahead else None

    async def _read_on(self, line: Line, one: Waiting) -> None:
        """What is at its end begins anew in the next run; so does what moves, from which nothing is left out."""
        left_off = self._left_off.pop(one.needs_key, one)
        behind = one if line.beyond or line.moved else max(one, left_off, key=lambda place: place.order)
        line.beyond = True
        async with self._database.snapshot() as snapshot:
            limit = min(PAGE, self._share)
            found = await first_waiting(snapshot, self._room.department, one.needs_key, behind=behind, limit=limit)
            await self._room.look_at(snapshot, found)
        line.ahead.extend(found)
