"""A desk in memory, honest about keys and order, with a bot that says back what it hears."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from bot.activity import Activity, Attachment, Card, Choice, Input, Kind, Link, Role, Sender
from channels.protocol import Accepted, DeskUnavailable
from channels.webchat import Limits, SiteSecrets, Tokens, WebChatAdapter, WebChatDesk, load_keys, routes
from channels.webchat.site_secrets import hash_secret

SECRET = "nds_the-secret-of-one-server"
BOT = Sender(Role.BOT, "bot", "Nightdesk")


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **duration: float) -> None:
        self.now += timedelta(**duration)


class MemoryDesk:
    """Inbox, History, Conversations and Files over dictionaries."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Activity]] = {}
        self.opened: dict[str, dict[str, Any]] = {}
        self.stored: dict[tuple[str, str], tuple[Attachment, bytes]] = {}
        self.raws: list[bytes] = []
        self.unavailable = 0
        self.heard: Callable[[Activity], None] = lambda activity: None

    async def accept(self, activity: Activity, *, raw: bytes) -> Accepted:
        self._available()
        log = self.logs[activity.conversation]
        for known in log:
            if known.key == activity.key:
                return Accepted(known, fresh=False)
        self.raws.append(raw)
        stored = self.append(activity)
        self.heard(stored)
        return Accepted(stored, fresh=True)

    def append(self, activity: Activity) -> Activity:
        log = self.logs[activity.conversation]
        # Through JSON and back, as a real store would.
        stored = Activity.from_json(replace(activity, seq=len(log) + 1).to_json())
        log.append(stored)
        return stored

    async def after(self, conversation: str, seq: int, *, limit: int = 200) -> Sequence[Activity]:
        self._available()
        await asyncio.sleep(0)
        return self.logs[conversation][seq : seq + limit]

    async def last_seq(self, conversation: str) -> int:
        return len(self.logs[conversation])

    async def open(self, conversation: str, *, channel: str, locale: str, visitor: str, at: datetime) -> bool:
        self._available()
        if conversation in self.logs:
            return False
        self.logs[conversation] = []
        self.opened[conversation] = {"channel": channel, "locale": locale, "visitor": visitor, "at": at}
        return True

    async def exists(self, conversation: str) -> bool:
        self._available()
        return conversation in self.logs

    async def put(self, conversation: str, *, name: str, content_type: str, content: bytes) -> Attachment:
        file = Attachment(str(uuid4()), name, content_type, len(content))
        self.stored[conversation, file.id] = (file, content)
        return file

    async def get(self, conversation: str, file: str) -> tuple[Attachment, bytes] | None:
        return self.stored.get((conversation, file))

    def _available(self) -> None:
        if self.unavailable:
            self.unavailable -= 1
            raise DeskUnavailable


def echo(said: Activity) -> list[Activity]:
    """What the bot of these tests answers."""
    answer = Activity(
        kind=Kind.MESSAGE, channel="webchat", conversation=said.conversation, sender=BOT, key=f"bot:{said.key}",
        at=said.at, reply_to=said.key,
    )  # fmt: skip
    match said.kind, said.text:
        case Kind.JOINED, _:
            return [replace(answer, text="Hello! How can I help?", choices=(Choice("My cases", "Show my cases"),))]
        case Kind.MESSAGE, "form":
            return [replace(answer, card=FORM)]
        case Kind.MESSAGE, "twice":
            return [replace(answer, text="one"), replace(answer, text="two", key=f"{answer.key}:2")]
        case Kind.MESSAGE, "silence":
            return []
        case _ if said.value is not None:
            return [replace(answer, text=f"You filled in {dict(said.value)}")]
        case _ if said.attachments:
            return [replace(answer, text=f"Got {said.attachments[0].name}")]
        case _:
            return [replace(answer, text=f"You said **{said.text}**")]


FORM = Card(
    title="A form",
    text="Please fill it in",
    facts=(("Case", "CAS-01041-V9D3"),),
    inputs=(
        Input("email", "E-mail", "email"),
        Input("when", "When", "choice", (Choice("Today", "today"), Choice("Later", "later"))),
        Input("day", "Day", "date"),
        Input("story", "Story", "multiline"),
    ),
    submit=Choice("Send", "send form"),
    links=(Link("Help", "https://example.com/help"), Link("Trap", "javascript:alert(1)")),
    fallback="A form",
)


