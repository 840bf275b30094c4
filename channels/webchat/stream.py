"""The open sockets of each conversation.

A socket is not handed activities: it is told to look. It then reads what comes after its own watermark from the
history, so that sockets and REST agree, nothing is doubled or out of order, and what waits for a slow reader waits in
the history and not in memory.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.activity import Activity
from channels.protocol import History
from channels.webchat.limits import Limits
from channels.webchat.render import activity_set, placed
from channels.webchat.seen import Seen

log = logging.getLogger(__name__)

PASSING_MAX = 16
"""Unstored activities (typing) that wait for one socket at most; the oldest are dropped."""
CLOSED_BY_WISH = (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
BEFORE_THE_NEXT = 0.5
"""What passes stands after what was seen and before what comes next: the official client sorts by place."""
FIRST_FRAME_SURE_S = 3.0
"""A first stream that lived this long has shown its first frame."""
ALIVE_SURE_S = 45.0
"""A socket that is open so long after a frame had somebody behind it: the heartbeat would have ended it."""
UNOPENED_MAX = 20_000
LOOK_AGAIN_S = 1.0
Show = Callable[[Activity], dict[str, Any] | None]
Hear = Callable[[bytes], Awaitable[None]]


class Socket:
    """One reader of one conversation."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        conversation: str,
        seen: int,
        show: Show,
    ) -> None:
        self.ws = ws
        self._transport = transport
        self.conversation = conversation
        self.seen = seen
        self.fed, self.fed_at = 0, 0.0
        self.show = show
        self.wake = asyncio.Event()
        self._passing: deque[dict[str, Any]] = deque(maxlen=PASSING_MAX)

    def pass_on(self, document: dict[str, Any]) -> None:
        """Show an unstored activity, soon."""
        self._passing.append(document)
        self.wake.set()

    def hang_up(self) -> None:
        """Drop the connection at once: a reader who does not read would not read a farewell either."""
        if self._transport is not None and not self.ws.closed:
            self._transport.abort()

    async def feed(self, history: History, limits: Limits) -> None:
        """Send what is new whenever there is something, and a sign of life when there is not.

        Raises:
            TimeoutError: the reader is too slow, or gone.
        """
        # The first frame carries the watermark even when it is empty: a client that loses this socket before
        # anything was said would otherwise come back without one and miss what was said meanwhile.
        await self._send(activity_set((), self.seen), limits)
        while True:
            self.wake.clear()
            await self._send_passing(limits)
            await self._send_new(history, limits)
            try:
                async with asyncio.timeout(limits.keep_alive_s):
                    await self.wake.wait()
            except TimeoutError:
                await self._send("", limits)

    def was_read(self) -> bool:
        """Whether what was sent last was surely shown, once the socket has ended."""
        lived_on = asyncio.get_running_loop().time() - self.fed_at > ALIVE_SURE_S
        return lived_on or self.ws.close_code in CLOSED_BY_WISH

    async def _send_passing(self, limits: Limits) -> None:
        while self._passing:
            passing = placed(self._passing.popleft(), self.seen + BEFORE_THE_NEXT)
            await self._send(activity_set([passing], None), limits)

    async def _send_new(self, history: History, limits: Limits) -> None:
        more = True
        while more:
            page = await self._page(history, limits)
            more = len(page) == limits.page_max
            shown = [document for document in map(self.show, page) if document is not None]
            self.seen = page[-1].seq if page else self.seen
            if shown:
                await self._send(activity_set(shown, self.seen), limits)
                self.fed_at = asyncio.get_running_loop().time()
            self.fed = self.seen if page else self.fed

    async def _page(self, history: History, limits: Limits) -> list[Activity]:
        try:
            return list(await history.after(self.conversation, self.seen, limit=limits.page_max))
        except Exception as error:
            log.warning("the history could not be read and is asked again: %s", type(error).__name__)
            asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self.wake.set)
            return []

    async def _send(self, frame: str, limits: Limits) -> None:
        async with asyncio.timeout(limits.send_deadline_s):
            await self.ws.send_str(frame)


