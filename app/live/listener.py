"""One agent's screen that follows: what waits for it, and how far it has been told."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from uuid import UUID

from app.http.sessions import SignedIn
from app.live.facts import Fact, place_frame, reload_frame

WAITING_MAX = 1_000
"""Facts that wait for a slow reader; beyond that it is told to load anew."""
PASSING_MAX = 100
"""Conversations and cases of which a passing word waits; with one more, the oldest is dropped."""
STILL_HERE = b"event: alive\ndata: {}\n\n"
"""An event, because a page is not told of comments, and a line that is silent for long is a dead one."""


class Listener:
    """
    Attributes:
        agent: with the departments they have now.
        seen: the place up to which everything was sent, or was not for these eyes.
        ended: the stream must end.
    """

    def __init__(self, signed_in: SignedIn, gone: Callable[[], bool]) -> None:
        self.agent = signed_in.agent
        self.token_hash = signed_in.token_hash
        self.gone = gone
        self.seen = 0
        self.ended = False
        self._told = 0
        self._facts: deque[Fact] = deque()
        self._passing: dict[UUID, bytes] = {}
        self._newest = 0
        self._behind = False
        self._woken = asyncio.Event()

    def offer(self, facts: Sequence[Fact]) -> None:
        """What was read for everybody; all of it moves the place, and only what is for these eyes waits."""
        self._newest = max(self._newest, facts[-1].id)
        mine = [fact for fact in facts if fact.is_for(self.agent)]
        if self._behind or not mine:
            return
        self._facts.extend(mine)
        if len(self._facts) > WAITING_MAX:
            self._behind = True
            self._facts.clear()
        self._woken.set()

    def pass_on(self, about: UUID, frame: bytes) -> None:
        """Something that matters now or not at all; of one conversation or case the latest word is enough."""
        self._passing.pop(about, None)
        self._passing[about] = frame
        if len(self._passing) > PASSING_MAX:
            del self._passing[next(iter(self._passing))]
        self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    def starts_at(self, place: int) -> bytes:
        """The screen has everything up to here; it learns the place, so that it can come back to it."""
        self.seen = self._told = place
        return place_frame(place)

    def loads_anew(self, place: int) -> bytes:
        self.seen = self._told = place
        return reload_frame(place)

    def takes(self, facts: Sequence[Fact]) -> bytes:
        """The frames of those that are new and for these eyes."""
        frames = []
        for fact in facts:
            if fact.id > self.seen and fact.is_for(self.agent):
                frames.append(fact.frame)
                self._told = fact.id
            self.seen = max(self.seen, fact.id)
        return b"".join(frames)

    async def next(self, within_s: float) -> bytes:
        """What is to be sent: as soon as there is something, or a sign of life when nothing comes."""
        try:
            async with asyncio.timeout(within_s):
                await self._woken.wait()
        except TimeoutError:
            if not self._woken.is_set():
                return self._sign_of_life()
        self._woken.clear()
        return b"" if self.ended else self._waiting()

    def _waiting(self) -> bytes:
        if self._behind:
            self._behind = False
            return self.loads_anew(self._newest)
        facts, passing = list(self._facts), b"".join(self._passing.values())
        self._facts.clear()
        self._passing.clear()
        return self.takes(facts) + passing

    def _sign_of_life(self) -> bytes:
        """Also where to come back to, when others' facts have moved it: fewer are read again then."""
        self.seen = max(self.seen, self._newest)
        if self.seen == self._told:
            return STILL_HERE
        self._told = self.seen
        return place_frame(self.seen) + STILL_HERE
