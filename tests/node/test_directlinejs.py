"""The official client holds conversations over the wire: botframework-directlinejs 0.15.8 in Node."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.webchat import Limits
from tests.channels.webchat.peer import Wire, close_wire, open_wire
from tests.node.client import hold_conversation, require_client

pytestmark = pytest.mark.node

ONLINE, EXPIRED_TOKEN, FAILED, ENDED = 2, 3, 4, 5


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    require_client()
    opened = await open_wire(tmp_path / "keys", Limits())
    yield opened
    await close_wire(opened)


@pytest.mark.parametrize("web_socket", [True, False])
async def test_a_conversation(wire: Wire, web_socket: bool) -> None:
    steps: list[dict[str, Any]] = [
        {"post": {"type": "event", "name": "webchat/join"}},
        {"expect": "How can I help"},
        {"press": "My cases"},
        {"expect": "Show my cases", "from": "user"},
        {"expect": "You said **Show my cases**"},
        {"say": "form"},
        {"expectCard": "A form"},
        {"submit": {"says": "send form", "email": "ana@shop.example"}},
        {"expect": "ana@shop.example"},
        {"refresh": True},
        {"say": "still here"},
        {"expect": "You said **still here**"},
    ]
    seen = await hold_conversation(wire.domain, wire.token(), steps, webSocket=web_socket)
    assert seen.ok, seen
    assert seen.texts().count("Hello! How can I help?") == 1
    assert [one["error"] for one in seen.posts] == [None] * 5
    echoed = {one["channelData"].get("clientActivityID"): one["id"] for one in seen.activities}
    for posted in seen.posts:
        assert posted["clientActivityID"] in echoed or posted["text"] is None or web_socket is False
        if posted["text"]:
            assert echoed[posted["clientActivityID"]] == posted["id"]
    assert seen.statuses[-1] == ONLINE


async def test_sockets_are_cut_and_nothing_is_lost_or_doubled(wire: Wire) -> None:
    wire.bot_delay_s = 0.2  # answers fall due while nobody listens
    conversation = "7f0c2f0e-8d2c-4f0e-9f43-3b8d0c1a2b3c"

    async def say_something_meanwhile(name: str) -> None:
        begun = {"conversationId": conversation, "token": wire.token(conversation)}
        await asyncio.sleep(0.5)
        await wire.post(begun, f"from the other tab {name}")

    steps: list[dict[str, Any]] = [{"expect": "How can I help"}]
    for number in range(2):
        steps += [
            {"say": f"before {number}"},
            {"killSocket": True},
            {"say": f"while away {number}"},
            {"mark": str(number)},
            {"expect": f"from the other tab {number}", "from": "user"},
            {"expect": f"You said **from the other tab {number}**"},
        ]
    seen = await hold_conversation(wire.domain, wire.token(conversation), steps, at_mark=say_something_meanwhile)
    assert seen.ok, seen
    assert seen.sockets == 3
    stored = [one.text for one in wire.memory.logs[conversation] if one.text]
    assert seen.texts() == stored, "all of it, once, in order"
    assert len(stored) == len(set(stored)) == 13


async def test_cut_before_the_first_frame(wire: Wire) -> None:
    wire.bot_delay_s = 0.5
    steps: list[dict[str, Any]] = [
        {"killSocket": True},
        {"expect": "How can I help"},
        {"say": "hello"},
        {"expect": "You said **hello**"},
    ]
    seen = await hold_conversation(wire.domain, wire.token(), steps)
    assert seen.ok, seen
    assert seen.texts() == ["Hello! How can I help?", "hello", "You said **hello**"]


@pytest.mark.parametrize("web_socket", [True, False])
async def test_a_token_runs_out(wire: Wire, web_socket: bool) -> None:
    async def an_hour_passes(_: str) -> None:
        wire.clock.passes(hours=1)

    steps: list[dict[str, Any]] = [
        {"expect": "How can I help"},
        {"mark": "an hour passes"},
        {"sleepMs": 300},
        {"say": "too late"},
        {"refresh": True},
        {"status": EXPIRED_TOKEN},
    ]
    seen = await hold_conversation(wire.domain, wire.token(), steps, at_mark=an_hour_passes, webSocket=web_socket)
    assert seen.ok, seen
    assert seen.posts[0]["id"] == "retry", "the client offers to send it again"
    assert "too late" not in seen.texts()


async def test_a_token_of_nobody_fails_for_good(wire: Wire) -> None:
    seen = await hold_conversation(wire.domain, "nonsense", [{"status": FAILED}])
    assert seen.ok, seen


async def test_an_outage_does_not_end_polling(wire: Wire) -> None:
    async def outage(name: str) -> None:
        wire.memory.unavailable = 10_000 if name == "down" else 0

    steps: list[dict[str, Any]] = [
        {"expect": "How can I help"},
        {"mark": "down"},
        {"sleepMs": 800},
        {"mark": "up"},
        {"say": "and now"},
        {"expect": "You said **and now**"},
    ]
    seen = await hold_conversation(wire.domain, wire.token(), steps, at_mark=outage, webSocket=False)
    assert seen.ok, seen
    assert seen.streamError is None


async def test_refused_words_are_refused_at_once(wire: Wire) -> None:
    steps: list[dict[str, Any]] = [
        {"expect": "How can I help"},
        {"say": "x" * 9_000},
        {"say": "short"},
        {"expect": "You said **short**"},
    ]
    seen = await hold_conversation(wire.domain, wire.token(), steps)
    assert seen.ok, seen
    assert [one["error"] for one in seen.posts] == [400, None]
