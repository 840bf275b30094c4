"""Makes the pictures of the docs: `python -m tests.browser.pictures`, from the folder of the project.

The whole desk answers in them, with the demo company and the bundled model; only right-to-left is taken over a peer.
"""

import asyncio
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser import journey
from tests.browser.chat import Chat
from tests.browser.desk_agent import DeskAgent
from tests.browser.peer import Peer
from tests.browser.screen import LI, Screen
from tests.slow.process import DeskProcess

PROJECT = Path(__file__).parents[2]
OUT = PROJECT / "docs" / "pictures"
DESK, PHONE = (1280, 800), (390, 780)
CHAT, WORKSPACE, TABLET = (400, 780), (1280, 780), (768, 900)
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
ALL_BYTES_MAX = 2_000_000
REPLY = "Hello, this is Li. Route 4 stood behind an accident; the driver says your freezer order is there at 18:40."


async def main() -> None:
    """All pictures anew; those nobody makes any more are removed."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("*.png"):
        old.unlink()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        with tempfile.TemporaryDirectory() as folder:
            desk = journey.whole_desk(Path(folder))
            desk.start()
            try:
                await desk.ready()
                await of_the_desk(desk, browser)
            finally:
                desk.end()
            await right_to_left(Path(folder), browser)
        await browser.close()
    size = sum(picture.stat().st_size for picture in OUT.glob("*.png"))
    assert size <= ALL_BYTES_MAX, f"{size} bytes of pictures"


async def of_the_desk(desk: DeskProcess, browser: Browser) -> None:
    await both_sides(desk, browser)
    await becomes_a_case(desk, await open_page(browser, DESK, "light"), "chat-on-a-shop")
    await becomes_a_case(desk, await open_page(browser, PHONE, "dark"), "conversation-becomes-a-case-phone-dark")
    await answered(desk, await open_page(browser, PHONE, "light"), "answer-phone")
    page = await open_page(browser, DESK, "light")
    await journey.proves(await journey.enter(page, desk), desk)
    for path, name in (("/", "start"), ("/demo/mailbox", "mailbox")):
        await page.goto(f"{desk.origin}{path}")
        await save(page, name)
    await page.context.close()


async def becomes_a_case(desk: DeskProcess, page: Page, name: str) -> None:
    """A question that needs a person, the number and the promise, the agent's answer."""
    _, email, password = await journey.said_by_start_page(page, desk)
    chat = await journey.enter(page, desk)
    await chat.say("My freezer delivery is late, can I talk to a person?")
    number = await journey.number_in_answer(chat)
    async with DeskAgent(desk.origin, email, password) as agent:
        await journey.is_heard(agent, chat, number, REPLY)
        await agent.types(number)
        await expect(chat.frame.locator(".typing.on")).to_be_visible()
        await save(page, name)
    await page.context.close()


async def both_sides(desk: DeskProcess, browser: Browser) -> None:
    """The customer's chat and the agent's workspace in the middle of one conversation; and what else an agent sees."""
    chat = await journey.enter(await open_page(browser, CHAT, "light"), desk)
    await journey.late_freezer_delivery(chat)
    await journey.proves(chat, desk)
    number = await journey.asks_for_a_person(chat)
    li = await (
        await Screen(await open_page(browser, WORKSPACE, "light"), desk.origin).visit("/cases?view=unassigned")
    ).signs_in(LI)
    await li.sees(number)
    await save(li.page, "workspace-queue")
    await li.opens(number)
    await li.presses("Take")
    await li.says(REPLY)
    await chat.reads(REPLY)
    await chat.say("That is good to know, thank you")
    await li.hears("That is good to know, thank you")
    await li.page.get_by_role("tab", name="Articles").click()
    await expect(li.page.locator(".suggestions")).to_be_visible()
    await li.writes("You are welcome. I keep an eye on it")
    await expect(chat.frame.locator(".typing.on")).to_be_visible()
    shots = [await page.screenshot() for page in (chat.page, li.page)]
    await beside(browser, shots, "conversation-becomes-a-case")
    await other_dresses(browser, li, number)
    for page in (chat.page, li.page):
        await page.context.close()


async def other_dresses(browser: Browser, li: Screen, number: str) -> None:
    """Dark on a desk, and on a tablet."""
    for size, scheme, name in ((WORKSPACE, "dark", "workspace-dark"), (TABLET, "light", "workspace-tablet")):
        page = await open_page(browser, size, scheme)
        screen = await (await Screen(page, li.origin).visit(f"/cases/{number}")).signs_in(LI)
        await screen.shows(number)
        await save(page, name)
        await page.context.close()


async def beside(browser: Browser, shots: Sequence[bytes], name: str) -> None:
    """Pictures of two windows as one picture."""
    page = await open_page(browser, (CHAT[0] + WORKSPACE[0] + 60, WORKSPACE[1] + 40), "light")
    images = "".join(f'<img src="data:image/png;base64,{b64encode(shot).decode()}">' for shot in shots)
    style = (
        "body{margin:20px;display:flex;gap:20px;background:#dfe4ee} img{border-radius:10px;box-shadow:0 4px 18px #0003}"
    )
    await page.set_content(f"<style>{style}</style>{images}")
    await save(page, name)
    await page.context.close()


async def answered(desk: DeskProcess, page: Page, name: str) -> None:
    chat = await journey.enter(page, desk)
    await journey.late_freezer_delivery(chat)
    await save(page, name)
    await page.context.close()


async def right_to_left(keys: Path, browser: Browser) -> None:
    peer = Peer(keys)
    await peer.start(PROJECT / "web" / "dist")
    page = await open_page(browser, PHONE, "light")
    chat = await Chat(page).visit(peer, f"{peer.other_origin}/foreign?dir=rtl&lang=ar")
    await chat.open()
    await chat.say("أين طلبي؟")
    await chat.reads("أين طلبي؟", times=2)
    await save(page, "right-to-left-phone")
    await page.context.close()
    await peer.stop()


async def open_page(browser: Browser, size: tuple[int, int], scheme: str) -> Page:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1 if width > 600 else 1.5,
        locale="en-GB",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    return await context.new_page()


async def save(page: Page, name: str) -> None:
    await page.wait_for_timeout(400)
    await page.screenshot(path=OUT / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
