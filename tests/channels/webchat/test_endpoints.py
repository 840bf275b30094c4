"""Every row of the endpoint table."""

import asyncio
from typing import Any
from uuid import uuid4

import jwt
import pytest
from aiohttp import FormData

from channels.webchat import Limits, Rate
from tests.channels.webchat.peer import SECRET, Wire

ORIGIN = {"Origin": "https://shop.example"}


def code(body: Any) -> str:
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return str(body["error"]["code"])


async def test_a_server_generates_a_token_with_its_secret(wire: Wire) -> None:
    options = {"user": {"id": "dl_ana", "name": "Ana"}, "trustedOrigins": ["https://shop.example"]}
    status, made = await wire.call("POST", "/tokens/generate", SECRET, json=options)
    assert (status, made["expires_in"]) == (200, 1800)
    assert "streamUrl" not in made
    claims = jwt.decode(made["token"], options={"verify_signature": False})
    assert (claims["conv"], claims["user"]) == (made["conversationId"], "dl_ana")
    assert set(claims) == {"conv", "user", "iat", "exp", "jti", "origins"}
    assert jwt.get_unverified_header(made["token"])["alg"] == "EdDSA"
    assert made["conversationId"] not in wire.memory.logs, "the conversation is not started by it"


async def test_generating_refuses_a_foreign_user_id_and_a_token(wire: Wire) -> None:
    status, body = await wire.call("POST", "/tokens/generate", SECRET, json={"user": {"id": "ana"}})
    assert (status, code(body)) == (400, "BadArgument")
    assert (await wire.call("POST", "/tokens/generate", wire.token()))[0] == 403


async def test_a_token_for_named_pages_is_refused_to_others(wire: Wire) -> None:
    options = {"trustedOrigins": ["https://shop.example"]}
    _, made = await wire.call("POST", "/tokens/generate", SECRET, json=options)
    assert (await wire.call("POST", "/conversations", made["token"], headers=ORIGIN))[0] == 201
    other = {"Origin": "https://evil.example"}
    assert (await wire.call("POST", "/conversations", made["token"], headers=other))[0] == 403
    _, again = await wire.call("POST", "/tokens/refresh", made["token"], headers=ORIGIN)
    assert (await wire.call("POST", "/conversations", again["token"], headers=other))[0] == 403


async def test_starting_greets_once_however_often(wire: Wire) -> None:
    token = wire.token()
    options = {"user": {}, "locale": "de-DE"}
    status, begun = await wire.call("POST", "/conversations", token, json=options)
    assert status == 201
    assert begun["streamUrl"].startswith(f"ws://127.0.0.1:{wire.server.port}/v3/directline/conversations/")
    assert (await wire.call("POST", "/conversations", token, json=options))[0] == 200
    join = {"type": "event", "name": "webchat/join", "from": {"id": "x"}}
    assert (await wire.call("POST", f"/conversations/{begun['conversationId']}/activities", token, json=join))[0] == 200
    await asyncio.sleep(0.02)
    assert [one["text"] for one in await wire.until(begun, 1)] == ["Hello! How can I help?"]
    opened = wire.memory.opened[begun["conversationId"]]
    assert (opened["channel"], opened["locale"], opened["visitor"]) == ("webchat", "de-DE", "dl_ana")


async def test_a_server_starts_a_conversation_and_names_who_posts(wire: Wire) -> None:
    status, begun = await wire.call("POST", "/conversations", SECRET, json={"user": {"id": "kiosk-7"}})
    assert status == 201
    path = f"/conversations/{begun['conversationId']}/activities"
    said = {"type": "message", "from": {"id": "kiosk-7"}, "text": "hello"}
    assert (await wire.call("POST", path, SECRET, json=said))[0] == 200
    status, body = await wire.call("POST", path, SECRET, json={"type": "message", "text": "hello"})
    assert (status, code(body)) == (400, "MissingProperty")
    said_back = await wire.until(begun, 3)
    assert [one["from"]["id"] for one in said_back if one["from"]["role"] == "user"] == ["kiosk-7"]


