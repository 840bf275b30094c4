"""How many activities of Teams are acknowledged, beside as many posted to the web chat.

    python -m bench.teams_in [--activities N] [--at-once N]

One process, real HTTP on the loopback, SQLite with synchronous=FULL in a temporary folder of this disk. An activity of
Teams comes with a signed token that is checked like any other (RS256), its person is known, and it is committed before
the answer; a web chat's post carries its own kind of token. Turns of the bot are left out on both sides.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import jwt
import orjson
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from rich.console import Console
from rich.table import Table

from app.clock import now
from app.http.teams import PATH, teams_routes
from app.reception import ConversationBook, FileCabinet, History, Reception
from app.teams.house import build_teams
from bench.machine_floor import Measured, Stopwatch
from bot.activity import Sender
from bot.replies.catalogue import load_catalogue
from channels.teams.account import ISSUER, TeamsAccount
from channels.webchat import Limits, Rate, Tokens, WebChatDesk, load_keys
from channels.webchat.desk import MOUNT
from channels.webchat.routes import routes as webchat_routes
from storage.engine import Database
from storage.migrate import migrate

APP_ID, TENANT = str(uuid4()), str(uuid4())
SERVICE = "https://smba.trafficmanager.net/amer/"
CONVERSATIONS = 50
FREE = Rate(burst=1_000_000, per_s=1_000_000)
Post = Callable[[int], Awaitable[None]]


class Microsoft:
    """Tells one key."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        application = web.Application()
        application.add_routes([web.get("/openid", self._openid), web.get("/keys", self._keys)])
        self.server = TestServer(application)

    def token(self) -> str:
        at = now()
        claims = {
            "iss": ISSUER,
            "aud": APP_ID,
            "serviceurl": SERVICE,
            "exp": int((at + timedelta(hours=1)).timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "one"})

    async def _openid(self, _: web.Request) -> web.Response:
        return web.json_response({"jwks_uri": str(self.server.make_url("/keys"))})

    async def _keys(self, _: web.Request) -> web.Response:
        key: dict[str, Any] = orjson.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        key.pop("key_ops", None)
        return web.json_response({"keys": [key | {"kid": "one", "endorsements": ["msteams"]}]})


def activity(number: int) -> bytes:
    person = number % CONVERSATIONS
    return orjson.dumps(
        {
            "type": "message",
            "id": f"1{number:012}",
            "timestamp": datetime.now(UTC).isoformat(),
            "serviceUrl": SERVICE,
            "channelId": "msteams",
            "from": {"id": f"29:{person}", "name": f"Person {person}", "aadObjectId": _object_id(person)},
            "conversation": {"conversationType": "personal", "id": f"a:{person}", "tenantId": TENANT},
            "recipient": {"id": f"28:{APP_ID}", "name": "Desk"},
            "channelData": {"tenant": {"id": TENANT}},
            "entities": [{"type": "clientInfo", "locale": "en-GB", "timezone": "Europe/London"}],
            "text": f"My till is down, number {number}",
        }
    )


def _object_id(person: int) -> str:
    return f"00000000-0000-4000-8000-{person:012}"


async def teams_post(http: ClientSession, url: str, token: str) -> Post:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    async def post(number: int) -> None:
        async with http.post(url, data=activity(number), headers=headers) as response:
            assert response.status == 200, await response.text()

    return post


async def chat_post(http: ClientSession, origin: str, desk: WebChatDesk) -> Post:
    tokens = []
    for _ in range(CONVERSATIONS):
        conversation = str(uuid4())
        token = desk.tokens.issue(conversation, "dl_visitor", at=now())
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(f"{origin}/conversations", headers=headers) as response:
            assert response.status == 201
        tokens.append((conversation, headers))

    async def post(number: int) -> None:
        conversation, headers = tokens[number % CONVERSATIONS]
        said: dict[str, Any] = {
            "type": "message",
            "from": {"id": "dl_visitor"},
            "text": f"My till is down, number {number}",
        }
        said["channelData"] = {"clientActivityID": f"k{number}"}
        async with http.post(f"{origin}/conversations/{conversation}/activities", json=said, headers=headers) as answer:
            assert answer.status == 200, await answer.text()

    return post


async def measure(post: Post, activities: int, at_once: int) -> Measured:
    """Each of `at_once` clients posts one after the other."""
    waiting = iter(range(activities))
    watch = Stopwatch()

    async def client() -> None:
        for number in waiting:
            began = time.perf_counter()
            await post(number)
            watch.took.append(time.perf_counter() - began)

    await asyncio.gather(*(client() for _ in range(at_once)))
    return watch.read()


async def run(activities: int, at_once: int) -> list[tuple[str, Measured]]:
    with tempfile.TemporaryDirectory(dir=".") as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/desk.db")
        await migrate(database)
        microsoft = Microsoft()
        await microsoft.server.start_server()
        account = TeamsAccount(
            app_id=APP_ID,
            app_password="unused",
            tenants=frozenset({TENANT}),
            openid_url=str(microsoft.server.make_url("/openid")),
        )
        reception = Reception(database, now, lambda _: None)
        catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="")
        house = build_teams(
            account,
            database=database,
            reception=reception,
            now=now,
            catalogue=catalogue,
            origin="",
            heard_typing=_nobody,
        )
        limits = Limits(per_conversation=FREE, posts_per_address=FREE, requests_per_address=FREE)
        desk = WebChatDesk(
            inbox=reception, conversations=ConversationBook(database), history=History(database),
            files=FileCabinet(database, now), tokens=Tokens(load_keys(Path(folder) / "keys")), clock=now, limits=limits,
        )  # fmt: skip
        application = web.Application()
        application.add_routes(teams_routes(house.intake))
        application.add_subapp(MOUNT, webchat_routes(desk))
        server = TestServer(application)
        await server.start_server()
        try:
            async with ClientSession(connector=TCPConnector(limit=at_once)) as http:
                teams = await teams_post(http, str(server.make_url(PATH)), microsoft.token())
                chat = await chat_post(http, str(server.make_url(MOUNT)), desk)
                await measure(teams, CONVERSATIONS, 1)  # everybody is known from here on
                await measure(lambda number: chat(number + 10**6), CONVERSATIONS, 1)
                found = [("Teams", await measure(lambda number: teams(number + 10**6), activities, at_once))]
                found.append(("web chat", await measure(chat, activities, at_once)))
                return found
        finally:
            await house.close()
            await server.close()
            await microsoft.server.close()
            await database.close()


async def _nobody(_: str, __: Sender) -> None:
    return


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--activities", type=int, default=1_500)
    parser.add_argument("--at-once", type=int, default=8)
    chosen = parser.parse_args()
    table = Table("channel", "/s", "median ms", "p99 ms", "CPU ms", title="activities acknowledged")
    for name, measured in asyncio.run(run(chosen.activities, chosen.at_once)):
        table.add_row(name, *measured.cells())
    Console().print(table)


if __name__ == "__main__":
    main()
