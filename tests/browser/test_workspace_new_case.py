"""A case for somebody who rings: found or taken down, looked up before it is opened, linked and assessed afterwards."""

import os

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace_alike import related
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
DRESSES = [(1440, "light"), (390, "dark")]
ANA = "Ana Sobral"


async def looked_at(screen: Screen, axe: str, name: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{name}.png", full_page=True)


async def takes_a_call(new_page: NewPage, desk: DeskProcess, width: int = 1440, scheme: str = "light") -> Screen:
    """Grace, whose telephone rings: the form is opened by the keyboard."""
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, "/cases?view=unassigned", width=width, **dress)
    await grace.page.keyboard.press("Alt+c")
    await expect(grace.page.get_by_role("heading", level=1, name="New case")).to_be_visible(timeout=SOON_MS)
    return grace


def field(screen: Screen, label: str) -> Locator:
    return screen.page.get_by_label(label, exact=True)


def choice(screen: Screen, label: str) -> Locator:
    return screen.page.get_by_role("combobox", name=label, exact=True)


async def tells(screen: Screen, subject: str, department: str = "Deliveries") -> None:
    await field(screen, "What it is about, in one line").press_sequentially(subject)
    await choice(screen, "Department").select_option(label=department)


async def opened(screen: Screen) -> str:
    """Enter in the line of the subject opens it; its number."""
    await field(screen, "What it is about, in one line").press("Enter")
    await expect(screen.page.locator(".case-facts .number")).to_be_visible(timeout=SOON_MS)
    return await screen.page.locator(".case-facts .number").inner_text()


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_customer_is_found_as_one_types_and_their_case_is_opened_by_the_keyboard(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace = await takes_a_call(new_page, desk, width, scheme)
    await looked_at(grace, axe, f"{width}-empty")
    search = grace.page.get_by_role("searchbox", name="Find the customer")
    await search.focus()
    await search.press_sequentially("ana sobr")
    found = grace.page.get_by_role("list", name="Contacts found").get_by_role("button", name=ANA)
    await expect(found).to_be_visible(timeout=SOON_MS)
    await grace.is_told("1 contact found.")
    await looked_at(grace, axe, f"{width}-found")
    await grace.page.keyboard.press("Tab")
    await expect(found).to_be_focused()
    await grace.page.keyboard.press("Enter")

    await expect(field(grace, "What it is about, in one line")).to_be_focused()
    await tells(grace, f"Forty loaves too few in week {width}")
    await field(grace, "What they say").fill("They counted twice.")
    await choice(grace, "Impact").select_option(label="high: the whole company")
    await grace.is_told("Together they give the priority “high”.")
    await looked_at(grace, axe, f"{width}-told")
    number = await opened(grace)

    await grace.stands("new")
    await grace.pane("Case")
    await expect(grace.page.locator(".facts").last).to_contain_text("telephone")
    await expect(grace.page.locator(".history")).to_contain_text("opened the case: it came by telephone")
    await grace.pane("Customer")
    await expect(grace.page.locator(".pane-title", has_text=ANA)).to_be_visible(timeout=SOON_MS)
    await looked_at(grace, axe, f"{width}-opened")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        case = await elsewhere.case(number)
    assert (case["contact_name"], case["priority"], case["description"]) == (ANA, 2, "They counted twice.")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_who_is_not_on_file_is_taken_down_and_what_is_open_is_shown_before(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    story = {1440: "Every crate of apples is bruised", 390: "The cold store hums and drips"}[width]
    for _ in range(2):
        grace = await takes_a_call(new_page, desk, width, scheme)
        await tells(grace, story)
        await opened(grace)
    grace = await takes_a_call(new_page, desk, width, scheme)
    await grace.page.get_by_role("searchbox", name="Find the customer").press_sequentially("01632 960 199")
    await grace.is_told("Nobody on file fits.")
    await grace.page.get_by_role("button", name="Not on file: take down what they say").press("Enter")
    await expect(field(grace, "Their name")).to_be_focused()
    await expect(field(grace, "Their telephone number")).to_have_value("01632 960 199")
    await field(grace, "Their name").fill("Kit of Harbour Street")
    await field(grace, "E-mail address").fill("kit@nowhere")
    await tells(grace, story)
    alike = grace.page.get_by_role("region", name="Is it open already?")
    await expect(alike).to_contain_text("3 customers have it, this one among them.", timeout=SOON_MS)
    await expect(alike.get_by_role("link")).to_have_count(2)
    await looked_at(grace, axe, f"{width}-claimed")

    await field(grace, "What it is about, in one line").press("Enter")
    await grace.is_told("That cannot be an address or a number.")  # and nothing that was written is lost
    await field(grace, "E-mail address").fill("kit@nowhere.example")
    number = await opened(grace)
    await grace.pane("Customer")
    await expect(grace.page.get_by_text("Kit of Harbour Street")).to_be_visible(timeout=SOON_MS)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        case = await elsewhere.case(number)
    assert (case["contact_id"], case["reply_address"]) == (None, "kit@nowhere.example")
    assert case["claimed"]["phone"] == "+441632960199"


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_what_was_changed_after_a_lost_answer_is_another_case_and_the_first_is_named(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    numbers: list[str] = []

    async def loses_the_answer(route: Route) -> None:
        answered = await route.fetch()
        numbers.append((await answered.json())["case"]["number"])
        await route.abort()

    grace = await takes_a_call(new_page, desk, width, scheme)
    await grace.page.route("**/api/cases", loses_the_answer, times=1)
    await tells(grace, f"The oven of bakery {width} is cold")
    subject = field(grace, "What it is about, in one line")
    await subject.press("Enter")
    await expect(grace.page.locator("form.opening .trouble")).to_be_visible(timeout=SOON_MS)
    await choice(grace, "Impact").select_option(label="high: the whole company")
    await subject.press("Enter")
    (first,) = numbers
    await grace.is_told(f"{first} was opened already")
    await expect(grace.page.get_by_role("link", name="Show that case")).to_have_attribute(
        "href", f"/workspace/cases/{first}"
    )
    await looked_at(grace, axe, f"{width}-opened-before")
    assert await opened(grace) != first
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        assert (await elsewhere.case(first))["impact"] == 2


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_cases_are_linked_and_assessed_where_they_stand(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace = await takes_a_call(new_page, desk, width, scheme)
    await tells(grace, f"A ramp of bay {width} is bent")
    first = await opened(grace)
    await grace.page.keyboard.press("Alt+c")
    await tells(grace, f"A lorry of bay {width} lost its mirror")
    await opened(grace)

    await grace.pane("Case")
    await grace.presses("Link with another case …")
    await looked_at(grace, axe, f"{width}-linking")
    await grace.answers("Link them", Number_of_the_other_case=first)
    linked = related(grace, "Linked cases")
    await expect(linked).to_contain_text(first, timeout=SOON_MS)
    await looked_at(grace, axe, f"{width}-linked")
    await linked.get_by_role("button", name="Take the link away").press("Enter")
    await expect(linked).not_to_contain_text(first, timeout=SOON_MS)

    await grace.presses("Go on in another conversation …")
    await grace.answers("Go on there", Number_of_the_case_of_the_same_customer=first)
    await grace.is_told("Nobody has written about that case")
    await grace.page.keyboard.press("Escape")

    await grace.chooses("Correct impact and urgency …")
    await choice(grace, "Urgency").select_option(label="high: work stands still")
    await looked_at(grace, axe, f"{width}-assessing")
    await grace.answers("Correct them", Reason="Nothing can leave.")
    await expect(grace.page.locator(".case-facts .badge.priority-2")).to_be_visible(timeout=SOON_MS)
    await expect(grace.page.locator(".history")).to_contain_text("urgency “high: work stands still”")
