"""When the line is cut, the desk killed, the machine asleep or the page left: nothing is lost, nothing said twice."""

import asyncio

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, LI, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_workspace import waiting
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_offline_and_back(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")

    await li.page.context.set_offline(True)
    await li.is_cut()
    await li.says("Said without a line")
    failed = li.log.locator(".message.failed")
    await expect(failed).to_contain_text("The desk could not be reached.", timeout=30_000)
    await chat.say("Are you there?")
    await chat.reads("Are you there?")

    await li.page.context.set_offline(False)
    await li.is_live()
    await li.hears("Are you there?")
    await failed.get_by_role("button", name="Send again").click()
    await li.hears("Said without a line")
    await chat.reads("Said without a line")
    await expect(li.log.locator(".failed, .sending")).to_have_count(0)


async def test_an_answer_that_was_lost_is_not_said_twice(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.page.route("**/api/events*", lambda route: route.abort())  # nor does the feed tell of it
    await li.page.reload()
    await li.shows(number)
    lost: list[str] = []

    async def lose(route: Route) -> None:
        """The desk does it, and its answer never comes back."""
        await route.fetch()
        lost.append(route.request.url)
        await route.abort()

    for noun, kind, text in (("replies", "Reply", "It is on its way"), ("notes", "Note", "The driver rang")):
        await li.page.route(f"**/{noun}", lose)
        await li.says(text, kind)
        failed = li.log.locator(".message.failed")
        await expect(failed).to_contain_text("Not sent.", timeout=SOON_MS)
        await li.page.unroute(f"**/{noun}")
        await failed.get_by_role("button", name="Send again").click()
        await expect(li.log.locator(".failed, .sending")).to_have_count(0, timeout=SOON_MS)
        await li.hears(text)  # once
    await chat.reads("It is on its way")
    assert len(lost) == 2


async def test_what_the_feed_tells_of_is_said_whether_or_not_an_answer_comes(
    desk: DeskProcess, new_page: NewPage
) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    ends = asyncio.Event()

    async def hold(route: Route) -> None:
        """The desk does it; its answer is long under way, and lost."""
        await route.fetch()
        await ends.wait()
        await route.abort()

    unsure = li.log.locator(".failed, .sending")
    for noun, kind, text in (("replies", "Reply", "It is on its way"), ("notes", "Note", "The driver rang")):
        ends.clear()
        await li.page.route(f"**/{noun}", hold)
        await li.says(text, kind)
        await li.hears(text)
        await li.says(f"Or so I hope: {noun}", kind)  # what is said next waits for no answer either
        await li.hears(f"Or so I hope: {noun}")
        await expect(unsure).to_have_count(0)
        async with li.page.expect_event("requestfailed", lambda request, noun=noun: request.url.endswith(noun)):
            ends.set()
        await li.page.unroute(f"**/{noun}")
    await li.says("Anything else?")  # nothing waits behind them
    await chat.reads("Anything else?")
    await li.hears("Anything else?")
    await expect(unsure).to_have_count(0)


async def test_drafts_and_what_was_not_sent_survive_a_reload(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.writes("Half a rep")
    await li.writes("Half a note", "Note")
    await li.page.reload()
    await li.shows(number)
    await expect(li.box).to_have_value("Half a rep")
    await li.page.locator(".composer").get_by_role("tab", name="Note").click()
    await expect(li.box).to_have_value("Half a note")

    await li.page.route("**/replies", lambda route: route.abort())
    await li.says("Not sent before the reload")
    await expect(li.log.locator(".failed")).to_contain_text("Not sent before the reload")
    await li.page.unroute("**/replies")
    await li.page.reload()
    await expect(li.log.locator(".failed")).to_contain_text("Not sent before the reload", timeout=SOON_MS)
    await li.presses("Send again")
    await chat.reads("Not sent before the reload")
    await li.hears("Not sent before the reload")


async def test_a_refused_reply_says_why_and_can_be_dropped(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    await li.page.route("**/api/events*", lambda route: route.abort())
    await li.page.reload()
    await li.shows(number)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.resolve(number, "Solved elsewhere")
    await li.says("Too late")
    failed = li.log.locator(".message.failed")
    await expect(failed).to_contain_text(
        "That is not possible any more from where the case stands now.", timeout=SOON_MS
    )
    await li.stands("resolved")
    await failed.get_by_role("button", name="Discard").click()
    await expect(failed).to_have_count(0)


async def test_the_session_ends_elsewhere(desk: DeskProcess, new_page: NewPage) -> None:
    _, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.writes("Half a reply")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.signs_out(await grace.agent_id("Li Chen"))
    await expect(li.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SOON_MS)
    assert number in li.page.url
    await li.signs_in(LI)
    await li.shows(number)
    await expect(li.box).to_have_value("Half a reply")


async def test_the_desk_is_killed_and_comes_back(desk: DeskProcess, new_page: NewPage) -> None:
    chat, number = await waiting(new_page, desk)
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.presses("Take")
    await li.stands("open")
    desk.kill()
    await li.is_cut()
    await li.says("Said to nobody")
    await expect(li.log.locator(".failed")).to_contain_text("could not be reached", timeout=SOON_MS)

    desk.start()
    await desk.ready()
    await expect(li.page.locator(".line.live")).to_be_visible(timeout=40_000)
    await li.presses("Send again")
    await li.hears("Said to nobody")
    await chat.online()
    await chat.reads("Said to nobody")


async def test_two_tabs_follow_one_feed_and_the_last_one_goes_on(desk: DeskProcess, new_page: NewPage) -> None:
    li = await agent_at(new_page, desk.origin, LI, "/cases?view=unassigned")
    other = Screen(await li.page.context.new_page(), desk.origin)
    followed: list[str] = []
    other.page.on("request", lambda request: note_feed(request, followed))
    await other.visit("/cases?view=unassigned")
    await other.is_live()
    _, first = await waiting(new_page, desk)
    await li.sees(first)
    await other.sees(first)
    assert followed == []

    await li.page.close()
    _, second = await waiting(new_page, desk)
    await other.sees(second)
    assert len(followed) == 1


def note_feed(request: Request, followed: list[str]) -> None:
    if "/api/events" in request.url:
        followed.append(request.url)


async def test_after_sleep_the_screen_is_current(desk: DeskProcess, new_page: NewPage) -> None:
    """The lid is closed: timers stand still, the connection dies without a word."""
    page = await new_page(width=1440, height=900, locale="en-GB")
    await page.clock.install()
    li = await (await Screen(page, desk.origin).visit("/cases?view=unassigned")).signs_in(LI)
    followed: list[str] = []
    page.on("request", lambda request: note_feed(request, followed))
    await page.clock.fast_forward("20:00")
    await page.wait_for_timeout(500)
    assert followed, "it slept and did not look again"
    await li.is_live()
    _, number = await waiting(new_page, desk)
    await li.sees(number)


async def test_a_line_that_is_silent_is_a_dead_one(desk: DeskProcess, new_page: NewPage) -> None:
    """Nothing is heard for forty seconds although the connection seems to stand."""
    page = await new_page(width=1440, height=900, locale="en-GB")
    await silence_feed(page)
    li = await Screen(page, desk.origin).visit("/cases?view=unassigned")
    await page.get_by_label("E-mail address").fill(LI)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await li.is_live()
    _, number = await waiting(new_page, desk)
    await expect(li.row(number)).to_have_count(0)
    await page.evaluate("window.silent = false")
    await expect(li.row(number)).to_be_visible(timeout=60_000)


async def silence_feed(page: Page) -> None:
    """The first stream opens and never tells anything; those after it are the desk's."""
    await page.add_init_script(
        """window.silent = true;
        const Real = window.EventSource;
        window.EventSource = class extends Real {
          addEventListener(name, hear) {
            const mute = window.silent;
            super.addEventListener(name, (event) => mute || hear(event));
          }
        };
        for (const name of ["CONNECTING", "OPEN", "CLOSED"]) window.EventSource[name] = Real[name];"""
    )
