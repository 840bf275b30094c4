"""axe finds nothing on the whole desk either: its real greeting, cards, cases and agents, and its help pages."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import journey
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.test_accessibility import chat_frame, violations
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
DRESSES = [(1440, "light"), (1440, "dark"), (390, "light"), (320, "dark")]
SUPERVISOR = "grace.underhill@larder-lane.example"
"""She sees every department, wherever the case goes."""


async def nothing_found(chat: Chat, axe: str) -> None:
    assert await violations(chat_frame(chat.page), axe) == "[]"


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_the_chat_in_every_state(desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str) -> None:
    page = await new_page(width, 800, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme)
    _, _, password = await journey.said_by_start_page(page, desk)
    chat = await journey.enter(page, desk)
    await nothing_found(chat, axe)
    await journey.late_freezer_delivery(chat)
    await nothing_found(chat, axe)
    await chat.press("No, open a case")
    await journey.answers_until(chat, "Shall I open the case")
    await nothing_found(chat, axe)
    await chat.press("Yes, open it")
    await chat.reads("Your case is")
    number = await journey.asks_for_a_person(chat)
    async with DeskAgent(desk.origin, SUPERVISOR, password) as agent:
        await journey.is_heard(agent, chat, number, "Hello, it will be with you at 18:40.")
    await nothing_found(chat, axe)
    await page.route("**/activities", lambda route: route.fulfill(status=400, body="{}"))
    await chat.say("Stuck")
    await expect(chat.last("mine").locator(".state")).to_have_text("Not sent")
    await nothing_found(chat, axe)
    assert await chat_frame(page).evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_the_pages(desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str) -> None:
    page = await new_page(width, 800, bypass_csp=True, color_scheme=scheme)
    for path in ("/", "/demo/shop", "/demo/mailbox", "/help"):
        await page.goto(f"{desk.origin}{path}")
        await nothing_wrong(page, axe)
    await page.get_by_role("link", name="Your frozen or freezer delivery is late").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your frozen or freezer delivery is late")
    await nothing_wrong(page, axe)


async def nothing_wrong(page: Page, axe: str) -> None:
    assert await violations(page, axe) == "[]", page.url
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
