"""The whole talk on the agents' screen: on from the chat to mail, and with somebody who only rang."""

import asyncio
import os
import smtplib
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.app.mail.peer import mail
from tests.browser import journey
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace_mail import arrives
from tests.browser.test_workspace_new_case import ANA, field, opened, takes_a_call, tells
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
DESK = "desk@larder-lane.example"
DRESSES = [(1440, "light"), (390, "dark")]


async def looked_at(screen: Screen, axe: str, name: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{name}.png")


def written(text: str, subject: str) -> bytes:
    """A mail of Priya's that her server vouches for."""
    message_id = f"{uuid4().hex}@harvest-corner.example"
    return mail(text, sender=journey.CUSTOMER, to=DESK, subject=subject, message_id=message_id, dmarc="pass")


async def writes_a_mail(port: int, text: str, subject: str) -> None:
    def hand_in() -> None:
        with smtplib.LMTP("127.0.0.1", port) as lmtp:
            lmtp.sendmail(journey.CUSTOMER, [DESK], written(text, subject))

    await asyncio.to_thread(hand_in)


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_case_that_goes_from_the_chat_to_mail_keeps_what_was_said(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    desk, port = mailing
    chat = await journey.enter(await new_page(), desk)
    await journey.proves(chat, desk)
    number = await journey.asks_for_a_person(chat)
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    await grace.shows(number)
    await grace.presses("Take")
    await grace.stands("open")
    await grace.pane("Conversation")
    await grace.says("Which gate is it?")
    await chat.reads("Which gate is it?")
    await grace.hears("Which gate is it?")
    await chat.page.close()

    await writes_a_mail(port, "The gate in Mill Road.", f"About {number}")
    await grace.hears("The gate in Mill Road.")  # nobody loaded the page anew
    await expect(grace.log.locator(".day", has_text="From here on: e-mail")).to_have_count(1)
    shown = await grace.log.locator(".message .words").all_inner_texts()
    story = ["I want to talk to a person, please", "Which gate is it?", "The gate in Mill Road."]
    assert [words for words in shown if words in story] == story
    await expect(grace.page.locator(".composer-foot")).to_contain_text("The customer gets this by mail.")
    await looked_at(grace, axe, f"goes-on-{width}")

    await grace.page.reload()
    await grace.is_live()
    await grace.pane("Conversation")
    await grace.hears("The gate in Mill Road.")
    await grace.hears("I want to talk to a person, please")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_who_rang_is_answered_and_reads_it_by_notice(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace = await takes_a_call(new_page, desk, width, scheme)
    search = grace.page.get_by_role("searchbox", name="Find the customer")
    await search.press_sequentially("ana sobr")
    await grace.page.get_by_role("list", name="Contacts found").get_by_role("button", name=ANA).press("Enter")
    await tells(grace, f"The cheese of week {width} is mouldy")
    await opened(grace)
    await grace.pane("Conversation")
    await expect(grace.page.locator(".hint")).to_contain_text("goes to the customer by mail or in Teams")
    await grace.says("We send new cheese.")
    await grace.hears("We send new cheese.")
    await expect(grace.log.locator(".sending, .failed")).to_have_count(0)
    await grace.stands("open")
    await looked_at(grace, axe, f"rang-{width}")

    await grace.page.reload()
    await grace.is_live()
    await grace.pane("Conversation")
    await grace.hears("We send new cheese.")
    await grace.says("Call the carrier", "Note")
    await grace.hears("Call the carrier")
    shown = await grace.log.locator(".message .words").all_inner_texts()
    assert shown == ["We send new cheese.", "Call the carrier"]


async def test_what_was_replied_to_who_rang_stays_beside_what_they_wrote_before(
    mailing: tuple[DeskProcess, int], new_page: NewPage
) -> None:
    desk, port = mailing
    by_mail = await arrives(desk, port, written("Ten loaves are mouldy.", "Mouldy bread"))
    grace = await takes_a_call(new_page, desk)
    await grace.page.get_by_role("searchbox", name="Find the customer").press_sequentially("priya")
    found = grace.page.get_by_role("list", name="Contacts found").get_by_role("button", name="Priya Nair")
    await found.press("Enter")
    await tells(grace, "She rings about her bread")
    rang = await opened(grace)
    await grace.says("New bread comes at ten.")
    await grace.hears("New bread comes at ten.")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.merge(by_mail, rang)
    await grace.hears("Ten loaves are mouldy.")
    await grace.hears("New bread comes at ten.")
    await grace.says("Or at eleven.")
    await grace.hears("Or at eleven.")
    await expect(grace.log.locator(".sending, .failed")).to_have_count(0)


async def test_who_proved_nothing_when_they_rang_can_be_told_nothing(
    desk: DeskProcess, new_page: NewPage, axe: str
) -> None:
    grace = await takes_a_call(new_page, desk)
    await grace.page.get_by_role("button", name="Not on file: take down what they say").press("Enter")
    await field(grace, "Their name").fill("Kit of Harbour Street")
    await tells(grace, "A crate of pears leaks")
    await opened(grace)
    await expect(grace.page.locator(".hint")).to_contain_text("Nobody can be told")
    for kind in ("Reply", "Ask"):
        await expect(grace.page.locator(".composer").get_by_role("tab", name=kind, exact=True)).to_be_disabled()
    await expect(grace.page.get_by_role("button", name="Keep note")).to_be_visible()
    await looked_at(grace, axe, "nowhere")
