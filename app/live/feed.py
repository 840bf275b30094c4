"""Server-sent events for agents: every fact of the departments they may see, after its commit, in order of commit.

A client that comes back with `Last-Event-ID` misses nothing; one that was away too long is told to load anew. Source:
docs/reference/live-feed.md
"""

import asyncio
from collections.abc import Sequence

import orjson
from aiohttp import web

from app.http.endpoint import Call, Endpoint, Scope
from app.http.sessions import Sessions, SignedIn
from caseengine.agents import Agent
from storage.engine import Database
from storage.outbox import OutboxRow, last_id, published_after

TOPIC = "event"
KEEP_ALIVE_S = 15.0
CATCH_UP_MAX = 5_000
"""Facts a returning client is sent; beyond that it loads anew, which is cheaper for both."""


class LiveFeed:
    """`GET /api/events`."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions
        self._open: set[asyncio.Task[object]] = set()

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/events",
                scope=Scope.AGENT,
                summary="What happens, as server-sent events; resumable with Last-Event-ID.",
                handle=self.follow,
            )
        ]

    async def follow(self, call: Call) -> web.StreamResponse:
        """Stream until the client goes, the session ends or the server stops."""
        seen = await self._start(call.request.headers.get("Last-Event-ID", ""))
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(call.request)
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            await self._stream(response, call.agent, seen)
        except (ConnectionResetError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task) if task else None
        return response

    async def close(self) -> None:
        """End all streams; their clients come back to whoever listens next."""
        for task in list(self._open):
            task.cancel()

    async def _start(self, last_event_id: str) -> int:
        async with self._database.snapshot() as snapshot:
            newest = await last_id(snapshot, TOPIC)
        return int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 19 else newest

    async def _stream(self, response: web.StreamResponse, signed_in: SignedIn, seen: int) -> None:
        async with self._database.waiter(TOPIC) as woken:
            await response.write(b"retry: 2000\n: connected\n\n")
            while True:
                woken.clear()
                rows = await self._after(seen)
                if len(rows) >= CATCH_UP_MAX:
                    seen = rows[-1].id
                    await response.write(f"id: {seen}\nevent: reload\ndata: {{}}\n\n".encode())
                elif rows:
                    seen = rows[-1].id
                    await response.write(frames(rows, signed_in.agent))
                if not await self._sessions.still_valid(signed_in):
                    return
                try:
                    await asyncio.wait_for(woken.wait(), KEEP_ALIVE_S)
                except TimeoutError:
                    await response.write(b": still here\n\n")

    async def _after(self, seen: int) -> Sequence[OutboxRow]:
        async with self._database.snapshot() as snapshot:
            return await published_after(snapshot, TOPIC, seen, limit=CATCH_UP_MAX)


def frames(rows: Sequence[OutboxRow], agent: Agent) -> bytes:
    """The facts this agent may see; the place moves on over the others too."""
    shown = [row for row in rows if may_see(row, agent)]
    parts = [b"id: %d\nevent: fact\ndata: %s\n\n" % (row.id, orjson.dumps(row.payload)) for row in shown]
    if not shown or shown[-1].id != rows[-1].id:
        parts.append(b"id: %d\nevent: place\ndata: {}\n\n" % rows[-1].id)
    return b"".join(parts)


def may_see(row: OutboxRow, agent: Agent) -> bool:
    """A fact of a department is for who works for it; one without a department is for nobody here."""
    department = row.payload.get("department")
    return isinstance(department, str) and agent.may_see(department)
