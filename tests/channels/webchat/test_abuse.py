"""What a hostile client sends to the running wire: a clear refusal, nothing stored, nobody else disturbed."""

import asyncio
import gzip
import json
import random
from typing import Any

import pytest

from channels.webchat import Limits
from tests.channels.webchat.peer import Wire
from tests.contracts.channel import NOT_AN_ACTIVITY


@pytest.fixture
def limits() -> Limits:
    return Limits(body_deadline_s=0.3, patience_s=0)


async def raw_request(wire: Wire, head: str, body: bytes = b"", wait_s: float = 2) -> bytes:
    """What the server answers to bytes no client library would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.server.port)
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    await writer.drain()
    try:
        async with asyncio.timeout(wait_s):
            return await reader.read(4_096)
    finally:
        writer.close()


def head(begun: dict[str, Any], *more: str) -> str:
    path = f"/v3/directline/conversations/{begun['conversationId']}/activities"
    lines = [f"POST {path} HTTP/1.1", "Host: desk.example", f"Authorization: Bearer {begun['token']}", *more]
    return "\n".join(lines)


async def test_malformed_activities_are_400(wire: Wire) -> None:
    begun = await wire.start()
    await wire.until(begun, 1)
    path = f"/conversations/{begun['conversationId']}/activities"
    for raw in NOT_AN_ACTIVITY:
        wire.clock.passes(seconds=1)
        status, body = await wire.call("POST", path, begun["token"], data=raw)
        assert status == (413 if len(raw) > wire.desk.limits.body_max else 400), raw[:40]
        assert set(body["error"]) == {"code", "message"}
    assert len(wire.memory.logs[begun["conversationId"]]) == 2


async def test_options_that_are_none_are_400(wire: Wire) -> None:
    for raw in (b"[]", b"x", b'{"user":7}', b'{"user":{"id":7}}', b'{"user":{"id":""}}', b'{"user":{"id":"a\\n"}}'):
        for path in ("/conversations", "/tokens/generate"):
            status, body = await wire.call("POST", path, "nds_the-secret-of-one-server", data=raw)
            assert (status, set(body)) == (400, {"error"}), raw
    odd: dict[str, Any] = {"user": {}, "locale": ["de"], "trustedOrigins": None}
    assert (await wire.call("POST", "/conversations", wire.token(), json=odd))[0] == 201


async def test_bodies_too_large_compressed_too_far_or_broken(wire: Wire) -> None:
    begun = await wire.start()
    path = f"/conversations/{begun['conversationId']}/activities"
    assert (await wire.call("POST", path, begun["token"], data=b"x" * 300_000))[0] == 413
    packed = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * 50_000_000)
    assert (await wire.call("POST", path, begun["token"], data=bomb, headers=packed))[0] == 413
    answer = await raw_request(wire, head(begun, "Content-Encoding: gzip", "Content-Length: 7"), b"no gzip")
    assert answer.split(b" ")[1] == b"400", answer
    said = gzip.compress(b'{"type":"message","text":"packed"}')
    assert (await wire.call("POST", path, begun["token"], data=said, headers=packed))[0] == 200


async def test_a_body_without_end_is_cut_off(wire: Wire) -> None:
    begun = await wire.start()
    slow = await raw_request(wire, head(begun, "Content-Length: 100"), b'{"type":')
    assert b" 408 " in slow.split(b"\r\n")[0]
    endless = await raw_request(wire, head(begun, "Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 65_536 + b"\r\n")
    assert b" 408 " in endless.split(b"\r\n")[0]
    for broken in (b"zz\r\n", b"-1\r\n", b"5\r\nabc"):
        answer = await raw_request(wire, head(begun, "Transfer-Encoding: chunked"), broken)
        assert answer.split(b" ")[1] in (b"400", b"408"), answer


async def test_a_foreign_host_header_reaches_its_sender_only(wire: Wire) -> None:
    begun = await wire.start()
    wire.desk.public_url = "https://desk.example"
    headers = {"Host": "evil.example"}
    _, again = await wire.call("GET", f"/conversations/{begun['conversationId']}", begun["token"], headers=headers)
    assert again["streamUrl"].startswith("wss://desk.example/v3/directline/")


async def test_thousands_of_mutated_posts_meet_no_fault(wire: Wire) -> None:
    chance = random.Random(7)
    begun = await wire.start()
    path = f"/conversations/{begun['conversationId']}/activities"
    sound = {
        "type": "message", "text": "hello", "from": {"id": "x"}, "locale": "en-GB", "value": {"a": [1, "b"]},
        "channelData": {"clientActivityID": "k", "attachmentSizes": []}, "entities": [{"type": "ClientCapabilities"}],
    }  # fmt: skip
    seen = set()
    for number in range(600):
        wire.clock.passes(seconds=1)
        sound["channelData"] = {"clientActivityID": f"k{number}"}
        raw = bytearray(json.dumps(sound).encode())
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(raw))
            raw[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        status, _ = await wire.call("POST", path, begun["token"], data=bytes(raw))
        seen.add(status)
    assert seen == {200, 400}
    keys = [one.key for one in wire.memory.logs[begun["conversationId"]]]
    assert len(keys) == len(set(keys))


async def test_slow_senders_disturb_nobody(wire: Wire) -> None:
    begun = await wire.start()
    slow = [asyncio.create_task(raw_request(wire, head(begun, "Content-Length: 9"), b"{")) for _ in range(20)]
    other = await wire.start()
    started = asyncio.get_running_loop().time()
    assert (await wire.post(other, "hello"))[0] == 200
    assert asyncio.get_running_loop().time() - started < 0.5
    assert {answer.split(b" ")[1] for answer in await asyncio.gather(*slow)} == {b"408"}
