"""Who has which case open now, so that two agents in one case see each other.

It is held in the memory of this process, for as long as each of them repeats it.
Source: docs/reference/live-feed.md#two-agents-in-one-case
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from app.http.sessions import SignedIn
from caseengine.agents import Agent
from caseengine.tables import cases
from storage.transaction import Snapshot

EXPIRES_AFTER = timedelta(seconds=45)
"""A window that has not repeated it for so long is gone."""
WINDOWS_MAX = 20
"""Windows in which an agent can have a case open; with one more, the one that spoke longest ago is let go. So many that
left are remembered, too."""


class Attention(StrEnum):
    """What an agent does with a case they have open."""

    READING = "reading"
    WRITING = "writing"


@dataclass(frozen=True, slots=True)
class Watcher:
    """An agent who has a case open; they write when they do so in any of their windows."""

    id: UUID
    name: str
    state: Attention


@dataclass(frozen=True, slots=True)
class Window:
    """A case open in one of an agent's windows. Those of a session that do not tell which they are, are one."""

    case_id: UUID
    agent_id: UUID
    token_hash: bytes = field(repr=False)
    name: str | None


@dataclass(frozen=True, slots=True)
class Word:
    """The latest that a window said. `watcher`: None where it left: what it said before cannot bring it back."""

    watcher: Watcher | None
    at: datetime
    turn: int


class Watching:
    """Every method that changes something tells in which cases: others have to hear of these."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._heard: dict[Window, Word] = {}  # what spoke last is last

    def say(
        self, case_id: UUID, who: SignedIn, state: Attention | None, window: str | None = None, turn: int = 0
    ) -> set[UUID]:
        """An agent has the case open in a window, or (None) no more. A mere repeat changes nothing.

        Args:
            turn: grows with each word of a window that counts: two on their way at once may come in any order.
        """
        before, agent = self._watchers(), who.agent
        spoke = Window(case_id, agent.id, who.token_hash, window)
        if (known := self._heard.get(spoke)) is not None and turn < known.turn:
            return set()
        self._heard.pop(spoke, None)
        if state is not None or turn:
            watcher = Watcher(agent.id, agent.name, state) if state is not None else None
            self._heard[spoke] = Word(watcher, self._now(), turn)
        theirs = [(one, word.watcher is None) for one, word in self._heard.items() if one.agent_id == agent.id]
        for left in (False, True):
            alike = [one for one, has_left in theirs if has_left is left]
            self._let_go(alike[: max(len(alike) - WINDOWS_MAX, 0)])
        return self._changed_since(before)

    def look(self, closed: Collection[Window]) -> set[UUID]:
        """Let go of the windows that fell silent, and of the `closed` ones."""
        silent_since = self._now() - EXPIRES_AFTER
        gone = [window for window, word in self._heard.items() if word.at <= silent_since or window in closed]
        if not gone:
            return set()
        before = self._watchers()
        self._let_go(gone)
        return self._changed_since(before)

    def of(self, case_id: UUID) -> list[Watcher]:
        """Who has this case open, by name."""
        found = [watcher for (case, _), watcher in self._watchers().items() if case == case_id]
        return sorted(found, key=lambda watcher: (watcher.name, watcher.id))

    def windows(self) -> set[Window]:
        """Where a case is open."""
        return {window for window, word in self._heard.items() if word.watcher is not None}

    def _watchers(self) -> dict[tuple[UUID, UUID], Watcher]:
        """By case and agent."""
        found: dict[tuple[UUID, UUID], Watcher] = {}
        for window, word in self._heard.items():
            place, watcher = (window.case_id, window.agent_id), word.watcher
            if watcher is not None and (place not in found or watcher.state is Attention.WRITING):
                found[place] = watcher
        return found

    def _changed_since(self, before: Mapping[tuple[UUID, UUID], Watcher]) -> set[UUID]:
        return {case_id for (case_id, _), _ in before.items() ^ self._watchers().items()}

    def _let_go(self, windows: Collection[Window]) -> None:
        for window in windows:
            del self._heard[window]


async def to_close(snapshot: Snapshot, windows: Collection[Window], agents: Mapping[bytes, Agent]) -> set[Window]:
    """Those windows whose session ended, or whose agent may not see the case any more.

    Args:
        agents: by the sessions that go on, as they are now.
    """
    rows = await snapshot.rows(
        sa.select(cases.c.id, cases.c.department).where(cases.c.id.in_({window.case_id for window in windows}))
    )
    departments = {row.id: row.department for row in rows}
    return {
        window
        for window in windows
        if (agent := agents.get(window.token_hash)) is None or not agent.may_see(departments.get(window.case_id, ""))
    }
