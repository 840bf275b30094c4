"""Customers who chat over the wire as careful clients do: what was not acknowledged is sent again under the same key.

Each has a loopback address of their own, as customers have, so the desk's limits stay what they are.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from tests.slow.process import DeskProcess

HEARS_WITHIN_S = 60.0
PATIENCE_S = (0.2, 0.4, 0.7, 1.0)
CUT_OFF_CHANCE = 0.05
"""How often a customer's own line breaks, at each frame."""


@dataclass(slots=True)
class Said:
    """One message. Until it is acknowledged nobody knows whether the desk has it.

    Attributes:
        id: what the desk acknowledged it with.
        opens_case: a case must come of it, and only one.
        to_people: the conversation waits for a person: it has to be on the case, and need not be answered.
    """

    key: str
    text: str
    opens_case: bool
    to_people: bool
    id: str = ""
    tries: int = 0


@dataclass(slots=True)
class Talk:
    """One conversation as its customer knows it."""

    id: str
    token: str
    said: list[Said] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    watermark: str = "0"
    reconnects: int = 0
    equals_reload: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, frame: dict[str, Any]) -> None:
        self.watermark = frame.get("watermark", self.watermark)
        self.seen += [one for one in frame["activities"] if one["type"] == "message"]
        self.news.set()

    def answers_to(self, said: Said) -> list[dict[str, Any]]:
        """What the desk said behind a message."""
        return [one for one in self.seen if one["id"] > said.id and one["from"]["role"] == "bot"]


@dataclass(slots=True)
class Counts:
    """What went over the wire."""

    acknowledged: int = 0
    sent_again: int = 0
    refused: int = 0


class Customer:
    """Chats until told to stop, one conversation after the other."""

    def __init__(self, desk: DeskProcess, number: int, chance: Random) -> None:
        self._desk = desk
        self._address = f"127.0.1.{number + 1}"
        self._mail = f"customer{number}@shop.example"
        self._chance = chance
        self.talks: list[Talk] = []
        self.counts = Counts()
        self.stopping = False

    async def chat(self) -> None:
        """Whole conversations; the last one is brought to its end."""
        connector = aiohttp.TCPConnector(local_addr=(self._address, 0))
        timeout = aiohttp.ClientTimeout(total=5)
        headers = {"Origin": self._desk.origin}
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as http:
            while not self.stopping:
                async with self._talk(http) as talk:
                    await self._chance.choice(SCRIPTS)(self, http, talk)
                    await self._read_to_the_end(http, talk)

    async def says(
        self, http: aiohttp.ClientSession, talk: Talk, text: str, *, opens_case: bool = False, to_people: bool = False
    ) -> Said:
        """Post until it is acknowledged."""
        said = Said(uuid4().hex, text, opens_case, to_people)
        talk.said.append(said)
        body = {
            "type": "message",
            "text": text,
            "from": {"id": "page", "role": "user"},
            "channelData": {"clientActivityID": said.key},
        }

        async def posted() -> dict[str, Any]:
            said.tries += 1
            return await self._ask(http, talk, "POST", f"/conversations/{talk.id}/activities", body)

        said.id = (await self._until_answered(posted))["id"]
        self.counts.acknowledged += 1
        self.counts.sent_again += said.tries - 1
        return said

    async def hears(self, talk: Talk, said: Said) -> str:
        """The desk's answer to what was said last."""
        async with asyncio.timeout(HEARS_WITHIN_S):
            while not talk.answers_to(said):
                talk.news.clear()
                await talk.news.wait()
        await asyncio.sleep(0.1)  # an answer may have several bubbles
        return "\n".join(one.get("text", "") for one in talk.answers_to(said))

    async def thinks(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, 0.3))

    @contextlib.asynccontextmanager
    async def _talk(self, http: aiohttp.ClientSession) -> AsyncIterator[Talk]:
        async def granted() -> dict[str, Any]:
            return await self._fetch(http.post(f"{self._desk.origin}/api/webchat/token", json={"site": "demo"}))

        grant = await self._until_answered(granted)
        talk = Talk(grant["conversationId"], grant["token"])

        async def started() -> dict[str, Any]:
            return await self._ask(http, talk, "POST", "/conversations", {})

        stream = (await self._until_answered(started))["streamUrl"]
        self.talks.append(talk)
        reader = asyncio.create_task(self._listen(http, talk, stream))
        try:
            yield talk
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _listen(self, http: aiohttp.ClientSession, talk: Talk, stream: str) -> None:
        """Read the socket; when it breaks, come back behind what was seen."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                await self._read_socket(http, talk, stream)
            talk.reconnects += 1

            async def reconnected() -> dict[str, Any]:
                return await self._ask(http, talk, "GET", f"/conversations/{talk.id}?watermark={talk.watermark}")

            stream = (await self._until_answered(reconnected))["streamUrl"]

    async def _read_socket(self, http: aiohttp.ClientSession, talk: Talk, stream: str) -> None:
        async with http.ws_connect(stream) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT and message.data:
                    talk.take(orjson.loads(message.data))
                if self._chance.random() < CUT_OFF_CHANCE:
                    return

    async def _read_to_the_end(self, http: aiohttp.ClientSession, talk: Talk) -> None:
        """Stay until the desk has answered, and what came over the socket is what a reload shows at that moment."""
        if not talk.said[-1].to_people:
            await self.hears(talk, talk.said[-1])
        page = await self.reload(http, talk)
        async with asyncio.timeout(HEARS_WITHIN_S):
            while len(talk.seen) < len(page):
                talk.news.clear()
                await talk.news.wait()
        talk.equals_reload = without_place(talk.seen[: len(page)]) == without_place(page)

    async def reload(self, http: aiohttp.ClientSession, talk: Talk) -> list[dict[str, Any]]:
        """The whole conversation, read anew page by page."""
        found: list[dict[str, Any]] = []
        watermark = "0"
        while True:
            path = f"/conversations/{talk.id}/activities?watermark={watermark}"

            async def read(path: str = path) -> dict[str, Any]:
                return await self._ask(http, talk, "GET", path)

            page = await self._until_answered(read)
            if not page["activities"]:
                return found
            found += page["activities"]
            watermark = page["watermark"]

    async def _ask(
        self, http: aiohttp.ClientSession, talk: Talk, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {talk.token}"}
        return await self._fetch(
            http.request(method, f"{self._desk.origin}/v3/directline{path}", json=body, headers=headers)
        )

    async def _fetch(self, request: Any) -> dict[str, Any]:
        async with request as answer:
            document: dict[str, Any] = await answer.json()
            if answer.status == 429 or answer.status >= 500:
                self.counts.refused += 1
                raise NotNow(float(answer.headers.get("Retry-After", "0.2")))
            assert answer.status < 300, (answer.status, document)
            return document

    async def _until_answered(self, ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        while True:
            try:
                return await ask()
            except NotNow as refused:
                await asyncio.sleep(min(refused.retry_after_s, 1.0))
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(self._chance.choice(PATIENCE_S))


def without_place(activities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Activities without what is only known while the desk remembers: the id of what they answer."""
    return [{name: value for name, value in one.items() if name != "replyToId"} for one in activities]


