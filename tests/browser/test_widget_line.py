"""The line breaks, the page is reloaded, there are two tabs: nothing is lost and nothing comes twice."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.peer import Peer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
GREETED = "What can I do for you?"


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
    await chat.reads(GREETED, times=2)  # the old words can still be read
    await expect(chat.log.locator("article.mine")).to_have_count(1)
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
