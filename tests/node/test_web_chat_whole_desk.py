"""The official Web Chat 4.18.1 in Chromium holds the whole conversation with the whole desk.

It stands on a page of another origin, made as docs/how-to/embed-official-web-chat.md says: its HTML, its `sites.yaml`.
The bot emits cards of three kinds on this way, all without a field to fill in: an article's, with a button that opens
it, the summary before a case is opened, and each case that she asks about, with facts. A card that is filled in is
proved on the wire, in test_web_chat.py.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from app.demo.load import demo_sign_ins
from app.wiring import House
from tests.browser import journey
from tests.browser.desk_agent import DeskAgent
from tests.node.web_chat import RECORDED, WebChat, cut, host_page, opened, require_browser
from tests.node.whole_house import whole_house
from tests.slow.process import free_port

pytestmark = [pytest.mark.browser, pytest.mark.node, pytest.mark.timeout(420)]

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "embed-official-web-chat.md"
GRACE = next(one for one in demo_sign_ins() if one.role == "supervisor")
REPLY = "Hello Priya, route 4 stands behind an accident. Your frozen order will be with you at 18:40."
LATER = "The driver has just left the A34."
THANKS = "That is good to know, thank you"
BACK_WITHIN_MS = 25_000
"""The client waits 3 to 15 seconds before it comes back."""
TYPING_WITHOUT_AN_END_MS = 5_000


def of_the_how_to(kind: str) -> str:
    """The block of this language in the how-to."""
    found = re.search(rf"```{kind}\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def page_for(desk: str) -> str:
    """The how-to's page, told where the desk is; what the client does is recorded on top."""
    block = of_the_how_to("html")
    assert block.count("return next(action);") == block.count("https://desk.example") == 1
    block = block.replace("https://desk.example", desk).replace("return next(action);", RECORDED)
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><h1>Shop</h1>{block}</html>'


def sites_for(origin: str) -> str:
    """The how-to's `sites.yaml`, told where the page is."""
    block = of_the_how_to("yaml")
    assert block.count("https://shop.example") == 1
    return block.replace("https://shop.example", origin)


@pytest.fixture
async def port() -> int:
    require_browser()
    return free_port()


@pytest.fixture
async def shop(port: int) -> AsyncIterator[str]:
    """The origin of the page that carries the chat."""
    async with host_page(page_for(f"http://127.0.0.1:{port}")) as origin:
        yield origin


@pytest.fixture
async def house(shop: str, port: int, tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "sites.yaml").write_text(sites_for(shop), "utf-8")
    async with whole_house(tmp_path, port=port) as house:
        yield house


@pytest.fixture
async def page(shop: str, house: House) -> AsyncIterator[Page]:
    async with opened(shop) as page:
        yield page


async def test_web_chat_on_a_foreign_page_and_the_whole_desk(page: Page, house: House) -> None:
    chat = WebChat(page)
    await chat.reads(journey.GREETED)
    first = await becomes_a_case(chat)
    await journey.proves(chat, house.settings)
    await journey.sees_all_cases(chat)
    await reads_where_they_stand(chat, first)
    number = await journey.asks_for_a_person(chat)

    async with DeskAgent(house.settings.origin, GRACE.email, GRACE.password or "") as agent:
        await agent.take(number)
        await chat.reads(f"{agent.name} has joined the conversation.")
        await agent.types(number)
        await expect(chat.typing).to_be_visible()
        await is_answered_while_away(chat, house, agent, number)

        await chat.say(THANKS)
        await agent.hears(number, THANKS)
        await a_reply_ends_the_typing(chat, agent, number)

        await agent.resolve(number, "The delivery arrived at 18:40.")
        await chat.reads("Is it solved for you?")
        await chat.press("Yes")
        await chat.reads(f"{number} is closed")
        await chat.reads("How happy are you")
        assert (await agent.case(number))["status"] == "closed"
        assert (await agent.case(first))["number"] == first

    await chat.assert_everything_was_sent()
    kept = await history(house)
    assert [bare(text) for text in await chat.shown()] == [bare(as_shown(one)) for one in kept], "all of it, once"
    said = [one["text"] for one in kept]
    assert [said.count(text) for text in (REPLY, LATER, THANKS)] == [1, 1, 1]


