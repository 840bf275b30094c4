"""axe finds nothing in the workspace: every page, pane, dialog and menu, wide and narrow, light and dark."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewPage
from tests.browser.screen import GRACE, LI, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace import waiting
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
DRESSES = [(1440, "light"), (1440, "dark"), (768, "dark"), (390, "light"), (320, "dark")]


async def nothing_found(screen: Screen, axe: str) -> None:
    assert await violations(screen.page, axe) == "[]", screen.page.url
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), screen.page.url


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_signing_in_and_lists(desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str) -> None:
    page = await new_page(width, 800, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme)
    screen = await Screen(page, desk.origin).visit("/cases?view=all")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await nothing_found(screen, axe)
    await page.get_by_label("E-mail address").fill(GRACE)
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await screen.is_told("The e-mail address or the password is wrong.")
    await nothing_found(screen, axe)
    await screen.signs_in(GRACE)
    await expect(page.locator(".case-row").first).to_be_visible()
    await nothing_found(screen, axe)
    await page.get_by_role("button", name="your settings").click()
    await nothing_found(screen, axe)
    await page.get_by_role("menuitem", name="Keyboard").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await nothing_found(screen, axe)
    for path in ("/cases?view=mine", "/cases?view=all&status=closed", "/cases?view=store-support", "/nowhere"):
        await screen.visit(path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        await screen.is_live()
        await nothing_found(screen, axe)


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_case_in_every_state(desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str) -> None:
    chat, number = await waiting(new_page, desk)
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}", width=width, **dress)
    await li.shows(number)
    await nothing_found(li, axe)
    await li.presses("Take")
    await li.says("Hello, it is with you at **18:40**.\n\n- one\n- two")
    await li.hears("Hello, it is with you")
    await li.says("For colleagues", "Note")
    await li.hears("For colleagues")
    await chat.say("Thank you")
    await li.hears("Thank you")
    await li.page.route("**/replies", lambda route: route.abort())
    await li.says("Not sent")
    await expect(li.log.locator(".failed")).to_be_visible()
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await li.is_told("Grace Underhill is looking at this case too.")
    await nothing_found(li, axe)
    for pane in ("Customer", "Case"):
        await li.pane(pane)
        await nothing_found(li, axe)
    for tab in ("Articles", "Similar cases"):
        await li.page.get_by_role("tab", name=tab).click()
        await expect(li.page.locator(".suggestions")).to_be_visible()
        await nothing_found(li, axe)
    await li.presses("More actions")
    await expect(li.page.get_by_role("menu")).to_be_visible()
    await nothing_found(li, axe)
    await li.page.keyboard.press("Escape")
    for item in ("Escalate", "Change the priority", "Move to another department", "Give to a colleague"):
        await li.chooses(item)
        await expect(li.page.get_by_role("dialog")).to_be_visible()
        await nothing_found(li, axe)
        await li.page.keyboard.press("Escape")
    await li.presses("Resolve")
    await nothing_found(li, axe)
    await li.answers("Resolve", What_was_done="There it is.")
    await li.stands("resolved")
    await nothing_found(li, axe)
    await grace.visit("/cases/CAS-00037-37HQ")  # one of the demo's, which has no conversation
    await nothing_found(grace, axe)
