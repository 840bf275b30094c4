"""The chat on other people's pages: keyboard, languages, small screens, who is vouched for."""

import base64
import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.peer import Peer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
GREETED = "What can I do for you?"


async def test_everything_by_keyboard(peer: Peer, new_page: NewPage) -> None:
    chat = await Chat(await new_page()).visit(peer, f"{peer.other_origin}/foreign")
    keys = chat.page.keyboard
    await expect(chat.launcher).to_be_visible()
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(chat.launcher).to_be_focused()
    await keys.press("Enter")
    await chat.online()
    await expect(chat.input).to_be_focused()
    await keys.type("typed")
    await keys.press("Shift+Enter")
    await keys.type("in two lines")
    await keys.press("Enter")
    await chat.reads("You said: typed")
    await expect(chat.input).to_be_focused()

    await chat.log.focus()
    await keys.press("ArrowUp")
    await expect(chat.log.locator("article").last).to_be_focused()
    await keys.press("ArrowUp")
    await expect(chat.log.locator("article.mine")).to_be_focused()
    await keys.press("Home")
    await expect(chat.log.locator("article").first).to_be_focused()
    await keys.press("Escape")
    await expect(chat.input).to_be_focused()
    await keys.press("Escape")
    await expect(chat.launcher).to_be_focused()
    await expect(chat.page.locator("nightdesk-chat iframe")).to_be_hidden()


async def test_what_is_said_while_it_is_closed_is_counted(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)
    await chat.launcher.click()

    await peer.say("One")
    await peer.say("Two")

    await expect(chat.launcher).to_have_accessible_name("Chat with us, 2 new")
    await chat.launcher.click()
    await expect(chat.launcher).to_have_accessible_name("Close chat")
    await chat.page.reload()
    await expect(chat.launcher).to_have_accessible_name("Chat with us")
    await chat.online_hidden()
    await peer.say("Three")
    await expect(chat.launcher).to_have_accessible_name("Chat with us, 1 new")


async def test_the_page_that_carries_it_is_checked(peer: Peer, new_page: NewPage) -> None:
    chat = await Chat(await new_page()).visit(peer, f"{peer.other_origin}/foreign")
    await chat.open()
    await chat.reads(GREETED)
    await chat.page.evaluate("() => window.postMessage({nightdesk: 'unread', count: 7}, '*')")
    await chat.page.evaluate("() => window.postMessage({nightdesk: 'close'}, '*')")
    await chat.say("still open")
    await chat.reads("You said: still open")
    await expect(chat.launcher).to_have_accessible_name("Close chat")

    refused = await Chat(await new_page()).visit(peer, f"{peer.other_origin}/foreign?site=demo")
    blocked: list[str] = []
    refused.page.on("console", lambda message: blocked.append(message.text))
    await refused.launcher.click()
    await refused.page.wait_for_timeout(500)
    assert any("frame-ancestors" in line for line in blocked)
    await expect(refused.frame.locator("main.chat")).to_have_count(0)


def identity(person: str, number: int) -> str:
    claims = base64.urlsafe_b64encode(
        json.dumps({"iss": "https://shop.example", "sub": person, "jti": number}).encode()
    )
    return f"e30.{claims.decode().rstrip('=')}.c2ln"


async def test_who_the_page_vouches_for_has_a_conversation_of_their_own(peer: Peer, new_page: NewPage) -> None:
    ana, page = identity("ana", 1), await new_page()
    host = f"{peer.address}/foreign"
    chat = await (await Chat(page).visit(peer, f"{host}?site=demo&identity={ana}")).open()
    await chat.say("I am Ana")
    await chat.reads("You said: I am Ana")
    assert list(peer.vouched.values()) == [ana]

    await (await chat.visit(peer, f"{host}?site=demo&identity={identity('ana', 2)}")).open()
    await chat.reads("You said: I am Ana")
    await (await chat.visit(peer, f"{host}?site=demo")).open()
    await chat.reads(GREETED)
    await chat.reads("I am Ana", times=0)
    assert len(peer.log) == 2


async def test_a_page_whose_word_is_not_taken_still_has_a_chat(peer: Peer, new_page: NewPage) -> None:
    ana = identity("ana", 1)
    peer.vouched["earlier"] = ana
    chat = await Chat(await new_page()).visit(peer, f"{peer.address}/foreign?site=demo&identity={ana}")
    await chat.open()
    await chat.reads(GREETED)


async def test_german(peer: Peer, new_page: NewPage) -> None:
    chat = await Chat(await new_page()).visit(peer, f"{peer.other_origin}/foreign?lang=de-AT")
    await expect(chat.launcher).to_have_accessible_name("Chat öffnen")
    await chat.launcher.click()
    await expect(chat.frame.get_by_label("Ihre Nachricht")).to_be_visible()
    await expect(chat.frame.locator("html")).to_have_attribute("lang", "de")


async def test_right_to_left(peer: Peer, new_page: NewPage) -> None:
    chat = await Chat(await new_page()).visit(peer, f"{peer.other_origin}/foreign?dir=rtl&lang=ar")
    await chat.open()
    await chat.say("أين طلبي؟")
    await chat.reads("أين طلبي؟", times=2)
    launcher, mine = await chat.launcher.bounding_box(), await chat.log.locator(".mine .bubble").bounding_box()
    theirs = await chat.log.locator(".theirs .bubble").first.bounding_box()
    assert launcher
    assert mine
    assert theirs
    assert launcher["x"] < 100
    assert mine["x"] < theirs["x"]
    direction = await chat.log.locator(".mine .bubble").evaluate("bubble => getComputedStyle(bubble).direction")
    assert direction == "rtl"
    english = chat.log.locator(".bubble", has_text=GREETED)
    assert await english.evaluate("bubble => getComputedStyle(bubble).direction") == "ltr"


@pytest.mark.parametrize("width", [320, 390])
async def test_a_phone_shows_it_whole(peer: Peer, new_page: NewPage, width: int) -> None:
    chat = await (await Chat(await new_page(width, 568, has_touch=True)).visit(peer)).open()
    await expect(chat.launcher).to_be_hidden()  # it would lie on the send button
    await chat.say("the form")
    await expect(chat.frame.get_by_role("button", name="Send details")).to_be_visible()
    box = await chat.page.locator("nightdesk-chat iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": width, "height": 568}
    root = chat.frame.locator("html")
    assert await root.evaluate("root => root.scrollWidth") <= width
    assert await chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    await root.evaluate(  # sizes are whole once what arrives has arrived; the dots of who types never do
        "root => Promise.all(root.getAnimations({subtree: true})"
        ".filter(one => isFinite(one.effect.getComputedTiming().endTime)).map(one => one.finished))"
    )
    small = await chat.frame.locator("button:visible, input:visible").evaluate_all(
        "all => all.filter(e => !['checkbox','radio'].includes(e.type))"
        ".map(e => [e.outerHTML, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 44)"
        ".map(([html]) => html)"
    )
    assert small == []
    await chat.frame.get_by_role("button", name="Close chat").click()
    await expect(chat.launcher).to_be_focused()


async def test_the_catalogues_have_the_same_keys() -> None:
    folder = Path(__file__).parents[2] / "web" / "widget" / "frame" / "catalogues"
    catalogues = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert {"en", "de"} <= set(catalogues)
    assert {frozenset(words) for words in catalogues.values()} == {frozenset(catalogues["en"])}
