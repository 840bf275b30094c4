"""axe finds nothing: the widget in every dress, and the demo's own pages."""

import json

import pytest
from playwright.async_api import Frame, Page, expect

from bot.activity import Kind
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.peer import Peer, SentMail

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def violations(frame: Page | Frame, axe: str) -> str:
    """What axe has against it, best practices included; an empty list as JSON when nothing."""
    await frame.evaluate(f"{axe}; 0")
    found = await frame.evaluate("async () => (await axe.run(document, {iframes: false})).violations")
    short = [
        {
            "rule": one["id"],
            "help": one["help"],
            "nodes": [node["html"] + node["failureSummary"] for node in one["nodes"]],
        }
        for one in found
    ]
    return json.dumps(short, indent=1)


def chat_frame(page: Page) -> Frame:
    return next(frame for frame in page.frames if "/widget/frame.html" in frame.url)


@pytest.mark.parametrize(
    ("width", "dress"),
    [(1280, {}), (1280, {"color_scheme": "dark"}), (320, {}), (320, {"forced_colors": "active"})],
    ids=["desk", "dark", "phone", "forced colours"],
)
async def test_the_chat(peer: Peer, new_page: NewPage, axe: str, width: int, dress: dict[str, str]) -> None:
    page = await new_page(width, 700, bypass_csp=True, reduced_motion="reduce", **dress)
    chat = await (await Chat(page).visit(peer)).open()
    await peer.say("Li Novak has joined.", kind=Kind.NOTICE)
    await chat.say("late")
    await chat.reads("keep anything above")
    await chat.say("the form")
    await expect(chat.frame.get_by_role("button", name="Send details")).to_be_visible()
    await peer.say("```\ncode that is longer than the bubble is wide, so that it has to scroll to be read\n```")
    await chat.reads("code that is longer")
    assert await violations(chat_frame(page), axe) == "[]"
    await chat.frame.get_by_role("button", name="More").click()
    assert await violations(chat_frame(page), axe) == "[]"


async def test_the_chat_offline_and_failing(peer: Peer, new_page: NewPage, axe: str) -> None:
    page = await new_page(bypass_csp=True, reduced_motion="reduce")
    chat = await (await Chat(page).visit(peer)).open()
    await page.route("**/activities", lambda route: route.fulfill(status=400, body="{}"))
    await chat.say("Stuck")
    await expect(chat.last("mine").locator(".state")).to_have_text("Not sent")
    await page.context.set_offline(True)
    await expect(chat.frame.locator(".banner")).to_contain_text("offline")
    assert await violations(chat_frame(page), axe) == "[]"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", ["/", "/demo/shop", "/demo/mailbox"])
async def test_the_demo_pages(peer: Peer, new_page: NewPage, axe: str, path: str, width: int, scheme: str) -> None:
    peer.sent.append(SentMail("mara@quayside.example", "Your code", "Your code is 1234 5678."))
    page = await new_page(width, 800, bypass_csp=True, color_scheme=scheme)
    await page.goto(f"{peer.address}{path}")
    if path == "/demo/shop":
        await expect(Chat(page).launcher).to_be_visible()
    for fold in await page.locator("summary").all():
        await fold.click()
    assert await violations(page, axe) == "[]"
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
