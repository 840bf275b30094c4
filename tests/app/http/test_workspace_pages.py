"""The agents' workspace: one page for every address, its own script alone, assets that never change."""

import gzip
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from app.http.assets import FOR_EVER, FrontEndNotBuilt
from app.http.headers import safe_headers
from app.http.problems import problems
from app.http.workspace_pages import workspace_routes
from tests.app.house import Served

SCRIPT = b"console.log('hello');\n" * 20
PAGE = (
    '<meta name="application-name" content="%COMPANY%"><meta property="csp-nonce" nonce="%NONCE%">'
    '<script nonce="%NONCE%" src="/workspace/assets/a.js"></script>'
)
COMPANY = 'Larder & "Lane" <b>%NONCE%'


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build as Vite leaves it."""
    assets = tmp_path / "workspace" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "workspace" / "index.html").write_text(PAGE)
    (assets / "a.js").write_bytes(SCRIPT)
    (assets / "a.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "font.woff2").write_bytes(b"\0font")
    (assets / "a.js.map").write_text("{}")
    return tmp_path


@pytest.fixture
async def address(dist: Path) -> AsyncIterator[str]:
    application = web.Application(middlewares=[problems])
    application.add_routes(workspace_routes(dist, COMPANY))
    application.on_response_prepare.append(safe_headers)
    server = TestServer(application)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession(auto_decompress=False) as session:
        yield session


async def got(http: ClientSession, address: str, **headers: str) -> tuple[ClientResponse, bytes]:
    async with http.get(address, headers=headers, allow_redirects=False) as response:
        return response, await response.read()


@pytest.mark.parametrize("path", ["", "/", "/cases/CAS-01041-V9D3", "/assets", "/a.js", "/%00/x?a=b"])
async def test_every_address_below_it_is_the_page(http: ClientSession, address: str, path: str) -> None:
    response, raw = await got(http, f"{address}/workspace{path}")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"/workspace/assets/a.js" in raw


async def test_the_page_lets_its_own_script_run_and_nothing_else(http: ClientSession, address: str) -> None:
    response, raw = await got(http, f"{address}/workspace")
    nonces = re.findall(r'nonce="([^"]+)"', raw.decode())
    assert len(nonces) == 2
    assert len(set(nonces)) == 1
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; script-src 'self' 'nonce-{nonces[0]}'; style-src 'self' 'nonce-{nonces[0]}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "camera=()" in response.headers["Permissions-Policy"]


async def test_a_nonce_is_long_and_used_once(http: ClientSession, address: str) -> None:
    pages = [(await got(http, f"{address}/workspace"))[1].decode() for _ in range(20)]
    nonces = {found[1] for page in pages if (found := re.search(r'nonce="([^"]+)"', page))}
    assert len(nonces) == 20
    assert min(len(nonce) for nonce in nonces) * 6 >= 128


async def test_the_companys_name_stays_a_name(http: ClientSession, address: str) -> None:
    _, raw = await got(http, f"{address}/workspace")
    assert b'content="Larder &amp; &quot;Lane&quot; &lt;b&gt;%NONCE%"' in raw


async def test_an_asset_is_kept_for_ever_and_comes_packed(http: ClientSession, address: str) -> None:
    file = f"{address}/workspace/assets/a.js"
    plain, raw = await got(http, file, **{"Accept-Encoding": "identity"})
    packed, small = await got(http, file, **{"Accept-Encoding": "br, gzip"})
    assert raw == SCRIPT == gzip.decompress(small)
    assert (plain.headers.get("Content-Encoding"), packed.headers["Content-Encoding"]) == (None, "gzip")
    for response in (plain, packed):
        assert response.headers["Cache-Control"] == FOR_EVER
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    known, nothing = await got(http, file, **{"If-None-Match": plain.headers["ETag"]})
    assert (known.status, nothing) == (304, b"")


async def test_a_font_is_no_text(http: ClientSession, address: str) -> None:
    response, raw = await got(http, f"{address}/workspace/assets/font.woff2")
    assert (response.headers["Content-Type"], raw) == ("font/woff2", b"\0font")


@pytest.mark.parametrize(
    "name", ["", "b.js", "a.js.gz", "a.js.map", "x/a.js", "..%2findex.html", "%2e%2e%2findex.html"]
)
async def test_what_is_no_asset_is_not_there(http: ClientSession, address: str, name: str) -> None:
    async with http.get(URL(f"{address}/workspace/assets/{name}", encoded=True)) as response:
        assert response.status == 404


async def test_a_missing_build_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(FrontEndNotBuilt, match=r"no index\.html in .*workspace: run `npm ci && npm run build`"):
        workspace_routes(tmp_path, COMPANY)


async def test_the_built_page_names_assets_that_are_there(served: Served) -> None:
    peer = served.peer()
    page = await peer.asks("GET", "/workspace/cases/CAS-01041-V9D3")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self' 'nonce-")
    assert b"%NONCE%" not in page.raw
    named = re.findall(r'(?:src|href)="(/workspace/assets/[^"]+)"', page.raw.decode())
    assert named
    for name in named:
        assert (await peer.asks("GET", name)).headers["Cache-Control"] == FOR_EVER
