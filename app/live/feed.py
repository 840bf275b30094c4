"""Server-sent events for agents: every fact of the departments they may see, after its commit, in order of commit.

A client that comes back with `Last-Event-ID` misses nothing; one that was away too long is told to load anew.
Source: docs/reference/live-feed.md
"""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
import structlog
from aiohttp import web

from app.http.bodies import FeedQuery
from app.http.endpoint import EVENT_STREAM, Call, Endpoint, Scope
from app.http.errors import TooManyStreams
from app.http.session_routes import read_id
from app.http.sessions import Sessions
from app.live.facts import read_facts
from app.live.listener import Listener
from app.live.reader import PAGE, TOPIC, Reader
from app.live.watching import Watching
from bot.activity import Role, Sender
from storage.engine import Database
from storage.outbox import OutboxRow, last_id, published_after
from storage.tables import outbox
from storage.transaction import Snapshot

log = structlog.get_logger()
KEEP_ALIVE_S = 15.0
SEND_DEADLINE_S = 20.0
"""A reader that takes nothing for so long is cut off; it comes back and misses nothing."""
CATCH_UP_MAX = 2_000
"""Facts a returning client is sent; beyond that it loads anew, which is cheaper for both."""
STREAMS_MAX = 10
CLOSE_S = 1.0
HEADERS = {"Content-Type": EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HELLO = b"retry: 2000\n: connected\n\n"


class LiveFeed:
    """`GET /api/events`."""

    def __init__(
        self, database: Database, sessions: Sessions, watching: Watching, *, keep_alive_s: float = KEEP_ALIVE_S
    ) -> None:
        self._database = database
        self._reader = Reader(database, sessions, watching)
        self._keep_alive_s = keep_alive_s

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/events",
                scope=Scope.AGENT,
                summary="What happens, as server-sent events; resumable with Last-Event-ID.",
                about="Events: `fact`, `typing`, `watching`, `reload`. Reference: docs/reference/live-feed.md.",
                handle=self.follow,
                query=FeedQuery,
                media_type=EVENT_STREAM,
                refuses=(TooManyStreams.code,),
            )
        ]

    async def heard_typing(self, conversation: str, who: Sender) -> None:
        """For `WebChatDesk.heard_typing`."""
        known = read_id(conversation)
        if who.role is Role.CUSTOMER and known is not None:
            self._reader.heard_typing(known)

    def heard_watching(self, changed: Collection[UUID]) -> None:
        """For `CaseWatching`: in these cases somebody came, went, or does something else now."""
        self._reader.heard_watching(changed)

    async def follow(self, call: Call) -> web.StreamResponse:
        """Stream until the client goes, the session ends or the server stops."""
        request = call.request
        if self._reader.followed_by(call.agent.token_hash) >= STREAMS_MAX:
            raise TooManyStreams(STREAMS_MAX)
        listener = Listener(call.agent, gone=lambda: request.transport is None or request.transport.is_closing())
        response = web.StreamResponse(headers=HEADERS)
        await self._reader.join(listener)
        try:
            await response.prepare(request)
            await self._stream(response, listener, _place(request, call.query))
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionResetError:
            pass
        except Exception:  # the headers are out, no problem can be answered any more: the client comes back
            log.exception("feed_stream_failed")
        finally:
            self._reader.leave(listener)
        return response

    async def close(self) -> None:
        """End all streams at once."""
        await self._reader.close(CLOSE_S)

    async def _stream(self, response: web.StreamResponse, listener: Listener, place: str) -> None:
        await _send(response, HELLO + await self._begin(listener, place))
        while not listener.ended and (rows := await self._behind(listener)):
            await _send(response, listener.takes(read_facts(rows)))
        while not listener.ended:
            await _send(response, await listener.next(self._keep_alive_s))

    async def _begin(self, listener: Listener, place: str) -> bytes:
        async with self._database.snapshot() as snapshot:
            newest = await last_id(snapshot, TOPIC)
            if not place:
                return listener.starts_at(newest)
            if await _can_go_on(snapshot, place, newest):
                return listener.starts_at(int(place))
            return listener.loads_anew(newest)

    async def _behind(self, listener: Listener) -> Sequence[OutboxRow]:
        """The next facts it has missed. Whatever comes from now on, the reader offers it."""
        async with self._database.snapshot() as snapshot:
            return await published_after(snapshot, TOPIC, listener.seen, limit=PAGE)


async def _send(response: web.StreamResponse, frames: bytes) -> None:
    """
    Raises:
        TimeoutError: the other side takes nothing.
        ConnectionResetError: it has gone.
    """
    if frames:
        async with asyncio.timeout(SEND_DEADLINE_S):
            await response.write(frames)


def _place(request: web.Request, query: FeedQuery) -> str:
    """What the client says it has seen; empty when it has seen nothing yet."""
    return request.headers.get("Last-Event-ID", "") or ("" if query.after is None else str(query.after))


async def _can_go_on(snapshot: Snapshot, place: str, newest: int) -> bool:
    """Whether it is a place of this feed, not too far back, and nothing behind it was forgotten meanwhile."""
    if not (place.isascii() and place.isdecimal()) or len(place) > 18 or int(place) > newest:
        return False
    known = sa.select(outbox.c.id).where(outbox.c.topic == TOPIC, outbox.c.id == int(place))
    if int(place) > 0 and await snapshot.first(known) is None:
        return False
    behind = sa.select(outbox.c.id).where(outbox.c.topic == TOPIC, outbox.c.id > int(place)).limit(CATCH_UP_MAX + 1)
    count = await snapshot.scalar(sa.select(sa.func.count()).select_from(behind.subquery()))
    return int(count) <= CATCH_UP_MAX
