"""Bad input gets a clear answer (B6, B10, B12, S5)."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

import pytest

import app.http.body
from tests.app.house import Peer, Served

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def li(served: Served) -> Peer:
    return await served.agent(served.office.li)


@pytest.fixture
async def notes(served: Served) -> str:
    return f"/api/cases/{(await served.office.report()).number}/notes"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"{'text': 1}", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b"[" * 50_000, b'{"text": NaN}']
)
async def test_what_is_no_json_is_400(li: Peer, notes: str, raw: bytes) -> None:
    assert (await li.asks("POST", notes, data=raw, headers=JSON)).code == "http.body_not_json"


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ([], []),
        ("text", []),
        ({}, ["text"]),
        ({"text": 7}, ["text"]),
        ({"text": ""}, ["text"]),
        ({"text": "x" * 8_001}, ["text"]),
        ({"text": "a\0b"}, ["text"]),
        ({"text": "x", "version": "1"}, ["version"]),
        ({"text": "x", "version": True}, ["version"]),
        ({"text": "x", "version": 2**31}, ["version"]),
        ({"text": "x", "public": True}, ["public"]),
        ({"text": "x", "case_id": "7"}, ["case_id"]),
    ],
)
async def test_another_shape_is_422_and_says_where(li: Peer, notes: str, body: object, at: list[str]) -> None:
    answered = await li.asks("POST", notes, body)
    assert answered.code == "http.body_invalid"
    assert [error["at"] for error in answered.json["errors"]] == [at]


async def test_what_was_sent_is_not_sent_back(li: Peer, notes: str) -> None:
    answered = await li.asks("POST", notes, {"text": 7, "secret-of-a-customer": "0123456789"})
    assert b"0123456789" not in answered.raw


async def test_blanks_alone_are_nothing_to_say(li: Peer, notes: str) -> None:
    assert (await li.asks("POST", notes, {"text": " \n\t "})).code == "case.text_missing"


async def test_a_note_keeps_every_character(served: Served, li: Peer, notes: str) -> None:
    odd = "\u202eabc\u0301 \U0001f9ca <script>alert(1)</script> '; DROP TABLE cases; -- {name} %s \x1b[31m"
    assert (await li.asks("POST", notes, {"text": odd})).status == 200
    entries = (await li.gets(notes.replace("notes", "timeline")))["entries"]
    assert entries[-1]["data"]["text"] == odd


async def test_too_large_is_413_told_or_counted(li: Peer, notes: str) -> None:
    large = b'{"text": "' + b"x" * 70_000 + b'"}'

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 4_096

    assert (await li.asks("POST", notes, data=large, headers=JSON)).code == "http.body_too_large"
    assert (await li.asks("POST", notes, data=endless(), headers=JSON)).code == "http.body_too_large"


async def test_a_compressed_bomb_is_413(li: Peer, notes: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 65_000
    answered = await li.asks("POST", notes, data=bomb, headers={**JSON, "Content-Encoding": "gzip"})
    assert answered.code == "http.body_too_large"


async def test_a_compressed_body_is_read(li: Peer, notes: str) -> None:
    packed = zlib.compress(b'{"text": "packed"}')
    answered = await li.asks("POST", notes, data=packed, headers={**JSON, "Content-Encoding": "deflate"})
    assert answered.status == 200


async def test_what_only_says_it_is_compressed_is_400(li: Peer, notes: str) -> None:
    answered = await li.asks("POST", notes, data=b'{"text": "x"}', headers={**JSON, "Content-Encoding": "gzip"})
    assert answered.code == "http.body_broken"


async def test_a_body_that_does_not_come_is_408(li: Peer, notes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.http.body, "BODY_DEADLINE_S", 0.2)
    url = urlsplit(li.served.address)
    cookie = "; ".join(f"{one.key}={one.value}" for one in li.http.cookie_jar)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = (
        f"POST {notes} HTTP/1.1\r\nHost: {url.netloc}\r\nCookie: {cookie}\r\nX-CSRF-Token: {li.csrf}\r\n"
        'Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{"text":'
    )
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)
    assert b" 408 " in answer
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=x", "status=gone", "mine=perhaps", "after=", "after=x", "after=%00", "sort=age",
        "department=", "department=a%00b", "after=WzEsIjAwMDEtMDEtMDFUMDA6MDA6MDArMTQ6MDAiLCIwIl0", "after=bnVsbA",
        "limit=99999999999999999999999999", "after=" + "A" * 300, "after=%F0%9F%A7%8A",
    ],
)  # fmt: skip
async def test_a_query_of_another_shape_is_422(li: Peer, query: str) -> None:
    assert (await li.asks("GET", f"/api/cases?{query}")).code == "http.body_invalid"


@pytest.mark.parametrize("query", ["after=-1", "after=99999999999999999999", "limit=501", "watermark=1"])
async def test_a_place_beyond_all_logs_is_422(li: Peer, notes: str, query: str) -> None:
    assert (await li.asks("GET", notes.replace("notes", f"conversation?{query}"))).code == "http.body_invalid"


@pytest.mark.parametrize(
    "typed", ["x", "CAS-00001-0000", "..%2f..%2fetc", "%00", "%FF", "\u0661\u0662", "9" * 3_000, "\U0001f9ca"]
)
async def test_what_is_no_number_is_404(li: Peer, typed: str) -> None:
    answered = await li.asks("GET", f"/api/cases/{quote(typed, safe='%')}/timeline")
    assert answered.code in ("case.number_mistyped", "case.not_found")


async def test_a_number_is_read_however_it_is_typed(served: Served, li: Peer) -> None:
    case = await served.office.report()
    plain = case.number.lower().replace("-", "")
    assert (await li.gets(f"/api/cases/{plain}"))["number"] == case.number


async def test_a_field_of_the_case_cannot_be_set_from_outside(served: Served, li: Peer) -> None:
    case = await served.office.report()
    for name in ("status", "department", "agent_id", "contact_id", "escalation_level", "by", "at", "key"):
        answered = await li.asks("POST", f"/api/cases/{case.number}/escalation", {"reason": "x", name: "x"})
        assert answered.code == "http.body_invalid"
    assert (await served.office.case(case)).version == case.version
