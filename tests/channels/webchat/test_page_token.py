"""How a page gets its token."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from app.http.webchat import PageTokens, page_token_routes
from channels.webchat import Rate, Tokens, load_keys
from storage.errors import StorageUnavailable
from storage.refusal import Refusal
from tests.channels.webchat.peer import Clock

SHOP, OWN, EVIL = "https://shop.example", "http://127.0.0.1:8080", "https://evil.example"


@dataclass(eq=False)
class NotBelieved(Refusal):
    code = "customers.identity_token_refused"


@dataclass
class Page:
    """A browser's side of it."""

    page_tokens: PageTokens
    address: str
    http: ClientSession
    vouched: list[tuple[str, str]]

    async def asks(self, body: Any, origin: str | None = SHOP, method: str = "POST") -> tuple[int, Any, Any]:
        headers = {"Origin": origin} if origin else {}
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.http.request(method, self.address, headers=headers, **data) as response:
            text = await response.text()
            return response.status, (await response.json(content_type=None) if text else None), response.headers


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    vouched: list[tuple[str, str]] = []

    async def accept(conversation: str, token: str) -> None:
        if token == "bad":
            raise NotBelieved
        if token == "outage":
            raise StorageUnavailable
        vouched.append((conversation, token))

    page_tokens = PageTokens(
        Tokens(load_keys(tmp_path)), {"shop": {SHOP}, "demo": set()}, Clock(), own_origins={OWN},
        accept_identity=accept, rate=Rate(5, 0.1),
    )  # fmt: skip
    app = web.Application()
    app.add_routes(page_token_routes(page_tokens))
    server = TestServer(app)
    await server.start_server()
    async with ClientSession() as http:
        yield Page(page_tokens, str(server.make_url("/api/webchat/token")), http, vouched)
    await server.close()


async def test_a_page_of_the_site_gets_a_token(page: Page) -> None:
    status, body, headers = await page.asks({"site": "shop"})
    assert (status, set(body), body["expires_in"]) == (200, {"conversationId", "token", "expires_in"}, 1800)
    assert headers["Access-Control-Allow-Origin"] == SHOP
    assert headers["Cache-Control"] == "no-store"
    grant = page.page_tokens.tokens.read(body["token"], at=page.page_tokens.clock())
    assert grant.conversation == body["conversationId"]
    assert grant.user.startswith("dl_")


async def test_our_own_frame_may_ask_for_every_site(page: Page) -> None:
    for site in ("shop", "demo"):
        assert (await page.asks({"site": site}, OWN))[0] == 200


async def test_foreign_pages_unknown_sites_and_no_origin_are_one_answer(page: Page) -> None:
    answers = []
    tries = [
        ("shop", EVIL),
        ("nowhere", SHOP),
        ("demo", SHOP),
        ("shop", None),
        ("shop", "null"),
        ("shop", SHOP + ":444"),
    ]
    for site, origin in [*tries, ("shop", SHOP.upper()), ("shop", SHOP + ".evil.example"), ("", SHOP)]:
        status, body, headers = await page.asks({"site": site}, origin)
        answers.append((status, str(body)))
        assert ("Access-Control-Allow-Origin" in headers) == (origin == SHOP)
    assert len(set(answers)) == 1
    assert answers[0][0] == 403


async def test_preflight_is_for_known_pages(page: Page) -> None:
    status, _, headers = await page.asks(b"", SHOP, "OPTIONS")
    assert (status, headers["Access-Control-Allow-Headers"]) == (204, "content-type")
    assert "Access-Control-Allow-Credentials" not in headers
    _, _, headers = await page.asks(b"", EVIL, "OPTIONS")
    assert "Access-Control-Allow-Origin" not in headers


async def test_an_address_gets_so_many(page: Page) -> None:
    assert [(await page.asks({"site": "shop"}))[0] for _ in range(6)] == [200] * 5 + [429]
    _, body, headers = await page.asks({"site": "shop"})
    assert (headers["Retry-After"], body["code"]) == ("10", "webchat.too_many")


async def test_the_host_site_vouches(page: Page) -> None:
    _, body, _ = await page.asks({"site": "shop", "identity": "a.b.c"})
    assert page.vouched == [(body["conversationId"], "a.b.c")]
    status, body, _ = await page.asks({"site": "shop", "identity": "bad"})
    assert (status, body["reason"]) == (403, "customers.identity_token_refused")
    status, body, headers = await page.asks({"site": "shop", "identity": "outage"})
    assert (status, headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 400), (b"nonsense", 400), (b"[]", 400), (b"{}", 400), (b'{"site":7}', 400), (b"\xff", 400),
        (b'{"site":"shop","identity":7}', 400), (b"[" * 16_000, 400), (b"x" * 17_000, 413),
    ],
)  # fmt: skip
async def test_bad_bodies(page: Page, body: bytes, expected: int) -> None:
    status, problem, headers = await page.asks(body)
    assert (status, problem["status"]) == (expected, expected)
    assert headers["Content-Type"].startswith("application/problem+json")
