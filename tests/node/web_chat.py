"""The official Web Chat 4.18.1 in Chromium, on a page of our own, as somebody in front of it uses it."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, async_playwright, expect

from channels.webchat.stream import Streams
from tests.node.client import FOLDER

BUNDLE = FOLDER / "node_modules" / ".web-chat" / "webchat.js"
PATIENCE_MS = 20_000
RECORDED = "(window.actions ||= []).push(action.type); return next(action);"
"""In place of `return next(action);` in a page's middleware: what the client did can be asked for afterwards."""


def require_browser() -> None:
    """Skip, saying what to do, where browser or bundle are not installed; in CI that is a failure."""
    missing = [str(name) for name in (shutil.which("chromium") or "chromium",) if not Path(name).exists()]
    missing += [] if BUNDLE.exists() else ["`npm run web-chat` in tests/node"]
    if not missing:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {missing}")
    pytest.skip(f"needs {missing}")


@asynccontextmanager
async def host_page(html: str) -> AsyncIterator[str]:
    """A site that shows this page at `/` and the bundle at `/webchat.js`; its origin."""

    async def shop(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    async def bundle(_: web.Request) -> web.FileResponse:
        return web.FileResponse(BUNDLE)

    app = web.Application()
    app.add_routes([web.get("/", shop), web.get("/webchat.js", bundle)])
    async with TestServer(app) as server:
        yield str(server.make_url("/").origin())


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Page]:
    """The page in a browser of its own; no script of it may have failed at the end."""
    faults: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await (await browser.new_context()).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(address)
        yield page
        await browser.close()
    assert faults == []


class WebChat:
    """One page with Web Chat on it. Every text stands three times in its document: only bubbles are looked at."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log: Locator = page.locator(".webchat__basic-transcript__transcript")
        self.bubbles: Locator = self.log.locator(".webchat__stacked-layout__message")
        self.cards: Locator = self.log.locator(".ac-adaptiveCard")
        self.typing: Locator = page.locator(".webchat__typing-indicator")
        self.input: Locator = page.locator('[data-id="webchat-sendbox-input"]')
        self._suggested: Locator = page.get_by_role("toolbar", name="Suggested actions")

    async def say(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def press(self, title: str) -> None:
        await self.button(title).click(timeout=PATIENCE_MS)

    def button(self, title: str) -> Locator:
        """A suggested answer."""
        return self._suggested.get_by_role("button", name=title, exact=True)

    async def reads(self, text: str, times: int = 1, *, notice: bool = False) -> None:
        """A notice is a bubble like any other here; Markdown's apostrophes are set as printers do."""
        found = re.compile(re.escape(text).replace("'", "['’]")) if "'" in text else text
        await expect(self.bubbles.filter(has_text=found)).to_have_count(times, timeout=PATIENCE_MS)

    async def answered(self) -> None:
        """Wait until the desk has the last word."""
        said = self.log.locator(".webchat__stacked-layout").last
        await expect(said).not_to_have_class(re.compile("--from-user"), timeout=PATIENCE_MS)

    def last(self, side: str) -> Locator:
        """The newest words of `mine` or `theirs`, with their cards."""
        whose = (
            ".webchat__stacked-layout--from-user"
            if side == "mine"
            else (".webchat__stacked-layout:not(.webchat__stacked-layout--from-user)")
        )
        return self.log.locator(whose).last.locator(".webchat__stacked-layout__content")

    async def facts(self) -> list[tuple[str, str]]:
        """What the newest card says, line by line."""
        rows = await self.cards.last.locator(".ac-factset tr").all()
        cells = [await row.locator("td").all_inner_texts() for row in rows]
        return [(cell[0].strip(), cell[-1].strip()) for cell in cells]

    async def shown(self) -> list[str]:
        """Every text of the conversation as it stands there, from the first to the last."""
        return await self.bubbles.locator(".webchat__bubble__content").all_inner_texts()

    async def assert_everything_was_sent(self) -> None:
        """No "Send failed", and no post was refused, not even one that was tried again."""
        assert await self.page.get_by_text("Send failed").count() == 0
        actions: list[str] = await self.page.evaluate("window.actions")
        assert "DIRECT_LINE/POST_ACTIVITY_REJECTED" not in actions
        assert "DIRECT_LINE/POST_ACTIVITY_FULFILLED" in actions


def cut(streams: Streams, conversation: str) -> None:
    """Cut the page's socket; it comes back by itself after 3 to 15 seconds."""
    sockets = list(streams._sockets[conversation])
    assert sockets, "nobody listens"
    for socket in sockets:
        socket.hang_up()
