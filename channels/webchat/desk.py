"""What the web chat needs, in one place."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.activity import Activity, Attachment, Role, Sender
from channels.protocol import Conversations, Files, History, Inbox
from channels.webchat.limits import Limits, RateLimiter
from channels.webchat.render import render
from channels.webchat.seen import Seen
from channels.webchat.site_secrets import SiteSecrets
from channels.webchat.stream import Streams
from channels.webchat.tokens import Tokens

MOUNT = "/v3/directline"
PLACES_MAX = 20_000


def remote_address(request: web.Request) -> str:
    """The other end of the connection; behind a proxy the wiring hands in something that knows the proxy."""
    return request.remote or ""


@dataclass(slots=True)
class WebChatDesk:
    """The desk as the web chat sees it.

    Attributes:
        clock: the present instant, aware.
        public_url: scheme and host the world knows the desk by; empty takes what each request was sent to.
        address_of: the source address limits count by.
        heard_typing: told that a customer writes; nothing is stored.
    """

    inbox: Inbox
    conversations: Conversations
    history: History
    files: Files
    tokens: Tokens
    clock: Callable[[], datetime]
    secrets: SiteSecrets = field(default_factory=SiteSecrets)
    limits: Limits = field(default_factory=Limits)
    public_url: str = ""
    address_of: Callable[[web.Request], str] = remote_address
    heard_typing: Callable[[str, Sender], Awaitable[None]] | None = None
    seen: Seen = field(default_factory=Seen)
    streams: Streams = field(init=False)
    posts_in_conversation: RateLimiter = field(init=False)
    posts_from_address: RateLimiter = field(init=False)
    requests_from_address: RateLimiter = field(init=False)
    _places: OrderedDict[tuple[str, str], int] = field(init=False, default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.streams = Streams(self.history, self.limits, self.seen)
        self.posts_in_conversation = RateLimiter(self.limits.per_conversation)
        self.posts_from_address = RateLimiter(self.limits.posts_per_address)
        self.requests_from_address = RateLimiter(self.limits.requests_per_address)

    def has_seen(self, conversation: str, place: int) -> bool:
        """Whether the customer has seen a conversation up to a place, or somebody is there who does now."""
        return self.streams.readers(conversation) > 0 or self.seen.up_to(conversation) >= place

    def address(self, request: web.Request) -> str:
        """Where the wire is, as this caller reaches it; http or https."""
        origin = self.public_url.rstrip("/") or f"{request.scheme}://{request.host}"
        return f"{origin}{MOUNT}"

    def stream_address(self, request: web.Request, conversation: str, ticket: str, watermark: int) -> str:
        """Where to open the socket; good for 60 s."""
        address = self.address(request).replace("http", "ws", 1)
        return f"{address}/conversations/{conversation}/stream?watermark={watermark}&t={ticket}"

    def show(self, activity: Activity, address: str) -> dict[str, Any] | None:
        """A stored activity as the wire shows it."""
        self.remember_place(activity)

        def link(file: Attachment) -> str:
            ticket = self.tokens.issue_file(activity.conversation, file.id, at=self.clock())
            return f"{address}/conversations/{activity.conversation}/files/{file.id}?t={ticket}"

        def place(key: str) -> int:
            return self._places.get((activity.conversation, key), 0)

        return render(activity, link=link, place=place)

    def remember_place(self, activity: Activity) -> None:
        """Keep where a customer's activity stands, so that the answer to it can name it."""
        if activity.sender.role is Role.CUSTOMER:
            self._places[activity.conversation, activity.key] = activity.seq
            while len(self._places) > PLACES_MAX:
                self._places.popitem(last=False)
