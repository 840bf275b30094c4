"""What agents have to be told on their screen: heard as it happens, read in words, and read where its case is seen."""

import os
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from caseengine.model.notice import AgentNotice
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, LI, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace_mail import arrives
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
LEILA = "leila.haddad@larder-lane.example"
"""Works for Store support, as Li does, and at any hour."""
STORE_SUPPORT = "store-support"
DRESSES = [(1440, "light"), (390, "dark")]
DUE = {"target": "first_response", "due_at": "2026-03-02T11:30:00+00:00"}
CALL = {"starts_at": "2026-03-02T11:30:00+00:00", "ends_at": "2026-03-02T12:00:00+00:00", "agent_name": "Li Chen"}
DATA: Mapping[str, Mapping[str, str]] = {
    AgentNotice.CALLBACK_BOOKED: CALL,
    AgentNotice.CALLBACK_DUE: CALL,
    AgentNotice.RULE_NOTIFY: {"rule": "A recall", "text": "Read the recall plan"},
    AgentNotice.CUSTOMER_NOT_TOLD: {"why": "unproved"},
    AgentNotice.DELIVERY_DOUBTED: {"channel": "email", "why": "550 no such person"},
    AgentNotice.DELIVERY_GIVEN_UP: {"channel": "teams", "why": "unreachable"},
    AgentNotice.WATCHED_NOTED: {"name": "Li Chen"},
}
"""As the desk gives them; the others are about a target."""


async def reaches_store_support(desk: DeskProcess, port: int) -> str:
    """A mail, wherever it seemed to belong; the number of its case."""
    number = await arrives(desk, port)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        if (await grace.case(number))["department"] != STORE_SUPPORT:
            await grace.move(number, STORE_SUPPORT, "A shop asks")
    return number


def bell(screen: Screen) -> Locator:
    return screen.page.get_by_role("link", name="Notices")


def listed(screen: Screen) -> Locator:
    return screen.page.locator(".notice-row")


async def waits(screen: Screen, unread: int) -> None:
    """The badge, and what a screen reader finds."""
    named = f"Notices: {unread} unread notice{'' if unread == 1 else 's'}" if unread else "Notices"
    link = screen.page.get_by_role("link", name=named, exact=True)
    await expect(link).to_have_text(str(unread) if unread else "", timeout=SOON_MS)


