"""A mail as its sender laid it out, as a page that needs nothing else: the pictures it brought are within it.

The page is in a sandbox without an origin, so no session goes with what it would fetch; and it fetches nothing, except
pictures from elsewhere where the agent asks for them: whoever wrote the mail learns from that that somebody looks.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape, unescape
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from caseengine.files import contents_of
from channels.email.letter import OUTSIDE
from storage.transaction import Snapshot

POLICY = (
    "sandbox; default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Nothing in a mail runs, is sent, or is fetched from elsewhere."""
INSIDE_ONLY, OUTSIDE_TOO = "data:", "data: https:"
PICTURES_BYTES_MAX = 8_000_000
"""Of all pictures together, each as often as it is shown."""
CID = re.compile(r'(?<= src=")cid:([^"<>\s]{1,250})(?=")')
ELSEWHERE = re.compile(rf'(?<= src="){OUTSIDE}https?://', re.IGNORECASE)
KINDS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
"""By what it begins with: what a mail says of its files counts for nothing."""
NOTHING = "about:blank"


def page_headers(*, outside: bool) -> dict[str, str]:
    """
    Args:
        outside: pictures from elsewhere are shown too, over TLS alone.
    """
    policy = POLICY.format(pictures=OUTSIDE_TOO if outside else INSIDE_ONLY)
    inert = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
    return {"Content-Security-Policy": policy, **inert}


async def mail_page(snapshot: Snapshot, original: Mapping[str, Any], *, outside: bool) -> str:
    """
    Args:
        original: what was kept of the mail.
    """
    page = str(original["html"] or _as_page(original["text"], original["quoted"]))
    page = _Pictures(await _brought(snapshot, page, original["inline"])).put_into(page)
    return ELSEWHERE.sub("https://", page) if outside else page


class _Pictures:
    """What a mail brought, by the id that its HTML names it with."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents
        self._left = PICTURES_BYTES_MAX

    def put_into(self, page: str) -> str:
        return CID.sub(lambda match: self._shown(match.group(1)), page)

    def _shown(self, named: str) -> str:
        content = self._contents.get(named, b"")
        kind = next((kind for begins, kind in KINDS if begins.match(content)), None)
        if kind is None or len(content) > self._left:
            return NOTHING
        self._left -= len(content)
        return f"data:{kind};base64,{b64encode(content).decode()}"


async def _brought(snapshot: Snapshot, page: str, inline: Mapping[str, str]) -> dict[str, bytes]:
    """Content by name, of those that the page shows."""
    files = {named: file for named in set(CID.findall(page)) if (file := _file(named, inline)) is not None}
    contents = await contents_of(snapshot, set(files.values()), bytes_max=PICTURES_BYTES_MAX)
    return {named: contents[file] for named, file in files.items() if file in contents}


def _file(named: str, inline: Mapping[str, str]) -> UUID | None:
    """A name in HTML is escaped, and some programs write it as in an address."""
    plain = unescape(named)
    found = inline.get(plain) or inline.get(unquote(plain))
    return UUID(found) if found else None


def _as_page(*texts: str) -> str:
    """A mail without a layout of its own, as it was written."""
    words = escape("\n\n".join(text for text in texts if text))
    head = '<!doctype html><meta charset="utf-8"><title></title>'
    return f'{head}<pre dir="auto" style="white-space:pre-wrap">{words}</pre>'
