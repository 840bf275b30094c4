"""The customer's chat in Debian's Chromium, over the real wire."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.activity import Card, Choice, Input, Kind, Role, Sender
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.peer import GREETING, Peer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
GREETED = "What can I do for you?"
LI = Sender(Role.AGENT, "li", "Li Novak")


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


async def test_what_is_said_while_the_socket_is_dead_arrives_once(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    await peer.cut_sockets()
    await peer.say("Said into the dark")
    await chat.say("Are you there?")

    await chat.reads("Said into the dark")
    await chat.reads("You said: Are you there?")
    assert [one.text for one in peer.heard] == ["Are you there?"]


async def test_an_answer_that_is_lost_doubles_nothing(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    peer.faults.answers_lost = 2
    await chat.say("Only once, please")

    await chat.reads("You said: Only once, please")
    await expect(chat.last("mine").locator(".state")).to_have_text("Sent")
    assert len(peer.heard) == 1
    await expect(chat.log.locator("article.mine")).to_have_count(1)


async def test_offline_words_wait_and_go_out_in_order(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    await chat.page.context.set_offline(True)
    await expect(chat.frame.locator(".banner")).to_contain_text("You are offline")
    for text in ("first", "second", "third"):
        await chat.say(text)
    await expect(chat.last("mine").locator(".state")).to_have_text("Waiting for the connection …")
    await peer.say("Meanwhile at the desk")
    await chat.page.context.set_offline(False)

    await chat.reads("You said: third")
    await chat.reads("Meanwhile at the desk")
    await expect(chat.frame.locator(".banner")).to_be_empty()
    assert [one.text for one in peer.heard] == ["first", "second", "third"]


async def test_not_sent_can_be_tried_again_under_the_same_id(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)
    refuse = re.compile(r"/activities$")
    await chat.page.route(refuse, lambda route: route.fulfill(status=400, body="{}"))

    await chat.say("Stuck")

    failed = chat.last("mine")
    await expect(failed.locator(".state")).to_have_text("Not sent")
    await chat.page.unroute(refuse)
    await failed.get_by_role("button", name="Try again").click()
    await chat.reads("You said: Stuck")
    await expect(chat.log.locator("article.mine")).to_have_count(1)
    assert len(peer.heard) == 1


async def test_a_reload_brings_everything_back(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    for number in range(60):  # more than one page of history
        await peer.say(f"Line {number}.")
    await chat.say("Remember me")
    await chat.reads("You said: Remember me")

    await chat.page.reload()
    await chat.open()

    await chat.reads("Line 59.")
    await chat.reads("You said: Remember me")
    await expect(chat.log.locator("article")).to_have_count(63)
    assert len(peer.log) == 1


async def test_words_unsent_at_a_reload_are_sent_once(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)
    peer.faults.down = True
    await chat.say("Do not lose this")
    await chat.page.reload()
    await chat.launcher.click()
    await expect(chat.log.locator(".bubble", has_text="Do not lose this")).to_be_visible()

    peer.faults.down = False

    await chat.reads("You said: Do not lose this")
    assert [one.text for one in peer.heard] == ["Do not lose this"]


async def test_two_tabs_are_one_conversation(peer: Peer, new_page: NewPage) -> None:
    one = await (await Chat(await new_page()).visit(peer)).open()
    await one.reads(GREETED)
    two = await (await Chat(await one.page.context.new_page()).visit(peer)).open()
    await two.reads(GREETED)

    await one.say("from the first")
    await two.reads("You said: from the first")
    await two.say("from the second")

    await one.reads("You said: from the second")
    await expect(one.log.locator("article.mine")).to_have_count(2)
    assert len(peer.log) == 1


async def test_where_sockets_are_blocked_it_polls(peer: Peer, new_page: NewPage) -> None:
    peer.faults.sockets_blocked = True
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    await chat.say("by polling")

    await chat.reads("You said: by polling")


async def test_a_conversation_whose_token_is_gone_ends_in_a_new_one(
    peer: Peer, new_page: NewPage, tmp_path: Path
) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.reads(GREETED)

    peer.forget_tokens(tmp_path / "new keys")
    await chat.say("Hello again")

    await chat.reads("You said: Hello again")
    await expect(chat.log).to_contain_text("Your earlier conversation has ended.")
    assert len(peer.log) == 2


async def test_starting_again_leaves_the_old_conversation(peer: Peer, new_page: NewPage) -> None:
    chat = await (await Chat(await new_page()).visit(peer)).open()
    await chat.say("old words")
    await chat.reads("You said: old words")

    await chat.frame.get_by_role("button", name="More").click()
    await chat.frame.get_by_role("button", name="Start a new conversation").click()

    await chat.reads("old words", times=0)
    await chat.reads(GREETED)
    assert len(peer.log) == 2


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
        """area => {
            const bytes = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="), c => c.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], "photo.png", {type: "image/png"}));
            area.dispatchEvent(new DragEvent("drop", {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }"""
    )
    await chat.frame.get_by_role("button", name="Send").click()
    await chat.reads("Thank you for photo.png.")
    await expect(chat.log.get_by_role("img", name="photo.png")).to_be_visible()


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


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "[click](  javascript:alert(1) )",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](JaVaScRiPt:alert(1))",
    "[x](https://a.example/\"onmouseover=\"alert(1))",
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
    await chat.say("the form")
    await expect(chat.frame.get_by_role("button", name="Send details")).to_be_visible()
    box = await chat.page.locator("nightdesk-chat iframe").bounding_box()
    assert box == {"x": 0, "y": 0, "width": width, "height": 568}
    root = chat.frame.locator("html")
    assert await root.evaluate("root => root.scrollWidth") <= width
    assert await chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    small = await chat.frame.locator("button:visible, input:visible").evaluate_all(
        "all => all.filter(e => !['checkbox','radio'].includes(e.type))"
        ".map(e => [e.outerHTML, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 44)"
        ".map(([html]) => html)"
    )
    assert small == []


async def test_the_catalogues_have_the_same_keys() -> None:
    folder = Path(__file__).parents[2] / "web" / "widget" / "frame" / "catalogues"
    catalogues = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert {"en", "de"} <= set(catalogues)
    assert {frozenset(words) for words in catalogues.values()} == {frozenset(catalogues["en"])}
    assert GREETING
