"""A small desk behind its real web application: SQLite in a file, aiohttp on the loopback, agents who sign in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from jsonschema import Draft202012Validator

from app.articles import make_index, refresh_index
from app.http.endpoint import DECLARED, Endpoint
from app.http.openapi import openapi
from app.http.site import HttpParts, make_application
from app.reception import ConversationBook, FileCabinet, History, Reception
from app.settings import Settings
from app.sites import Sites
from bot.activity import Sender
from bot.replies.catalogue import load_catalogue
from caseengine.agents import Agent, Agents
from channels.webchat import Tokens, WebChatDesk, load_keys
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from knowledge.answer import Knowledge
from knowledge.article import Article, PastCase
from knowledge.articles import import_articles
from knowledge.errors import EncoderNotReady
from knowledge.resolutions import add_resolutions
from knowledge.retrieval.encoder import Vectors
from knowledge.retrieval.retriever import Retriever
from storage.engine import Database
from tests.caseengine.office import Office, when

PASSWORD = "one-two-three-four"
JSON = "application/json"
PROBLEM = "application/problem+json"
DOCUMENTS: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}


@cache
def password_hash() -> str:
    """Of the kind that is used, but quick to check."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class NoEncoder:
    """The model that is not there yet: what is searched is searched by words."""

    name = "none"
    ready = False

    async def encode(self, texts: Sequence[str]) -> Vectors:
        raise EncoderNotReady


NO_ENCODER = NoEncoder()


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: when("Mon 10:00"))

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)


class ServedOffice(Office):
    """The office of the case engine's stories, whose agents have passwords; Di works for deliveries alone."""

    li = replace(Office.li, password_hash="")
    mo = replace(Office.mo, password_hash="")
    sam = replace(Office.sam, password_hash="")
    di = Agent(uuid4(), "Di", "di@desk.example", "", frozenset({"deliveries"}))

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.index = make_index(NO_ENCODER)

    async def furnish(self) -> None:
        await super().furnish()
        async with self.database.unit_of_work() as work:
            Agents(work).add(self.di)
        await self.give_passwords(password_hash())

    async def give_passwords(self, known: str) -> None:
        await self.database.run(lambda connection: _give_passwords(connection, known))

    async def knows(self, *told: Article | PastCase) -> None:
        """Articles and resolutions of past cases; they are found from now on."""
        at = when("Mon 08:00")
        async with self.database.unit_of_work() as work:
            await import_articles(work, [one for one in told if isinstance(one, Article)], at=at)
            await add_resolutions(work, [one for one in told if isinstance(one, PastCase)], at=at)
        await refresh_index(self.database, self.index, NO_ENCODER)

    async def contact(self, name: str = "Ana") -> UUID:
        contact_id = uuid4()
        address = Identity(IdentityKind.EMAIL, f"{name.lower()}@shop.example", "import", when("Mon 08:00"))
        async with self.database.unit_of_work() as work:
            Contacts(work).add(Contact(contact_id, name, "en", (address,)))
        return contact_id


def _give_passwords(connection: sa.Connection, known: str) -> None:
    with connection.begin():
        connection.execute(sa.text("UPDATE agents SET password_hash = :known"), {"known": known})


@dataclass
class Answered:
    """One answer, read whole."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"].startswith(PROBLEM), self.raw
        return str(self.json["code"])


class Peer:
    """A browser or program at the API; each answer is held against the OpenAPI document."""

    def __init__(self, served: "Served") -> None:
        self.served = served
        self.http = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.csrf = ""
        self.streams: list[ClientResponse] = []

    async def asks(
        self, method: str, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None, data: Any = None
    ) -> Answered:
        sent = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        if json is not None:
            data, sent["Content-Type"] = orjson.dumps(json), JSON
        sent.update(headers or {})
        async with self.http.request(
            method, self.served.address + path, headers=sent, data=data, allow_redirects=False
        ) as response:
            answered = Answered(response.status, response.headers.copy(), await response.read())
        self.served.check(method, path, answered)
        return answered

    async def gets(self, path: str) -> Any:
        answered = await self.asks("GET", path)
        assert answered.status == 200, answered
        return answered.json

    async def posts(self, path: str, json: Any) -> Any:
        answered = await self.asks("POST", path, json)
        assert answered.status in (200, 201), answered
        return answered.json

    async def signs_in(self, agent: Agent) -> "Peer":
        answered = await self.asks("POST", "/api/session", {"email": agent.email, "password": PASSWORD})
        assert answered.status == 201, answered
        self.csrf = answered.json["csrf"]
        return self

    async def stream(self, headers: Mapping[str, str] | None = None, query: str = "") -> ClientResponse:
        """The live feed, unread; closed with the peer."""
        response = await self.http.get(self.served.address + "/api/events" + query, headers=headers)
        self.streams.append(response)
        return response

    async def leaves(self) -> None:
        for response in self.streams:
            response.close()
        await self.http.close()


@dataclass
class Served:
    """The application, listening."""

    office: ServedOffice
    parts: HttpParts
    application: web.Application
    clock: Clock
    address: str
    typed: list[tuple[str, Sender]]
    peers: list[Peer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.endpoints = endpoints_of(self.application)
        self.document = _described(self.endpoints)

    @property
    def database(self) -> Database:
        return self.office.database

    def peer(self) -> Peer:
        self.peers.append(Peer(self))
        return self.peers[-1]

    async def agent(self, agent: Agent) -> Peer:
        return await self.peer().signs_in(agent)

    def check(self, method: str, path: str, answered: Answered) -> None:
        """Status, code and shape are those the document promises; the headers are safe."""
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        if path.startswith("/api/"):
            assert answered.headers["Cache-Control"] == "no-store"
        operation = self._operation(method, path.partition("?")[0])
        if operation is None:
            return
        assert str(answered.status) in operation["responses"], (method, path, answered)
        content = operation["responses"][str(answered.status)].get("content", {})
        if answered.status >= 400:
            assert answered.code in operation["responses"][str(answered.status)]["description"].split(", ")
        for media_type, known in content.items():
            assert answered.headers["Content-Type"].startswith(media_type)
            if media_type in (JSON, PROBLEM):
                self.validate(known["schema"], answered.json)

    def validate(self, schema: Any, document: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        Draft202012Validator(whole).validate(document)

    def check_path(self, path: str) -> bool:
        """Whether the path is one of the document's, as a server takes it apart."""
        return "//" not in path and not {".", ".."} & set(path.split("/"))

    def _operation(self, method: str, path: str) -> Any:
        for known, methods in self.document["paths"].items():
            parts, asked = known.split("/"), path.split("/")
            fits = all(part.startswith("{") or part == other for part, other in zip(parts, asked, strict=False))
            if len(parts) == len(asked) and fits:
                return methods.get(method.lower())
        return None


