"""The official client holds the whole conversation with the whole desk: botframework-directlinejs in Node.

A late delivery is asked about and becomes a case, the customer proves who they are, asks for their cases and for a
person, who answers and resolves. Twice the client's socket is cut; the second time the agent answers meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.demo.load import demo_sign_ins
from app.wiring import House
from tests.browser.desk_agent import DeskAgent
from tests.browser.journey import CODE, CUSTOMER, NUMBER
from tests.node.client import Transcript, hold_conversation, require_client
from tests.node.whole_house import whole_house

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]

THANKS = "That is good to know, thank you"
REPLY = "Hello Priya, route 4 stands behind an accident. Your frozen order will be with you at 18:40."


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    require_client()
    async with whole_house(tmp_path / "data") as opened:
        yield opened


class Visitor:
    """A page with the official client on it; every visit goes on where the one before ended."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.activities: list[dict[str, Any]] = []
        self._grant: dict[str, Any] = {}

    async def opens_the_page(self) -> None:
        headers = {"Origin": self.origin}
        address = f"{self.origin}/api/webchat/token"
        async with aiohttp.ClientSession(headers=headers) as http, http.post(address, json={"site": "demo"}) as answer:
            self._grant = await answer.json()

    async def holds(self, *steps: Mapping[str, Any], at_mark: Any = None) -> Transcript:
        """A visit of these steps; everything must be said and heard."""
        resumed = {"conversationId": self._grant["conversationId"], "watermark": self._watermark}
        seen = await hold_conversation(
            f"{self.origin}/v3/directline",
            self._grant["token"],
            steps,
            at_mark=at_mark,
            **(resumed if self.activities else {}),
        )
        assert seen.ok, (seen.failed, seen.texts()[-6:])
        assert all(post["error"] is None for post in seen.posts)
        self.activities += seen.activities
        return seen

    async def reloads(self) -> list[dict[str, Any]]:
        """The whole conversation as the desk keeps it, page by page."""
        address = f"{self.origin}/v3/directline/conversations/{self._grant['conversationId']}/activities"
        found: list[dict[str, Any]] = []
        watermark = "0"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._grant['token']}"}) as http:
            while True:
                async with http.get(address, params={"watermark": watermark}) as answer:
                    page = await answer.json()
                if not page["activities"]:
                    return found
                found += page["activities"]
                watermark = page["watermark"]

    async def reads_the_code(self) -> str:
        """In the demo's mailbox."""
        async with aiohttp.ClientSession() as http:
            for _ in range(100):
                async with http.get(f"{self.origin}/demo/mailbox.json") as answer:
                    for mail in (await answer.json())["mails"]:
                        if CUSTOMER in str(mail["to"]) and (found := CODE.search(str(mail["parts"]))):
                            return found.group()
                await asyncio.sleep(0.1)
        raise AssertionError("no code came")

    @property
    def number(self) -> str:
        """The case number heard last."""
        return str(NUMBER.findall(" ".join(one.get("text", "") for one in self.activities))[-1])

    @property
    def _watermark(self) -> str:
        return str(int(self.activities[-1]["id"].partition("|")[2])) if self.activities else ""


async def test_the_official_client_and_the_whole_desk(house: House) -> None:
    visitor = Visitor(house.settings.origin)
    await visitor.opens_the_page()
    await visitor.holds(
        {"expect": "What can I do for you?"},
        {"say": "My freezer delivery is late"},
        {"expect": "freezer delivery is late"},
        {"press": "No, open a case"},
        {"expect": "reach you"},
        {"say": CUSTOMER},
        {"expect": "open the case"},
        {"press": "Yes, open it"},
        {"expect": "A colleague takes it from here"},
    )
    first = visitor.number
    await visitor.holds(
        {"say": "Where do my cases stand?"},
        {"expect": "This is your case:"},
        {"expect": "show me who you are"},
        {"killSocket": True},
        {"press": "Show who I am"},
        {"expect": "a code with 8 digits is on its way"},
    )
    await visitor.holds(
        {"say": await visitor.reads_the_code()},
        {"expect": "I know now that it's you"},
        {"say": "Where do my cases stand?"},
        {"expect": "These are your cases"},
        {"say": "I want to talk to a person, please"},
        {"expect": "Your case is"},
    )
    number = visitor.number
    grace = next(one for one in demo_sign_ins() if one.role == "supervisor")

    async with DeskAgent(visitor.origin, grace.email, grace.password or "") as agent:

        async def works(mark: str) -> None:
            if mark == "take":
                await agent.take(number)
            elif mark == "reply":
                await agent.reply(number, REPLY)
            else:
                await agent.hears(number, THANKS)
                await agent.resolve(number, "The delivery arrived at 18:40.")

        seen = await visitor.holds(
            {"mark": "take"},
            {"expect": f"{agent.name} has joined"},
            {"killSocket": True},
            {"mark": "reply"},
            {"expect": REPLY},
            {"say": THANKS},
            {"mark": "resolve"},
            {"expect": "Is it solved for you?"},
            {"press": "Yes"},
            {"expect": f"{number}** is closed"},
            {"expect": "How happy are you"},
            at_mark=works,
        )
        assert seen.sockets == 2
        assert (await agent.case(number))["status"] == "closed"
        assert (await agent.case(first))["number"] == first

    kept = await visitor.reloads()
    assert [one["id"] for one in visitor.activities] == [one["id"] for one in kept], "all of it, once, in order"
    assert [one.get("text") for one in visitor.activities] == [one.get("text") for one in kept]
