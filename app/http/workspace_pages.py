"""The agents' workspace as files: one page for every address below it, and assets named by their hash.

Nothing in them is about anybody: what an agent sees comes from the API.
"""

import secrets
from collections.abc import Mapping
from html import escape
from pathlib import Path

from aiohttp import web

from app.http.assets import FOR_EVER, Asset, read_assets, respond

PAGE = "index.html"
NONCE, COMPANY = "%NONCE%", "%COMPANY%"
"""What the page holds in place of a nonce and, within an attribute, of the company's name."""
NONCE_BYTES = 18
POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
ASSET_HEADERS = {
    "Cache-Control": FOR_EVER,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}


def workspace_routes(dist: Path, company: str) -> list[web.RouteDef]:
    """`/workspace/...` out of the build folder `dist`.

    Raises:
        FrontEndNotBuilt: at start, not at the first request.
    """
    folder = dist / "workspace"
    page = read_assets(folder, PAGE)[PAGE].content.decode()
    files = WorkspaceFiles(page, company, read_assets(folder / "assets"))
    return [
        web.get("/workspace", files.page),
        web.get("/workspace/assets/{name:.*}", files.asset),
        web.get("/workspace/{tail:.*}", files.page),
    ]


class WorkspaceFiles:
    """One method a kind of file."""

    def __init__(self, page: str, company: str, assets: Mapping[str, Asset]) -> None:
        self._page = page
        self._company = escape(company)
        self._assets = assets

    async def page(self, _: web.Request) -> web.Response:
        """The same for every address: what it shows is decided in the browser."""
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        text = self._page.replace(NONCE, nonce).replace(COMPANY, self._company)
        headers = PAGE_HEADERS | {"Content-Security-Policy": POLICY.format(nonce=nonce)}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def asset(self, request: web.Request) -> web.Response:
        """A file whose name changes with its content."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        return respond(request, asset, ASSET_HEADERS)
