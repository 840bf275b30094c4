"""Behind a reverse proxy the limits count visitors; nobody chooses their own address."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.http.forwarded import behind, proxies, sender
from app.settings import Settings

OURS = proxies("127.0.0.1, 10.0.0.0/8, ::1")


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # the left one is the visitor's own invention
        ("127.0.0.1", ["198.51.100.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: its header says nothing
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours(remote: str, forwarded: list[str], expected: str) -> None:
    assert sender(remote, forwarded, OURS) == expected


async def test_a_route_of_a_part_sees_the_visitor() -> None:
    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.remote} {request.match_info['what']}")

    part = web.Application()
    part.add_routes([web.get("/{what}", tell)])
    application = web.Application(middlewares=[behind(OURS)])
    application.add_subapp("/part", part)
    async with TestClient(TestServer(application)) as client:
        seen = await client.get("/part/here", headers={"X-Forwarded-For": "203.0.113.7"})
        assert await seen.text() == "203.0.113.7 here"


def test_nobody_is_trusted_unless_named() -> None:
    assert proxies(Settings(trusted_proxies="").trusted_proxies) == ()
    with pytest.raises(ValueError, match="proxy"):
        Settings(trusted_proxies="proxy.example")
