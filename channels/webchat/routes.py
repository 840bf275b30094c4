"""The endpoint table of Direct Line 3.0, as one application to mount at `/v3/directline`.

Source: docs/reference/direct-line.md
"""

import logging
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web

from bot.activity import Activity
from channels.protocol import DeskUnavailable, PayloadRejected
from channels.webchat.access import (
    Caller,
    authenticate,
    limit_posts,
    limit_requests,
    open_conversation,
    read_grant,
    source_of,
)
from channels.webchat.body import read_body, read_options
from channels.webchat.crossing import answer_across_origins
from channels.webchat.desk import WebChatDesk
from channels.webchat.file_response import file_response
from channels.webchat.posting import patiently, post, post_upload, take
from channels.webchat.read import CHANNEL, Poster, joined, read_locale, read_user_id
from channels.webchat.render import activity_set
from channels.webchat.stream import Socket
from channels.webchat.tokens import Grant
from channels.webchat.upload import read_upload
from channels.webchat.wire_error import WireError, forbidden, no_conversation, too_often

log = logging.getLogger(__name__)

TOKEN_USER_PREFIX = "dl_"  # noqa: S105
WATERMARK_DIGITS_MAX = 18
CLOSE_DEADLINE_S = 3


def routes(desk: WebChatDesk) -> web.Application:
    """The wire over `desk`: `app.add_subapp("/v3/directline", routes(desk))`."""
    wire = Wire(desk)
    application = web.Application(middlewares=[answer_across_origins])
    application.add_routes(
        [
            web.post("/tokens/generate", wire.generate_token),
            web.post("/tokens/refresh", wire.refresh_token),
            web.post("/conversations", wire.start),
            web.get("/conversations/{conversation}", wire.reconnect),
            web.get("/conversations/{conversation}/activities", wire.activities),
            web.post("/conversations/{conversation}/activities", wire.post),
            web.post("/conversations/{conversation}/upload", wire.upload),
            web.get("/conversations/{conversation}/stream", wire.stream),
            web.get("/conversations/{conversation}/files/{file}", wire.file),
            web.get("/session/getsessionid", wire.session_id),
        ]
    )
    application.on_shutdown.append(wire.shut_down)
    return application