def _described(endpoints: list[Endpoint]) -> dict[str, Any]:
    """The document of these endpoints, made once for each such list: it is half of what an office costs."""
    key = tuple((endpoint.method, endpoint.path) for endpoint in endpoints)
    if key not in DOCUMENTS:
        DOCUMENTS[key] = openapi(endpoints)
    return DOCUMENTS[key]


def endpoints_of(application: web.Application) -> list[Endpoint]:
    found = [getattr(route.handler, DECLARED, None) for route in application.router.routes()]
    return list(dict.fromkeys(endpoint for endpoint in found if endpoint is not None))


@contextlib.asynccontextmanager
async def served_office(
    database: Database, folder: Path, *, retriever: Retriever | None = None, **settings: Any
) -> AsyncIterator[Served]:
    """A furnished office behind its web application; searched by words alone unless another retriever is given."""
    office, clock = ServedOffice(database), Clock()
    await office.furnish()
    typed: list[tuple[str, Sender]] = []

    async def typing(conversation: str, who: Sender) -> None:
        typed.append((conversation, who))

    parts = HttpParts(
        settings=Settings(data=folder, **settings),
        database=database,
        now=clock,
        catalogue=load_catalogue("en", zone=ZoneInfo("Europe/London"), company="Larder & Lane"),
        webchat=webchat(database, clock, folder),
        sites=Sites({}, {}),
        accept_identity=None,
        typing=typing,
        knowledge=Knowledge(office.index, NO_ENCODER, retriever=retriever),
        article_address=lambda passage: f"{passage.url}?signed" if passage.url else "",
        opens_article=lambda slug, token: False,
        searchable=lambda: True,
        encoding=lambda: False,
        mailbox=None,
    )
    application = make_application(parts)
    server = TestServer(application)
    await server.start_server()
    served = Served(office, parts, application, clock, str(server.make_url("")).rstrip("/"), typed)
    try:
        yield served
    finally:
        for peer in served.peers:
            await peer.leaves()
        await server.close()


def webchat(database: Database, clock: Clock, folder: Path) -> WebChatDesk:
    return WebChatDesk(
        inbox=Reception(database, clock, lambda _: None),
        conversations=ConversationBook(database),
        history=History(database),
        files=FileCabinet(database, clock),
        tokens=Tokens(load_keys(folder / "keys")),
        clock=clock,
    )


@dataclass
class Event:
    """One event of a stream; `id` is the place to come back to after it."""

    name: str
    data: Any
    id: str


class EventStream:
    """Reads server-sent events as a browser does."""

    def __init__(self, response: ClientResponse, last_id: str = "") -> None:
        self.response = response
        self.last_id = last_id

    async def next(self, within_s: float = 5.0) -> Event | None:
        """The next event; None when the stream ended."""
        async with asyncio.timeout(within_s):
            return await self._next()

    async def _next(self) -> Event | None:
        name, data = "message", ""
        async for raw in self.response.content:
            line = raw.decode().rstrip("\n")
            if not line:
                if data:
                    return Event(name, orjson.loads(data), self.last_id)
                name = "message"
                continue
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if key == "id":
                self.last_id = value
            elif key == "event":
                name = value
            elif key == "data":
                data += value
        return None

    async def hello(self) -> str:
        """Until the first place is known."""
        before = self.last_id
        async with asyncio.timeout(5):
            async for raw in self.response.content:
                if raw.startswith(b"id: "):
                    self.last_id = raw[4:].decode().strip()
                    return self.last_id
        return before
