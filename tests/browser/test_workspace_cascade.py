"""A case and what is below it, resolved together on the agents' screen."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS
from tests.browser.test_workspace import waiting
from tests.browser.test_workspace_forms import CHECKLISTS, DRESSES, at_case, looked_at
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_many_are_resolved_with_their_parent_and_those_that_are_not_say_why(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    _, parent = await waiting(new_page, desk, f"The web shop is down in region {width}")
    chat, gone = await waiting(new_page, desk, f"No web shop in region {width}")
    _, open_ = await waiting(new_page, desk, f"The web shop of region {width} does not open")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.decide("cases", {"checklists": CHECKLISTS})
        for child in (gone, open_):
            await elsewhere.attach(child, parent)
        await elsewhere.classify(open_, "complaint")
    grace = await at_case(new_page, desk, parent, width, scheme)
    await grace.page.keyboard.press("Alt+s")
    together = grace.page.get_by_label("Resolve the 2 open cases below it, too.")
    await together.press("Space")
    await looked_at(grace, axe, f"together-{width}")
    await grace.answers("Resolve", What_was_done="The web shop is back.")

    outcome = grace.page.get_by_role("dialog", name="Resolved together")
    await expect(outcome).to_contain_text("This case was resolved, and 1 case below it.", timeout=SOON_MS)
    left = outcome.get_by_role("listitem")
    await expect(left).to_have_count(1)
    await expect(left).to_contain_text("Something that is required is not ticked off there.")
    await looked_at(grace, axe, f"outcome-{width}")
    await chat.reads("The web shop is back.")
    await outcome.get_by_role("link", name=open_).press("Enter")
    await grace.shows(open_)
    await expect(outcome).to_have_count(0)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        status = {number: (await elsewhere.case(number))["status"] for number in (parent, gone, open_)}
    assert status == {parent: "resolved", gone: "resolved", open_: "new"}


async def test_a_parent_can_be_resolved_alone(desk: DeskProcess, new_page: NewPage) -> None:
    _, parent = await waiting(new_page, desk, "All scales are wrong")
    _, child = await waiting(new_page, desk, "Our scales are wrong")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.attach(child, parent)
        grace = await at_case(new_page, desk, parent, 1440, "light")
        await grace.presses("Resolve")
        await expect(grace.page.get_by_label("Resolve the open case below it, too.")).not_to_be_checked()
        await grace.answers("Resolve", What_was_done="Set anew.")
        await grace.stands("resolved")
        assert (await elsewhere.case(child))["status"] == "new"


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_second_problem_becomes_a_case_of_its_own_with_what_was_said_about_it(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    chat, number = await waiting(new_page, desk, "The oven is cold")
    await chat.say("And the scales are wrong as well")
    grace = await at_case(new_page, desk, number, width, scheme)
    await grace.hears("And the scales are wrong as well")
    await grace.chooses("Split off a second problem")
    dialog = grace.page.get_by_role("dialog")
    await dialog.get_by_label("And the scales are wrong as well").press("Space")
    await looked_at(grace, axe, f"split-{width}")
    await grace.answers("Split it off", **{"What_is_the_second_problem?": "Scales are wrong"})
    await expect(grace.page.get_by_role("heading", level=1)).to_have_text("Scales are wrong", timeout=SOON_MS)
    second = await grace.page.locator(".case-facts .number").inner_text()
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        made = await elsewhere.case(second)
    assert made["description"] == "And the scales are wrong as well"
    assert [one["number"] for one in made["linked"]] == [number]