class Wire:
    """One method an endpoint."""

    def __init__(self, desk: WebChatDesk) -> None:
        self._desk = desk

    async def generate_token(self, request: web.Request) -> web.Response:
        """A token for a new conversation, which is not started by it. For servers with a secret."""
        limit_requests(request, self._desk)
        if authenticate(request, self._desk).grant is not None:
            raise forbidden()
        _, options = await read_options(request, self._desk.limits)
        user = _named_user(options)
        if user and not user.startswith(TOKEN_USER_PREFIX):
            raise PayloadRejected("BadArgument", f"'user.id' must start with '{TOKEN_USER_PREFIX}'.")
        grant = Grant(str(uuid4()), user or new_visitor(), _origins(options))
        return _json(self._token(grant))

    async def refresh_token(self, request: web.Request) -> web.Response:
        """The same token with its full time again."""
        limit_requests(request, self._desk)
        grant = authenticate(request, self._desk).grant
        if grant is None:
            raise forbidden()
        return _json(self._token(grant))

    async def start(self, request: web.Request) -> web.Response:
        """Start the token's conversation, or a new one for a server; starting it again changes nothing."""
        limit_requests(request, self._desk)
        caller = authenticate(request, self._desk)
        raw, options = await read_options(request, self._desk.limits)
        grant = caller.grant or Grant(str(uuid4()), _named_user(options) or new_visitor())
        is_new = await self._started(
            self._poster(request, grant.conversation, grant.user), read_locale(options.get("locale")), raw
        )
        self._desk.streams.started(grant.conversation)
        return _json(self._token(grant) | self._stream(request, grant, 0), status=201 if is_new else 200)

    async def reconnect(self, request: web.Request) -> web.Response:
        """A new stream from the watermark on; without one, from now on."""
        limit_requests(request, self._desk)
        conversation, caller = await open_conversation(request, self._desk)
        watermark = _watermark(request)
        newest = await self._desk.history.last_seq(conversation)
        if watermark is None:
            # Who never got a frame of the stream promised at the start has seen nothing: the promise holds.
            watermark = 0 if self._desk.streams.unopened(conversation) else newest
        else:
            self._desk.seen.note(conversation, min(watermark, newest))
        grant = caller.grant or Grant(conversation, new_visitor())
        return _json(self._token(grant) | self._stream(request, grant, min(watermark, newest)))

    async def activities(self, request: web.Request) -> web.Response:
        """The activities after the watermark, a page at a time; without one, from the start."""
        limit_requests(request, self._desk)
        seen = _watermark(request) or 0
        try:
            conversation, _ = await open_conversation(request, self._desk)
            await self._note_seen(conversation, seen)
            shown, seen = await self._next_shown(conversation, seen, self._desk.address(request))
        except DeskUnavailable:
            shown = []  # an error would end the official client's polling for good; "nothing yet" does not
        return web.Response(text=activity_set(shown, seen), content_type="application/json")

    async def post(self, request: web.Request) -> web.Response:
        """Take an activity; it is durable before this answers."""
        conversation, caller = await open_conversation(request, self._desk)
        limit_posts(request, self._desk, conversation)
        raw = await read_body(request, self._desk.limits.body_max, self._desk.limits.body_deadline_s)
        return _json({"id": await post(self._desk, self._poster(request, conversation, caller.user), raw)})

    async def upload(self, request: web.Request) -> web.Response:
        """Take files, with their activity or as a message without words."""
        conversation, caller = await open_conversation(request, self._desk)
        limit_posts(request, self._desk, conversation)
        user = caller.user or read_user_id(request.query.get("userId"))
        upload = await read_upload(request, user, self._desk.limits)
        return _json({"id": await post_upload(self._desk, self._poster(request, conversation, user), upload)})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The socket: what is new as it comes."""
        limit_requests(request, self._desk)
        conversation = request.match_info["conversation"]
        grant = read_grant(self._desk, request.query.get("t", ""), at=self._desk.clock(), use="stream")
        Caller(grant).may_open(conversation)
        if not await self._desk.conversations.exists(conversation):
            raise no_conversation()
        seen = _watermark(request) or 0
        if self._desk.streams.full(conversation):
            raise too_often(self._desk.limits.keep_alive_s)
        return await self._serve(request, grant, seen)

    async def file(self, request: web.Request) -> web.Response:
        """A stored file, for who holds the link."""
        limit_requests(request, self._desk)
        conversation, file = request.match_info["conversation"], request.match_info["file"]
        grant = read_grant(self._desk, request.query.get("t", ""), at=self._desk.clock(), use="file")
        if (grant.conversation, grant.file) != (conversation, file):
            raise forbidden()
        found = await self._desk.files.get(conversation, file)
        if found is None:
            raise WireError(404, "FileNotFound", "There is no such file.")
        return file_response(*found)

    async def session_id(self, request: web.Request) -> web.Response:
        """An id for sign-in cards, which this desk does not send; the official client asks all the same."""
        limit_requests(request, self._desk)
        authenticate(request, self._desk)
        return _json({"sessionId": uuid4().hex})

    async def shut_down(self, _: web.Application) -> None:
        """Let go of the sockets."""
        await self._desk.streams.close()

    def _poster(self, request: web.Request, conversation: str, user: str) -> Poster:
        return Poster(conversation, user, source_of(request, self._desk))

    async def _started(self, poster: Poster, locale: str, raw: bytes) -> bool:
        conversation, at = poster.conversation, self._desk.clock()

        async def known() -> bool:
            return await self._desk.conversations.open(
                conversation, channel=CHANNEL, locale=locale, visitor=poster.user, at=at
            )

        is_new = await patiently(known, self._desk.limits.patience_s)
        # Also when it was known: the process may have died between the two.
        await take(self._desk, joined(poster, locale), raw)
        return is_new

    async def _note_seen(self, conversation: str, watermark: int) -> None:
        """A watermark that comes back was shown, as far as there is so much."""
        if watermark > self._desk.seen.up_to(conversation):
            self._desk.seen.note(conversation, min(watermark, await self._desk.history.last_seq(conversation)))

    async def _next_shown(self, conversation: str, seen: int, address: str) -> tuple[list[dict[str, Any]], int]:
        """The next page that shows something, and the watermark after it: an empty page tells a client it has all."""
        while True:
            page = await self._desk.history.after(conversation, seen, limit=self._desk.limits.page_max)
            shown = [document for one in page if (document := self._desk.show(one, address)) is not None]
            seen = page[-1].seq if page else seen
            if shown or len(page) < self._desk.limits.page_max:
                return shown, seen

    async def _serve(self, request: web.Request, grant: Grant, seen: int) -> web.StreamResponse:
        desk, limits = self._desk, self._desk.limits
        ws = web.WebSocketResponse(
            heartbeat=limits.heartbeat_s, max_msg_size=limits.body_max, compress=False, timeout=CLOSE_DEADLINE_S
        )
        await ws.prepare(request)
        address = desk.address(request)
        poster = self._poster(request, grant.conversation, grant.user)

        async def hear(raw: bytes) -> None:
            try:
                limit_posts(request, desk, grant.conversation)
                await post(desk, poster, raw)
            except (WireError, PayloadRejected, DeskUnavailable) as error:
                # A frame has no answer; the client misses its echo and says so.
                log.info("a posted frame was refused: %s", type(error).__name__)
            except Exception as error:
                log.error("a posted frame met a fault: %s", type(error).__name__)

        def show(activity: Activity) -> dict[str, Any] | None:
            return desk.show(activity, address)

        await desk.streams.serve(Socket(ws, request.transport, grant.conversation, seen, show), hear)
        return ws

    def _token(self, grant: Grant) -> dict[str, Any]:
        token = self._desk.tokens.issue(grant.conversation, grant.user, at=self._desk.clock(), origins=grant.origins)
        return {"conversationId": grant.conversation, "token": token, "expires_in": self._desk.tokens.expires_in}

    def _stream(self, request: web.Request, grant: Grant, watermark: int) -> dict[str, Any]:
        ticket = self._desk.tokens.issue_stream(grant, at=self._desk.clock())
        return {"streamUrl": self._desk.stream_address(request, grant.conversation, ticket, watermark)}


def new_visitor() -> str:
    """The id of a visitor nobody named."""
    return f"{TOKEN_USER_PREFIX}{uuid4().hex}"


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")


def _named_user(options: dict[str, Any]) -> str:
    user = options.get("user")
    if user is None or (isinstance(user, dict) and user.get("id") is None):
        return ""
    if not isinstance(user, dict):
        raise PayloadRejected("BadArgument", "'user' must be an object.")
    return read_user_id(user["id"])


def _origins(options: dict[str, Any]) -> tuple[str, ...]:
    origins = options.get("trustedOrigins") or []
    if not isinstance(origins, list) or len(origins) > 20 or not all(isinstance(one, str) for one in origins):
        raise PayloadRejected("BadArgument", "'trustedOrigins' must be a list of at most 20 origins.")
    return tuple(one.rstrip("/") for one in origins)


def _watermark(request: web.Request) -> int | None:
    typed = request.query.get("watermark", "")
    if typed in ("", "null", "undefined"):
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= WATERMARK_DIGITS_MAX):
        raise PayloadRejected("BadArgument", "The watermark is not one this desk gave.")
    return int(typed)
