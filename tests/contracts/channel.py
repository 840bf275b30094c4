"""What every channel promises the desk. A channel's tests inherit `ChannelContract` and say how to look at it.

class TestWebChat(ChannelContract):
    @pytest.fixture
    async def rig(self) -> AsyncIterator[ChannelRig]: ...
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import pytest

from bot.activity import Activity
from channels.protocol import ChannelAdapter, DeliveryFailed, PayloadRejected, Receipt

WORDS = (
    "plain words",
    "two\nlines",
    "Übergröße für Łódź",
    "مرحبا، أين طلبي؟",
    "注文はどこですか",
    "👩‍👩‍👧‍👦 and a flag 🇪🇺",
    "e\u0301 composed and é not",
    "<b>not bold</b> & \"quoted\" 'twice'",
    "a `code` and a [link](https://example.com/?a=1&b=2)",
    "very " * 200 + "long",
)


class ChannelRig(ABC):
    """One channel with its far side in view."""

    adapter: ChannelAdapter

    @abstractmethod
    async def activity(self, key: str, text: str) -> Activity:
        """Something the bot says, as the log of a conversation this channel knows holds it."""

    @abstractmethod
    async def delivered(self) -> Sequence[str]:
        """The texts the far side has now, in order; waits until all that was sent could be there."""

    @abstractmethod
    async def break_far_side(self) -> None:
        """From now on nobody is there to take a delivery."""


class ChannelContract:
    """Sending."""

    async def test_it_has_a_name_in_one_word(self, rig: ChannelRig) -> None:
        assert rig.adapter.name.isidentifier()
        assert rig.adapter.name == rig.adapter.name.lower()

    async def test_what_is_sent_arrives(self, rig: ChannelRig) -> None:
        said = await rig.activity("contract:1", "hello")
        await rig.adapter.send(said, key=said.key)
        assert list(await rig.delivered()) == ["hello"]

    async def test_a_receipt_is_a_document_of_this_channel(self, rig: ChannelRig) -> None:
        said = await rig.activity("contract:1", "hello")
        receipt = await rig.adapter.send(said, key=said.key)
        assert isinstance(receipt, Receipt)
        assert receipt.channel == rig.adapter.name
        assert json.loads(json.dumps(dict(receipt.proof))) == dict(receipt.proof)

    async def test_the_same_key_twice_is_delivered_once(self, rig: ChannelRig) -> None:
        said = await rig.activity("contract:1", "hello")
        for _ in range(3):
            await rig.adapter.send(said, key=said.key)
        assert list(await rig.delivered()) == ["hello"]

    async def test_the_same_words_under_another_key_are_another_delivery(self, rig: ChannelRig) -> None:
        for number in range(2):
            said = await rig.activity(f"contract:{number}", "hello")
            await rig.adapter.send(said, key=said.key)
        assert list(await rig.delivered()) == ["hello", "hello"]

    async def test_order_is_kept(self, rig: ChannelRig) -> None:
        for number in range(10):
            said = await rig.activity(f"contract:{number}", f"line {number}")
            await rig.adapter.send(said, key=said.key)
        assert list(await rig.delivered()) == [f"line {number}" for number in range(10)]

    @pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
    async def test_words_arrive_as_they_were_written(self, rig: ChannelRig, words: str) -> None:
        said = await rig.activity("contract:1", words)
        await rig.adapter.send(said, key=said.key)
        assert list(await rig.delivered()) == [words]

    async def test_nobody_there_is_a_receipt_or_a_typed_failure(self, rig: ChannelRig) -> None:
        said = await rig.activity("contract:1", "hello")
        await rig.break_far_side()
        outcome = await outcome_of(rig, said)
        if isinstance(outcome, DeliveryFailed):
            assert not (outcome.retry and outcome.ambiguous), "what may have been taken is not tried again by itself"
        else:
            assert outcome.channel == rig.adapter.name


async def outcome_of(rig: ChannelRig, said: Activity) -> Receipt | DeliveryFailed:
    try:
        return await rig.adapter.send(said, key=said.key)
    except DeliveryFailed as failed:
        return failed


NOT_AN_ACTIVITY: tuple[bytes, ...] = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"nonsense",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"{",
    b'{"type":}',
    b"{}",
    b'{"type":null}',
    b'{"type":["message"]}',
    b'{"type":{}}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"type":"message","text":NaN}',
    b'{"type":"message","text":' + b"9" * 10_000 + b"}",
)


class JsonReaderContract(ABC):
    """Reading, for channels whose wire is JSON: bytes become activities or `PayloadRejected`, never another error."""

    @abstractmethod
    def read(self, raw: bytes) -> Any:
        """What the channel makes of one body."""

    @pytest.mark.parametrize("raw", NOT_AN_ACTIVITY, ids=range(len(NOT_AN_ACTIVITY)))
    def test_what_is_no_activity_is_rejected(self, raw: bytes) -> None:
        with pytest.raises(PayloadRejected) as rejected:
            self.read(raw)
        assert rejected.value.code.isidentifier()
        assert rejected.value.detail.endswith(".")