class Streams:
    """All sockets of this process, by conversation."""

    def __init__(self, history: History, limits: Limits, seen: Seen) -> None:
        self._history = history
        self._limits = limits
        self._seen = seen
        self._sockets: dict[str, set[Socket]] = defaultdict(set)
        self._unopened: OrderedDict[str, None] = OrderedDict()

    def started(self, conversation: str) -> None:
        """Somebody was given the address of a stream and has not come yet."""
        self._unopened[conversation] = None
        while len(self._unopened) > UNOPENED_MAX:
            self._unopened.popitem(last=False)

    def unopened(self, conversation: str) -> bool:
        """True when a stream was promised since this process started and none was opened: nobody saw a thing yet."""
        return conversation in self._unopened

    def full(self, conversation: str) -> bool:
        """True when no further socket is taken."""
        return len(self._sockets.get(conversation, ())) >= self._limits.sockets_max

    def count(self) -> int:
        """Open sockets, for the metrics."""
        return sum(map(len, self._sockets.values()))

    def readers(self, conversation: str) -> int:
        """How many sockets of a conversation are open."""
        return len(self._sockets.get(conversation, ()))

    def nudge(self, conversation: str) -> int:
        """Tell the conversation's sockets to look; how many there are."""
        sockets = self._sockets.get(conversation, ())
        for socket in sockets:
            socket.wake.set()
        return len(sockets)

    def pass_on(self, conversation: str, document: dict[str, Any]) -> int:
        """Show an unstored activity to everybody who is there; how many they are."""
        sockets = self._sockets.get(conversation, ())
        for socket in sockets:
            socket.pass_on(document)
        return len(sockets)

    async def serve(self, socket: Socket, hear: Hear) -> None:
        """Run a socket until either side ends it."""
        self._sockets[socket.conversation].add(socket)
        unseen = self._unopened.pop(socket.conversation, socket) is None
        begun = asyncio.get_running_loop().time()
        feeding = asyncio.create_task(self._feed(socket))
        try:
            async with asyncio.timeout(self._limits.socket_age_max_s):
                await _listen(socket.ws, hear)
        except TimeoutError:
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)
        finally:
            brief = asyncio.get_running_loop().time() - begun < FIRST_FRAME_SURE_S
            if unseen and brief and socket.ws.close_code not in CLOSED_BY_WISH:
                self.started(socket.conversation)  # it was cut, perhaps before its first frame was read
            if socket.was_read():
                self._seen.note(socket.conversation, socket.fed)
            self._forget(socket)
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding

    async def close(self) -> None:
        """End all sockets; their clients come back by themselves."""
        sockets = [socket for group in self._sockets.values() for socket in group]
        closing = (socket.ws.close(code=WSCloseCode.GOING_AWAY, message=b"restart") for socket in sockets)
        await asyncio.gather(*closing, return_exceptions=True)

    def _forget(self, socket: Socket) -> None:
        group = self._sockets[socket.conversation]
        group.discard(socket)
        if not group:
            del self._sockets[socket.conversation]

    async def _feed(self, socket: Socket) -> None:
        try:
            await socket.feed(self._history, self._limits)
        except (TimeoutError, ConnectionError, RuntimeError):
            pass  # too slow or gone
        except Exception as error:  # a fault here must not leave a socket that looks alive and is deaf
            log.error("a stream ended by a fault: %s", type(error).__name__)
        finally:
            socket.hang_up()


async def _listen(ws: web.WebSocketResponse, hear: Hear) -> None:
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            if message.data:  # an empty frame is a sign of life
                await hear(message.data.encode("utf-8", "surrogatepass"))
        elif message.type is WSMsgType.BINARY:
            await ws.close(code=WSCloseCode.UNSUPPORTED_DATA)
