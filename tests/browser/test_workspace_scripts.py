"""A call script on the agents' screen, left and gone on with; and why a case is due when it is."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, Screen
from tests.browser.test_workspace import waiting
from tests.browser.test_workspace_forms import DRESSES, at_case, details, kept, looked_at
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def called(desk: DeskProcess, new_page: NewPage, case_type: str, width: int, scheme: str) -> tuple[Screen, str]:
    """A case of this type, with its pane open."""
    _, number = await waiting(new_page, desk, "Our till is broken")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.classify(number, case_type)
        await elsewhere.take(number)
    grace = await at_case(new_page, desk, number, width, scheme)
    await grace.pane("Case")
    return grace, number


def question(screen: Screen, asked: str) -> Locator:
    return screen.page.get_by_role("form", name="Question to ask").get_by_label(asked)


async def is_asked(screen: Screen, asked: str) -> None:
    await expect(question(screen, asked)).to_be_focused(timeout=SOON_MS)


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_script_is_gone_through_by_the_keyboard_left_and_gone_on_with(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace, number = await called(desk, new_page, "incident", width, scheme)
    keyboard = grace.page.keyboard
    await grace.page.get_by_role("button", name="Open", exact=True).press("Enter")
    await is_asked(grace, "What is it that does not work?")
    await keyboard.press("Enter")
    await keyboard.press("Escape")
    await keyboard.type("The till")
    await looked_at(grace, axe, f"script-{width}")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await is_asked(grace, "Which till is it?")
    await keyboard.type("120")  # the form takes 99 at most
    await keyboard.press("Enter")
    await grace.is_told("These fields are missing or wrong: till.")
    await question(grace, "Which till is it?").fill("12")
    await keyboard.press("Enter")
    await is_asked(grace, "Can you still sell at another till?")
    await grace.page.get_by_role("button", name="Leave it for now").press("Enter")
    await expect(grace.page.get_by_label("Which call script?")).to_be_focused()
    await expect(details(grace).get_by_label("Number of the till")).to_have_value("12")

    await grace.page.reload()
    await grace.is_live()
    await grace.pane("Case")
    await grace.page.get_by_role("button", name="Open", exact=True).press("Enter")
    await question(grace, "Can you still sell at another till?").select_option("no")
    await grace.presses("Next")
    since = question(grace, "Since which day?")
    await expect(since).to_be_focused(timeout=SOON_MS)
    await since.fill("2026-03-02")
    await looked_at(grace, axe, f"script-last-{width}")
    await grace.presses("Next")
    end = grace.page.get_by_text("That was the last question.")
    await expect(end).to_be_focused(timeout=SOON_MS)
    await looked_at(grace, axe, f"script-end-{width}")
    assert await kept(desk, number) == {"device": "till", "till": 12, "sells": False}
    await expect(grace.history).to_contain_text("Can you still sell at another till? – no", timeout=SOON_MS)

    await grace.page.get_by_role("button", name="Change the answer to: What is it that does not work?").press("Enter")
    first = question(grace, "What is it that does not work?")
    await expect(first).to_be_focused()
    await grace.presses("Cancel")
    await expect(end).to_be_focused()
    await grace.page.get_by_role("button", name="Change the answer to: What is it that does not work?").press("Enter")
    await first.select_option("The card reader")
    await grace.presses("Next")
    await is_asked(grace, "Have you switched it off and on again?")
    await expect(grace.page.locator(".answered > div")).to_have_count(1)
    assert (await kept(desk, number))["device"] == "card_reader"


async def test_a_script_whose_answer_the_type_does_not_ask_for_says_what_to_do(
    desk: DeskProcess, new_page: NewPage
) -> None:
    grace, _ = await called(desk, new_page, "question", 1440, "light")
    await grace.page.get_by_role("button", name="Open", exact=True).click()
    asked = question(grace, "What is it that does not work?")
    await asked.select_option("The till itself")
    await grace.presses("Next")
    await expect(asked).to_have_accessible_description(
        "The details of this type (question) have no place for this answer. "
        "Change the type of the case first, under More actions."
    )


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_why_a_case_is_due_then_can_be_told_on_the_telephone(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    grace, _ = await called(desk, new_page, "incident", width, scheme)
    why = grace.page.get_by_role("button", name="Why?")
    await why.press("Enter")
    dialog = grace.page.get_by_role("dialog", name="When it is due, and why")
    await expect(dialog).to_contain_text("The customer was told to hear from us by", timeout=SOON_MS)
    first = dialog.locator("section", has_text="First answer")
    await expect(first).to_contain_text("We answer for the first time within 4 h of our opening hours.")
    await expect(first.get_by_role("listitem").last).to_contain_text("count.")
    await expect(first).to_contain_text("So it is due by")
    await expect(dialog).to_contain_text("We solve it within 30 h of our opening hours.")
    await looked_at(grace, axe, f"why-{width}")
    await grace.page.keyboard.press("Escape")
    await expect(why).to_be_focused()
