"""A desk small enough to hold in the hand: the real Direct Line wire over a log in memory, with a script for a bot.

The wire, tokens, streams and files are the product's own; only what stands behind them is replaced, so that a test
can say what the desk answers, and break the line when it wants to.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

from app.demo.pages import Guide, demo_routes
from app.http.static import widget_routes
from app.http.webchat import PageTokens, page_token_routes
from bot.activity import Activity, Attachment, Card, Choice, Input, Kind, Link, Role, Sender
from channels.protocol import Accepted
from channels.webchat import Limits, Rate, Tokens, WebChatAdapter, WebChatDesk, load_keys, routes
from storage.refusal import Refusal

BOT = Sender(Role.BOT, "bot", "")
GUIDE = Guide(customer="mara.lindqvist@quayside.example", agent="ines@larder.example", password="larder")
GREETING = "Good evening! I am the assistant of **Larder & Lane**. What can I do for you?"
LATE = (
    "I am sorry about that. For a late freezer delivery:\n\n"
    "- check the *temperature log* on the delivery note\n"
    "- keep anything above `-15 °C` apart\n\n"
    "More in [Frozen deliveries](/help/frozen-delivery-late). Did this solve it?"
)
FORM = Card(
    title="A few details",
    text="So that we find your delivery:",
    facts=(("Shop", "Quayside Stores"), ("Route", "Night 4")),
    inputs=(
        Input("order", "Order number"),
        Input("day", "Delivery day", "date"),
        Input("what", "What happened?", "choice", (Choice("Late", "late"), Choice("Missing", "missing"))),
    ),
    submit=Choice("Send details", "Here are the details"),
    links=(Link("Help centre", "/help"), Link("Trap", "javascript:alert(1)")),
)
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class UsedBefore(Refusal):
    """This identity token has been here."""

    code = "test.used_before"


@dataclass
class SentMail:
    to: str
    subject: str
    text: str
    number: int = 0


@dataclass
class Faults:
    """How the line is broken just now."""

    down: bool = False
    sockets_blocked: bool = False
    answers_lost: int = 0  # so many posts are stored and their answers lost


@dataclass
class Peer:
    """The desk behind the wire."""

    keys: Path
    log: dict[str, list[Activity]] = field(default_factory=lambda: defaultdict(list))
    known: set[str] = field(default_factory=set)
    kept: dict[str, tuple[Attachment, bytes]] = field(default_factory=dict)
    vouched: dict[str, str] = field(default_factory=dict)
    sent: list[SentMail] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    silent: bool = False
    server: TestServer | None = None
    pages: PageTokens | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        generous = Limits(per_conversation=Rate(1000, 100))
        self.desk = WebChatDesk(self, self, self, self, Tokens(load_keys(self.keys)), now, limits=generous)
        self.adapter = WebChatAdapter(self.desk)

    # what the channel asks of a desk

    async def accept(self, activity: Activity, *, raw: bytes) -> Accepted:
        log = self.log[activity.conversation]
        if known := next((one for one in log if one.key == activity.key), None):
            return Accepted(known, fresh=False)
        kept = self._append(activity)
        task = asyncio.create_task(self._answer(kept))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return Accepted(kept, fresh=True)

    async def open(self, conversation: str, *, channel: str, locale: str, visitor: str, at: datetime) -> bool:
        fresh = conversation not in self.known
        self.known.add(conversation)
        return fresh

    async def exists(self, conversation: str) -> bool:
        return conversation in self.known

    async def after(self, conversation: str, seq: int, *, limit: int = 200) -> Sequence[Activity]:
        return self.log[conversation][seq : seq + limit]

    async def last_seq(self, conversation: str) -> int:
        return len(self.log[conversation])

    async def put(self, conversation: str, *, name: str, content_type: str, content: bytes) -> Attachment:
        file = Attachment(uuid4().hex, name, content_type, len(content))
        self.kept[file.id] = (file, content)
        return file

    async def get(self, conversation: str, file: str) -> tuple[Attachment, bytes] | None:
        return self.kept.get(file)

    def mails(self) -> list[SentMail]:
        numbered = [replace(mail, number=number) for number, mail in enumerate(self.sent)]
        return numbered[::-1]

    # what a test says and breaks

    @property
    def conversation(self) -> str:
        """The one that was begun last."""
        return list(self.log)[-1]

    @property
    def heard(self) -> list[Activity]:
        """The customer's words in it."""
        log = self.log[self.conversation]
        return [one for one in log if one.sender.role is Role.CUSTOMER and one.kind is Kind.MESSAGE]

    async def say(
        self,
        text: str = "",
        *,
        sender: Sender = BOT,
        card: Card | None = None,
        choices: tuple[Choice, ...] = (),
        kind: Kind = Kind.MESSAGE,
        conversation: str = "",
    ) -> None:
        where = conversation or self.conversation
        said = Activity(
            kind=kind, channel="webchat", conversation=where, sender=sender, key=uuid4().hex, text=text, card=card,
            choices=choices,
        )  # fmt: skip
        kept = said if kind is Kind.TYPING else self._append(said)
        await self.adapter.send(kept, key=kept.key)

    async def cut_sockets(self) -> None:
        """Without a farewell, as a dying network does."""
        for group in list(self.desk.streams._sockets.values()):
            for socket in list(group):
                if (request := socket.ws._req) is not None and request.transport is not None:
                    request.transport.abort()

    def forget_tokens(self, folder: Path) -> None:
        """From now on every token given so far is refused."""
        self.desk.tokens = Tokens(load_keys(folder))
        if self.pages is not None:
            self.pages.tokens = self.desk.tokens

    @property
    def address(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def other_origin(self) -> str:
        """The same server under a name that is another origin to a browser."""
        assert self.server is not None
        return f"http://localhost:{self.server.port}"

    async def start(self, dist: Path) -> None:
        app = web.Application(middlewares=[self._break])
        app.add_routes(widget_routes(dist, self._admitted))
        app.add_routes(demo_routes(self, GUIDE))
        app.add_routes([web.get("/foreign", self._foreign)])
        own: list[str] = []
        site = dict.fromkeys(("demo", "elsewhere"), frozenset[str]())
        self.pages = PageTokens(self.desk.tokens, site, now, own, accept_identity=self._accept_identity)
        app.add_routes(page_token_routes(self.pages))
        app.add_subapp("/v3/directline", routes(self.desk))
        self.server = TestServer(app, host="127.0.0.1")
        await self.server.start_server()
        own.append(self.address)

    async def stop(self) -> None:
        assert self.server is not None
        await self.server.close()

    def _admitted(self, site: str) -> Sequence[str] | None:
        return {"demo": (), "elsewhere": (self.other_origin,)}.get(site)

    def _append(self, activity: Activity) -> Activity:
        log = self.log[activity.conversation]
        log.append(replace(activity, seq=len(log) + 1, at=now()))
        return log[-1]

    async def _answer(self, heard: Activity) -> None:
        if self.silent or heard.sender.role is not Role.CUSTOMER:
            return
        where = heard.conversation
        if heard.kind is Kind.JOINED:
            choices = (Choice("My delivery is late", "My freezer delivery is late"), Choice("My cases", "My cases"))
            await self.say(GREETING, choices=choices, conversation=where)
        elif "late" in heard.text:
            await self.say(LATE, choices=(Choice("Yes", "Yes"), Choice("No", "No")), conversation=where)
        elif "form" in heard.text:
            await self.say(card=FORM, conversation=where)
        elif heard.attachments:
            await self.say(f"Thank you for {heard.attachments[0].name}.", conversation=where)
        elif heard.value:
            await self.say(f"Noted: {heard.value.get('order', '')}", conversation=where)
        elif heard.kind is Kind.MESSAGE:
            await self.say(f"You said: {heard.text}", conversation=where)

    async def _accept_identity(self, conversation: str, identity: str) -> None:
        """Every token once; a real desk looks at the signature too."""
        if identity in self.vouched.values():
            raise UsedBefore
        self.vouched[conversation] = identity

    async def _foreign(self, request: web.Request) -> web.Response:
        """A page of another origin that carries the chat."""
        query = request.query
        page = (
            f'<!doctype html><html lang="{query.get("lang", "en")}" dir="{query.get("dir", "ltr")}"><head>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Host</title></head>'
            '<body><main><h1>Host page</h1><p><input aria-label="Before"></p></main>'
            f'<script async src="{self.address}/widget/loader.js" data-site="{query.get("site", "elsewhere")}" '
            f'data-color="{query.get("color", "")}" data-identity="{query.get("identity", "")}"></script></body></html>'
        )
        return web.Response(text=page, content_type="text/html")

    @web.middleware
    async def _break(self, request: web.Request, handler: Handle) -> web.StreamResponse:
        wire = request.path.startswith(("/v3/", "/api/"))
        if wire and self.faults.down:
            raise web.HTTPServiceUnavailable
        if self.faults.sockets_blocked and request.path.endswith("/stream"):
            raise web.HTTPForbidden
        response = await handler(request)
        if request.method == "POST" and request.path.endswith("/activities") and self.faults.answers_lost:
            self.faults.answers_lost -= 1
            return web.Response(status=504)
        return response


def now() -> datetime:
    return datetime.now(UTC)
