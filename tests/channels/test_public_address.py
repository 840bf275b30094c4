"""S22: what a stranger names is fetched from public addresses over https, or not at all."""

from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.public_address import AddressNotPublic, PublicResolver, is_public
from channels.teams.fetch import Fetcher, FetchFailed, FetchLimits

pytestmark = pytest.mark.bar
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::1", "2001:db8::1", "fd00:ec2::254", "168.63.129.16", "192.0.0.192",
    "fec0::1", "feff::1", "::127.0.0.1", "::8.8.8.8", "64:ff9b:1::a9fe:a9fe", "::ffff:0:127.0.0.1", "5f00::1",
    "3fff::1", "3fff:fff::1", "::ffff:168.63.129.16", "64:ff9b::a83f:8110", "2002:a83f:8110::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "1.1.1.1", "20.190.128.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
URLS = [
    *(f"https://{f'[{one}]' if ':' in one else one}/" for one in PRIVATE),
    "https://localhost/", "https://LOCALHOST/", "https://localhost:443/", "https://127.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0177.0.0.1/", "https://127.0.0.1.:443/", "https://[::1%25lo]/", "https://0/",
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,hi",
    "dict://127.0.0.1/", "ldap://127.0.0.1/", "javascript:alert(1)", "https:///", "https://", "", "//example.com/",
    "https://a:b@example.com/", "https://example.com@127.0.0.1/", "https://user@localhost/", "https://[::ffff:7f00:1]/",
    "https://example.com:99999/", "https://[", "https://exa mple/", "https://127。0。0。1/", "https://①②⑦.0.0.1/",
    f"https://example.com/{'a' * 5_000}", "jar:https://example.com!/", "\\\\127.0.0.1\\share", "https://127.0.0.1:22/",
    "unix:///var/run/docker.sock", "https://metadata/", "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/", "https://100.100.100.200/latest/", "https://0.0.0.0:8080/",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_somebodys_own_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_everybodys_is(address: str) -> None:
    assert is_public(ip_address(address))


async def test_a_name_that_leads_here_is_not_resolved() -> None:
    resolver = PublicResolver()
    with pytest.raises(AddressNotPublic):
        await resolver.resolve("localhost", 443)
    await resolver.close()


def test_s22_there_are_enough_addresses() -> None:
    assert len(URLS) >= 70


@pytest.mark.parametrize("url", URLS)
async def test_s22_nothing_is_fetched_from_there(url: str) -> None:
    async with Fetcher(FetchLimits(timeout_s=2.0)) as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.get(url)
        with pytest.raises(FetchFailed):
            await fetcher.put(url, b"secret")


OPEN = FetchLimits(schemes=("http",), may_reach=lambda one: one.is_loopback, size_max=1_000, timeout_s=1.0)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def moved(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query["to"]})

    async def told(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Authorization", "none"))

    async def packed(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8b packed", headers={"Content-Encoding": "gzip", "Content-Type": "x"})

    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 2_000)

    application = web.Application()
    application.add_routes(
        [web.get("/moved", moved), web.get("/told", told), web.get("/packed", packed), web.get("/large", large)]
    )
    opened = TestServer(application)
    await opened.start_server()
    yield opened
    await opened.close()


class TestFetching:
    async def test_our_token_is_not_taken_along_to_where_it_is_sent_on(self, server: TestServer) -> None:
        url = str(server.make_url("/moved").with_query(to="/told"))
        async with Fetcher(OPEN) as fetcher:
            direct = await fetcher.get(str(server.make_url("/told")), headers={"Authorization": "Bearer ours"})
            assert direct.content == b"Bearer ours"
            assert (await fetcher.get(url, headers={"Authorization": "Bearer ours"})).content == b"none"

    @pytest.mark.parametrize(
        "to", ["http://169.254.169.254/", "file:///etc/passwd", "http://[::ffff:a9fe:a9fe]/", "/moved?to=/moved"]
    )
    async def test_where_it_is_sent_on_is_looked_at_too(self, server: TestServer, to: str) -> None:
        async with Fetcher(OPEN) as fetcher:
            with pytest.raises(FetchFailed):
                await fetcher.get(str(server.make_url("/moved").with_query(to=to)))

    async def test_nothing_is_unpacked_and_nothing_large_is_kept(self, server: TestServer) -> None:
        async with Fetcher(OPEN) as fetcher:
            fetched = await fetcher.get(str(server.make_url("/packed")))
            assert (fetched.content, fetched.content_type) == (b"\x1f\x8b packed", "application/octet-stream")
            with pytest.raises(FetchFailed) as failed:
                await fetcher.get(str(server.make_url("/large")))
            assert failed.value.final
