"""Built files of the front end, read once at start and held in memory, packed and unpacked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

TEXTS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
CONTENT_TYPES = TEXTS | {".woff2": "font/woff2", ".png": "image/png", ".webp": "image/webp", ".ico": "image/x-icon"}
FOR_EVER = "public, max-age=31536000, immutable"


class FrontEndNotBuilt(Exception):
    """`web/dist` lacks a part: run `npm ci && npm run build` in `web/`."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A built file; `packed` is its gzip, empty when there is none."""

    name: str
    content: bytes
    packed: bytes
    etag: str

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[Path(self.name).suffix]

    @property
    def charset(self) -> str | None:
        return "utf-8" if Path(self.name).suffix in TEXTS else None


def read_assets(folder: Path, needed: str = "") -> Mapping[str, Asset]:
    """Every built file by name.

    Args:
        needed: a file without which the folder is no build.

    Raises:
        FrontEndNotBuilt: it is not there.
    """
    found = {path.name: _read(path) for path in sorted(folder.glob("*")) if path.suffix in CONTENT_TYPES}
    if needed and needed not in found:
        raise FrontEndNotBuilt(f"no {needed} in {folder}: run `npm ci && npm run build` in web/")
    return found


def respond(request: web.Request, asset: Asset, headers: Mapping[str, str]) -> web.Response:
    """The asset, packed when the caller can unpack it, or 304 when the caller has it."""
    if any(tag.value in (asset.etag, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers={**headers, "ETag": f'"{asset.etag}"'})
    packs = asset.packed and "gzip" in request.headers.get("Accept-Encoding", "").lower()
    response = web.Response(
        body=asset.packed if packs else asset.content,
        content_type=asset.content_type,
        charset=asset.charset,
        headers={**headers, "ETag": f'"{asset.etag}"'},
    )
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    packed = path.with_name(f"{path.name}.gz")
    etag = hashlib.sha256(content).hexdigest()[:20]
    return Asset(path.name, content, packed.read_bytes() if packed.exists() else b"", etag)
