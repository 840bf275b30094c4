"""From pressing the chat's button to the greeting, on a phone: what a customer waits.

    python -m bench.first_greeting

Debian's Chromium with a processor slowed four times, 9 Mbit/s down, 1.5 Mbit/s up and 60 ms, an empty cache every time,
against the demo desk in a process of its own. Beside it, in the same run, a page of one line from the same desk: what
this line and machine cost anybody. The desk has answered its first visitor before the clock runs.
"""

import asyncio
import shutil
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from playwright.async_api import Browser, CDPSession, Page, ViewportSize, async_playwright
from rich.console import Console
from rich.table import Table

from tests.browser.chat import Chat
from tests.browser.journey import GREETED, whole_desk

VISITS = 15
CPU_SLOWED = 4
LINE = {"latency": 60, "downloadThroughput": 9e6 / 8, "uploadThroughput": 1.5e6 / 8, "offline": False}
PHONE: ViewportSize = {"width": 390, "height": 844}
BARE = "/healthz"
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
PAGE, READY, GREETING, AGAIN = (
    "a bare page",
    "the shop's page, button there",
    "press to greeting",
    "press to greeting, cached",
)
Times = dict[str, list[float]]


async def main() -> None:
    """Measure and print."""
    times: Times = {PAGE: [], READY: [], GREETING: [], AGAIN: []}
    with tempfile.TemporaryDirectory() as folder:
        desk = whole_desk(Path(folder))
        desk.start()
        try:
            await desk.ready()
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
                await visit(browser, desk.origin, {name: [] for name in times})
                for _ in range(VISITS):
                    await visit(browser, desk.origin, times)
                await browser.close()
        finally:
            desk.end()
    Console(width=110).print(table(times))


async def visit(browser: Browser, origin: str, times: Times) -> None:
    """One customer nobody knows, who comes back once as another with everything in the cache."""
    context = await browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True)
    page = await phone(await context.new_page())
    times[PAGE].append(await seconds(page.goto(f"{origin}{BARE}")))
    times[READY].append(await seconds(page.goto(f"{origin}/demo/shop", wait_until="load")))
    times[GREETING].append(await greeting(page))
    await context.clear_cookies()
    await page.evaluate("localStorage.clear(); sessionStorage.clear()")
    await page.goto(f"{origin}/demo/shop", wait_until="load")
    times[AGAIN].append(await greeting(page))
    await context.close()


async def phone(page: Page) -> Page:
    """The page on a slow machine behind a slow line. Frames of the same origin share both."""
    session: CDPSession = await page.context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", LINE)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWED})
    return page


async def greeting(page: Page) -> float:
    chat = Chat(page)
    await chat.launcher.wait_for()
    begun = perf_counter()
    await chat.launcher.tap()
    await chat.log.get_by_text(GREETED).wait_for()
    return perf_counter() - begun


async def seconds(work: object) -> float:
    begun = perf_counter()
    await work  # type: ignore[misc]
    return perf_counter() - begun


def table(times: Times) -> Table:
    bare = statistics.median(times[PAGE])
    shown = Table(
        "what", "median", "slowest", "times a bare page", title=f"python -m bench.first_greeting, {VISITS} visits"
    )
    for name, taken in times.items():
        middle = statistics.median(taken)
        shown.add_row(name, f"{middle * 1000:.0f} ms", f"{max(taken) * 1000:.0f} ms", f"{middle / bare:.1f}")
    return shown


if __name__ == "__main__":
    asyncio.run(main())
