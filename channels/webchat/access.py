"""Who calls: a token opens one conversation, a secret opens all; and both only so often."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web

from channels.webchat.desk import WebChatDesk
from channels.webchat.limits import RateLimiter, address_group
from channels.webchat.tokens import Grant, TokenExpired, TokenRefused, Use
from channels.webchat.wire_error import forbidden, no_conversation, not_authenticated, token_expired, too_often


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a request; without a grant it is a server with a secret."""

    grant: Grant | None = None

    @property
    def user(self) -> str:
        """The visitor the token is for; empty for a server."""
        return self.grant.user if self.grant else ""

    def may_open(self, conversation: str) -> None:
        """Refuse a foreign conversation, known or not, in the same words."""
        if self.grant is not None and self.grant.conversation != conversation:
            raise forbidden()


def authenticate(request: web.Request, desk: WebChatDesk) -> Caller:
    """The caller.

    Raises:
        WireError: 401 without a bearer, 403 for one that is not ours, is over, or comes from a foreign page.
    """
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise not_authenticated()
    if desk.secrets.site_of(bearer.strip()) is not None:
        return Caller()
    grant = read_grant(desk, bearer.strip(), at=desk.clock())
    _check_origin(request, grant)
    return Caller(grant)


def read_grant(desk: WebChatDesk, token: str, *, at: datetime, use: Use = "conversation") -> Grant:
    """What a token opens, refused in the wire's words."""
    try:
        return desk.tokens.read(token, at=at, use=use)
    except TokenExpired as error:
        raise token_expired() from error
    except TokenRefused as error:
        raise forbidden() from error


async def open_conversation(request: web.Request, desk: WebChatDesk) -> tuple[str, Caller]:
    """The conversation of the path and its caller, who may open it.

    Raises:
        WireError: also 404 when it was never started.
    """
    caller = authenticate(request, desk)
    conversation = request.match_info["conversation"]
    caller.may_open(conversation)
    if not is_conversation_id(conversation) or not await desk.conversations.exists(conversation):
        raise no_conversation()
    return conversation, caller


def source_of(request: web.Request, desk: WebChatDesk) -> str:
    """The address a caller is counted by."""
    return address_group(desk.address_of(request))


def is_conversation_id(typed: str) -> bool:
    """True for a UUID as this desk writes it."""
    try:
        return str(UUID(typed)) == typed
    except ValueError:
        return False


def limit_requests(request: web.Request, desk: WebChatDesk) -> None:
    """Refuse an address that asks too often for anything at all."""
    _limit(desk.requests_from_address, source_of(request, desk), desk)


def limit_posts(request: web.Request, desk: WebChatDesk, conversation: str) -> None:
    """Refuse too many activities of one conversation or one address."""
    _limit(desk.posts_from_address, source_of(request, desk), desk)
    _limit(desk.posts_in_conversation, conversation, desk)


def _limit(limiter: RateLimiter, key: str, desk: WebChatDesk) -> None:
    if wait_s := limiter.wait_s(key, at=desk.clock()):
        raise too_often(wait_s)


def _check_origin(request: web.Request, grant: Grant) -> None:
    origin = request.headers.get("Origin")
    if grant.origins and origin is not None and origin not in grant.origins:
        raise forbidden()
