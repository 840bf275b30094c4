"""The official Web Chat 4.18.1 in Chromium, on a page of another origin, over the wire."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from channels.webchat import Limits
from tests.channels.webchat.peer import Wire, close_wire, open_wire
from tests.node.web_chat import RECORDED, WebChat, cut, host_page, opened, require_browser

pytestmark = [pytest.mark.browser, pytest.mark.node]

PAGE = """<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1><div id="chat" style="height:600px"></div>
<script src="/webchat.js"></script><script>
const store = WebChat.createStore({}, ({ dispatch }) => next => action => {
  if (action.type === "DIRECT_LINE/CONNECT_FULFILLED")
    dispatch({ type: "WEB_CHAT/SEND_EVENT", payload: { name: "webchat/join", value: { language: "en" } } });
  RECORDED
});
WebChat.renderWebChat({
  directLine: WebChat.createDirectLine({ domain: "DOMAIN", token: "TOKEN", enableVoiceMode: false }),
  store, locale: "en-US",
}, document.getElementById("chat"));
</script></html>"""


@pytest.fixture
async def wire(tmp_path: Path) -> AsyncIterator[Wire]:
    require_browser()
    opened_wire = await open_wire(tmp_path / "keys", Limits())
    yield opened_wire
    await close_wire(opened_wire)


@pytest.fixture
async def page(wire: Wire) -> AsyncIterator[Page]:
    html = PAGE.replace("RECORDED", RECORDED).replace("DOMAIN", wire.domain).replace("TOKEN", wire.token())
    async with host_page(html) as origin, opened(origin) as page:
        yield page


async def test_a_visitor_of_another_origin_holds_a_conversation(page: Page, wire: Wire, tmp_path: Path) -> None:
    chat = WebChat(page)
    await chat.reads("Hello! How can I help?")
    await chat.press("My cases")
    await chat.reads("You said Show my cases")

    await chat.say("form")
    await expect(chat.cards).to_contain_text("CAS-01041-V9D3")
    await page.get_by_label("E-mail").fill("ana@shop.example")
    await page.locator("button.ac-pushButton", has_text="Send").click()
    await chat.reads("ana@shop.example")

    picture = tmp_path / "till.txt"
    picture.write_text("it says E42")
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Upload file").click()
    await (await chooser.value).set_files(picture)
    await chat.input.press("Enter")
    await chat.reads("Got till.txt")

    (conversation,) = wire.memory.logs
    cut(wire.desk.streams, conversation)
    await chat.say("said while the line is cut")
    await chat.reads("You said said while the line is cut")

    said = [one.text for one in wire.memory.logs[conversation] if one.text]
    assert len(said) == len(set(said)), said
    assert said.count("Hello! How can I help?") == 1
    await chat.assert_everything_was_sent()