class NotNow(Exception):
    """The desk asks to come back later."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.retry_after_s = retry_after_s


async def asks(customer: Customer, http: aiohttp.ClientSession, talk: Talk) -> None:
    """A question, and its answer is good."""
    said = await customer.says(http, talk, "What are your delivery cut-off times for ordering?")
    await customer.hears(talk, said)
    await customer.thinks()
    said = await customer.says(http, talk, "Yes, that solved it")
    await customer.hears(talk, said)
    await customer.says(http, talk, "thank you")


async def reports(customer: Customer, http: aiohttp.ClientSession, talk: Talk) -> None:
    """A problem becomes a case."""
    text = "Please open a case: our freezer delivery for order ORD-204518 never arrived, mail me at "
    said = await customer.says(http, talk, text + customer._mail)
    if "Shall I open the case" not in await customer.hears(talk, said):
        return
    await customer.thinks()
    said = await customer.says(http, talk, "Yes, open it", opens_case=True)
    await customer.hears(talk, said)
    said = await customer.says(http, talk, "Status of my cases")
    await customer.hears(talk, said)


async def pours_out(customer: Customer, http: aiohttp.ClientSession, talk: Talk) -> None:
    """One message after the other, without waiting for answers."""
    for number in range(6):
        await customer.says(http, talk, f"Where do I find invoice {number} of last week?")


async def wants_a_person(customer: Customer, http: aiohttp.ClientSession, talk: Talk) -> None:
    """A person is asked for; what is written while waiting goes to the case."""
    said = await customer.says(http, talk, "I want to talk to a person", opens_case=True)
    await customer.hears(talk, said)
    for text in ("The till prints every receipt twice", "It is the till by the door"):
        await customer.thinks()
        await customer.says(http, talk, text, to_people=True)


SCRIPTS = (asks, reports, reports, pours_out, wants_a_person)
