"""What counts as seen: nothing that a client does not prove."""

from typing import Any

from channels.webchat.seen import Seen
from tests.channels.webchat.peer import Wire, frames
from tests.channels.webchat.test_stream import nobody_is_connected, says
from tests.eventually import until

HELLO = 2
"""The place of the greeting: behind the visitor's coming."""


async def begun(wire: Wire) -> tuple[dict[str, Any], str]:
    started = await wire.start()
    await wire.until(started, 1)
    return started, started["conversationId"]


async def test_whoever_has_the_page_open_sees_it(wire: Wire) -> None:
    started, conversation = await begun(wire)
    assert not wire.desk.has_seen(conversation, HELLO)
    async with wire.http.ws_connect(started["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
        assert wire.desk.has_seen(conversation, HELLO)


async def test_what_was_on_a_page_that_was_closed_was_seen_and_nothing_after_it(wire: Wire) -> None:
    started, conversation = await begun(wire)
    async with wire.http.ws_connect(started["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
    await nobody_is_connected(wire)
    await until(lambda: wire.desk.has_seen(conversation, HELLO))
    await wire.post(started, "quick")
    await until(lambda: len(wire.memory.logs[conversation]) == 4)
    assert not wire.desk.has_seen(conversation, 3)


async def test_what_was_sent_into_a_connection_that_broke_was_not_seen(wire: Wire) -> None:
    started, conversation = await begun(wire)
    ws = await wire.http.ws_connect(started["streamUrl"])
    await frames(ws, says("Hello! How can I help?"))
    response = ws._response
    assert response.connection is not None
    transport = response.connection.transport
    assert transport is not None
    transport.abort()
    await nobody_is_connected(wire)
    assert not wire.desk.has_seen(conversation, HELLO)
    await ws.close()


async def test_who_asks_for_what_comes_next_has_seen_what_was_before(wire: Wire) -> None:
    started, conversation = await begun(wire)
    page = await wire.history(started)
    assert not wire.desk.has_seen(conversation, HELLO), "it was written, and nobody says that it arrived"
    await wire.history(started, page["watermark"])
    assert wire.desk.has_seen(conversation, HELLO)


async def test_nobody_has_seen_what_was_not_said(wire: Wire) -> None:
    started, conversation = await begun(wire)
    await wire.history(started, "999")
    path = f"/conversations/{conversation}?watermark=999"
    assert (await wire.call("GET", path, started["token"]))[0] == 200
    assert not wire.desk.has_seen(conversation, 3)


def test_places_only_grow_and_the_oldest_are_forgotten() -> None:
    seen = Seen(conversations_max=2)
    for conversation, place in (("a", 5), ("a", 3), ("b", 1), ("c", 1)):
        seen.note(conversation, place)
    assert [seen.up_to(name) for name in "abc"] == [0, 1, 1]
