"""A conversation in Debian's Chromium, over the real wire."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.activity import Card, Choice, Input, Kind, Role, Sender
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.peer import Peer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
GREETED = "What can I do for you?"
LI = Sender(Role.AGENT, "li", "Li Novak")
PICTURE = (  # a PNG of one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


async def test_a_conversation(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    await chat.frame.get_by_role("button", name="My delivery is late").click()

    await chat.reads("My freezer delivery is late")
    await chat.reads("keep anything above")
    await expect(chat.log.locator("li em", has_text="temperature log")).to_be_visible()
    await expect(chat.log.get_by_role("link", name="Frozen deliveries")).to_have_attribute("target", "_blank")
    await expect(chat.last("mine").locator(".state")).to_have_text("Sent")
    await chat.say("No")
    await chat.reads("You said: No")
    await expect(chat.frame.locator(".quick button")).to_have_count(0)


async def test_a_person_joins_and_is_named(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await peer.say("Li Novak has joined.", kind=Kind.NOTICE)
    await peer.say("", sender=LI, kind=Kind.TYPING)
    await expect(chat.frame.locator(".typing .hidden")).to_have_text("Li Novak is writing")

    await peer.say("Hello, Li here.", sender=LI)

    await expect(chat.log.locator("article.notice")).to_have_text("Li Novak has joined.")
    await expect(chat.last("theirs").locator(".shown")).to_have_text("Li Novak")
    await expect(chat.frame.locator(".typing.on")).to_have_count(0)


async def test_a_form_is_filled_once(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.say("the form")
    await chat.frame.get_by_label("Order number").fill("LL-20771")
    await chat.frame.get_by_label("Delivery day").fill("2026-11-20")
    await chat.frame.get_by_label("Missing").check()
    await expect(chat.log.get_by_role("link", name="Trap")).to_have_count(0)

    await chat.frame.get_by_role("button", name="Send details").click()

    await chat.reads("Noted: LL-20771")
    await chat.reads("Here are the details")
    expected = {"says": "Here are the details", "order": "LL-20771", "day": "2026-11-20", "what": "missing"}
    assert peer.heard[-1].value == expected
    await expect(chat.frame.get_by_role("button", name="Send details")).to_be_disabled()
    await chat.page.reload()
    await chat.open()
    await expect(chat.frame.get_by_role("button", name="Send details")).to_be_disabled()


async def test_files_by_button_and_by_drop(peer: Peer, new_page: NewPage, tmp_path: Path) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    note = tmp_path / "delivery note.txt"
    note.write_text("12 cases")
    await chat.frame.locator("input[type=file]").set_input_files(note)
    await chat.say("See here")
    await chat.reads("See here")
    await chat.reads("Thank you for delivery note.txt.")
    link = chat.log.get_by_role("link", name="delivery note.txt")
    await expect(link).to_be_visible()
    fetched = await chat.page.request.get(str(await link.get_attribute("href")))
    assert await fetched.body() == b"12 cases"

    await chat.frame.locator("main").evaluate(
        """(area, picture) => {
            const bytes = Uint8Array.from(atob(picture), c => c.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], "photo.png", {type: "image/png"}));
            area.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }""",
        PICTURE,
    )
    await chat.frame.get_by_role("button", name="Send").click()
    await chat.reads("Thank you for photo.png.")
    await expect(chat.log.get_by_role("img", name="photo.png")).to_be_visible()


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "[click](  javascript:alert(1) )",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](JaVaScRiPt:alert(1))",
    '[x](https://a.example/"onmouseover="alert(1))',
    "**<svg onload=alert(1)>**",
    "`</code><img src=x onerror=alert(1)>`",
    "```\n</pre><script>alert(1)</script>\n```",
    "https://a.example/<img src=x onerror=alert(1)>",
    "- <iframe srcdoc='<script>alert(1)</script>'>",
    "[](vbscript:alert(1)) __proto__ **" + "*" * 500,
    "\u202e\u2066<b>x</b>\u0000\ufffd",
]


async def test_hostile_words_stay_words(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    peer.silent = True
    for text in HOSTILE:
        bad = Choice(text, text)
        card = Card(
            title=text, text=text, facts=((text, text),), inputs=(Input(text, text, "choice", (bad,)),), submit=bad,
            fallback=text,
        )  # fmt: skip
        await peer.say(text, sender=Sender(Role.AGENT, text, text), card=card, choices=(bad,))
        await peer.say(text, kind=Kind.NOTICE)
        await chat.say(text)
    await peer.say("The end.")
    await chat.reads("The end.")

    for bad_tag in ("script", "svg[onload]", "img[onerror]", "iframe", "b"):
        await expect(chat.log.locator(bad_tag)).to_have_count(0)
    hrefs = await chat.log.locator("a").evaluate_all("links => links.map(a => a.href)")
    assert all(re.match(r"(https?|mailto):", href) for href in hrefs)
