"""Customer and agent side by side, each in a browser of their own, against the whole desk with the real model."""

import pytest
from playwright.async_api import Page, expect

from tests.browser import journey
from tests.browser.chat import Chat
from tests.browser.conftest import NewPage
from tests.browser.screen import DELIVERIES, GRACE, LI, MARCUS, SOON_MS, Screen, agent_at
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def customer_at(new_page: NewPage, desk: DeskProcess) -> Chat:
    return await journey.enter(await new_page(width=420, height=780, locale="en-GB"), desk)


async def waiting(new_page: NewPage, desk: DeskProcess, about: str = "My freezer delivery is late") -> tuple[Chat, str]:
    """A customer who waits for a person, and the number of the case."""
    chat = await customer_at(new_page, desk)
    await chat.say(f"{about}, can I talk to a person?")
    return chat, await journey.number_in_answer(chat)


@pytest.mark.parametrize("width", [1440, 768])
async def test_from_the_first_message_to_the_confirmation(desk: DeskProcess, new_page: NewPage, width: int) -> None:
    li = await agent_at(new_page, desk.origin, LI, "/cases?view=unassigned", width=width)
    chat, number = await waiting(new_page, desk)

    await li.sees(number)  # nobody loaded the list anew
    await li.opens(number)
    await expect(li.page.locator(".handover")).to_contain_text("They asked for a person")
    await expect(li.page.locator(".handover .quotes")).to_contain_text("My freezer delivery is late")
    await li.presses("Take")
    await chat.reads("Li Chen has joined", notice=True)
    await li.stands("open")

    await li.box.press_sequentially("Hello, this is Li.", delay=20)
    await expect(chat.frame.locator(".typing.on")).to_contain_text("Li Chen is writing", timeout=SOON_MS)
    await li.box.press("Control+Enter")
    await chat.reads("Hello, this is Li.")
    await li.hears("Hello, this is Li.")

    await chat.input.press_sequentially("Where is", delay=20)
    await expect(li.page.locator(".typing")).to_contain_text("is writing", timeout=SOON_MS)
    await chat.say("Where is the driver?")
    await li.hears("Where is the driver?")

    await li.says("Driver behind an accident on the A52", "Note")
    await li.hears("Driver behind an accident on the A52")
    await li.says("Which route is it?", "Ask")
    await chat.reads("Which route is it?")
    await li.stands("waiting for customer")
    await chat.say("It is route 4")
    await li.hears("It is route 4")
    await li.stands("open")

    await li.presses("Resolve")
    await li.answers("Resolve", What_was_done="It will be with you at 18:40.")
    await chat.reads("It will be with you at 18:40.")
    await li.stands("resolved")
    await chat.press("Yes")
    await chat.reads(f"{number} is closed")
    await li.stands("closed")

    await li.pane("Case")
    await expect(li.history).to_contain_text("Li Chen took it")
    await expect(li.history).to_contain_text("resolved it: solved")
    await expect(chat.log).not_to_contain_text("A52")  # the note was for colleagues
    assert await chat.log.locator(".bubble", has_text="Hello, this is Li.").count() == 1


async def test_who_the_customer_is(desk: DeskProcess, new_page: NewPage) -> None:
    chat = await customer_at(new_page, desk)
    await journey.late_freezer_delivery(chat)
    await journey.proves(chat, desk)
    number = await journey.asks_for_a_person(chat)

    li = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    pane = li.page.get_by_role("region", name="Customer")
    await expect(pane).to_contain_text("Priya Nair")
    await expect(pane).to_contain_text("Proved who they are")
    await expect(pane).to_contain_text("By a code")
    await expect(pane).to_contain_text(journey.CUSTOMER)
    await expect(pane).to_contain_text("Larder & Lane › Harvest Corner › Harvest Corner Belper")
    await expect(pane.locator(".case-links li").first).to_be_visible()
    case = li.page.get_by_role("region", name="Case", exact=True)
    await case.get_by_role("tab", name="Articles").click()
    await expect(case.locator(".suggestions")).to_contain_text("Your frozen or freezer delivery is late")
    await case.get_by_role("button", name="Put into the reply").first.click()
    await expect(li.box).not_to_have_value("")
    await expect(li.box).to_be_focused()
    await case.get_by_role("tab", name="Similar cases").click()
    await expect(case.locator(".suggestions > li").first).to_be_visible()


