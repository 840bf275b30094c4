"""Microsoft on the loopback: keys, tokens and a Connector that records, as the test says; and the desk beside it."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import jwt
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from app.http.problems import problems
from app.http.teams import PATH, teams_routes
from app.reception import History, Reception
from app.teams.house import TeamsHouse, build_teams
from bot.activity import Activity, Sender
from bot.replies.catalogue import load_catalogue
from channels.teams.account import TeamsAccount
from channels.teams.fetch import FetchLimits
from channels.teams.place import conversation_id
from storage.engine import Database
from tests.app.house import Clock

APP_ID = "c9e8c047-2a74-40a2-b28a-b162d5f5327c"
PASSWORD = "a-secret-of-the-registration"
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER_TENANT = "11111111-2222-4333-8444-555555555555"
MEGAN = "7faf8ab2-3d56-4244-b585-20c8a42ed2b8"
ISSUER = "https://api.botframework.com"
ENGLISH = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="Larder & Lane")
BOT = {"id": f"28:{APP_ID}", "name": "Larder & Lane"}


@cache
def rsa_key(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Made once for all tests: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@dataclass
class Call:
    """One request the Connector took."""

    method: str
    path: str
    body: Any
    authorization: str


@dataclass
class Reply:
    """How the Connector answers one call; `cut` breaks the connection, `hang` waits for the test to end."""

    status: int = 201
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


class Microsoft:
    """The far side."""

    def __init__(self) -> None:
        self.kids: dict[str, tuple[int, list[str]]] = {"one": (1, ["msteams"])}
        self.keys_hang = False
        self.keys_broken: Any = None
        self.key_fetches = 0
        self.token_fetches = 0
        self.token_status = 200
        self.scopes: list[Any] = []
        self.expires_in = 3600
        self.calls: list[Call] = []
        self.replies: deque[Reply] = deque()
        self.files: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.files_go = asyncio.Event()
        self.files_go.set()
        self.files_under_way: list[int] = [0]
        """How many were being fetched, each time that changed."""
        self.uploads: dict[str, bytes] = {}
        self.seen: list[tuple[str, str]] = []
        self.let_go, self.hangs = asyncio.Event(), asyncio.Event()
        self.server = TestServer(self._application())

    @property
    def origin(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    @property
    def service_url(self) -> str:
        return f"{self.origin}/amer/"

    @property
    def said(self) -> list[Any]:
        """What was posted to conversations, in order."""
        return [call.body for call in self.calls if call.method == "POST"]

    def token(
        self, service_url: str, *, at: datetime, kid: str = "one", key: rsa.RSAPrivateKey | None = None, **changes: Any
    ) -> str:
        """A token as Teams' own; `changes` of claims, None leaves one out."""
        claims = {
            "iss": ISSUER,
            "aud": APP_ID,
            "serviceurl": service_url,
            "nbf": int((at - timedelta(minutes=1)).timestamp()),
            "exp": int((at + timedelta(hours=1)).timestamp()),
        }
        kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        number = self.kids[kid][0] if kid in self.kids else 1
        return jwt.PyJWS().encode(json.dumps(kept).encode(), key or rsa_key(number), "RS256", headers={"kid": kid})

    def rotate(self) -> None:
        """Other keys from now on."""
        self.kids = {"two": (2, ["msteams"])}

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.add_routes(
            [
                web.get("/openid", self._openid),
                web.get("/keys", self._keys),
                web.post("/token", self._token),
                web.route("*", "/amer/v3/{tail:.*}", self._connector),
                web.get("/files/{name}", self._file),
                web.put("/upload/{name}", self._upload),
            ]
        )
        return application

    async def _openid(self, _: web.Request) -> web.Response:
        self.key_fetches += 1
        if self.keys_hang:
            await self.let_go.wait()
        return web.json_response({"issuer": ISSUER, "jwks_uri": f"{self.origin}/keys"})

    async def _keys(self, _: web.Request) -> web.Response:
        if self.keys_broken is not None:
            return web.json_response(self.keys_broken)
        return web.json_response({"keys": [self._jwk(kid) for kid in self.kids]})

    def _jwk(self, kid: str) -> dict[str, Any]:
        number, endorsements = self.kids[kid]
        jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(rsa_key(number).public_key()))
        jwk.pop("key_ops", None)
        return jwk | {"kid": kid, "use": "sig", "endorsements": endorsements}

    async def _token(self, request: web.Request) -> web.Response:
        self.token_fetches += 1
        form = await request.post()
        self.scopes.append(form["scope"])
        if self.token_status != 200:
            return web.json_response({"error": "invalid_client"}, status=self.token_status)
        assert form["client_secret"] == PASSWORD
        assert form["grant_type"] == "client_credentials"
        token = f"ours-{self.token_fetches}"
        return web.json_response({"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer"})

    async def _connector(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        path = request.rel_url.raw_path.removeprefix("/amer/v3")
        reply = self.replies.popleft() if self.replies else Reply()
        if reply.hang:
            self.hangs.set()
            await self.let_go.wait()
        if reply.cut:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if reply.status < 300:
            self.calls.append(Call(request.method, path, body, request.headers.get("Authorization", "")))
        answer = reply.body if reply.body is not None else {"id": f"sent-{len(self.calls)}"}
        return web.json_response(answer, status=reply.status, headers=reply.headers)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        self.seen.append((name, request.headers.get("Authorization", "")))
        self.files_under_way.append(self.files_under_way[-1] + 1)
        await self.files_go.wait()
        self.files_under_way.append(self.files_under_way[-1] - 1)
        status, content, headers = self.files.get(name, (404, b"", {}))
        return web.Response(status=status, body=content, headers=headers)

    async def _upload(self, request: web.Request) -> web.Response:
        self.uploads[request.match_info["name"]] = await request.read()
        return web.json_response({}, status=201)


@dataclass
class Wire:
    """The desk's side of Teams on a real database, behind its real route."""

    microsoft: Microsoft
    house: TeamsHouse
    database: Database
    clock: Clock
    http: ClientSession
    url: str
    noticed: list[str]
    typed: list[tuple[str, Sender]]

    async def post(
        self, document: Any, *, token: str | None = None, authorization: str | None = None, raw: bytes | None = None
    ) -> tuple[int, Any]:
        """Send an activity as Teams would, or with another token; status and body."""
        if authorization is None:
            stated = document.get("serviceUrl", "") if isinstance(document, dict) else ""
            authorization = f"Bearer {token or self.microsoft.token(stated, at=self.clock())}"
        headers = {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
        content = raw if raw is not None else json.dumps(document).encode()
        async with self.http.post(self.url, data=content, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def log(self, address: str = "a:megan") -> list[Activity]:
        """What stands in the log of a conversation."""
        return list(await History(self.database).after(conversation_id(address), 0))

    async def texts(self, address: str = "a:megan") -> list[str]:
        return [one.text for one in await self.log(address)]

    def message(self, text: Any = "Hello", *, key: Any = "1", **changes: Any) -> dict[str, Any]:
        """A personal message of Megan's."""
        return self.activity("message", **{"text": text, "id": key, **changes})

    def activity(self, kind: str, **changes: Any) -> dict[str, Any]:
        return activity(kind, self.microsoft.service_url, **changes)


def activity(kind: str, service_url: str, **changes: Any) -> dict[str, Any]:
    """An activity of Megan's in her chat with the bot, as Teams writes one."""
    document: dict[str, Any] = {
        "type": kind,
        "id": "1",
        "timestamp": "2026-03-02T10:00:00.000Z",
        "serviceUrl": service_url,
        "channelId": "msteams",
        "from": {"id": "29:megan", "name": "Megan Bowen", "aadObjectId": MEGAN},
        "conversation": {"conversationType": "personal", "id": "a:megan", "tenantId": TENANT},
        "recipient": BOT,
        "channelData": {"tenant": {"id": TENANT}},
        "locale": "en-GB",
        "localTimezone": "Europe/London",
    }
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


def account_at(microsoft: Microsoft, **changes: Any) -> TeamsAccount:
    values: dict[str, Any] = {
        "app_id": APP_ID,
        "app_password": PASSWORD,
        "tenants": frozenset({TENANT}),
        "service_hosts": frozenset({microsoft.origin}),
        "openid_url": f"{microsoft.origin}/openid",
        "token_url": f"{microsoft.origin}/token",
    }
    return TeamsAccount(**{**values, **changes})


LOOPBACK_FILES = FetchLimits(
    schemes=("http",), may_reach=lambda address: address.is_loopback, size_max=100_000, timeout_s=2.0
)


@asynccontextmanager
async def open_wire(
    database: Database,
    *,
    microsoft: Microsoft | None = None,
    notice: Callable[[str], None] | None = None,
    fetch: FetchLimits = LOOPBACK_FILES,
    **account: Any,
) -> AsyncIterator[Wire]:
    """A desk that listens, and Microsoft beside it; nothing is wired to a bot unless `notice` is."""
    microsoft = microsoft or Microsoft()
    await microsoft.server.start_server()
    clock = Clock()
    noticed: list[str] = []
    typed: list[tuple[str, Sender]] = []

    async def heard_typing(conversation: str, who: Sender) -> None:
        typed.append((conversation, who))

    house = build_teams(
        account_at(microsoft, **account),
        database=database,
        reception=Reception(database, clock, notice or noticed.append),
        now=clock,
        catalogue=ENGLISH,
        origin="https://desk.example",
        heard_typing=heard_typing,
        fetch=fetch,
    )
    application = web.Application(middlewares=[problems])
    application.add_routes(teams_routes(house.intake))
    server = TestServer(application)
    await server.start_server()
    try:
        async with ClientSession() as http:
            yield Wire(microsoft, house, database, clock, http, str(server.make_url(PATH)), noticed, typed)
    finally:
        microsoft.let_go.set()
        await house.close()
        await server.close()
        await microsoft.server.close()


def conversation(address: str = "a:megan") -> UUID:
    return UUID(conversation_id(address))
