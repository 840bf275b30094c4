"""The chat as somebody in front of it uses it."""

from playwright.async_api import FrameLocator, Locator, Page, expect

from tests.browser.peer import Peer


class Chat:
    """One page with the widget on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher: Locator = page.locator("nightdesk-chat > button, nightdesk-chat button").first
        self.frame: FrameLocator = page.frame_locator("nightdesk-chat iframe")
        self.log = self.frame.get_by_role("log")
        self.input = self.frame.get_by_label("Your message")

    async def visit(self, peer: Peer, path: str = "/demo/shop") -> "Chat":
        return await self.visit_address(path if path.startswith("http") else f"{peer.address}{path}")

    async def visit_address(self, address: str) -> "Chat":
        await self.page.goto(address)
        return self

    async def open(self) -> "Chat":
        await self.launcher.click()
        await self.online()
        return self

    async def online(self) -> None:
        await expect(self.frame.locator("main[data-state=online]")).to_be_visible(timeout=20_000)

    async def online_hidden(self) -> None:
        """Connected behind its button."""
        await expect(self.frame.locator("main[data-state=online]")).to_be_attached(timeout=20_000)

    async def say(self, text: str) -> None:
        await self.input.fill(text)
        await self.input.press("Enter")

    async def reads(self, text: str, times: int = 1, *, notice: bool = False) -> None:
        where = "article.notice" if notice else ".bubble"
        await expect(self.log.locator(where, has_text=text)).to_have_count(times, timeout=20_000)

    async def answered(self) -> None:
        """Wait until the desk has the last word."""
        await expect(self.last("theirs").locator("xpath=following-sibling::article")).to_have_count(0, timeout=20_000)

    def button(self, title: str) -> Locator:
        """A suggested answer."""
        return self.frame.get_by_role("button", name=title, exact=True)

    async def press(self, title: str) -> None:
        await self.button(title).click(timeout=20_000)

    def last(self, side: str) -> Locator:
        """The newest bubble of `mine` or `theirs`."""
        return self.log.locator(f"article.{side}").last