async def test_the_bot_speaks_again_when_it_is_handed_back(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.says("One moment, please.")
    await chat.reads("One moment, please.")
    await chat.say("The handheld scanner does not connect")
    await li.hears("The handheld scanner does not connect")
    await expect(li.history).to_contain_text("does not connect")  # else it is decided on an older case
    before = await chat.log.locator("article.theirs").count()

    await li.chooses("Hand back to the bot")
    await expect(chat.log.locator("article.theirs")).to_have_count(before + 1, timeout=20_000)  # it says so itself
    await chat.say("The handheld scanner does not connect")
    await chat.reads("Telephone", times=0)
    await expect(chat.last("theirs")).to_contain_text("handheld", timeout=20_000)
    await expect(li.log.locator(".message.bot").last).to_contain_text("handheld", timeout=SOON_MS)


async def test_escalated_moved_and_reopened_with_reasons(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await grace.presses("Take")
    await grace.stands("open")
    await grace.chooses("Escalate")
    await grace.answers("Escalate", Reason="Third time this month")
    await expect(grace.page.locator(".case-facts")).to_contain_text("level 1")
    await expect(grace.history).to_contain_text("Third time this month")

    await grace.chooses("Change the priority")
    dialog = grace.page.get_by_role("dialog")
    await dialog.get_by_label("Priority").select_option("1")
    await grace.answers("Change it", Reason="The goods thaw")
    await expect(grace.page.locator(".case-facts")).to_contain_text("urgent")

    await grace.presses("Resolve")
    await grace.answers("Resolve", What_was_done="Delivered")
    await grace.stands("resolved")
    await expect(grace.page.locator(".hint")).to_contain_text("Reopen it")
    await grace.presses("Reopen")
    await grace.answers("Reopen", Reason="Half of it was missing")
    await grace.stands("open")

    await grace.chooses("Move to another department")
    await dialog.get_by_label("Department").select_option("tills")
    await grace.answers("Move", Reason="It was the till after all")
    await expect(grace.page.locator(".case-facts")).to_contain_text("nobody yet")
    await expect(grace.history).to_contain_text("It was the till after all")


async def test_two_agents_in_one_case_see_each_other(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    marcus = await agent_at(new_page, desk.origin, MARCUS, f"/cases/{number}")

    await li.is_told("Marcus Boateng is looking at this case too.")
    await marcus.is_told("Li Chen is looking at this case too.")
    await marcus.writes("I think")
    await li.is_told("Marcus Boateng is writing in this case right now.")
    await marcus.page.goto(f"{desk.origin}/workspace/cases")
    await expect(li.page.locator(".others")).to_have_count(0, timeout=SOON_MS)


async def test_two_agents_collide(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    marcus = await agent_at(new_page, desk.origin, MARCUS, f"/cases/{number}")
    await marcus.page.route("**/api/events*", lambda route: route.abort())
    await marcus.page.reload()  # what he sees from now on is old
    await marcus.shows(number)

    await li.presses("Take")
    await li.stands("open")
    await marcus.presses("Take")
    await marcus.is_told("A colleague holds this case already.")
    await expect(marcus.page.locator(".case-facts")).to_contain_text("held by Li Chen")

    await marcus.presses("Resolve")
    await li.says("It will be there at 18:40.")
    await chat.reads("It will be there at 18:40.")
    await marcus.answers("Resolve", What_was_done="Solved by Marcus")
    await marcus.is_told("Somebody changed this case since you looked.")
    await marcus.answers("Cancel")
    await marcus.hears("It will be there at 18:40.")  # it was loaded anew
    await li.stands("open")


async def test_a_link_leads_through_the_sign_in_to_its_case(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.shows(number)
    assert li.page.url == f"{desk.origin}/workspace/cases/{number}"

    jump = li.page.get_by_role("search").get_by_role("textbox")
    await jump.fill("CAS-99999-0000")
    await jump.press("Enter")
    await li.is_told("One character of this number must be a slip.")
    await li.visit("/nowhere")
    await expect(li.page.get_by_role("heading", level=1)).to_have_text("Nothing lives at this address")


async def test_what_is_not_theirs_is_as_if_it_were_not(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk, "The till is frozen in the middle of a sale")
    marcus = await agent_at(new_page, desk.origin, MARCUS, f"/cases/{number}")
    await marcus.is_told("There is no case with this number that you may see.")
    await marcus.visit("/cases?view=tills")
    await expect(marcus.page.get_by_role("heading", level=1)).to_have_text("Nothing lives at this address")
    await marcus.visit("/cases?view=deliveries&status=resolved")
    await expect(marcus.row(number)).to_have_count(0)


async def test_the_keyboard_is_enough(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    page = await new_page(width=1440, height=900)
    li = await Screen(page, desk.origin).visit("/cases?view=unassigned")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    for text in (LI, "larder-and-lane"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab" if text == LI else "Enter")
    await li.is_live()
    await li.sees(number)
    await tab_to(page, f".case-row:has-text('{number}')")
    await page.keyboard.press("Enter")
    await li.shows(number)
    await page.keyboard.press("Alt+t")
    await li.stands("open")
    await expect(li.box).to_be_focused()
    await page.keyboard.type("Typed without a mouse")
    await page.keyboard.press("Control+Enter")
    await chat.reads("Typed without a mouse")
    await page.keyboard.press("Alt+n")
    await page.keyboard.type("Noted without a mouse")
    await page.keyboard.press("Control+Enter")
    await li.hears("Noted without a mouse")
    await page.keyboard.press("Alt+s")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await page.keyboard.press("Alt+s")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Done without a mouse")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await li.stands("resolved")
    await chat.reads("Done without a mouse")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(selector).evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to {selector}")


async def test_german_from_the_sign_in_on(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    page = await new_page(width=1440, height=900, locale="de-DE")
    await page.goto(f"{desk.origin}/workspace/cases/{number}")
    await page.get_by_label("E-Mail-Adresse").fill(LI)
    await page.get_by_label("Passwort").fill("falsch")
    await page.get_by_role("button", name="Anmelden").click()
    await expect(page.get_by_role("alert")).to_contain_text("E-Mail-Adresse oder Passwort ist falsch.")
    await page.get_by_label("Passwort").fill("larder-and-lane")
    await page.get_by_role("button", name="Anmelden").click()
    await expect(page.get_by_role("button", name="Übernehmen")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "de"
    assert await page.locator("body").get_by_text("undefined").count() == 0


async def test_a_file_is_fetched_from_the_conversation(desk: DeskProcess, new_page: NewPage, tmp_path: object) -> None:
    chat, number = await waiting(new_page, desk)
    async with chat.page.expect_file_chooser() as choosing:
        await chat.frame.get_by_role("button", name="Attach files").click()
    await (await choosing.value).set_files(
        {"name": "delivery note.txt", "mimeType": "text/plain", "buffer": b"Three cages short"}
    )
    await chat.say("This is the delivery note")
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    async with li.page.expect_download() as downloading:
        await li.log.get_by_role("link", name="delivery note.txt").click()
    saved = await (await downloading.value).path()
    assert saved.read_bytes() == b"Three cages short"


async def test_presence_is_told_and_signing_out_ends_it(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    marcus = await agent_at(new_page, desk.origin, MARCUS)
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await marcus.page.get_by_role("button", name="your settings").click()
    async with marcus.page.expect_response("**/api/presence"):
        await marcus.page.get_by_role("menuitemradio", name="busy").click()
    await marcus.page.keyboard.press("Escape")
    await expect(grace.page.locator(".line.live")).to_be_visible()
    await grace.chooses("Give to a colleague")
    colleague = grace.page.get_by_role("dialog").get_by_label("Colleague")
    await expect(colleague.locator("option", has_text="Marcus Boateng (busy)")).to_have_count(1)
    assert await colleague.locator("option", has_text="Fiona Cairns").count() == 0  # not her department
    await colleague.select_option(label="Marcus Boateng (busy)")
    await grace.answers("Give it to them")
    await expect(marcus.page.locator(".my-case", has_text="My freezer delivery")).to_contain_text("new")

    await marcus.page.get_by_role("button", name="your settings").click()
    await marcus.page.get_by_role("menuitem", name="Sign out").click()
    await expect(marcus.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert DELIVERIES not in await marcus.page.content()
