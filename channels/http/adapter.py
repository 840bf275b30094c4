"""The desk's side of the channel: each delivery is one signed POST, and its answer decides what may be tried again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

import aiohttp
import orjson

from bot.activity import Activity
from channels.http.channel import HttpChannel
from channels.http.render import render
from channels.http.signature import sign
from channels.leaving import CutOff, to_the_end
from channels.protocol import DeliveryFailed, Receipt

TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)
DELIVERED_MAX = 10_000
LATER = frozenset({429})
"""Not taken, by the words of HTTP itself."""
PERHAPS = frozenset({408, 425, *range(500, 600)})
"""Something between us and them failed; they may have it."""
Address = Callable[[str], Awaitable[str | None]]
"""From the desk's id of a conversation to what the far side calls it; None for one that is not of this channel."""


class HttpAdapter:
    """Delivers to the one address its channel has."""

    def __init__(self, channel: HttpChannel, address: Address, clock: Callable[[], datetime]) -> None:
        self.name = channel.name
        self._channel = channel
        self._address = address
        self._clock = clock
        self._delivered: OrderedDict[str, Receipt] = OrderedDict()

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        """Post it. The same key has the same `webhook-id`, and what was taken is not posted again by this process.

        Raises:
            DeliveryFailed: see docs/reference/http-channel.md.
        """
        message_id = _message_id(activity.conversation, key)
        if (known := self._delivered.get(message_id)) is not None:
            return known
        theirs = await self._address(activity.conversation)
        if theirs is None:
            raise DeliveryFailed("no such conversation on this channel")
        try:
            status = await to_the_end(self._post(message_id, orjson.dumps(render(activity, theirs))))
        except CutOff as error:
            raise self._perhaps("the desk stopped before an answer") from error
        self._judge(status)
        return self._remember(message_id, Receipt(self.name, {"id": message_id, "status": status}))

    async def _post(self, message_id: str, body: bytes) -> int:
        headers = {"Content-Type": "application/json", "User-Agent": "Nightdesk"}
        headers |= sign(self._channel.keys, message_id, body, at=self._clock())
        try:
            # No redirect, no proxy of the environment: it goes where the company said, or nowhere.
            async with (
                aiohttp.ClientSession(
                    timeout=TIMEOUT, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
                http.post(self._channel.deliver_to, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except aiohttp.ClientConnectorError as error:
            raise DeliveryFailed(f"no connection: {type(error).__name__}", retry=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._perhaps(f"no answer: {type(error).__name__}") from error

    def _judge(self, status: int) -> None:
        if status in LATER:
            raise DeliveryFailed(f"answered {status}", retry=True)
        if status in PERHAPS:
            raise self._perhaps(f"answered {status}")
        if not 200 <= status < 300:
            raise DeliveryFailed(f"answered {status}")

    def _perhaps(self, detail: str) -> DeliveryFailed:
        """It may have been taken: harmless where they take it once, else for a person to decide."""
        once = self._channel.takes_once
        return DeliveryFailed(detail, retry=once, ambiguous=not once)

    def _remember(self, message_id: str, receipt: Receipt) -> Receipt:
        self._delivered[message_id] = receipt
        while len(self._delivered) > DELIVERED_MAX:
            self._delivered.popitem(last=False)
        return receipt


def _message_id(conversation: str, key: str) -> str:
    return f"msg_{sha256(f'{conversation}|{key}'.encode()).hexdigest()[:40]}"
