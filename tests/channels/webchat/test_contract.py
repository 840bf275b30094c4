"""Web chat keeps the contract every channel keeps."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse

from bot.activity import Activity, Kind
from channels.webchat.read import Poster, read
from tests.channels.webchat.peer import BOT, Wire
from tests.contracts.channel import ChannelContract, ChannelRig, JsonReaderContract


class WebChatRig(ChannelRig):
    """A page with an open socket."""

    def __init__(self, wire: Wire, ws: ClientWebSocketResponse, conversation: str) -> None:
        self.adapter = wire.adapter
        self._wire, self._ws, self._conversation = wire, ws, conversation

    async def activity(self, key: str, text: str) -> Activity:
        said = Activity(
            kind=Kind.MESSAGE, channel="webchat", conversation=self._conversation, sender=BOT, key=key, text=text,
            at=self._wire.clock(),
        )  # fmt: skip
        return self._wire.memory.append(said)

    async def delivered(self) -> Sequence[str]:
        texts: list[str] = []
        try:
            async with asyncio.timeout(0.2):
                async for message in self._ws:
                    texts += [one["text"] for one in message.json()["activities"]]
        except TimeoutError:
            return [text for text in texts if not text.startswith("Hello!")]
        raise AssertionError("the socket ended")

    async def break_far_side(self) -> None:
        await self._ws.close()


class TestWebChat(ChannelContract):
    @pytest.fixture
    async def rig(self, wire: Wire) -> AsyncIterator[ChannelRig]:
        begun = await wire.start()
        await wire.until(begun, 1)
        async with wire.http.ws_connect(begun["streamUrl"]) as ws:
            yield WebChatRig(wire, ws, begun["conversationId"])


class TestReading(JsonReaderContract):
    def read(self, raw: bytes) -> Any:
        return read(raw, Poster("c", "dl_ana"), fresh_key="fresh")
