"""The pages behind links in mails, in a real browser: axe finds nothing, phones show them whole, keys alone suffice."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from app.http.open_pages import OpenPages
from customers.preferences import wishes_to_json
from customers.wishes import Digest, NoticeKind, Wishes
from tests.browser.conftest import NewPage
from tests.browser.test_accessibility_desk import nothing_wrong

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
DRESSES = [(1440, "light"), (1440, "dark"), (390, "light"), (320, "dark")]
CHOICES: dict[str, Any] = {
    "wishes": wishes_to_json(Wishes(zone="Europe/Berlin")),
    "ways": ("email", "chat", "teams", "none"),
    "kinds": [str(kind) for kind in NoticeKind],
    "digests": [str(digest) for digest in Digest],
    "languages": ["en", "de"],
}
SHOWN: list[tuple[str, dict[str, Any]]] = [
    *(("survey", {"state": state, "slip": False}) for state in ("open", "answered", "expired", "missing")),
    ("survey", {"state": "open", "slip": True}),
    *(("answer_check", {"state": "open", "verdict": verdict}) for verdict in ("solved", "not_solved")),
    *(
        ("answer_check", {"state": state, "verdict": "solved"})
        for state in ("solved", "not_solved", "answered", "expired", "missing")
    ),
    *(("preferences", {"state": state}) for state in ("choose", "saved", "slip", "stop", "stopped", "missing")),
]


async def shown(page: Page, name: str, language: str, **values: Any) -> None:
    more = {"number": "CAS-01041-V9D3", "questions": {}, **CHOICES}
    text = OpenPages("Larder Lane").respond(name, language, more | values).text
    await page.set_content(text or "")


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_every_state_of_every_page(new_page: NewPage, axe: str, width: int, scheme: str, language: str) -> None:
    page = await new_page(width, 800, bypass_csp=True, color_scheme=scheme)
    for name, values in SHOWN:
        await shown(page, name, language, **values)
        await expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        await nothing_wrong(page, axe)


async def test_a_survey_is_answered_by_keys_alone(new_page: NewPage) -> None:
    page = await new_page(390, 800)
    await shown(page, "survey", "en", state="open", slip=False)
    for key in ("Tab", "Space", "ArrowDown", "Tab", "Space", "Tab"):
        await page.keyboard.press(key)
    await page.keyboard.type("All good.")
    assert await page.evaluate("[...new FormData(document.forms[0])].map(String)") == [
        "csat,4",
        "effort,1",
        "comment,All good.",
    ]
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Send")).to_be_focused()
