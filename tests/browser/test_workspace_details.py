"""What goes wrong on a busy day: old decisions, hasty replies, moved cases, changed agents, small windows."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, LI, MARCUS, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_workspace import waiting
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
FIONA = "fiona.cairns@larder-lane.example"
LATE_MS = 1_500


async def is_focused(page: Page, name: str) -> None:
    await expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()


@pytest.mark.parametrize("typed", ["lower case", "spaces"])
async def test_a_number_typed_otherwise_is_the_same_case(desk: DeskProcess, new_page: NewPage, typed: str) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI)
    box = li.page.get_by_role("search").get_by_role("textbox")
    await box.fill(number.lower() if typed == "lower case" else number.replace("-", " "))
    await box.press("Enter")
    await li.shows(number)
    await expect(li.page).to_have_url(f"{desk.origin}/workspace/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await expect(li.page.locator(".case-facts")).to_contain_text("held by Li Chen")


async def test_a_decision_on_what_is_old_is_refused_once(desk: DeskProcess, new_page: NewPage) -> None:
    """Both screens are live: what was decided on is what the dialog was opened over, not what came in behind it."""
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.presses("Resolve")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.escalate(number, "The goods thaw")
    await expect(li.page.locator(".case-facts")).to_contain_text("level 1")

    await li.answers("Resolve", What_was_done="Delivered")
    await li.is_told("Somebody changed this case since you looked.")
    await li.stands("open")
    await li.answers("Resolve")  # on what is shown now
    await li.stands("resolved")


async def test_focus_comes_back_from_dialogs(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.presses("Resolve")
    await expect(li.page.get_by_role("dialog")).to_be_visible()
    await li.page.mouse.click(5, 400)  # beside it: what was written would be gone
    await expect(li.page.get_by_role("dialog")).to_be_visible()
    await li.page.keyboard.press("Escape")
    await is_focused(li.page, "Resolve")
    await li.chooses("Escalate")
    await expect(li.page.get_by_role("dialog")).to_be_visible()
    await li.page.keyboard.press("Escape")
    await is_focused(li.page, "More actions")


@pytest.mark.parametrize("how", ["article", "key", "take"])
async def test_on_a_tablet_what_is_written_comes_to_the_front(desk: DeskProcess, new_page: NewPage, how: str) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}", width=768, height=1024)
    await li.shows(number)
    await li.pane("Case")
    if how == "article":
        await li.page.get_by_role("tab", name="Articles").click()
        await li.page.get_by_role("button", name="Put into the reply").first.click()
    elif how == "key":
        await li.page.keyboard.press("Alt+r")
    else:
        await li.presses("Take")
    await expect(li.box).to_be_focused(timeout=SOON_MS)
    await expect(li.box).to_be_visible()
    if how == "article":
        await expect(li.box).not_to_have_value("")


async def test_quick_replies_arrive_in_order(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    waited: list[str] = []

    async def slow_at_first(route: Route) -> None:
        if not waited:
            waited.append(route.request.url)
            await asyncio.sleep(LATE_MS / 1000)
        await route.continue_()

    await li.page.route("**/replies", slow_at_first)
    for text in ("First words", "Second words", "Third words"):
        await li.says(text)
    await chat.reads("Third words")
    heard = await chat.log.locator("article.theirs .bubble").all_inner_texts()
    assert [text for text in heard if "words" in text] == ["First words", "Second words", "Third words"]


async def test_what_stands_behind_a_failure_is_held_back(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")

    async def fail_late(route: Route) -> None:
        await asyncio.sleep(LATE_MS / 1000)
        await route.abort()

    await li.page.route("**/replies", fail_late)
    await li.says("Words before")
    await li.says("Words after")
    failed = li.log.locator(".message.failed")
    await expect(failed).to_have_count(2, timeout=SOON_MS)
    await expect(failed.last).to_contain_text("Held back: what stands above was not sent.")
    await li.page.unroute("**/replies")
    for _ in range(2):
        await failed.first.get_by_role("button", name="Send again").click()
    await li.hears("Words after")
    heard = await chat.log.locator("article.theirs .bubble").all_inner_texts()
    assert [text for text in heard if "Words" in text] == ["Words before", "Words after"]


async def test_a_case_is_left_while_a_reply_is_on_its_way(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")

    async def late(route: Route) -> None:
        await asyncio.sleep(LATE_MS / 1000)
        await route.continue_()

    await li.page.route("**/replies", late)
    await li.says("On its way")
    await li.lists("My cases")
    await li.opens(number)
    await chat.reads("On its way")
    await li.hears("On its way")
    await expect(li.log.locator(".failed, .sending")).to_have_count(0, timeout=SOON_MS)


async def test_a_refused_reply_goes_back_into_the_box(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.page.route("**/replies", refuse)
    await li.says("As it was written")
    await li.log.locator(".failed").get_by_role("button", name="Edit").click()
    await expect(li.box).to_have_value("As it was written")
    await expect(li.log.locator(".failed")).to_have_count(0)
    await li.box.fill("x" * 8_001)
    await expect(li.page.get_by_role("button", name="Send")).to_be_disabled()


async def refuse(route: Route) -> None:
    problem = '{"code": "http.key_reused", "status": 409, "title": "", "detail": "", "type": ""}'
    await route.fulfill(status=409, content_type="application/problem+json", body=problem)


async def test_a_case_that_is_moved_away_is_gone_from_the_screen(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    marcus = await agent_at(new_page, desk.origin, MARCUS, f"/cases/{number}")
    await marcus.says("For colleagues in Deliveries", "Note")
    await marcus.hears("For colleagues in Deliveries")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.move(number, "tills", "It was the till")
    await marcus.is_told("There is no case with this number that you may see.")
    await expect(marcus.page.get_by_text("For colleagues in Deliveries")).to_have_count(0)


async def test_another_agent_in_the_same_browser_sees_nothing_of_the_former_one(
    desk: DeskProcess, new_page: NewPage
) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.says("For Li's eyes", "Note")
    await li.hears("For Li's eyes")
    await li.page.context.set_offline(True)
    await li.is_cut()
    await li.page.context.set_offline(False)
    other = await li.page.context.new_page()
    await other.goto(f"{desk.origin}/")
    await other.evaluate(
        """async ([email, password]) => fetch("/api/session", {method: "POST",
           headers: {"Content-Type": "application/json"}, body: JSON.stringify({email, password})})""",
        [FIONA, PASSWORD],
    )
    await li.page.context.set_offline(True)
    await li.page.context.set_offline(False)
    await expect(li.page.get_by_role("button", name="Fiona Cairns")).to_be_visible(timeout=SOON_MS)
    await li.is_told("There is no case with this number that you may see.")
    await expect(li.page.get_by_text("For Li's eyes")).to_have_count(0)


async def test_presence_chosen_in_one_tab_holds_in_the_other(desk: DeskProcess, new_page: NewPage) -> None:
    li = await agent_at(new_page, desk.origin, LI)
    other = await (await Screen(await li.page.context.new_page(), desk.origin).visit()).is_live()
    await other.page.get_by_role("button", name="your settings").click()
    await other.page.get_by_role("menuitemradio", name="away").click()
    await expect(li.page.get_by_role("button", name=re.compile("Li Chen.*away"))).to_be_visible()
    async with li.page.expect_request("**/api/presence") as telling:
        await li.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert (await telling.value).post_data_json == {"presence": "away", "reason": ""}


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 480), (768, 480), (640, 450), (320, 256)])
async def test_in_a_small_window_everything_can_be_reached(
    desk: DeskProcess, new_page: NewPage, width: int, height: int
) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}", width=width, height=height)
    await li.presses("Take")
    await expect(li.log).to_contain_text("has joined")  # nothing is to come that would make the page longer
    send = li.page.get_by_role("button", name="Send", exact=True)
    await li.page.mouse.move(width / 2, height - 20)
    await li.page.locator("main").evaluate("main => main.scrollTo(0, main.scrollHeight)")
    place = await send.bounding_box()
    assert place is not None
    assert place["y"] >= 0
    assert place["y"] + place["height"] <= height
    log = await li.log.bounding_box()
    assert log is not None
    assert log["height"] >= 60


async def test_back_in_the_list_where_one_was(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, GRACE, "/cases?view=deliveries&status=new", width=900)
    await li.opens(number)
    await li.page.get_by_role("link", name="Deliveries").click()
    await expect(li.page).to_have_url(f"{desk.origin}/workspace/cases?view=deliveries&status=new")
    await expect(li.row(number)).to_be_focused()


async def test_something_new_is_marked_on_a_phone_too(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}", width=390, height=780)
    await li.presses("Take")
    await li.stands("open")
    await li.page.get_by_role("link", name="My cases").first.click()
    await chat.say("Hello? Are you there?")
    await expect(li.row(number).locator(".fresh")).to_be_visible(timeout=SOON_MS)
    await expect(li.page).to_have_title("(1) My cases · Nightdesk")


async def test_long_and_hostile_words_stay_words(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    hostile = '<img src=x onerror="document.title=1"> ' + "W" * 400 + " مرحبا"
    await chat.say(hostile)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await expect(li.log).to_contain_text('onerror="document.title=1"')
    assert await li.page.locator("#root img").count() == 0
    for pane in await li.page.locator(".pane").all():
        assert await pane.evaluate("pane => pane.scrollWidth <= pane.clientWidth + 1")
