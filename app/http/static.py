"""The customer's widget as files: the loader, the chat frame's page, and assets named by their hash."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from app.http.assets import FOR_EVER, Asset, read_assets, respond

FOR_FIVE_MINUTES = "public, max-age=300"
ALWAYS_ASK = "no-cache"
DEFAULT_LANGUAGE = "en"
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; "
)
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",  # both are made for other people's pages
    "Vary": "Accept-Encoding",
}
FRAME_HEADERS = COMMON_HEADERS | {
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Vary": "Accept-Encoding, Accept-Language",
}

AdmittedOrigins = Callable[[str], Sequence[str] | None]
"""The origins whose pages may carry the chat of a site, by its public key; None when there is no such site."""


def widget_routes(dist: Path, admitted: AdmittedOrigins) -> list[web.RouteDef]:
    """`/widget/...` out of the build folder `dist`.

    Raises:
        FrontEndNotBuilt: at start, not at the first request.
    """
    files = WidgetFiles(read_assets(dist / "widget", "loader.js"), admitted)
    return [
        web.get("/widget/loader.js", files.loader),
        web.get("/widget/frame.html", files.frame),
        web.get("/widget/{name}", files.hashed),
    ]


class WidgetFiles:
    """One method a kind of file."""

    def __init__(self, assets: Mapping[str, Asset], admitted: AdmittedOrigins) -> None:
        self._assets = assets
        self._admitted = admitted
        self._languages = [name.split(".")[1] for name in assets if name.startswith("frame.") and name.endswith("html")]

    async def loader(self, request: web.Request) -> web.Response:
        """The script tag's script: its address never changes, so it is asked for again soon."""
        return respond(request, self._assets["loader.js"], COMMON_HEADERS | {"Cache-Control": FOR_FIVE_MINUTES})

    async def frame(self, request: web.Request) -> web.Response:
        """The chat's page in the customer's language; pages of other origins than the site's cannot show it."""
        origins = self._admitted(request.query.get("site", ""))
        if origins is None:
            raise web.HTTPNotFound
        language = choose_language(request, self._languages)
        ancestors = " ".join(["frame-ancestors 'self'", *filter(_is_origin, origins)])
        headers = {"Cache-Control": ALWAYS_ASK, "Content-Security-Policy": FRAME_POLICY + ancestors}
        return respond(request, self._assets[f"frame.{language}.html"], FRAME_HEADERS | headers)

    async def hashed(self, request: web.Request) -> web.Response:
        """A file whose name changes with its content."""
        asset = self._assets.get(request.match_info["name"])
        if asset is None or asset.name.endswith(".html"):
            raise web.HTTPNotFound
        return respond(request, asset, COMMON_HEADERS | {"Cache-Control": FOR_EVER})


def choose_language(request: web.Request, known: Iterable[str]) -> str:
    """The language asked for in the address, else the browser's first known one, else English."""
    accepted = request.headers.get("Accept-Language", "").split(",")
    wanted = [request.query.get("language", ""), *(part.partition(";")[0] for part in accepted[:20])]
    languages = set(known)
    short = (tag.strip().lower().partition("-")[0] for tag in wanted)
    return next((tag for tag in short if tag in languages), DEFAULT_LANGUAGE)


def _is_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    plain = parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path and not parts.query
    return plain and not any(mark in origin for mark in " ;,'\"\r\n")
