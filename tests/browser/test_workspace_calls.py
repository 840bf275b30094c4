"""Calls on the agents' screen: the bot books one, whoever's time it is sees it, tries again, reaches the customer."""

import os
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.async_api import Locator, expect

from caseengine.tables import callbacks, cases
from storage.engine import Database
from tests.browser import journey
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace import customer_at
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
NUMBER = "+447700900212"
TAKES_CALLS = {"default": {"mode": "pull", "callbacks": True}}
"""Every department: which one the words belong to is learnt only while the desk begins."""


async def books_by_the_bot(new_page: NewPage, desk: DeskProcess) -> tuple[str, str, str]:
    """Number of the case; who calls, and their address."""
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.decide("routing", TAKES_CALLS)
    chat = await customer_at(new_page, desk)
    await chat.say("Please call me back on 07700 900212")
    await chat.reads("What is it about?")
    await chat.say("Our walk-in fridge is too warm and its alarm goes off")
    await expect(chat.last("theirs")).to_contain_text("free to call you", timeout=SOON_MS)
    await chat.press("The first")
    await chat.reads("A colleague will call +44 7700 900212")
    number = await journey.number_in(chat)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        case = await grace.case(number)
        name = case["callback"]["agent_name"]
        address = await grace.address(name)
    assert case["due_at"] == case["callback"]["starts_at"]  # the promise that is shown is the one that was made
    return number, name, address


