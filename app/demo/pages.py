"""The demo's own pages: where to start, the shop that carries the chat, and the mails the desk sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import orjson
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "pages"
CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
MAILS_MAX = 200


class Mail(Protocol):
    """A mail the desk sent; `number` grows in order of arrival."""

    @property
    def number(self) -> int: ...

    @property
    def to(self) -> str | Sequence[str]: ...

    @property
    def subject(self) -> str: ...

    @property
    def text(self) -> str: ...


class Mailbox(Protocol):
    """Where the demo keeps them."""

    def mails(self) -> Iterable[Mail]:
        """Newest first."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What the start page tells a newcomer to type.

    Attributes:
        customer: an address on file.
        agent, password: who signs in to the workspace.
    """

    customer: str = ""
    agent: str = ""
    password: str = ""
    site: str = "demo"
    workspace: str = "/workspace"
    reference: str = "/api/docs"
    help: str = "/help"


def demo_routes(mailbox: Mailbox, guide: Guide) -> list[web.RouteDef]:
    """`/`, `/demo/shop`, `/demo/mailbox` with its JSON, and their style and script."""
    pages = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return [
        web.get("/", partial(_page, pages, "start.html", asdict(guide))),
        web.get("/demo/shop", partial(_page, pages, "shop.html", asdict(guide))),
        web.get("/demo/mailbox", partial(_mailbox, pages, mailbox, asdict(guide))),
        web.get("/demo/mailbox.json", partial(_mailbox_json, mailbox)),
        web.get("/demo/assets/{name}", _asset),
    ]


async def _page(pages: Environment, name: str, values: Mapping[str, Any], request: web.Request) -> web.Response:
    text = pages.get_template(name).render(values, address=str(request.url.origin()))
    return web.Response(text=text, content_type="text/html", headers=HEADERS)


async def _mailbox(
    pages: Environment, mailbox: Mailbox, values: Mapping[str, Any], request: web.Request
) -> web.Response:
    return await _page(pages, "mailbox.html", {**values, "mails": _shown(mailbox)}, request)


async def _mailbox_json(mailbox: Mailbox, _: web.Request) -> web.Response:
    body = orjson.dumps({"mails": _shown(mailbox)})
    return web.Response(body=body, content_type="application/json", headers={**HEADERS, "Cache-Control": "no-store"})


def _shown(mailbox: Mailbox) -> list[dict[str, Any]]:
    return [
        {"number": mail.number, "to": _addresses(mail.to), "subject": mail.subject, "parts": list(_parts(mail.text))}
        for mail in list(mailbox.mails())[:MAILS_MAX]
    ]


def _parts(text: str) -> Iterable[dict[str, str]]:
    """The paragraphs of a mail: `set` is one set apart by indenting, such as a code; `foot` comes after the dashes."""
    body, dashes, foot = text.replace("\r\n", "\n").partition("\n-- \n")
    for part in filter(str.strip, body.split("\n\n")):
        yield {"kind": "set" if part.lstrip("\n").startswith("  ") else "said", "text": part.strip()}
    if dashes:
        yield {"kind": "foot", "text": foot.strip()}


def _addresses(to: str | Sequence[str]) -> str:
    return to if isinstance(to, str) else ", ".join(to)


async def _asset(request: web.Request) -> web.Response:
    path = FOLDER / "assets" / Path(request.match_info["name"]).name
    content_type = CONTENT_TYPES.get(path.suffix)
    if content_type is None or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), content_type=content_type, charset="utf-8", headers=HEADERS)
