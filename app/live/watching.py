"""Who has which case open now, so that two agents in one case see each other.

It is held in the memory of this process, for as long as each of them repeats it.
Source: docs/reference/live-feed.md#two-agents-in-one-case
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.http.sessions import SignedIn

EXPIRES_AFTER = timedelta(seconds=45)
"""Whoever has not repeated it for so long is gone."""
CASES_MAX = 20
"""Cases an agent can have open; with one more, the one they spoke of longest ago is let go."""


class Attention(StrEnum):
    """What an agent does with a case they have open."""

    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Watcher:
    """An agent who has a case open, by their latest word from any of their windows."""

    id: UUID
    name: str
    state: Attention
    token_hash: bytes = field(repr=False)
    heard_at: datetime


class Watching:
    """Every method that changes something tells in which cases: others have to hear of these."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._heard: dict[tuple[UUID, UUID], Watcher] = {}  # by case and agent; who spoke last is last

    def say(self, case_id: UUID, who: SignedIn, state: Attention | None) -> set[UUID]:
        """An agent has the case open, or (None) no more. A mere repeat changes nothing."""
        agent = who.agent
        before = self._heard.pop((case_id, agent.id), None)
        if state is not None:
            watcher = Watcher(agent.id, agent.name, state, who.token_hash, self._now())
            self._heard[case_id, agent.id] = watcher
        changed = {case_id} if state != (before.state if before else None) else set()
        return changed | self._let_go_of_oldest(agent.id)

    def look(self, ended: Collection[bytes]) -> set[UUID]:
        """Let go of those who fell silent, and of those whose session is among the `ended` ones."""
        silent_since = self._now() - EXPIRES_AFTER
        return self._let_go(
            [
                place
                for place, watcher in self._heard.items()
                if watcher.heard_at <= silent_since or watcher.token_hash in ended
            ]
        )

    def of(self, case_id: UUID) -> list[Watcher]:
        """Who has this case open, by name."""
        found = [watcher for (case, _), watcher in self._heard.items() if case == case_id]
        return sorted(found, key=lambda watcher: (watcher.name, watcher.id))

    def sessions(self) -> set[bytes]:
        """The sessions they spoke from."""
        return {watcher.token_hash for watcher in self._heard.values()}

    def _let_go_of_oldest(self, agent_id: UUID) -> set[UUID]:
        theirs = [place for place in self._heard if place[1] == agent_id]
        return self._let_go(theirs[: max(len(theirs) - CASES_MAX, 0)])

    def _let_go(self, places: Collection[tuple[UUID, UUID]]) -> set[UUID]:
        for place in places:
            del self._heard[place]
        return {case_id for case_id, _ in places}
