"""The details and the checklist of a case on the agents' screen: filled in, refused, led to, and then resolved."""

import os
from typing import Any

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, LI, PASSWORD, SOON_MS, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.browser.test_workspace import waiting
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
DRESSES = [(1440, "light"), (390, "dark")]
REASONS = [
    {"const": "damaged", "titles": {"en": "it is damaged", "de": "es ist beschädigt"}},
    {"const": "not_wanted", "titles": {"en": "it is not wanted", "de": "es wird nicht gewollt"}},
]
RETURN: dict[str, Any] = {
    "type": "object",
    "properties": {"reason": {"titles": {"en": "Why it comes back", "de": "Warum es zurückkommt"}, "oneOf": REASONS}},
    "required": ["reason"],
    "if": {"properties": {"reason": {"const": "damaged"}}, "required": ["reason"]},
    "then": {"properties": {"photo_seen": {"type": "boolean"}}, "required": ["photo_seen"]},
}
COMPLAINT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "pallets": {"title": "Pallets", "type": "integer", "minimum": 1, "description": "As counted at the ramp."},
        "since": {"type": "string", "format": "date"},
        "mail": {"title": "Write to", "type": "string", "format": "email"},
        "story": {"type": "string", "maxLength": 2000},
        "lots": {"title": "Lots", "type": "array", "items": {"type": "string"}},
        "seen_by": {"title": "Seen by", "type": "array", "items": {"enum": ["driver", "store_manager"]}},
        "truck": {"type": "object", "properties": {"plate": {"type": "string"}, "cooled": {"type": "boolean"}}},
    },
}
CHECKLISTS = {
    "complaint": [{"id": "sorry", "text": "Say sorry", "required": True}, {"id": "call", "text": "Ring them"}]
}


async def of_type(desk: DeskProcess, new_page: NewPage, case_type: str, about: str) -> str:
    """The number of a case of this type, where the company has decided on forms and lists."""
    _, number = await waiting(new_page, desk, about)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        await grace.decide("forms", {"forms": {"return": RETURN, "complaint": COMPLAINT}})
        await grace.decide("cases", {"checklists": CHECKLISTS})
        await grace.classify(number, case_type)
        await grace.take(number)
    return number


async def at_case(
    new_page: NewPage, desk: DeskProcess, number: str, width: int, scheme: str, **dress: object
) -> Screen:
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme, **dress}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    await grace.shows(number)
    return grace


