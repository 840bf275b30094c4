"""The wire over the desk's own log: real SQLite, real reception."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.reception import ConversationBook, FileCabinet, History, Reception
from channels.webchat import Limits, Rate, Tokens, WebChatDesk, load_keys, routes
from storage.engine import Database
from tests.channels.webchat.peer import Clock


class Chat:
    """One page per conversation, over HTTP."""

    def __init__(self, domain: str, tokens: Tokens, clock: Clock, http: ClientSession) -> None:
        self.domain, self.tokens, self.clock, self.http = domain, tokens, clock, http

    async def start(self) -> dict[str, Any]:
        token = self.tokens.issue(str(uuid4()), "dl_ana", at=self.clock())
        async with self.http.post(f"{self.domain}/conversations", headers=bearer(token)) as response:
            assert response.status == 201
            begun: dict[str, Any] = await response.json()
            return begun

    async def post(self, begun: dict[str, Any], text: str, key: str) -> tuple[int, str]:
        said = {"type": "message", "text": text, "channelData": {"clientActivityID": key}}
        path = f"{self.domain}/conversations/{begun['conversationId']}/activities"
        async with self.http.post(path, headers=bearer(begun["token"]), json=said) as response:
            return response.status, (await response.json()).get("id", "")

    async def history(self, begun: dict[str, Any]) -> list[dict[str, Any]]:
        path = f"{self.domain}/conversations/{begun['conversationId']}/activities"
        async with self.http.get(path, headers=bearer(begun["token"])) as response:
            return list((await response.json())["activities"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def chat(database: Database, tmp_path: Path) -> AsyncIterator[Chat]:
    clock = Clock()
    tokens = Tokens(load_keys(tmp_path / "keys"))
    desk = WebChatDesk(
        Reception(database, clock, lambda conversation: None), ConversationBook(database), History(database),
        FileCabinet(database, clock), tokens, clock, limits=Limits(per_conversation=Rate(500, 500)),
    )  # fmt: skip
    app = web.Application()
    app.add_subapp("/v3/directline", routes(desk))
    server = TestServer(app)
    await server.start_server()
    async with ClientSession() as http:
        yield Chat(str(server.make_url("/v3/directline")), tokens, clock, http)
    await server.close()


async def test_the_same_post_five_times_at_once_is_one(chat: Chat) -> None:
    begun = await chat.start()
    answers = await asyncio.gather(*(chat.post(begun, "once", "same") for _ in range(5)))
    assert {status for status, _ in answers} == {200}
    assert len({found for _, found in answers}) == 1
    assert [one["text"] for one in await chat.history(begun)] == ["once"]


async def test_sockets_and_history_agree_under_load(chat: Chat) -> None:
    begun = await chat.start()
    got: list[str] = []

    async def listen() -> None:
        async with chat.http.ws_connect(begun["streamUrl"]) as ws:
            while len(got) < 40:
                got.extend(one["id"] for one in (await ws.receive_json())["activities"])

    listening = asyncio.create_task(listen())
    answers = await asyncio.gather(*(chat.post(begun, f"m{number}", f"k{number}") for number in range(40)))
    async with asyncio.timeout(10):
        await listening
    assert got == [one["id"] for one in await chat.history(begun)]
    assert sorted(got) == got == sorted(found for _, found in answers)


async def test_a_file_comes_back_as_it_was_sent(chat: Chat) -> None:
    begun = await chat.start()
    path = f"{chat.domain}/conversations/{begun['conversationId']}/upload?userId=x"
    headers = bearer(begun["token"]) | {
        "Content-Type": "image/png",
        "Content-Disposition": 'attachment; filename="t.png"',
    }
    async with chat.http.post(path, headers=headers, data=bytes(range(256))) as response:
        assert response.status == 200
    file = (await chat.history(begun))[0]["attachments"][0]
    async with chat.http.get(file["contentUrl"]) as response:
        assert (response.content_type, await response.read()) == ("image/png", bytes(range(256)))


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = '--x\r\nContent-Disposition: form-data; name="file"; {named}\r\n\r\nabc\r\n--x--\r\n'
NAMES = [
    ("\u202egpj.exe", "gpj.exe"),
    ("Photo \u2066\u202egpj\u202c\u2069.exe", "Photo gpj.exe"),
    ("\u061ca\u200eb\u200fc\u202ad\u202be\u202df\u2067g\u2068.txt", "abcdefg.txt"),
    ("a\x01\x1f\x7f\x80\x85\x9f\u2028\u2029b.txt", "ab.txt"),
    ("\u202e\u2066..\u2069", "file"),
    (
        "\u062a\u0642\u0631\u064a\u0631 \U0001f469\u200d\U0001f52c.pdf",
        "\u062a\u0642\u0631\u064a\u0631 \U0001f469\u200d\U0001f52c.pdf",
    ),
]


@pytest.mark.parametrize(("called", "kept"), NAMES)
async def test_the_name_of_a_file_shows_its_true_ending(chat: Chat, called: str, kept: str) -> None:
    begun = await chat.start()
    named = f"filename*=UTF-8''{quote(called)}"
    await upload(chat, begun, {"Content-Type": "image/png", "Content-Disposition": f"attachment; {named}"}, "abc")
    await upload(chat, begun, FORM, PART.format(named=named))
    files = await uploaded(chat, begun)
    assert [file["name"] for file in files] == [kept, kept]
    async with chat.http.get(files[0]["contentUrl"]) as response:
        assert response.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{quote(kept, safe='')}")


async def test_nor_does_the_form_of_a_browser_turn_a_name_round(chat: Chat) -> None:
    begun = await chat.start()
    await upload(chat, begun, FORM, PART.format(named='filename="Photo \u202egpj.exe"'))
    assert [file["name"] for file in await uploaded(chat, begun)] == ["Photo gpj.exe"]


async def upload(chat: Chat, begun: dict[str, Any], headers: dict[str, str], content: str) -> None:
    path = f"{chat.domain}/conversations/{begun['conversationId']}/upload?userId=x"
    async with chat.http.post(path, headers=bearer(begun["token"]) | headers, data=content.encode()) as response:
        assert response.status == 200, await response.text()


async def uploaded(chat: Chat, begun: dict[str, Any]) -> list[dict[str, Any]]:
    return [file for one in await chat.history(begun) for file in one["attachments"]]


async def test_hostile_words_are_stored_and_come_back_clean(chat: Chat) -> None:
    begun = await chat.start()
    assert (await chat.post(begun, "a\x00b \ud83d c 👩‍👩‍👧 مرحبا", "k"))[0] == 200
    assert [one["text"] for one in await chat.history(begun)] == ["ab  c 👩‍👩‍👧 مرحبا"]
