"""The whole desk in a process of its own, with the bundled model: a conversation becomes a case, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser import journey
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
REPLY = "Hello Priya, route 4 stands behind an accident on the A34. Your frozen order will be with you at 18:40."


@pytest_asyncio.fixture(loop_scope="session")
async def desk(tmp_path: Path, dist: Path) -> AsyncIterator[DeskProcess]:
    process = journey.whole_desk(tmp_path)
    process.start()
    await process.ready()
    yield process
    process.end()


async def test_a_conversation_becomes_a_case(desk: DeskProcess, new_page: NewPage) -> None:
    page = await new_page(locale="en-GB")
    customer, email, password = await journey.said_by_start_page(page, desk)
    chat = await journey.enter(page, desk)

    await journey.late_freezer_delivery(chat)
    await journey.reads_the_whole_article(chat)
    first = await journey.opens_a_case(chat, customer)
    await journey.proves(chat, desk, customer)
    await journey.sees_all_cases(chat)
    number = await journey.asks_for_a_person(chat)

    async with DeskAgent(desk.origin, email, password) as agent:
        assert number in await agent.unassigned()
        await journey.is_heard(agent, chat, number, REPLY)
        await chat.say("That is good to know, thank you")
        await agent.hears(number, "That is good to know, thank you")
        await agent.resolve(number, "The delivery arrived at 18:40.")
        await chat.reads("Is it solved for you?")
        await chat.press("Yes")
        await chat.reads(f"{number} is closed")

        assert (await agent.case(number))["status"] == "closed"
        log = await agent.conversation(number)
    assert [said["text"] for said in log].count("That is good to know, thank you") == 1
    assert journey.NUMBER.fullmatch(first)


async def test_killed_in_the_middle_nothing_is_lost_or_doubled(desk: DeskProcess, new_page: NewPage) -> None:
    chat = await journey.enter(await new_page(), desk)
    await journey.late_freezer_delivery(chat)
    before = await chat.log.locator("article").count()

    desk.kill()
    await expect(chat.frame.locator("main")).not_to_have_attribute("data-state", "online", timeout=20_000)
    await chat.say("I want to talk to a person, please")
    await expect(chat.last("mine").locator(".state")).to_have_text("Waiting for the connection …")
    desk.start()
    await desk.ready()

    await chat.online()
    number = await journey.number_in_answer(chat)
    await expect(chat.last("mine").locator(".state")).to_have_text("Sent")
    assert await chat.log.locator("article").count() == before + 2
    await chat.page.reload()
    await chat.open()
    await chat.reads(number)
    await chat.reads("My freezer delivery is late")
    assert await chat.log.locator("article").count() == before + 2


async def test_two_tabs_of_one_visitor_are_one_conversation(desk: DeskProcess, new_page: NewPage) -> None:
    page = await new_page()
    chat = await journey.enter(page, desk)
    await journey.late_freezer_delivery(chat)

    other = await Chat(await page.context.new_page()).visit_address(f"{desk.origin}/demo/shop")
    await other.open()
    await other.reads("Probe two packs")
    await other.press("No, open a case")

    await expect(chat.last("mine")).to_contain_text("No, open a case", timeout=20_000)
    await expect(chat.button("Yes, that solved it")).to_have_count(0)
    number = await journey.asks_for_a_person(chat)
    await other.reads(number)
    assert await chat.log.locator("article").count() == await other.log.locator("article").count()


async def test_the_keyboard_is_enough(desk: DeskProcess, new_page: NewPage) -> None:
    page = await new_page()
    chat = await Chat(page).visit_address(f"{desk.origin}/demo/shop")
    await chat.launcher.focus()
    await page.keyboard.press("Enter")
    await chat.online()
    await page.keyboard.type("My freezer delivery is late")
    await page.keyboard.press("Enter")
    await expect(chat.button("No, open a case")).to_be_visible(timeout=20_000)

    for _ in range(8):
        await page.keyboard.press("Shift+Tab")
        if await chat.button("No, open a case").evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")

    await expect(chat.last("mine")).to_contain_text("No, open a case", timeout=20_000)
    await expect(chat.input).to_be_focused()


async def test_a_file_reaches_the_agent(desk: DeskProcess, new_page: NewPage, tmp_path: Path) -> None:
    note = tmp_path / "delivery note.txt"
    note.write_text("Three cages short")
    page = await new_page()
    _, email, password = await journey.said_by_start_page(page, desk)
    chat = await journey.enter(page, desk)
    number = await journey.asks_for_a_person(chat)

    async with page.expect_file_chooser() as choosing:
        await chat.frame.get_by_role("button", name="Attach files").click()
    await (await choosing.value).set_files(note)
    await chat.say("This is the delivery note")

    await expect(chat.last("mine").locator("a.file, .file a")).to_contain_text("delivery note.txt", timeout=20_000)
    async with DeskAgent(desk.origin, email, password) as agent:
        heard = [said for said in await agent.conversation(number) if said.get("attachments")]
    assert [file["name"] for said in heard for file in said["attachments"]] == ["delivery note.txt"]