async def becomes_a_case(chat: WebChat) -> str:
    """A question, the article, the form, its summary; the number of the case."""
    await journey.late_freezer_delivery(chat)
    await expect(chat.cards.last).to_have_attribute("aria-label", "Your frozen or freezer delivery is late")
    async with chat.page.expect_popup() as opening:
        await chat.cards.last.get_by_role("button", name="Read the whole article").click()
    article = await opening.value
    await expect(article.get_by_role("heading", level=1)).to_have_text("Your frozen or freezer delivery is late")
    await article.close()

    await chat.press("No, open a case")
    await journey.answers_until(chat, "Shall I open the case?")
    await expect(chat.cards.last.get_by_role("heading")).to_have_text("Your case")
    assert await chat.facts() == [
        ("What happened", "My freezer delivery is late"),
        ("Goes to", "Deliveries"),
        ("E-mail", journey.CUSTOMER),
    ]
    await chat.press("Yes, open it")
    await chat.reads("A colleague takes it from here")
    return await journey.number_in(chat)


async def reads_where_they_stand(chat: WebChat, first: str) -> None:
    """Several cases, each with its number, and a card of where it stands; hers of today is among them."""
    await chat.reads("Would you like to add something to one of them?", times=2)
    texts = await chat.shown()
    listed = texts[max(place for place, text in enumerate(texts) if "These are your cases" in text) + 1 : -1]
    assert len(listed) > 1
    assert all(journey.NUMBER.match(text) for text in listed), listed
    assert [name for name, _ in await chat.facts()][:3] == ["Case", "Status", "With"]
    assert sum(text.startswith(f"{first} My freezer delivery is late") for text in listed) == 1


async def is_answered_while_away(chat: WebChat, house: House, agent: DeskAgent, number: str) -> None:
    """The agent answers while the page has no socket; the client comes back by itself and shows it, by name."""
    streams = house.webchat.streams
    cut(streams, conversation_of(house))
    await agent.reply(number, REPLY)
    assert streams.count() == 0, "the reply was delivered to nobody"
    await expect(chat.bubbles.filter(has_text=REPLY)).to_have_count(1, timeout=BACK_WITHIN_MS)
    await expect(chat.last("theirs")).to_contain_text(agent.name)
    assert streams.count() == 1


async def a_reply_ends_the_typing(chat: WebChat, agent: DeskAgent, number: str) -> None:
    """Long before the client would stop showing it by itself."""
    await agent.types(number)
    await expect(chat.typing).to_be_visible()
    await agent.reply(number, LATER)
    await chat.reads(LATER)
    await expect(chat.typing).to_have_count(0, timeout=TYPING_WITHOUT_AN_END_MS / 2)


def conversation_of(house: House) -> str:
    (conversation,) = house.webchat.streams._sockets
    return conversation


async def history(house: House) -> list[dict[str, Any]]:
    """The whole conversation as the desk keeps it."""
    conversation = conversation_of(house)
    token = house.webchat.tokens.issue(conversation, "dl_reader", at=house.now())
    address = f"{house.settings.origin}/v3/directline/conversations/{conversation}/activities"
    found: list[dict[str, Any]] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http:
        watermark = "0"
        while True:
            async with http.get(address, params={"watermark": watermark}) as answer:
                page = await answer.json()
            if not page["activities"]:
                return found
            found += page["activities"]
            watermark = page["watermark"]


def as_shown(activity: dict[str, Any]) -> str:
    """The page puts an agent's name above their words."""
    data = activity["channelData"]
    by_agent = data["nightdesk:role"] == "agent" and "nightdesk:kind" not in data
    return f"{activity['from']['name']} {activity['text']}" if by_agent else str(activity["text"])


def bare(text: str) -> str:
    """Letters and digits alone: Markdown's signs and blanks are shown in another form."""
    return re.sub(r"[\W_]+", "", text)