async def test_a_post_comes_back_with_its_client_activity_id(wire: Wire) -> None:
    begun = await wire.start()
    status, posted = await wire.post(begun, "My till is dead", "abc123", locale="en-GB")
    assert status == 200
    conversation = begun["conversationId"]
    page = await wire.until(begun, 3)
    mine = next(one for one in page if one["text"] == "My till is dead")
    answer = next(one for one in page if one["text"].startswith("You said"))
    assert mine["id"] == posted["id"]
    assert mine["id"].startswith(f"{conversation}|0000")
    assert mine["channelData"]["clientActivityID"] == "abc123"
    assert mine["from"] == {"id": "dl_ana", "name": "", "role": "user"}
    assert {one.source for one in wire.memory.logs[conversation]} == {"127.0.0.1", ""}
    assert "127.0.0.1" not in str(page), "the address is for limits alone"
    assert (mine["channelId"], mine["conversation"], mine["textFormat"]) == (
        "directline",
        {"id": conversation},
        "plain",
    )
    assert (mine["timestamp"], mine["locale"]) == ("2026-03-02T09:00:00.000Z", "en-GB")
    assert (answer["from"]["role"], answer["textFormat"], answer["replyToId"]) == ("bot", "markdown", mine["id"])
    sequence = [one["channelData"]["webchat:sequence-id"] for one in page]
    assert sequence == sorted(sequence)


async def test_the_same_post_five_times_at_once_is_one(wire: Wire) -> None:
    begun = await wire.start()
    answers = await asyncio.gather(*(wire.post(begun, "once", "same") for _ in range(5)))
    assert {status for status, _ in answers} == {200}
    assert len({body["id"] for _, body in answers}) == 1
    await asyncio.sleep(0.05)
    assert [one["text"] for one in await wire.until(begun, 3)][1:] == ["once", "You said **once**"]


async def test_history_is_paged_by_watermark(tmp_path: Any, wire: Wire) -> None:
    begun = await wire.start()
    for number in range(70):
        wire.clock.passes(seconds=2)
        await wire.post(begun, f"{number}")
    await asyncio.sleep(0.05)
    texts: list[str] = []
    watermark, pages = "", 0
    while True:
        page = await wire.history(begun, watermark)
        if not page["activities"]:
            break
        pages += 1
        texts += [one["text"] for one in page["activities"]]
        watermark = page["watermark"]
    assert pages == 3
    assert [text for text in texts if text.isdigit()] == [str(number) for number in range(70)]
    assert (await wire.history(begun, watermark))["watermark"] == watermark


@pytest.mark.parametrize("watermark", ["-1", "abc", "1.5", "9" * 30, "١"])
async def test_a_watermark_that_is_none_of_ours_is_refused(wire: Wire, watermark: str) -> None:
    begun = await wire.start()
    for path in ("", "/activities"):
        address = f"/conversations/{begun['conversationId']}{path}?watermark={watermark}"
        status, body = await wire.call("GET", address, begun["token"])
        assert (status, code(body)) == (400, "BadArgument")


async def test_reconnecting_gives_a_fresh_stream(wire: Wire) -> None:
    begun = await wire.start()
    status, again = await wire.call("GET", f"/conversations/{begun['conversationId']}?watermark=1", begun["token"])
    assert status == 200
    assert set(again) == {"conversationId", "token", "expires_in", "streamUrl"}
    assert "watermark=1&" in again["streamUrl"]


async def test_refreshing_until_it_is_too_late(wire: Wire) -> None:
    begun = await wire.start()
    wire.clock.passes(minutes=29)
    status, again = await wire.call("POST", "/tokens/refresh", begun["token"])
    assert (status, again["conversationId"], again["expires_in"]) == (200, begun["conversationId"], 1800)
    wire.clock.passes(minutes=2)
    for method, path in (
        ("POST", "/tokens/refresh"),
        ("POST", "/conversations"),
        ("GET", f"/conversations/{begun['conversationId']}"),
        ("GET", f"/conversations/{begun['conversationId']}/activities"),
        ("POST", f"/conversations/{begun['conversationId']}/activities"),
        ("POST", f"/conversations/{begun['conversationId']}/upload?userId=x"),
    ):
        status, body = await wire.call(method, path, begun["token"])
        assert (status, code(body)) == (403, "TokenExpired"), path
        assert (await wire.call(method, path, again["token"]))[0] != 403
    assert (await wire.call("POST", "/tokens/refresh", SECRET))[0] == 403


async def test_a_token_opens_its_own_conversation_only(wire: Wire) -> None:
    mine, theirs = await wire.start(), await wire.start()
    answers = set()
    for conversation in (theirs["conversationId"], str(uuid4()), "nonsense"):
        for method, path in (
            ("GET", ""),
            ("GET", "/activities"),
            ("POST", "/activities"),
            ("POST", "/upload?userId=x"),
        ):
            status, body = await wire.call(method, f"/conversations/{conversation}{path}", mine["token"])
            answers.add((status, str(body)))
    assert len(answers) == 1, "foreign, missing and malformed are one answer"
    assert answers.pop()[0] == 403


