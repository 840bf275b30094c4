"""Cases that look alike on the agents' screen: told twice they are merged, of many they get a parent, and back."""

import os

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace import waiting
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
DRESSES = [(1440, "light"), (390, "dark")]
STORIES = {1440: "All our pallets smell of petrol", 390: "Every loaf of rye has gone mouldy"}
ALIKE = ".alike"


async def looked_at(screen: Screen, axe: str, name: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{name}.png")


async def at_case(new_page: NewPage, desk: DeskProcess, number: str, width: int, scheme: str) -> Screen:
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    await grace.shows(number)
    await grace.pane("Case")
    return grace


def related(screen: Screen, title: str) -> Locator:
    """The part of the case's pane under this heading."""
    return screen.page.locator("section", has=screen.page.get_by_role("heading", level=3, name=title, exact=True)).last


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_what_was_told_twice_is_merged_by_the_keyboard_and_the_merge_undone(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    chat, first = await waiting(new_page, desk, f"The oven of shop {width} stays cold")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        second = await elsewhere.split(first, f"Oven of shop {width} stays cold again", "Still cold.")
    grace = await at_case(new_page, desk, second, width, scheme)
    twice = related(grace, "Perhaps the same problem")
    await expect(twice).to_contain_text(first, timeout=SOON_MS)
    await expect(twice).to_contain_text("same words")
    await looked_at(grace, axe, f"twice-{width}")

    button = twice.get_by_role("button", name=f"Merge into {first}")
    await button.press("Enter")
    dialog = grace.page.get_by_role("dialog", name=f"Merge this case into {first}?")
    await expect(dialog).to_contain_text("The customer reads that this case goes on there.")
    await looked_at(grace, axe, f"sure-{width}")
    await grace.page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await button.press("Enter")
    await dialog.get_by_role("button", name="Merge", exact=True).press("Enter")

    await grace.stands("merged")
    await expect(grace.page.locator(ALIKE)).to_have_count(0)
    await expect(related(grace, "It goes on in").get_by_role("link")).to_have_attribute(
        "href", f"/workspace/cases/{first}"
    )
    await expect(grace.page.locator(".composer")).to_contain_text(f"This case goes on in {first}.")
    await chat.reads(f"Case {second} goes on as case {first}.")
    await looked_at(grace, axe, f"merged-{width}")
    await grace.presses("Undo the merge")
    await expect(twice).to_contain_text(first, timeout=SOON_MS)
    await expect(grace.page.locator(".case-facts")).not_to_contain_text("merged")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_problem_of_many_customers_is_known_and_gets_one_parent(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    story = STORIES[width]
    numbers = [(await waiting(new_page, desk, story))[1] for _ in range(3)]
    first, _, third = numbers
    grace = await at_case(new_page, desk, third, width, scheme)
    known = related(grace, "A known problem")
    await expect(known).to_contain_text("3 customers have it, this one among them.", timeout=SOON_MS)
    await expect(known.get_by_role("listitem")).to_have_count(2)
    await looked_at(grace, axe, f"known-{width}")

    await grace.presses(f"Make it part of {first}")
    dialog = grace.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Each customer goes on in their own conversation")
    await grace.answers("Make it part of it")
    part_of = related(grace, "It is part of")
    await expect(part_of).to_contain_text(first, timeout=SOON_MS)
    await expect(grace.page.locator(ALIKE)).to_have_count(0)
    await part_of.get_by_role("link").click()
    await grace.shows(first)
    await grace.pane("Case")
    await expect(related(grace, "Cases that are part of it")).to_contain_text(third, timeout=SOON_MS)
    await looked_at(grace, axe, f"parent-{width}")

    await grace.page.go_back()
    await grace.shows(third)
    await grace.pane("Case")
    await grace.presses("Let it stand by itself")
    await expect(known).to_contain_text("3 customers", timeout=SOON_MS)


async def test_a_merge_that_is_refused_says_why_and_changes_nothing(desk: DeskProcess, new_page: NewPage) -> None:
    _, first = await waiting(new_page, desk, "The label printer eats its labels")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        second = await elsewhere.split(first, "Label printer eats its labels again", "Still hungry.")
        grace = await at_case(new_page, desk, second, 1440, "light")
        await grace.presses(f"Merge into {first}")
        await elsewhere.resolve(first, "A new roller.")
    await grace.answers("Merge")
    await grace.is_told("That is not possible any more from where the case stands now.")
    await grace.page.keyboard.press("Escape")
    await grace.stands("new")
