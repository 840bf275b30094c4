"""A far side nobody here wrote: it signs and verifies with the `standardwebhooks` library."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook, WebhookVerificationError

from channels.http import HttpAdapter, HttpChannel, HttpDesk, routes
from tests.channels.webchat.peer import MemoryDesk


def secret(letter: str) -> str:
    return "whsec_" + base64.b64encode(letter.encode() * 32).decode()


OLD, NEW, FOREIGN = secret("o"), secret("n"), secret("f")


def present() -> datetime:
    """The library goes by the machine's own clock, so these tests do."""
    return datetime.now(UTC)


@dataclass
class FarSide:
    """Takes deliveries; `answers` are given first, one each: a status, or "cut" or "hang"."""

    secret: str = NEW
    answers: list[int | str] = field(default_factory=list)
    taken: list[Mapping[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    forged: int = 0
    hangs: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            document = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if answer == "hang":
            self.hangs.set()
            await asyncio.sleep(60)
        if answer == 302:
            return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/inside"})
        if isinstance(answer, int) and 200 <= answer < 300:
            self.taken.append(document)
            self.ids.append(request.headers["webhook-id"])
        return web.Response(status=int(answer))


@asynccontextmanager
async def listening(far: FarSide) -> AsyncIterator[TestServer]:
    application = web.Application()
    application.router.add_post("/desk", far.take)
    server = TestServer(application)
    await server.start_server()
    try:
        yield server
    finally:
        await server.close()


@dataclass
class HttpWire:
    """The channel over a desk in memory, and its far side."""

    memory: MemoryDesk
    desk: HttpDesk
    channel: HttpChannel
    adapter: HttpAdapter
    far: FarSide
    server: TestServer
    http: ClientSession
    address: str

    async def posts(
        self,
        document: Any,
        *,
        key: str = "msg_1",
        by: str = NEW,
        at: datetime | None = None,
        name: str = "sms",
        **headers: str,
    ) -> tuple[int, Any]:
        """As the library signs it; `headers` with underscores replace or add."""
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        at = at or present()
        signed = {
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            # The library writes its instants without a zone and means UTC.
            "webhook-signature": Webhook(by).sign(key, at.replace(tzinfo=None), body.decode("utf-8", "replace")),
        }
        signed |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(f"{self.address}/channels/{name}/activities", data=body, headers=signed) as answer:
            return answer.status, await answer.json()

    @property
    def heard(self) -> list[str]:
        return [one.text for log in self.memory.logs.values() for one in log]


@asynccontextmanager
async def wired(*, secrets: tuple[str, ...] = (NEW, OLD), takes_once: bool = False) -> AsyncIterator[HttpWire]:
    far, memory = FarSide(), MemoryDesk()
    async with listening(far) as server, ClientSession() as http:
        channel = HttpChannel("sms", secrets, str(server.make_url("/desk")), takes_once)
        desk = HttpDesk(memory, memory, {"sms": channel}, present)
        application = web.Application()
        application.add_subapp("/channels", routes(desk))
        ours = TestServer(application)
        await ours.start_server()
        adapter = HttpAdapter(channel, _addresses(memory), present)
        yield HttpWire(memory, desk, channel, adapter, far, server, http, str(ours.make_url("")).rstrip("/"))
        await ours.close()


def _addresses(memory: MemoryDesk):
    async def address(conversation: str) -> str | None:
        found = memory.opened.get(conversation)
        return str(found["visitor"]) if found else None

    return address