async def test_a_conversation_nobody_started_is_not_found(wire: Wire) -> None:
    conversation = str(uuid4())
    for bearer in (wire.token(conversation), SECRET):
        for method, path in (("GET", ""), ("GET", "/activities"), ("POST", "/activities")):
            status, body = await wire.call(method, f"/conversations/{conversation}{path}", bearer)
            assert (status, code(body)) == (404, "ConversationNotFound")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "nonsense"])
async def test_without_a_bearer_nobody_is_let_in(wire: Wire, header: str) -> None:
    for method, path in (("POST", "/tokens/generate"), ("POST", "/conversations"), ("GET", "/session/getsessionid")):
        status, body = await wire.call(method, path, headers={"Authorization": header})
        assert (status, code(body)) == (401, "Unauthorized")


async def test_session_id_with_credentials(wire: Wire) -> None:
    headers = {**ORIGIN, "Authorization": f"Bearer {wire.token()}"}
    async with wire.http.get(wire.domain + "/session/getsessionid", headers=headers) as response:
        assert (await response.json())["sessionId"]
        assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert response.headers["Access-Control-Allow-Credentials"] == "true"


async def test_pages_of_other_origins_may_ask(wire: Wire) -> None:
    for path in ("/tokens/refresh", "/conversations", "/conversations/x/activities", "/conversations/x/upload"):
        asked = {**ORIGIN, "Access-Control-Request-Method": "POST"}
        async with wire.http.options(wire.domain + path, headers=asked) as response:
            assert response.status == 204
            allowed = response.headers["Access-Control-Allow-Headers"]
            for header in ("authorization", "content-type", "x-ms-bot-agent", "x-requested-with"):
                assert header in allowed
            assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    async with wire.http.get(wire.domain + "/conversations/x", headers=ORIGIN) as response:
        assert response.status == 401
        assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert "Access-Control-Allow-Credentials" not in response.headers


async def test_unknown_addresses_and_methods_answer_in_the_wires_shape(wire: Wire) -> None:
    status, body = await wire.call("GET", "/nothing")
    assert (status, code(body)) == (404, "NotFound")
    status, body = await wire.call("DELETE", "/conversations")
    assert (status, code(body)) == (405, "MethodNotAllowed")


async def test_an_upload_as_a_raw_body(wire: Wire) -> None:
    begun = await wire.start()
    headers = {"Content-Type": "image/png", "Content-Disposition": 'name="file"; filename="../../till.png"'}
    path = f"/conversations/{begun['conversationId']}/upload?userId=x"
    status, posted = await wire.call("POST", path, begun["token"], data=b"\x89PNG...", headers=headers)
    assert status == 200
    mine = next(one for one in await wire.until(begun, 3) if one["id"] == posted["id"])
    file = mine["attachments"][0]
    assert (file["name"], file["contentType"]) == ("till.png", "image/png")
    async with wire.http.get(file["contentUrl"]) as response:
        assert (response.status, await response.read()) == (200, b"\x89PNG...")
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    other = file["contentUrl"].replace(file["contentUrl"].split("/files/")[1].split("?")[0], str(uuid4()))
    async with wire.http.get(other) as response:
        assert response.status == 403


async def test_an_upload_as_a_form_with_its_activity(wire: Wire) -> None:
    begun = await wire.start()
    form = FormData(default_to_multipart=True)
    said = '{"type":"message","text":"Two files","from":{"id":"x"},"channelData":{"clientActivityID":"up1"}}'
    form.add_field("activity", said, filename="blob", content_type="application/vnd.microsoft.activity")
    form.add_field("file", b"<script>alert(1)</script>", filename="evil.html", content_type="text/html")
    form.add_field("file", b"plain", filename="a.txt", content_type="text/plain")
    path = f"/conversations/{begun['conversationId']}/upload?userId=x"
    status, posted = await wire.call("POST", path, begun["token"], data=form)
    assert status == 200
    mine = next(one for one in await wire.until(begun, 3) if one["id"] == posted["id"])
    assert (mine["text"], mine["channelData"]["clientActivityID"]) == ("Two files", "up1")
    assert [one["name"] for one in mine["attachments"]] == ["evil.html", "a.txt"]
    async with wire.http.get(mine["attachments"][0]["contentUrl"]) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")


class TestUploadLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(file_max=1_000, upload_max=1_500, files_max=3)

    async def test_too_large_too_many_none_and_broken(self, wire: Wire) -> None:
        begun = await wire.start()
        path = f"/conversations/{begun['conversationId']}/upload?userId=x"
        assert (await wire.call("POST", path, begun["token"], data=b"x" * 1_001))[0] == 413
        for sizes, expected in (([900, 900], 413), ([1_100], 413), ([1] * 9, 413), ([0], 400), ([], 400)):
            form = FormData(default_to_multipart=True)
            form.add_field("other", "x", filename="x")
            for size in sizes:
                form.add_field("file", b"x" * size, filename="a")
            status, body = await wire.call("POST", path, begun["token"], data=form)
            assert status == expected, body
            assert code(body)
        for data in (b"", b"--x\r\nnonsense", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc"):
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            assert (await wire.call("POST", path, begun["token"], data=data, headers=headers))[0] == 400
        headers = {"Content-Type": "multipart/form-data"}
        assert (await wire.call("POST", path, begun["token"], data=b"x", headers=headers))[0] == 400
        assert wire.memory.stored == {}


class TestRates:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(per_conversation=Rate(3, 0.5), posts_per_address=Rate(8, 1))

    async def test_a_conversation_that_floods_is_told_to_wait(self, wire: Wire) -> None:
        begun, other = await wire.start(), await wire.start()
        assert [(await wire.post(begun, "x"))[0] for _ in range(4)] == [200, 200, 200, 429]
        headers = {"Authorization": f"Bearer {begun['token']}"}
        path = f"{wire.domain}/conversations/{begun['conversationId']}/activities"
        async with wire.http.post(path, headers=headers, json={}) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "2")
            assert code(await response.json()) == "TooManyRequests"
        assert (await wire.post(other, "x"))[0] == 200
        wire.clock.passes(seconds=2)
        assert (await wire.post(begun, "x"))[0] == 200

    async def test_an_address_that_floods_through_many_conversations_is_too(self, wire: Wire) -> None:
        begun = [await wire.start() for _ in range(10)]
        assert [(await wire.post(one, "x"))[0] for one in begun] == [200] * 8 + [429] * 2
        assert (await wire.call("POST", "/conversations", wire.token()))[0] == 201, "starting is not limited lightly"


async def test_an_outage_of_a_moment_is_not_seen(wire: Wire) -> None:
    wire.memory.unavailable = 1
    begun = await wire.start()
    wire.memory.unavailable = 0
    await wire.until(begun, 1)

    async def recover() -> None:
        await asyncio.sleep(0.05)
        wire.memory.unavailable = 0

    assert (await wire.post(begun, "kept", "k"))[0] == 200


async def test_in_a_longer_outage_nothing_is_acknowledged_and_pollers_stay(wire: Wire) -> None:
    begun = await wire.start()
    await wire.until(begun, 1)
    wire.memory.unavailable = 1_000
    status, body = await wire.post(begun, "lost?", "k")
    assert (status, code(body)) == (503, "ServiceUnavailable")
    page = await wire.history(begun, "1")
    assert page == {"activities": [], "watermark": "1"}
    wire.memory.unavailable = 0
    assert (await wire.post(begun, "lost?", "k"))[0] == 200
    assert [one["text"] for one in await wire.until(begun, 3)][1] == "lost?"


async def test_cards_buttons_values_and_agents(wire: Wire) -> None:
    begun = await wire.start()
    assert (await wire.until(begun, 1))[0]["suggestedActions"]["actions"] == [
        {"type": "imBack", "title": "My cases", "value": "Show my cases"}
    ]
    await wire.post(begun, "form")
    card = (await wire.until(begun, 3))[-1]["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    kinds = [one["type"] for one in card["content"]["body"]]
    assert kinds == ["TextBlock", "TextBlock", "FactSet", "Input.Text", "Input.ChoiceSet", "Input.Date", "Input.Text"]
    actions = card["content"]["actions"]
    assert [one["type"] for one in actions] == ["Action.Submit", "Action.OpenUrl"]
    assert card["content"]["speak"] == "A form\nPlease fill it in\nCase: CAS-01041-V9D3"
    path = f"/conversations/{begun['conversationId']}/activities"
    filled = {"type": "message", "from": {"id": "x"}, "value": {"says": "send form", "email": "a@b.example"}}
    assert (await wire.call("POST", path, begun["token"], json=filled))[0] == 200
    page = await wire.until(begun, 5)
    assert page[-2]["value"] == filled["value"]
    assert "a@b.example" in page[-1]["text"]
