"""The official Web Chat 4.18.1 in Chromium, on a page of another origin, over the wire."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright, expect

from channels.webchat import Limits
from tests.channels.webchat.peer import Wire, close_wire, open_wire
from tests.node.client import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.node]

BUNDLE = FOLDER / "node_modules" / ".web-chat" / "webchat.js"
SENDBOX = '[data-id="webchat-sendbox-input"]'
PAGE = """<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1><div id="chat" style="height:600px"></div>
<script src="/webchat.js"></script><script>
const store = WebChat.createStore({}, ({ dispatch }) => next => action => {
  if (action.type === "DIRECT_LINE/CONNECT_FULFILLED")
    dispatch({ type: "WEB_CHAT/SEND_EVENT", payload: { name: "webchat/join", value: { language: "en" } } });
  (window.actions ||= []).push(action.type);
  return next(action);
});
WebChat.renderWebChat({
  directLine: WebChat.createDirectLine({ domain: "DOMAIN", token: "TOKEN", enableVoiceMode: false }),
  store, locale: "en-US",
}, document.getElementById("chat"));
</script></html>"""


def require_browser() -> None:
    missing = [str(name) for name in (shutil.which("chromium") or "chromium",) if not Path(name).exists()]
    missing += [] if BUNDLE.exists() else ["`npm run web-chat` in tests/node"]
    if not missing:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {missing}")
    pytest.skip(f"needs {missing}")


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    require_browser()
    opened = await open_wire(tmp_path / "keys", Limits())
    yield opened
    await close_wire(opened)


@pytest.fixture
async def page(wire: Wire) -> AsyncIterator[Page]:
    html = PAGE.replace("DOMAIN", wire.domain).replace("TOKEN", wire.token())

    async def shop(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    async def bundle(_: web.Request) -> web.FileResponse:
        return web.FileResponse(BUNDLE)

    app = web.Application()
    app.add_routes([web.get("/", shop), web.get("/webchat.js", bundle)])
    server = TestServer(app)
    await server.start_server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = await browser.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        await opened.goto(str(server.make_url("/")))
        yield opened
        await browser.close()
    await server.close()
    assert faults == []


async def says(page: Page, words: str) -> None:
    await page.fill(SENDBOX, words)
    await page.press(SENDBOX, "Enter")


async def appears(page: Page, words: str) -> None:
    await expect(page.get_by_text(words).first).to_be_visible(timeout=15_000)


async def test_a_visitor_of_another_origin_holds_a_conversation(page: Page, wire: Wire, tmp_path: Path) -> None:
    await appears(page, "Hello! How can I help?")
    await page.get_by_role("toolbar", name="Suggested actions").get_by_role("button").click()
    await appears(page, "You said Show my cases")

    await says(page, "form")
    await appears(page, "CAS-01041-V9D3")
    await page.get_by_label("E-mail").fill("ana@shop.example")
    await page.locator("button.ac-pushButton", has_text="Send").click()
    await appears(page, "ana@shop.example")

    picture = tmp_path / "till.txt"
    picture.write_text("it says E42")
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Upload file").click()
    await (await chooser.value).set_files(picture)
    await page.press(SENDBOX, "Enter")
    await appears(page, "Got till.txt")

    (conversation,) = wire.memory.logs
    with no_reader(wire, conversation):
        await says(page, "said while the line is cut")
    await appears(page, "You said said while the line is cut")

    said = [one.text for one in wire.memory.logs[conversation] if one.text]
    assert len(said) == len(set(said)), said
    assert said.count("Hello! How can I help?") == 1
    assert await page.get_by_text("Send failed").count() == 0
    actions: list[str] = await page.evaluate("window.actions")
    assert "DIRECT_LINE/POST_ACTIVITY_REJECTED" not in actions


@contextmanager
def no_reader(wire: Wire, conversation: str) -> Iterator[None]:
    """Cut the page's socket; it comes back by itself after 3 to 15 seconds."""
    for socket in list(wire.desk.streams._sockets[conversation]):
        socket.hang_up()
    yield