async def looked_at(screen: Screen, axe: str, name: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await screen.page.screenshot(path=f"{PICTURE}-{name}.png")


def details(screen: Screen) -> Locator:
    return screen.page.get_by_role("form", name="Details")


async def kept(desk: DeskProcess, number: str) -> dict[str, Any]:
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        return dict((await grace.case(number))["fields"])


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_a_refused_resolution_leads_to_what_is_missing_and_is_then_resolved_by_the_keyboard_alone(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    number = await of_type(desk, new_page, "return", "The kettles came back broken")
    grace = await at_case(new_page, desk, number, width, scheme)
    keyboard = grace.page.keyboard
    await keyboard.press("Alt+s")
    await expect(grace.page.get_by_role("dialog")).to_be_visible()
    await grace.page.get_by_label("workaround").press("Space")
    await grace.page.get_by_label("What was done").press_sequentially("Credit for the kettles.")
    await keyboard.press("Tab")
    await keyboard.press("Tab")
    await keyboard.press("Enter")

    reason = details(grace).get_by_label("Why it comes back")
    await expect(reason).to_be_focused(timeout=SOON_MS)
    await expect(reason).to_have_accessible_description("This has to be filled in before the case can be resolved.")
    await expect(details(grace)).to_contain_text("What you wrote for the resolution is kept.")
    await expect(details(grace).get_by_label("Photo seen")).to_have_count(0)
    await looked_at(grace, axe, f"missing-{width}")

    await keyboard.type("it is d")  # a choice by its first letters
    photo = details(grace).get_by_label("Photo seen")
    await expect(photo).to_be_visible()
    await keyboard.press("Tab")
    await expect(photo).to_be_focused()
    await keyboard.type("yes")
    await expect(details(grace)).to_contain_text("Not saved yet.")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await expect(details(grace)).to_contain_text("Saved. No detail is missing.", timeout=SOON_MS)
    await looked_at(grace, axe, f"complete-{width}")

    await keyboard.press("Alt+s")
    await expect(grace.page.get_by_label("workaround")).to_be_checked()
    await expect(grace.page.get_by_label("What was done")).to_have_value("Credit for the kettles.")
    await grace.answers("Resolve")
    await grace.stands("resolved")
    assert await kept(desk, number) == {"reason": "damaged", "photo_seen": True}
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        assert (await elsewhere.case(number))["resolution_code"] == "workaround"


async def test_what_is_filled_in_already_leads_to_saving_it(desk: DeskProcess, new_page: NewPage) -> None:
    number = await of_type(desk, new_page, "return", "The toasters came back")
    grace = await at_case(new_page, desk, number, 1440, "light")
    await details(grace).get_by_label("Why it comes back").select_option("it is not wanted")
    await grace.presses("Resolve")
    await grace.answers("Resolve", What_was_done="Taken back.")
    save = details(grace).get_by_role("button", name="Save details")
    await expect(save).to_be_focused(timeout=SOON_MS)
    await save.press("Enter")
    await expect(details(grace)).to_contain_text("Saved.", timeout=SOON_MS)
    await grace.presses("Resolve")
    await grace.answers("Resolve")
    await grace.stands("resolved")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_every_kind_of_field_is_filled_in_and_refused_at_its_place(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    number = await of_type(desk, new_page, "complaint", "The pallets were thawed")
    grace = await at_case(new_page, desk, number, width, scheme)
    await grace.pane("Case")
    form = details(grace)
    await expect(form.get_by_label("Pallets")).to_have_accessible_description("As counted at the ramp.")
    await form.get_by_label("Pallets").press_sequentially("0")
    await form.get_by_label("Write to").fill("nowhere")
    await form.get_by_role("button", name="Save details").press("Enter")
    await expect(form.get_by_label("Pallets")).to_be_focused()
    await expect(form.get_by_label("Pallets")).to_have_accessible_description("As counted at the ramp. At least 1.")
    await expect(form.get_by_label("Write to")).to_have_accessible_description("That is no e-mail address.")
    await looked_at(grace, axe, f"refused-{width}")
    assert await kept(desk, number) == {}

    await form.get_by_label("Pallets").fill("4")
    await form.get_by_label("Since").fill("2026-03-02")
    await form.get_by_label("Write to").fill("ana@corner.example")
    await form.get_by_label("Story").fill("They dripped.\nAll of them.")
    await form.get_by_label("Lots").fill("L-1\n\nL-2 ")
    await form.get_by_label("store manager").check()
    await form.get_by_label("Plate").fill("DE 4471")
    await form.get_by_label("Cooled").select_option("no")
    await form.get_by_role("button", name="Save details").press("Enter")
    await expect(form).to_contain_text("Saved. No detail is missing.", timeout=SOON_MS)
    await looked_at(grace, axe, f"kinds-{width}")
    values = {"pallets": 4, "since": "2026-03-02", "mail": "ana@corner.example", "story": "They dripped.\nAll of them."}
    more = {"lots": ["L-1", "L-2"], "seen_by": ["store_manager"], "truck": {"plate": "DE 4471", "cooled": False}}
    assert await kept(desk, number) == {**values, **more}

    await form.get_by_label("Pallets").fill("")
    await form.get_by_label("store manager").uncheck()
    await form.get_by_role("button", name="Save details").press("Enter")
    await expect(form).to_contain_text("Saved.", timeout=SOON_MS)
    assert {"pallets", "seen_by"}.isdisjoint(await kept(desk, number))


async def test_what_is_not_saved_survives_what_others_do_and_a_conflict(desk: DeskProcess, new_page: NewPage) -> None:
    number = await of_type(desk, new_page, "complaint", "The crates were wet")
    grace = await at_case(new_page, desk, number, 1440, "light")
    form = details(grace)
    await form.get_by_label("Pallets").fill("7")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.fill(number, pallets=2)
        await expect(form).to_contain_text("Somebody saved “2” here meanwhile.", timeout=SOON_MS)
        await expect(form.get_by_label("Pallets")).to_have_value("7")
        await grace.page.reload()
        await grace.is_live()
        await expect(form.get_by_label("Pallets")).to_have_value("7")

        async def late(route: Route) -> None:
            await elsewhere.note(number, "In between")
            await route.continue_()

        await grace.page.route("**/fields", late)
        await form.get_by_role("button", name="Save details").click()
        await grace.is_told("Somebody changed this case since you looked.")
    await expect(form.get_by_label("Pallets")).to_have_value("7")
    await grace.page.unroute_all()
    await form.get_by_role("button", name="Save details").click()
    await expect(form).to_contain_text("Saved.", timeout=SOON_MS)
    assert (await kept(desk, number))["pallets"] == 7


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_what_is_required_of_the_checklist_is_led_to_and_says_who_did_it(
    desk: DeskProcess, new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    number = await of_type(desk, new_page, "complaint", "The driver was rude")
    grace = await at_case(new_page, desk, number, width, scheme)
    await grace.presses("Resolve")
    await grace.answers("Resolve", What_was_done="We said sorry.")
    sorry = grace.page.get_by_label("Say sorry")
    await expect(sorry).to_be_focused(timeout=SOON_MS)
    await grace.is_told("Tick off first what is required: Say sorry. Then resolve it: what you wrote is kept.")
    await looked_at(grace, axe, f"list-{width}")
    await grace.page.keyboard.press("Space")
    item = grace.page.locator(".checklist li", has_text="Say sorry")
    await expect(item).to_contain_text("Grace Underhill", timeout=SOON_MS)
    await expect(sorry).to_be_checked()
    await sorry.press("Space")
    await expect(item).not_to_contain_text("Grace Underhill")
    await sorry.press("Space")
    await expect(item).to_contain_text("Grace Underhill")
    await looked_at(grace, axe, f"ticked-{width}")
    await grace.presses("Resolve")
    await grace.answers("Resolve")
    await grace.stands("resolved")


async def test_another_type_brings_another_form_and_keeps_what_was_filled_in(
    desk: DeskProcess, new_page: NewPage, axe: str
) -> None:
    number = await of_type(desk, new_page, "return", "The scales are the wrong ones")
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.fill(number, reason="not_wanted")
    grace = await at_case(new_page, desk, number, 1440, "light")
    await grace.chooses("Change its type")
    await grace.page.get_by_role("dialog").get_by_label("Type").select_option("complaint")
    await looked_at(grace, axe, "type")
    await grace.answers("Change it", Reason="They are angry.")
    await expect(details(grace).get_by_label("Pallets")).to_be_visible()
    section = grace.page.locator(".details").first
    await expect(section).to_contain_text("Kept from before; not asked for now:")
    await expect(section).to_contain_text("not_wanted")
    await expect(grace.page.get_by_label("Say sorry")).to_be_visible()


async def test_fields_are_named_in_the_agents_language(desk: DeskProcess, new_page: NewPage) -> None:
    number = await of_type(desk, new_page, "return", "The lamps are broken")
    li = await agent_at(new_page, desk.origin, LI, f"/cases/{number}")
    await li.page.evaluate("localStorage.setItem('nightdesk.language', 'de')")
    await li.page.reload()
    reason = li.page.get_by_role("form", name="Angaben").get_by_label("Warum es zurückkommt")
    await reason.select_option("es ist beschädigt")
    await expect(li.page.get_by_label("Photo seen")).to_be_visible()