async def nothing_found(screen: Screen, axe: str, picture: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{picture}.png")


def call(screen: Screen) -> Locator:
    """What the case shows of its call."""
    return screen.page.get_by_role("region", name="Call the customer")


async def presses(screen: Screen, button: Locator) -> None:
    """By keyboard."""
    await button.focus()
    await screen.page.keyboard.press("Enter")


async def chooses_a_time(screen: Screen, which: int, submit: str) -> str:
    """The value of an option of the dialog; by keyboard."""
    dialog = screen.page.get_by_role("dialog")
    choice = dialog.get_by_role("combobox")
    option = choice.locator("option:not([value=''])").nth(which)
    await expect(option).to_be_attached()
    value = await option.get_attribute("value")
    assert value is not None
    await choice.focus()
    await choice.select_option(value)
    await presses(screen, dialog.get_by_role("button", name=submit, exact=True))
    await expect(dialog).to_have_count(0)
    return value


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
async def test_a_call_the_bot_booked_is_seen_tried_again_and_made(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    number, name, address = await books_by_the_bot(new_page, desk)
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    agent = await agent_at(new_page, desk.origin, address, "/", width=width, **dress)
    await agent.lists("My calls")
    row = agent.row(number)
    await expect(row).to_contain_text(NUMBER)
    await expect(row).to_contain_text(name)
    await expect(row).to_contain_text("due in")
    await nothing_found(agent, axe, f"{width}-list")

    await presses(agent, row)
    await agent.shows(number)
    await expect(agent.page.locator(".case-facts")).to_contain_text(f"by {name}")
    await agent.pane("Customer")
    await expect(agent.page.locator(".facts", has_text=NUMBER).first).to_be_visible()
    await expect(agent.page.locator("main")).not_to_contain_text("callback")
    await agent.pane("Case")
    await expect(call(agent)).to_contain_text(f"{name} (you)")
    await expect(call(agent).get_by_role("link", name=NUMBER)).to_have_attribute("href", f"tel:{NUMBER}")
    await expect(agent.history).to_contain_text(f"booked {name} to call the customer")
    await nothing_found(agent, axe, f"{width}-case")

    await presses(agent, call(agent).get_by_role("button", name="Not reached …"))
    await nothing_found(agent, axe, f"{width}-unreached")
    again = await chooses_a_time(agent, 2, "Keep it so")
    await expect(call(agent).locator("time")).to_have_attribute("datetime", again)
    await expect(call(agent)).to_contain_text(f"{name} (you)")
    await expect(agent.history).to_contain_text(f"{name} called the customer and did not reach them")

    await presses(agent, call(agent).get_by_role("button", name="Reached", exact=True))
    await agent.is_told("Noted: the customer was reached.")
    await expect(call(agent)).to_be_focused()
    await expect(agent.history).to_contain_text(f"{name} called the customer and reached them")
    await expect(agent.page.locator(".case-facts")).to_contain_text("nothing promised")
    await nothing_found(agent, axe, f"{width}-reached")


async def its_time_has_come(desk: DeskProcess, number: str) -> None:
    """As if it had been booked for five minutes ago."""
    database = Database(f"sqlite:///{desk.database}")
    begun = datetime.now(UTC) - timedelta(minutes=5)
    times = {"starts_at": begun, "ends_at": begun + timedelta(minutes=30)}
    of_it = callbacks.c.case_id.in_(sa.select(cases.c.id).where(cases.c.number == number))
    try:
        async with database.unit_of_work() as work:
            work.write(sa.update(callbacks).where(of_it, callbacks.c.state == "booked").values(times))
    finally:
        await database.close()


async def test_a_call_whose_time_has_come_is_with_whoever_calls(desk: DeskProcess, new_page: NewPage, axe: str) -> None:
    """The list and the case change by themselves: it is overdue until somebody says what came of it."""
    number, name, address = await books_by_the_bot(new_page, desk)
    agent = await agent_at(new_page, desk.origin, address, "/calls", bypass_csp=True, reduced_motion="reduce")
    await agent.sees(number)
    await its_time_has_come(desk, number)
    await expect(agent.row(number)).to_contain_text("overdue by", timeout=2 * SOON_MS)
    await nothing_found(agent, axe, "overdue")
    await agent.opens(number)
    await expect(call(agent)).to_contain_text("It is time to call.", timeout=2 * SOON_MS)
    await expect(agent.page.locator(".case-facts")).to_contain_text(f"held by {name}")
    await nothing_found(agent, axe, "now")
    await presses(agent, call(agent).get_by_role("button", name="Reached", exact=True))
    await agent.is_told("Noted: the customer was reached.")


async def test_a_supervisor_sees_moves_and_calls_off_what_others_are_to_call(
    desk: DeskProcess, new_page: NewPage, axe: str
) -> None:
    """And whoever was to call sees it go, without loading anything anew."""
    number, name, address = await books_by_the_bot(new_page, desk)
    owner = await agent_at(new_page, desk.origin, address, "/calls")
    await owner.sees(number)
    grace = await agent_at(new_page, desk.origin, GRACE, "/calls", bypass_csp=True, reduced_motion="reduce")
    await expect(grace.page.get_by_text("You have no call to make.")).to_be_visible()
    await nothing_found(grace, axe, "none")
    await grace.page.get_by_label("Whose").select_option("everybody")
    await grace.opens(number)
    await presses(grace, call(grace).get_by_role("button", name="Another time …"))
    moved = await chooses_a_time(grace, 4, "Move it")
    await expect(owner.row(number).locator("time")).to_have_attribute("datetime", moved, timeout=SOON_MS)

    await presses(grace, call(grace).get_by_role("button", name="Call it off …"))
    await grace.page.get_by_role("dialog").get_by_role("button", name="Call it off", exact=True).focus()
    await nothing_found(grace, axe, "off")
    await grace.page.keyboard.press("Enter")
    await expect(owner.row(number)).to_have_count(0, timeout=SOON_MS)
    await expect(grace.history).to_contain_text(f"called off the call that {name} was to make")

    await presses(grace, call(grace).get_by_role("button", name="Book a call …"))
    booked = await chooses_a_time(grace, 0, "Book it")
    await expect(call(grace).locator("time")).to_have_attribute("datetime", booked)
    await grace.page.locator(".back-link, .place", has_text="My calls").first.click()
    await expect(grace.page.get_by_label("Whose")).to_have_count(1)