@dataclass
class Wire:
    """A server with the web chat on it, and a client."""

    memory: MemoryDesk
    desk: WebChatDesk
    adapter: WebChatAdapter
    clock: Clock
    server: TestServer
    http: ClientSession
    bot_delay_s: float = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def domain(self) -> str:
        return str(self.server.make_url("/v3/directline"))

    def hear(self, said: Activity) -> None:
        """The bot's part: later, and after the acknowledgement."""
        task = asyncio.create_task(self._answer(said))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, said: Activity) -> None:
        await asyncio.sleep(self.bot_delay_s)
        for answer in echo(said):
            await self.says(answer)

    async def says(self, activity: Activity) -> Activity:
        stored = self.memory.append(activity)
        await self.adapter.send(stored, key=stored.key)
        return stored

    def token(self, conversation: str | None = None, user: str = "dl_ana") -> str:
        return self.desk.tokens.issue(conversation or str(uuid4()), user, at=self.clock())

    async def call(self, method: str, path: str, bearer: str | None = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON of one request."""
        headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **options.pop("headers", {})}
        async with self.http.request(method, self.domain + path, headers=headers, **options) as response:
            text = await response.text()
            return response.status, await response.json(content_type=None) if text else None

    async def start(self, token: str | None = None) -> dict[str, Any]:
        status, begun = await self.call("POST", "/conversations", token or self.token())
        assert status in (200, 201), begun
        assert isinstance(begun, dict)
        return begun

    async def post(self, begun: dict[str, Any], text: str, key: str = "", **more: Any) -> tuple[int, Any]:
        activity = {"type": "message", "from": {"id": "me"}, "text": text, **more}
        if key:
            activity["channelData"] = {"clientActivityID": key}
        path = f"/conversations/{begun['conversationId']}/activities"
        return await self.call("POST", path, begun["token"], json=activity)

    async def history(self, begun: dict[str, Any], watermark: str = "") -> dict[str, Any]:
        path = f"/conversations/{begun['conversationId']}/activities?watermark={watermark}"
        status, page = await self.call("GET", path, begun["token"])
        assert status == 200, page
        assert isinstance(page, dict)
        return page

    async def until(self, begun: dict[str, Any], count: int) -> list[dict[str, Any]]:
        """The history once it has so many visible activities."""
        for _ in range(200):
            page = await self.history(begun)
            if len(page["activities"]) >= count:
                return list(page["activities"])
            await asyncio.sleep(0.01)
        raise AssertionError(f"only {page['activities']}")


async def frames(ws: ClientWebSocketResponse, until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Activities from a socket up to the first that satisfies `until`; frames keep their watermark as `_w`."""
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        async for message in ws:
            if message.type is not WSMsgType.TEXT or not message.data:
                continue
            frame = message.json()
            for activity in frame["activities"]:
                seen.append(activity | {"_w": frame.get("watermark")})
                if until(activity):
                    return seen
    raise AssertionError(f"the socket ended after {seen}")


async def open_wire(folder: Path, limits: Limits) -> Wire:
    """A running server; `close_wire` ends it."""
    memory, clock = MemoryDesk(), Clock()
    desk = WebChatDesk(
        memory, memory, memory, memory, Tokens(load_keys(folder)), clock,
        secrets=SiteSecrets({"demo": hash_secret(SECRET)}), limits=limits,
    )  # fmt: skip
    app = web.Application()
    app.add_subapp("/v3/directline", routes(desk))
    server = TestServer(app)
    await server.start_server()
    wire = Wire(memory, desk, WebChatAdapter(desk), clock, server, ClientSession())
    memory.heard = wire.hear
    return wire


async def close_wire(wire: Wire) -> None:
    await wire.http.close()
    await asyncio.gather(*wire.tasks)
    await wire.server.close()


__all__ = ["SECRET", "Clock", "MemoryDesk", "Wire", "close_wire", "echo", "frames", "open_wire"]
