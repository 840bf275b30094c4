"""The customer's widget as files: the loader, the chat frame's page, and assets named by their hash.

Everything is read once at start and held in memory, packed and unpacked: a few dozen kilobytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

CONTENT_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"
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


class FrontEndNotBuilt(Exception):
    """`web/dist` holds no widget: run `npm ci && npm run build` in `web/`."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A built file; `packed` is its gzip, empty when there is none."""

    name: str
    content: bytes
    packed: bytes
    etag: str

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES.get(Path(self.name).suffix, "application/octet-stream")


def widget_routes(dist: Path, admitted: AdmittedOrigins) -> list[web.RouteDef]:
    """`/widget/...` out of the build folder `dist`.

    Raises:
        FrontEndNotBuilt: at start, not at the first request.
    """
    files = WidgetFiles(read_assets(dist / "widget"), admitted)
    return [
        web.get("/widget/loader.js", files.loader),
        web.get("/widget/frame.html", files.frame),
        web.get("/widget/{name}", files.hashed),
    ]


def read_assets(folder: Path) -> Mapping[str, Asset]:
    """Every built file by name.

    Raises:
        FrontEndNotBuilt: there is no loader in it.
    """
    plain = [path for path in sorted(folder.glob("*")) if path.suffix in CONTENT_TYPES]
    if folder / "loader.js" not in plain:
        raise FrontEndNotBuilt(f"no widget in {folder}: run `npm ci && npm run build` in web/")
    return {path.name: _read(path) for path in plain}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    packed = path.with_name(f"{path.name}.gz")
    etag = hashlib.sha256(content).hexdigest()[:20]
    return Asset(path.name, content, packed.read_bytes() if packed.exists() else b"", etag)


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


def respond(request: web.Request, asset: Asset, headers: Mapping[str, str]) -> web.Response:
    """The asset, packed when the caller can unpack it, or 304 when the caller has it."""
    if any(tag.value in (asset.etag, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers={**headers, "ETag": f'"{asset.etag}"'})
    packs = asset.packed and "gzip" in request.headers.get("Accept-Encoding", "").lower()
    response = web.Response(
        body=asset.packed if packs else asset.content,
        content_type=asset.content_type,
        charset="utf-8",
        headers={**headers, "ETag": f'"{asset.etag}"'},
    )
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    return response


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
