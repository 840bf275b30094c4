"""The HTTP channel keeps the contract every channel keeps."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from bot.activity import Activity, Kind, Role, Sender
from channels.http import HttpChannel
from channels.http.read import read
from tests.channels.http.far_side import NEW, HttpWire, wired
from tests.contracts.channel import ChannelContract, ChannelRig, JsonReaderContract

BOT = Sender(Role.BOT, "bot", "Nightdesk")


class HttpRig(ChannelRig):
    def __init__(self, wire: HttpWire, conversation: str) -> None:
        self.adapter = wire.adapter
        self._wire, self._conversation = wire, conversation

    async def activity(self, key: str, text: str) -> Activity:
        said = Activity(
            kind=Kind.MESSAGE, channel="sms", conversation=self._conversation, sender=BOT, key=key, text=text
        )
        return self._wire.memory.append(said)

    async def delivered(self) -> Sequence[str]:
        return [str(document["text"]) for document in self._wire.far.taken]

    async def break_far_side(self) -> None:
        await self._wire.server.close()


class TestHttp(ChannelContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[ChannelRig]:
        async with wired() as wire:
            status, answer = await wire.posts({"type": "message", "conversation": "+44 7700 900 212", "text": "hello"})
            assert status == 200
            yield HttpRig(wire, answer["conversation"])


class TestReading(JsonReaderContract):
    def read(self, raw: bytes) -> Any:
        return read(raw, HttpChannel("sms", (NEW,), "https://gateway.example/desk"), key="msg_1")
