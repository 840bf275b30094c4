"""One reader of the outbox for all screens: an event is read and encoded once, however many follow.

It also looks after the sessions behind the screens: whoever was signed out is told nothing more and is in no case any
more; so it is with a department taken from somebody, and with a case that moved to where they may not look.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.http.sessions import SESSIONS_ENDED, Sessions
from app.live.facts import Fact, read_facts, typing_frame, watching_frame
from app.live.listener import Listener
from app.live.watching import Watching, to_close
from caseengine.model.conversation import Mode
from caseengine.tables import cases, conversations
from storage.engine import Database
from storage.outbox import last_id, published_after
from storage.transaction import Snapshot

log = structlog.get_logger()
TOPIC = "event"
PAGE = 500
LOOK_EVERY_S = 0.4
"""How soon an ended session is noticed, and the facts of another process."""
BACK_OFF_S = 1.0


class Reader:
    """Runs while somebody follows."""

    def __init__(self, database: Database, sessions: Sessions, watching: Watching) -> None:
        self._database = database
        self._sessions = sessions
        self._watching = watching
        self._listeners: set[Listener] = set()
        self._typing: dict[UUID, None] = {}
        self._watched: set[UUID] = set()
        self._woken = asyncio.Event()
        self._joining = asyncio.Lock()
        self._place: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def join(self, listener: Listener) -> None:
        """From now on the listener is offered every fact; those before it reads for itself, afterwards."""
        async with self._joining:
            if self._place is None:
                async with self._database.snapshot() as snapshot:
                    self._place = await last_id(snapshot, TOPIC)
            self._listeners.add(listener)
            if self._closing:
                listener.end()
            elif self._task is None:
                self._task = asyncio.create_task(self._run())

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        self._woken.set()

    def followed_by(self, token_hash: bytes) -> int:
        """How many streams a session has."""
        return sum(listener.token_hash == token_hash for listener in self._listeners)

    def heard_typing(self, conversation: UUID) -> None:
        """A customer writes: the agent who has the word there is told."""
        if self._listeners:
            self._typing[conversation] = None
            self._woken.set()

    def heard_watching(self, changed: Collection[UUID]) -> None:
        """Somebody came into these cases, went, or does something else there: whoever may see them is told."""
        if self._listeners and changed:
            self._watched.update(changed)
            self._woken.set()

    async def close(self, within_s: float) -> None:
        """End all streams; their clients come back to whoever listens next."""
        self._closing = True
        for listener in self._listeners:
            listener.end()
        self._woken.set()
        if self._task is not None:
            _, late = await asyncio.wait([self._task], timeout=within_s)
            for task in late:
                task.cancel()

    async def _run(self) -> None:
        async with self._database.waiter(TOPIC, SESSIONS_ENDED) as self._woken:
            while self._listeners:
                self._woken.clear()
                try:
                    await self._look()
                except Exception:  # the database may be back in a moment; until then nobody is told anything
                    log.exception("feed_not_read")
                    await asyncio.sleep(BACK_OFF_S)
                await self._wait()
        self._place = self._task = None

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _look(self) -> None:
        async with self._database.snapshot() as snapshot:
            await self._look_after_sessions(snapshot)
            facts = read_facts(await published_after(snapshot, TOPIC, self._place or 0, limit=PAGE))
            holders = await self._who_is_typed_to(snapshot)
            watched = await self._where_watchers_changed(snapshot)
        self._offer(facts)
        for listener, conversation in holders:
            listener.pass_on(conversation, typing_frame(conversation))
        self._tell_who_watches(watched)
        if len(facts) == PAGE:
            self._woken.set()

    def _offer(self, facts: list[Fact]) -> None:
        if facts:
            for listener in self._listeners:
                listener.offer(facts)
            self._place = facts[-1].id

    async def _look_after_sessions(self, snapshot: Snapshot) -> None:
        asked_for = list(self._listeners)  # whoever joins meanwhile is looked after next time
        windows = self._watching.windows()
        sessions = {listener.token_hash for listener in asked_for} | {window.token_hash for window in windows}
        agents = await self._sessions.still_signed_in(snapshot, sessions)
        closed = await to_close(snapshot, windows, agents) if windows else set()
        self._watched |= self._watching.look(closed)
        for listener in asked_for:
            if listener.gone() or listener.token_hash not in agents:
                listener.end()
            else:
                listener.agent = agents[listener.token_hash]

    async def _who_is_typed_to(self, snapshot: Snapshot) -> list[tuple[Listener, UUID]]:
        typed, self._typing = list(self._typing), {}
        holders = await _holders(snapshot, typed) if typed else {}
        return [
            (listener, conversation)
            for conversation, agent_id in holders.items()
            for listener in self._listeners
            if listener.agent.id == agent_id
        ]

    async def _where_watchers_changed(self, snapshot: Snapshot) -> Sequence[sa.Row[Any]]:
        """Number and department of these cases as they are now."""
        if not self._watched:
            return []
        changed = set(self._watched)
        columns = (cases.c.id, cases.c.number, cases.c.department)
        rows = await snapshot.rows(sa.select(*columns).where(cases.c.id.in_(changed)))
        self._watched -= changed
        return rows

    def _tell_who_watches(self, watched: Iterable[sa.Row[Any]]) -> None:
        for case in watched:
            frame = watching_frame(case.number, self._watching.of(case.id))
            for listener in self._listeners:
                if listener.agent.may_see(case.department):
                    listener.pass_on(case.id, frame)


async def _holders(snapshot: Snapshot, typed: Iterable[UUID]) -> dict[UUID, UUID | None]:
    """Which agent has the word in these conversations."""
    rows = await snapshot.rows(
        sa.select(conversations.c.id, conversations.c.agent_id).where(
            conversations.c.id.in_(typed), conversations.c.mode == Mode.AGENT
        )
    )
    return {row.id: row.agent_id for row in rows}