async def looked_at(screen: Screen, axe: str, picture: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{picture}.png")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_who_watches_a_case_hears_of_it_as_it_happens(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    desk, port = mailing
    number = await reaches_store_support(desk, port)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as herself:
        await herself.has_read_everything()
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    await grace.shows(number)
    await grace.pane("Case")
    watch = grace.page.get_by_role("button", name="Watch", exact=True)
    await watch.focus()
    await grace.page.keyboard.press("Enter")
    stop = grace.page.get_by_role("button", name="Stop watching")
    await expect(stop).to_be_focused()
    await expect(grace.page.locator(".watchers")).to_contain_text("Grace Underhill")
    await stop.scroll_into_view_if_needed()
    await looked_at(grace, axe, f"watched-{width}")

    await grace.page.goto(f"{desk.origin}/workspace/cases?view=mine")
    await grace.is_live()
    await waits(grace, 0)
    async with DeskAgent(desk.origin, LI, PASSWORD) as li:
        await li.note(number, "I know this till.")
        await waits(grace, 1)
        await grace.is_told("1 unread notice")
        await looked_at(grace, axe, f"badge-{width}")

        await bell(grace).focus()
        await grace.page.keyboard.press("Enter")
        await expect(grace.page.get_by_role("heading", level=1, name="Notices")).to_be_visible()
        newest = listed(grace).first
        await expect(newest).to_contain_text("Li Chen wrote a note in a case you watch")
        await expect(newest).to_contain_text(number)
        await expect(newest.locator(".badge")).to_have_text("new")
        await looked_at(grace, axe, f"list-{width}")

        await newest.focus()
        await grace.page.keyboard.press("Enter")
        await grace.shows(number)
        await waits(grace, 0)
        await li.take(number)
        await li.resolve(number, "A new drum.")
        await grace.stands("resolved")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as herself:
        await herself.has_read(AgentNotice.WATCHED_RESOLVED, number)  # she looks at it

    await grace.page.go_back()
    await expect(listed(grace).first).to_contain_text("A case you watch was resolved")
    await expect(listed(grace).first.locator(".badge")).to_have_count(0)


async def test_all_are_read_at_once_and_on_the_other_screen(
    mailing: tuple[DeskProcess, int], new_page: NewPage
) -> None:
    desk, port = mailing
    numbers = [await reaches_store_support(desk, port) for _ in range(2)]
    grace = await agent_at(new_page, desk.origin, GRACE, "/notices")
    other = await agent_at(new_page, desk.origin, GRACE, "/cases?view=all")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as herself, DeskAgent(desk.origin, LI, PASSWORD) as li:
        await herself.has_read_everything()
        for number in numbers:
            await herself.watch(number)
            await li.note(number, "Seen.")
            await herself.note(number, "Mine.")  # of which she hears nothing
    for screen in (grace, other):
        await waits(screen, 2)
    await grace.presses("Mark all as read")
    await waits(grace, 0)
    await expect(grace.page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    assert await grace.page.evaluate("document.activeElement.id") == "main"
    await grace.page.reload()
    await grace.is_live()
    await waits(grace, 0)
    await other.page.evaluate(
        "document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
    )  # she comes back to it
    await waits(other, 0)


async def test_a_rule_tells_supervisors(mailing: tuple[DeskProcess, int], new_page: NewPage) -> None:
    desk, port = mailing
    grace = await agent_at(new_page, desk.origin, GRACE, "/notices")
    told = [{"do": "notify", "who": "supervisors", "text": "Look at {number}"}]
    rule = {"id": "every-case", "name": "Every case", "events": ["CaseOpened"], "then": told}
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as herself:
        await herself.puts_in_force("rules", {"rules": [rule]})
        number = await arrives(desk, port)
        await expect(listed(grace).first).to_contain_text(f"Every case: Look at {number}", timeout=SOON_MS)
        await herself.puts_in_force("rules", {"rules": []})


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_kind_is_said_in_words(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int, scheme: str, language: str
) -> None:
    desk, _port = mailing

    def given(kind: AgentNotice, place: int) -> dict[str, Any]:
        about = {"number": "CAS-01041-V9D3", "subject": "The freezer delivery is late" if place else None}
        whose = {"department": "tills" if place % 3 == 0 else None, "data": dict(DATA.get(kind, DUE))}
        when = {"at": f"2026-03-02T09:{place:02}:00Z", "read_at": None if place % 2 else "2026-03-02T10:00:00Z"}
        return {"id": f"5f0c6b58-6c3e-4e58-9a55-6a6f1b0f7f{place:02}", "kind": kind, **about, **whose, **when}

    async def one_of_each(route: Route) -> None:
        listed = [given(kind, place) for place, kind in enumerate(AgentNotice)]
        await route.fulfill(json={"notices": listed, "unread": 100})

    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    page = await new_page(width=width, height=900, locale="en-GB", **dress)
    await page.route("**/api/notices", one_of_each)
    await page.add_init_script(f"localStorage.setItem('nightdesk.language', '{language}')")
    leila = await Screen(page, desk.origin).visit("/notices")
    await page.locator("input[type=email]").fill(LEILA)
    await page.locator("input[type=password]").fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await leila.is_live()
    await expect(listed(leila)).to_have_count(len(AgentNotice))
    await expect(leila.page.locator(".bell")).to_have_text("99+")
    said = " ".join(await listed(leila).all_inner_texts())
    assert "{" not in said
    assert "notice." not in said
    assert "undefined" not in said
    if language == "en":
        await expect(listed(leila).first).to_contain_text("Soon due: first answer, by 2 Mar")
        await expect(listed(leila).first).to_contain_text("to everybody in Tills")
        await expect(listed(leila).first).to_contain_text("a case you may not see any more")
        assert "There is no address that they proved." in said
        assert "550" not in said
    await looked_at(leila, axe, f"kinds-{language}-{width}")


async def test_nothing_to_tell_and_a_list_that_cannot_be_read(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    desk, _port = mailing

    async def nothing(route: Route) -> None:
        await route.fulfill(json={"notices": [], "unread": 0})

    leila = await agent_at(new_page, desk.origin, LEILA, bypass_csp=True)
    await leila.page.route("**/api/notices", nothing)
    await leila.visit("/notices")
    await expect(leila.page.get_by_text("Nothing to tell you.")).to_be_visible()
    await looked_at(leila, axe, "none")

    async def fails(route: Route) -> None:
        await route.fulfill(status=400, json={"code": "http.unavailable", "detail": "", "status": 400})

    await leila.page.unroute_all()
    await leila.page.route("**/api/notices", fails)
    await leila.page.reload()
    await leila.is_told("The desk cannot store anything at the moment.")
    await looked_at(leila, axe, "failed")
    await leila.page.unroute_all()
    await leila.page.route("**/api/notices", nothing)
    await leila.presses("Try again")
    await expect(leila.page.get_by_text("Nothing to tell you.")).to_be_visible()
