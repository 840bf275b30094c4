"""The agents' workspace as an agent uses it: what is looked for is what a person or a screen reader finds."""

from collections.abc import Awaitable, Callable
from typing import Self

from playwright.async_api import Locator, Page, expect

PASSWORD = "larder-and-lane"
LI = "li.chen@larder-lane.example"
"""Works for Deliveries and Store support."""
MARCUS = "marcus.boateng@larder-lane.example"
"""Works for Deliveries alone."""
GRACE = "grace.underhill@larder-lane.example"
"""Sees every department."""
DELIVERIES = "Deliveries"
SOON_MS = 15_000

NewPage = Callable[..., Awaitable[Page]]


class Screen:
    """One window with the workspace."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.log = page.get_by_role("log", name="Conversation")
        self.history = page.locator(".history")
        self.box = page.locator(".composer textarea")

    async def visit(self, path: str = "/") -> Self:
        await self.page.goto(f"{self.origin}/workspace{path}")
        return self

    async def signs_in(self, email: str) -> Self:
        await self.page.get_by_label("E-mail address").fill(email)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Sign in").click()
        return await self.is_live()

    async def is_live(self) -> Self:
        await expect(self.page.locator(".line.live")).to_be_visible(timeout=SOON_MS)
        return self

    async def is_cut(self) -> None:
        await expect(self.page.locator(".line.trying")).to_be_visible(timeout=SOON_MS)

    async def lists(self, view: str) -> None:
        """One of the places beside the lists."""
        await self.page.get_by_role("navigation", name="Cases").get_by_role("link", name=view).first.click()
        await expect(self.page.get_by_role("heading", level=1, name=view)).to_be_visible(timeout=SOON_MS)

    def row(self, number: str) -> Locator:
        """The case in the list."""
        return self.page.locator(".case-row", has_text=number)

    async def sees(self, number: str) -> None:
        await expect(self.row(number)).to_be_visible(timeout=SOON_MS)

    async def opens(self, number: str) -> None:
        """From the list."""
        await self.row(number).click()
        await self.shows(number)

    async def shows(self, number: str) -> None:
        await expect(self.page.locator(".case-facts .number")).to_have_text(number, timeout=SOON_MS)

    async def stands(self, status: str) -> None:
        """The status beside the number."""
        await expect(self.page.locator(".case-facts .badge").first).to_have_text(status, timeout=SOON_MS)

    async def presses(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def chooses(self, name: str) -> None:
        """Something of the menu behind "More actions"."""
        await self.presses("More actions")
        await self.page.get_by_role("menuitem", name=name).click()

    async def answers(self, button: str, **fields: str) -> None:
        """Fills the dialog and confirms it; `fields` are labels, with _ for spaces."""
        dialog = self.page.get_by_role("dialog")
        for label, value in fields.items():
            await dialog.get_by_label(label.replace("_", " ")).fill(value)
        await dialog.get_by_role("button", name=button, exact=True).click()

    async def pane(self, name: str) -> None:
        """Where the panes are tabs, the one with this name."""
        await expect(self.page.locator(".case")).to_be_visible(timeout=SOON_MS)
        tab = self.page.locator(".tabbed > .tabs").get_by_role("tab", name=name, exact=True)
        if await tab.count():
            await tab.click()

    async def writes(self, text: str, kind: str = "Reply") -> None:
        """Into the box, without sending."""
        await self.page.locator(".composer").get_by_role("tab", name=kind, exact=True).click()
        await self.box.fill("")
        await self.box.press_sequentially(text)

    async def says(self, text: str, kind: str = "Reply") -> None:
        await self.writes(text, kind)
        await self.box.press("Control+Enter")

    async def hears(self, text: str, times: int = 1) -> None:
        """It stands in the conversation, confirmed by the desk."""
        said = self.log.locator(".message:not(.sending, .failed), .notice").filter(has_text=text)
        await expect(said).to_have_count(times, timeout=SOON_MS)

    async def is_told(self, sentence: str) -> None:
        """Something that is announced to a screen reader too."""
        found = self.page.locator("[role=alert], [role=status]").filter(has_text=sentence)
        await expect(found.first).to_be_visible(timeout=SOON_MS)


async def agent_at(new_page: NewPage, origin: str, email: str, path: str = "/", **options: object) -> Screen:
    """An agent in a browser of their own, signed in."""
    options = {"width": 1440, "height": 900, "locale": "en-GB", **options}
    screen = Screen(await new_page(**options), origin)
    return await (await screen.visit(path)).signs_in(email)
