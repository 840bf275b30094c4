"""`POST /api/webchat/token`: how a page gets into a conversation without ever holding a secret.

A site is known by a public key; its pages are known by their origin. Our own frame asks from our own origin, and which
pages may show that frame is said where the frame is served. Reference: docs/reference/direct-line.md#page-token
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web

from channels.webchat.desk import remote_address
from channels.webchat.limits import Rate, RateLimiter, address_group
from channels.webchat.routes import new_visitor
from channels.webchat.tokens import Tokens
from storage.errors import StorageUnavailable
from storage.refusal import Refusal

BODY_MAX = 16 * 1024  # bytes
BODY_DEADLINE_S = 10
PREFLIGHT_MAX_AGE_S = 7200
PATH = "/api/webchat/token"
NEW_CONVERSATIONS = Rate(burst=60, per_s=1)

AcceptIdentity = Callable[[str, str], Awaitable[None]]
"""(conversation, identity token): raises a `Refusal` when the host site's word is not accepted."""

PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "webchat.site_refused": (403, "Not from here", "No site with this key admits pages of this origin."),
    "webchat.identity_refused": (403, "Identity refused", "The identity token was not accepted; 'reason' says why."),
    "webchat.too_many": (429, "Too many conversations", "Wait as long as Retry-After says."),
    "webchat.body_invalid": (400, "Not understood", 'Send {"site": "<public key>", "identity": "<optional JWT>"}.'),
    "webchat.body_too_large": (413, "Too large", f"At most {BODY_MAX} bytes are taken here."),
    "webchat.body_too_slow": (408, "Too slow", f"The body has to arrive within {BODY_DEADLINE_S} seconds."),
    "http.unavailable": (503, "Storage is not available", "Nothing was changed. Try again in a moment."),
}


@dataclass(slots=True)
class PageTokens:
    """What the route needs.

    Attributes:
        sites: origins of the pages that may ask, by public site key; "https://shop.example", exact.
        own_origins: our own, where our frame lives: admitted for every site.
        accept_identity: None where no host site vouches for anybody; then a token with an identity is refused.
        rate: new conversations per source address.
    """

    tokens: Tokens
    sites: Mapping[str, Collection[str]]
    clock: Callable[[], datetime]
    own_origins: Collection[str] = ()
    accept_identity: AcceptIdentity | None = None
    rate: Rate = NEW_CONVERSATIONS
    address_of: Callable[[web.Request], str] = remote_address
    limiter: RateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(self.rate)

    def admits(self, site: str, origin: str | None) -> bool:
        """True for a page of the site. An unknown site and a foreign page are the same answer."""
        return origin is not None and site in self.sites and (origin in self.sites[site] or origin in self.own_origins)

    def knows(self, origin: str | None) -> bool:
        """True for a page of any site: a preflight does not say which."""
        return origin is not None and (origin in self.own_origins or any(origin in one for one in self.sites.values()))


class _Refused(Exception):
    """Answered with a problem document."""

    def __init__(self, code: str, *, retry_after_s: int | None = None, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s
        self.params = params


def page_token_routes(page_tokens: PageTokens) -> list[web.RouteDef]:
    """The route and its preflight, for the root application."""

    async def issue(request: web.Request) -> web.Response:
        try:
            response = await _issue(request, page_tokens)
        except _Refused as refused:
            response = _problem(refused)
        return _readable(request, page_tokens, response)

    async def preflight(request: web.Request) -> web.Response:
        return _readable(request, page_tokens, web.Response(status=204))

    return [web.post(PATH, issue), web.options(PATH, preflight)]


async def _issue(request: web.Request, page_tokens: PageTokens) -> web.Response:
    at = page_tokens.clock()
    asked = await _asked(request)
    if not page_tokens.admits(asked["site"], request.headers.get("Origin")):
        raise _Refused("webchat.site_refused")
    if wait_s := page_tokens.limiter.wait_s(address_group(page_tokens.address_of(request)), at=at):
        raise _Refused("webchat.too_many", retry_after_s=ceil(wait_s))
    conversation = str(uuid4())
    if asked.get("identity"):
        await _vouched(page_tokens, conversation, asked["identity"])
    token = page_tokens.tokens.issue(conversation, new_visitor(), at=at)
    return web.json_response(
        {"conversationId": conversation, "token": token, "expires_in": page_tokens.tokens.expires_in}
    )


async def _vouched(page_tokens: PageTokens, conversation: str, identity: str) -> None:
    if page_tokens.accept_identity is None:
        raise _Refused("webchat.identity_refused", reason="webchat.identity_not_set_up")
    try:
        await page_tokens.accept_identity(conversation, identity)
    except Refusal as refusal:
        raise _Refused("webchat.identity_refused", reason=refusal.code) from refusal
    except StorageUnavailable as error:
        raise _Refused("http.unavailable", retry_after_s=2) from error


async def _asked(request: web.Request) -> dict[str, str]:
    try:
        asked = orjson.loads(await _body(request))
    except orjson.JSONDecodeError as error:
        raise _Refused("webchat.body_invalid") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("site"), str):
        raise _Refused("webchat.body_invalid")
    if not isinstance(asked.get("identity", ""), str | None):
        raise _Refused("webchat.body_invalid")
    return asked


async def _body(request: web.Request) -> bytes:
    taken = bytearray()
    try:
        async with asyncio.timeout(BODY_DEADLINE_S):
            async for chunk in request.content.iter_any():
                taken += chunk
                if len(taken) > BODY_MAX:
                    raise _Refused("webchat.body_too_large")
    except TimeoutError as error:
        raise _Refused("webchat.body_too_slow") from error
    except _Refused:
        raise
    except Exception as error:  # a body broken off or wrongly compressed has several kinds of error
        raise _Refused("webchat.body_invalid") from error
    return bytes(taken)


def _problem(refused: _Refused) -> web.Response:
    status, title, detail = PROBLEMS[refused.code]
    document = {
        "type": f"/api/problems/{refused.code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": refused.code,
        **refused.params,
    }
    response = web.Response(status=status, body=orjson.dumps(document), content_type="application/problem+json")
    if refused.retry_after_s is not None:
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response


def _readable(request: web.Request, page_tokens: PageTokens, response: web.Response) -> web.Response:
    """Pages of our sites may read the answer, others may not."""
    origin = request.headers.get("Origin")
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["Vary"] = "Origin"
    if origin is not None and page_tokens.knows(origin):
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "Retry-After"
        headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = "content-type"
        headers["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response
