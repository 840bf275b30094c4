"""Where far sides post: `POST /channels/{name}/activities`."""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from aiohttp import ClientPayloadError, web

from bot.activity import Kind
from channels.http.channel import HttpChannel
from channels.http.read import Heard, read
from channels.http.signature import SignatureRefused, check
from channels.protocol import Conversations, DeskUnavailable, Inbox, PayloadRejected
from channels.webchat.limits import Limits, Rate, RateLimiter

MOUNT = "/channels"
PER_CHANNEL = Rate(burst=500, per_s=100)
PER_CONVERSATION = Rate(burst=30, per_s=2)
DETAILS = {
    "HeaderMissing": "webhook-id, webhook-timestamp and webhook-signature are needed.",
    "SignatureWrong": "The signature is not one of this channel's.",
    "TimestampOutside": "The timestamp is more than five minutes from now.",
}


@dataclass(slots=True)
class HttpDesk:
    """The desk as these channels see it.

    Attributes:
        clock: the present instant, aware.
    """

    inbox: Inbox
    conversations: Conversations
    channels: Mapping[str, HttpChannel]
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    per_channel: RateLimiter = field(default_factory=lambda: RateLimiter(PER_CHANNEL))
    per_conversation: RateLimiter = field(default_factory=lambda: RateLimiter(PER_CONVERSATION))


def routes(desk: HttpDesk) -> web.Application:
    """The wire over `desk`: `app.add_subapp("/channels", routes(desk))`."""

    async def take(request: web.Request) -> web.Response:
        return await _take(desk, request)

    application = web.Application()
    application.add_routes([web.post("/{name}/activities", take)])
    return application


async def _take(desk: HttpDesk, request: web.Request) -> web.Response:
    """It is durable before this answers 200; the same request again answers the same and does nothing."""
    try:
        raw = await _body(request, desk.limits)
        heard = _heard(desk, request, raw)
        if wait_s := _too_often(desk, heard):
            return _refused(429, "TooManyRequests", "Post more slowly.", retry_after_s=wait_s)
        fresh = await _accept(desk, heard, raw)
    except SignatureRefused as refused:
        return _refused(401, refused.code, DETAILS[refused.code])
    except PayloadRejected as rejected:
        status = 413 if rejected.code == "TooLarge" else 400
        return _refused(status, rejected.code, rejected.detail)
    except DeskUnavailable:
        return _refused(503, "Unavailable", "Nothing was stored. Post it again.", retry_after_s=5)
    return _json(200, {"conversation": heard.activity.conversation, "fresh": fresh})


def _heard(desk: HttpDesk, request: web.Request, raw: bytes) -> Heard:
    """A channel there is not answers like a wrong signature."""
    channel = desk.channels.get(request.match_info["name"])
    key = check(channel.keys if channel else (), request.headers, raw, at=desk.clock())
    if channel is None:
        raise SignatureRefused("SignatureWrong")
    return read(raw, channel, key=key, limits=desk.limits)


def _too_often(desk: HttpDesk, heard: Heard) -> float:
    activity, at = heard.activity, desk.clock()
    wait_s = desk.per_channel.wait_s(activity.channel, at=at)
    return wait_s or desk.per_conversation.wait_s(activity.conversation, at=at)


async def _accept(desk: HttpDesk, heard: Heard, raw: bytes) -> bool:
    activity = heard.activity
    await desk.conversations.open(
        activity.conversation,
        channel=activity.channel,
        locale=activity.locale,
        visitor=heard.theirs,
        at=desk.clock(),
    )
    if activity.kind is Kind.TYPING:  # shown while it happens, and kept nowhere
        return True
    return (await desk.inbox.accept(activity, raw=raw)).fresh


async def _body(request: web.Request, limits: Limits) -> bytes:
    taken = bytearray()
    try:
        async with asyncio.timeout(limits.body_deadline_s):
            async for chunk in request.content.iter_any():
                taken += chunk
                if len(taken) > limits.body_max:
                    raise PayloadRejected("TooLarge", f"A body may have {limits.body_max} bytes.")
    except (TimeoutError, ClientPayloadError, web.RequestPayloadError, ConnectionError) as error:
        raise PayloadRejected("MalformedData", "The body is incomplete.") from error
    return bytes(taken)


def _refused(status: int, code: str, detail: str, *, retry_after_s: float = 0) -> web.Response:
    answer = _json(status, {"error": {"code": code, "message": detail}})
    if retry_after_s:
        answer.headers["Retry-After"] = str(math.ceil(retry_after_s))
    return answer


def _json(status: int, document: Mapping[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
