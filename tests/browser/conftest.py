"""Chromium, once for all browser tests; a fresh peer and a fresh browser context for each."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.peer import Peer
from tests.slow.process import DeskProcess, free_port

WEB = Path(__file__).parents[2] / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"

NewPage = Callable[..., Awaitable[Page]]


def lacking(what: str) -> None:
    """A missing tool is a skip on a workplace and a failure in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    if CHROMIUM is None:
        lacking("Chromium is not installed (Debian package: chromium)")
    return str(CHROMIUM)


@pytest.fixture(scope="session")
def dist() -> Path:
    if not (WEB / "dist" / "widget" / "loader.js").exists():
        lacking("the front end is not built: `npm ci && npm run build` in web/")
    return WEB / "dist"


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        lacking("axe-core is not installed: `npm ci` in web/")
    return AXE.read_text()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def peer(tmp_path: Path, dist: Path) -> AsyncIterator[Peer]:
    desk = Peer(tmp_path / "keys")
    await desk.start(dist)
    yield desk
    await desk.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> AsyncIterator[DeskProcess]:
    """The whole desk with the demo company and the bundled model, in a process of its own, once for each module."""
    process = DeskProcess(tmp_path_factory.mktemp("desk") / "data", encoder="true")
    process.start()
    await process.ready()
    yield process
    process.end()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mailing(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> AsyncIterator[tuple[DeskProcess, int]]:
    """The whole desk, where mail comes in."""
    port = free_port()
    listen = {"mail_listen": f"lmtp://127.0.0.1:{port}", "mail_authserv": "mx.larder-lane.example"}
    process = DeskProcess(tmp_path_factory.mktemp("desk") / "data", encoder="true", **listen)
    process.start()
    try:
        await process.ready()
        yield process, port
    finally:
        process.end()


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser) -> AsyncIterator[NewPage]:
    """`await new_page(width=320, color_scheme="dark")`: a page whose script errors fail the test."""
    contexts = []
    errors: list[str] = []

    async def make(width: int = 1280, height: int = 800, **options: object) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        context.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
        context.set_default_timeout(15_000)
        return await context.new_page()

    yield make
    for context in contexts:
        await context.close()
    assert not errors
