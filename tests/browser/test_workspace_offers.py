"""A case is offered to an agent on their screen: taken, declined, run out, given back; and why they are away."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace_notices import STORE_SUPPORT, reaches_store_support
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
LEILA = "leila.haddad@larder-lane.example"
"""Works for Store support, at any hour."""
DRESSES = [(1440, "light"), (390, "dark")]
OFFERED_MS = 30_000
"""Routing looks around now and then."""


@asynccontextmanager
async def offering(desk: DeskProcess, seconds: float = 300.0) -> AsyncIterator[DeskAgent]:
    """Store support offers its cases for so long; afterwards its agents take them by themselves again."""
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        how = {"mode": "offer", "offer_s": seconds}
        await grace.puts_in_force("routing", {"departments": {STORE_SUPPORT: how}})
        try:
            yield grace
        finally:
            await grace.puts_in_force("routing", {"default": {"mode": "pull"}})
            for number in await grace.unassigned():
                await grace.take(number)  # whatever was offered is offered no more


def banner(screen: Screen) -> Locator:
    return screen.page.get_by_role("region", name="Offered to you")


async def looked_at(screen: Screen, axe: str, picture: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{picture}.png")


async def refused_offer(grace: DeskAgent, number: str) -> dict[str, Any]:
    ended = [entry["data"] for entry in await grace.timeline(number) if entry["kind"] == "OfferEnded"]
    return dict(ended[-1])


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_an_offer_comes_by_itself_is_taken_by_keyboard_and_given_back(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    desk, port = mailing
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    leila = await agent_at(new_page, desk.origin, LEILA, "/cases?view=mine", width=width, **dress)
    async with offering(desk):
        number = await reaches_store_support(desk, port)
        await expect(banner(leila)).to_contain_text("Till jams", timeout=OFFERED_MS)
        await expect(banner(leila)).to_contain_text("why you: ")
        heard = leila.page.locator(".offers [role=status]")
        await expect(heard).to_contain_text("A case is offered to you until")
        left = banner(leila).locator(".stands-for [aria-hidden]")
        first = await left.inner_text()
        assert first.endswith(" left")
        await expect(left).not_to_have_text(first)
        await expect(heard).not_to_contain_text(" left")  # nobody is read the seconds
        await looked_at(leila, axe, f"offered-{width}")
        await leila.page.keyboard.press("Alt+a")
        await expect(banner(leila).get_by_role("button", name="Accept")).to_be_focused()
        await leila.page.keyboard.press("Enter")
        await leila.shows(number)
        await expect(banner(leila)).to_have_count(0)
        await expect(leila.page.locator(".case-facts")).to_contain_text("held by Leila Haddad")
        await expect(leila.page.get_by_text("is no longer offered to you")).to_have_count(0)

    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await leila.chooses("Give back to the queue")
        dialog = leila.page.get_by_role("dialog")
        await dialog.get_by_label("Tills", exact=True).check()
        await dialog.get_by_label("How well?").select_option("2")
        await looked_at(leila, axe, f"giving-back-{width}")
        await leila.answers("Give it back")
        await expect(leila.page.locator(".case-facts")).to_contain_text("nobody yet", timeout=SOON_MS)
        needs = [entry["data"] for entry in await grace.timeline(number) if entry["kind"] == "NeedsSet"]
        assert needs[-1]["skills"] == {"tills": {"least": 2}}


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_an_offer_is_declined_with_a_reason(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    desk, port = mailing
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    leila = await agent_at(new_page, desk.origin, LEILA, "/cases?view=mine", width=width, **dress)
    async with offering(desk) as grace:
        number = await reaches_store_support(desk, port)
        await banner(leila).get_by_role("button", name="Decline").click(timeout=OFFERED_MS)
        dialog = leila.page.get_by_role("dialog")
        await expect(dialog.get_by_label("Reason")).to_be_focused()
        await looked_at(leila, axe, f"declining-{width}")
        await leila.page.keyboard.type("I am on the telephone")
        await leila.page.keyboard.press("Enter")
        await expect(dialog).to_have_count(0)
        await expect(banner(leila)).to_have_count(0)
        await expect(leila.page.get_by_text("is no longer offered to you")).to_have_count(0)
        ended = await refused_offer(grace, number)
        assert (ended["how"], ended["reason"]) == ("declined", "I am on the telephone")


async def test_an_offer_that_runs_out_goes_and_says_so(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    desk, port = mailing
    leila = await agent_at(new_page, desk.origin, LEILA, "/cases?view=mine", bypass_csp=True)
    async with offering(desk, seconds=5.0) as grace:
        number = await reaches_store_support(desk, port)
        await expect(banner(leila)).to_contain_text("Till jams", timeout=OFFERED_MS)
        await leila.is_told(f"{number} is no longer offered to you.")
        await expect(banner(leila)).to_have_count(0)
        await looked_at(leila, axe, "ran-out")
        assert (await refused_offer(grace, number))["how"] == "expired"
        await leila.presses("Close")
        await expect(leila.page.get_by_text("is no longer offered to you")).to_have_count(0)


async def test_an_offer_that_is_gone_by_the_time_of_the_answer(
    mailing: tuple[DeskProcess, int], new_page: NewPage
) -> None:
    desk, port = mailing
    leila = await agent_at(new_page, desk.origin, LEILA, "/cases?view=mine")
    async with offering(desk) as grace:
        number = await reaches_store_support(desk, port)
        accept = banner(leila).get_by_role("button", name="Accept")
        await expect(accept).to_be_visible(timeout=OFFERED_MS)

        async def too_late(route: Route) -> None:
            await grace.take(number)
            await route.continue_()

        await leila.page.route("**/offer/acceptance", too_late)
        await accept.click()
        await leila.is_told("is no longer offered to you.")
        await expect(banner(leila)).to_have_count(0)


async def test_why_an_agent_is_away_is_told_and_kept(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    desk, _port = mailing
    leila = await agent_at(new_page, desk.origin, LEILA, "/cases?view=mine", bypass_csp=True)
    me = leila.page.locator("button.me")
    await me.click()
    await expect(leila.page.get_by_role("menuitem", name="Say why")).to_have_count(0)
    await leila.page.get_by_role("menuitemradio", name="away").click()
    await me.click()
    await leila.page.get_by_role("menuitem", name="Say why").click()
    await looked_at(leila, axe, "away")
    await leila.answers("Save", Reason="lunch, until one")
    await expect(me).to_contain_text("away: lunch, until one")
    await leila.page.reload()
    await expect(me).to_contain_text("away: lunch, until one")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        assert await grace.presence_of("Leila Haddad") == ("away", "lunch, until one")
        async with leila.page.expect_response("**/api/presence"):
            await me.click()
            await leila.page.get_by_role("menuitemradio", name="available").click()
        await expect(me).not_to_contain_text("lunch")
        assert await grace.presence_of("Leila Haddad") == ("available", "")
