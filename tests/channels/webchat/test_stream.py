"""The sockets of a conversation."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from bot.activity import Activity, Kind, Role, Sender
from channels.webchat import Limits
from tests.channels.webchat.peer import BOT, Wire, frames

LI = Sender(Role.AGENT, "agent-li", "Li")


def says(text: str) -> Any:
    return lambda activity: activity.get("text") == text


async def seen(ws: ClientWebSocketResponse, last: str) -> list[str]:
    return [one["text"] for one in await frames(ws, says(last)) if one["type"] == "message"]


async def nobody_is_connected(wire: Wire) -> None:
    async with asyncio.timeout(10):
        while wire.desk.streams.count():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_was_said_before_the_socket_opened_is_replayed(wire: Wire) -> None:
    begun = await wire.start()
    await wire.post(begun, "quick")
    await wire.until(begun, 3)
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        assert await seen(ws, "You said **quick**") == ["Hello! How can I help?", "quick", "You said **quick**"]


async def test_the_first_frame_has_a_watermark(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        assert (await ws.receive_json()) == {"activities": [], "watermark": "0"}


async def test_two_tabs_see_the_same_in_the_same_order(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.ws_connect(begun["streamUrl"]) as one, wire.http.ws_connect(begun["streamUrl"]) as two:
        for number in range(20):
            await wire.post(begun, f"m{number}", f"k{number}")
        await wire.post(begun, "silence")
        first, second = await seen(one, "silence"), await seen(two, "silence")
    assert first == second
    assert [text for text in first if text.startswith("m")] == [f"m{number}" for number in range(20)]
    assert len(first) == len(set(first))


async def test_reconnecting_with_a_watermark_loses_and_doubles_nothing(wire: Wire) -> None:
    begun = await wire.start()
    got: list[str] = []
    address, number = begun["streamUrl"], 0
    for _ in range(6):
        async with wire.http.ws_connect(address) as ws:
            await wire.post(begun, f"m{number}")
            part = await frames(ws, says(f"m{number}"))
            got += [one["text"] for one in part]
            watermark = part[-1]["_w"]
        number += 1
        await wire.post(begun, f"m{number}")  # said while nobody listens
        number += 1
        wire.clock.passes(seconds=10)
        path = f"/conversations/{begun['conversationId']}?watermark={watermark}"
        address = (await wire.call("GET", path, begun["token"]))[1]["streamUrl"]
    async with wire.http.ws_connect(address) as ws:
        await wire.post(begun, "silence")
        got += await seen(ws, "silence")
    assert [text for text in got if text.startswith("m")] == [f"m{index}" for index in range(12)]
    assert len(got) == len(set(got))


async def test_reconnecting_without_a_watermark_hears_only_what_comes(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
    for asked in ("", "?watermark="):
        _, again = await wire.call("GET", f"/conversations/{begun['conversationId']}{asked}", begun["token"])
        async with wire.http.ws_connect(again["streamUrl"]) as ws:
            await wire.post(begun, f"silence{asked}")
            assert (await seen(ws, f"silence{asked}"))[0] == f"silence{asked}"
    _, again = await wire.call("GET", f"/conversations/{begun['conversationId']}?watermark=0", begun["token"])
    async with wire.http.ws_connect(again["streamUrl"]) as ws:
        assert (await seen(ws, "silence"))[0] == "Hello! How can I help?"


async def test_a_client_whose_first_socket_never_opened_misses_nothing(wire: Wire) -> None:
    begun = await wire.start()
    await wire.until(begun, 1)
    _, again = await wire.call("GET", f"/conversations/{begun['conversationId']}?watermark=", begun["token"])
    async with wire.http.ws_connect(again["streamUrl"]) as ws:
        assert await seen(ws, "Hello! How can I help?")


async def test_a_stream_address_is_good_for_a_minute_and_for_streams(wire: Wire) -> None:
    begun, other = await wire.start(), await wire.start()
    foreign = begun["streamUrl"].replace(begun["conversationId"], other["conversationId"])
    bearer = begun["streamUrl"].split("&t=")[0] + "&t=" + begun["token"]
    without = begun["streamUrl"].split("&t=")[0]
    for address in (foreign, bearer, without):
        with pytest.raises(WSServerHandshakeError, match="403"):
            await wire.http.ws_connect(address)
    ticket = begun["streamUrl"].split("&t=")[1]
    assert (await wire.call("POST", "/tokens/refresh", ticket))[0] == 403
    wire.clock.passes(seconds=59)
    async with wire.http.ws_connect(begun["streamUrl"]):
        pass
    wire.clock.passes(seconds=2)
    with pytest.raises(WSServerHandshakeError, match="403"):
        await wire.http.ws_connect(begun["streamUrl"])


async def test_a_plain_get_of_a_stream_is_refused(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.get(begun["streamUrl"].replace("ws", "http", 1)) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"]


async def test_empty_frames_are_signs_of_life_and_others_are_posts(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await ws.send_str("")
        for bad in ("nonsense", "[]", '{"type":7}', "\u0000"):
            await ws.send_str(bad)
        posted = {
            "type": "message",
            "text": "by socket",
            "from": {"id": "x"},
            "channelData": {"clientActivityID": "s1"},
        }
        await ws.send_str(json.dumps(posted))
        await ws.send_str(json.dumps(posted))
        got = await frames(ws, says("You said **by socket**"))
    mine = next(one for one in got if one["text"] == "by socket")
    assert (mine["from"]["id"], mine["channelData"]["clientActivityID"]) == ("dl_ana", "s1")
    assert [one.text for one in wire.memory.logs[begun["conversationId"]]].count("by socket") == 1


async def test_a_huge_or_binary_frame_ends_the_socket(wire: Wire) -> None:
    begun = await wire.start()
    for send in ("text", "binary"):
        async with wire.http.ws_connect(begun["streamUrl"]) as ws:
            await (ws.send_str("x" * 300_000) if send == "text" else ws.send_bytes(b"x"))
            async with asyncio.timeout(3):
                async for _ in ws:
                    pass
            assert ws.close_code in (1003, 1009)
    await nobody_is_connected(wire)


async def test_typing_is_shown_and_not_kept(wire: Wire) -> None:
    begun = await wire.start()
    heard: list[tuple[str, Sender]] = []

    async def hear(conversation: str, sender: Sender) -> None:
        heard.append((conversation, sender))

    wire.desk.heard_typing = hear
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
        assert wire.adapter.typing(begun["conversationId"], LI) == 1
        typing = (await frames(ws, lambda one: one["type"] == "typing"))[-1]
        assert (typing["_w"], typing["from"]) == (None, {"id": "agent-li", "name": "Li", "role": "bot"})
        path = f"/conversations/{begun['conversationId']}/activities"
        status, _ = await wire.call("POST", path, begun["token"], json={"type": "typing", "from": {"id": "x"}})
        assert status == 200
    assert [conversation for conversation, _ in heard] == [begun["conversationId"]]
    assert len((await wire.history(begun))["activities"]) == 1


async def test_typing_stands_before_the_reply_that_ends_it(wire: Wire) -> None:
    begun = await wire.start()
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
        wire.adapter.typing(begun["conversationId"], LI)
        shown = await frames(ws, lambda one: one["type"] == "typing")
        await wire.post(begun, "thanks")
        shown += await frames(ws, says("You said **thanks**"))
    places = [one["channelData"]["webchat:sequence-id"] for one in shown]
    assert [one["type"] for one in shown] == ["typing", "message", "message"]
    assert places == sorted(places)


async def test_an_agent_stands_on_the_bots_side_under_their_own_name(wire: Wire) -> None:
    begun = await wire.start()
    conversation = begun["conversationId"]
    said = Activity(
        kind=Kind.MESSAGE, channel="webchat", conversation=conversation, sender=LI, key="agent:1", text="Hi, Li here",
        at=wire.clock(),
    )  # fmt: skip
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await wire.says(said)
        await wire.says(replace(said, kind=Kind.NOTICE, key="agent:2", sender=Sender(Role.SYSTEM), text="Li has left"))
        last = (await frames(ws, says("Li has left")))[-2:]
    assert last[0]["from"] == {"id": "agent-li", "name": "Li", "role": "bot"}
    assert last[0]["channelData"]["nightdesk:role"] == "agent"
    assert last[1]["channelData"]["nightdesk:kind"] == "notice"


async def test_what_the_desk_ignores_goes_back_to_its_sender(wire: Wire) -> None:
    begun = await wire.start()
    event = {"type": "event", "name": "shop/cart", "value": {"items": 3}, "from": {"id": "x"}}
    event["channelData"] = {"clientActivityID": "e1"}
    async with wire.http.ws_connect(begun["streamUrl"]) as ws:
        await frames(ws, says("Hello! How can I help?"))
        path = f"/conversations/{begun['conversationId']}/activities"
        status, posted = await wire.call("POST", path, begun["token"], json=event)
        assert status == 200
        back = (await frames(ws, lambda one: one["type"] == "event"))[-1]
        assert (back["id"], back["channelData"]["clientActivityID"], back["_w"]) == (posted["id"], "e1", None)
    assert len(wire.memory.logs[begun["conversationId"]]) == 2


class TestKeepingAlive:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(keep_alive_s=0.05, send_deadline_s=0.3, sockets_max=2, page_max=5)

    async def test_a_quiet_socket_gets_signs_of_life(self, wire: Wire) -> None:
        begun = await wire.start()
        async with wire.http.ws_connect(begun["streamUrl"]) as ws:
            data = [(await ws.receive()).data for _ in range(6)]
        assert "" in data

    async def test_what_nobody_announced_is_found_all_the_same(self, wire: Wire) -> None:
        begun = await wire.start()
        async with wire.http.ws_connect(begun["streamUrl"]) as ws:
            await frames(ws, says("Hello! How can I help?"))
            wire.memory.append(
                Activity(kind=Kind.MESSAGE, channel="webchat", conversation=begun["conversationId"], sender=BOT,
                         key="quiet", text="written by another process", at=wire.clock())
            )  # fmt: skip
            assert await seen(ws, "written by another process")

    async def test_a_slow_reader_is_let_go_and_memory_stays_bounded(self, wire: Wire) -> None:
        begun = await wire.start()
        conversation = begun["conversationId"]
        ws = await wire.http.ws_connect(begun["streamUrl"])
        transport = ws._conn.transport  # type: ignore[union-attr]
        transport.pause_reading()  # type: ignore[union-attr]
        for number in range(2_000):
            wire.memory.append(
                Activity(kind=Kind.MESSAGE, channel="webchat", conversation=conversation, sender=BOT,
                         key=f"n{number}", text="x" * 8_000, at=wire.clock())
            )  # fmt: skip
        wire.adapter.nudge(conversation)
        await nobody_is_connected(wire)
        transport.resume_reading()  # type: ignore[union-attr]
        await ws.close()

    async def test_a_conversation_has_so_many_sockets_and_no_more(self, wire: Wire) -> None:
        begun = await wire.start()
        async with wire.http.ws_connect(begun["streamUrl"]), wire.http.ws_connect(begun["streamUrl"]):
            with pytest.raises(WSServerHandshakeError, match="429"):
                await wire.http.ws_connect(begun["streamUrl"])

    async def test_a_history_that_fails_is_asked_again(self, wire: Wire) -> None:
        begun = await wire.start()
        async with wire.http.ws_connect(begun["streamUrl"]) as ws:
            await frames(ws, says("Hello! How can I help?"))
            wire.memory.append(
                Activity(kind=Kind.MESSAGE, channel="webchat", conversation=begun["conversationId"], sender=BOT,
                         key="later", text="later", at=wire.clock())
            )  # fmt: skip
            wire.memory.unavailable = 2
            assert await seen(ws, "later")


async def test_when_the_server_goes_its_sockets_are_told(wire: Wire) -> None:
    begun = await wire.start()
    ws = await wire.http.ws_connect(begun["streamUrl"])
    closing = asyncio.create_task(wire.server.close())
    async with asyncio.timeout(5):
        kinds = [message.type async for message in ws]
    assert WSMsgType.ERROR not in kinds
    assert ws.close_code == 1001
    await closing
