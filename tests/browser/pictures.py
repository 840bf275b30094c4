"""Makes the pictures of the docs: `python -m tests.browser.pictures`, from the folder of the project."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from bot.activity import Kind, Role, Sender
from tests.browser.chat import Chat
from tests.browser.peer import Peer, SentMail

PROJECT = Path(__file__).parents[2]
OUT = PROJECT / "docs" / "pictures"
DESK, PHONE = (1280, 800), (390, 780)
LI = Sender(Role.AGENT, "li", "Li Novak")
CODE = "Hello,\n\nyour code for the chat with Larder & Lane is\n\n    4821 7730\n\nIt is good for ten minutes."


async def main() -> None:
    """All pictures, light and dark, at desk and phone width."""
    OUT.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        path = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with tempfile.TemporaryDirectory() as keys:
            peer = Peer(Path(keys))
            await peer.start(PROJECT / "web" / "dist")
            await take_all(peer, browser)
            await peer.stop()
        await browser.close()


async def take_all(peer: Peer, browser: Browser) -> None:
    for scheme in ("light", "dark"):
        for name, size in (("desk", DESK), ("phone", PHONE)):
            page = await open_page(browser, size, scheme)
            await conversation(peer, page)
            await save(page, f"chat-{name}-{scheme}")
            await form(page)
            await save(page, f"chat-form-{name}-{scheme}")
            await page.context.close()
    for name, size in (("desk", DESK), ("phone", PHONE)):
        await pages(peer, browser, name, size)
    await right_to_left(peer, browser)


async def conversation(peer: Peer, page: Page) -> Chat:
    chat = await (await Chat(page).visit(peer)).open()
    await chat.reads("What can I do for you?")
    await chat.frame.get_by_role("button", name="My delivery is late").click()
    await chat.reads("keep anything above")
    peer.silent = True
    await chat.say("No, I would like to talk to a person please")
    await peer.say("Li Novak has joined the conversation.", kind=Kind.NOTICE)
    await peer.say("Hello Mara, I can see route 4 is stuck behind an accident. It will be with you at 6:40.", sender=LI)
    await chat.reads("6:40")
    await peer.say("", sender=LI, kind=Kind.TYPING)
    await page.wait_for_timeout(400)
    peer.silent = False
    return chat


async def form(page: Page) -> None:
    chat = Chat(page)
    await chat.say("the form")
    await chat.frame.get_by_role("button", name="Send details").wait_for()
    await page.wait_for_timeout(400)


async def pages(peer: Peer, browser: Browser, name: str, size: tuple[int, int]) -> None:
    peer.sent[:] = [SentMail("mara.lindqvist@quayside.example", "Your code for the chat", CODE)]
    for scheme in ("light", "dark"):
        page = await open_page(browser, size, scheme)
        for path, title in (("/", "start"), ("/demo/shop", "shop"), ("/demo/mailbox", "mailbox")):
            if title == "shop" and scheme == "dark":
                continue
            await page.goto(f"{peer.address}{path}")
            if title == "shop":
                await Chat(page).launcher.wait_for()
            await save(page, f"{title}-{name}-{scheme}")
        await page.context.close()


async def right_to_left(peer: Peer, browser: Browser) -> None:
    page = await open_page(browser, PHONE, "light")
    chat = await Chat(page).visit(peer, f"{peer.other_origin}/foreign?dir=rtl&lang=ar")
    await chat.open()
    await chat.say("أين طلبي؟")
    await chat.reads("أين طلبي؟", times=2)
    await page.wait_for_timeout(400)
    await save(page, "chat-phone-right-to-left")
    await page.context.close()


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
    await page.screenshot(path=OUT / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
