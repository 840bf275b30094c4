"""A conversation by mail on the agents' screen: whose it is, who else got it, copies, and asking somebody outside."""

import asyncio
import os
import smtplib
from base64 import b64decode
from email.message import EmailMessage
from email.policy import SMTP
from uuid import uuid4

import pytest
from playwright.async_api import Route, expect

from tests.app.mail.peer import mail
from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, Screen, agent_at
from tests.browser.test_accessibility import violations
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put a picture of the screen; nowhere by default."""
PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/5Y1vOAAAAABJRU5ErkJggg==")


async def arrives(desk: DeskProcess, port: int, raw: bytes = b"") -> str:
    """Ana writes a mail, with a copy to a colleague unless it is given; the number of its case."""
    raw = raw or mail(
        "The till in shop 4 jams since nine.", message_id=f"{uuid4().hex}@corner.example", cc="bob@corner.example"
    )

    def hand_in() -> None:
        with smtplib.LMTP("127.0.0.1", port) as lmtp:
            lmtp.sendmail("ana@corner.example", ["desk@larder-lane.example"], raw)

    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        before = await grace.unassigned()
        await asyncio.to_thread(hand_in)
        for _ in range(300):
            if numbers := [one for one in await grace.unassigned() if one not in before]:
                return numbers[0]
            await asyncio.sleep(0.1)
    raise AssertionError("the mail never became a case")


async def nothing_found(screen: Screen, axe: str) -> None:
    assert await violations(screen.page, axe) == "[]"
    assert await screen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_reply_with_copies_and_a_mail_to_somebody_outside(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str, width: int
) -> None:
    desk, port = mailing
    number = await arrives(desk, port)
    dress = {"bypass_csp": True, "reduced_motion": "reduce"}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    await grace.shows(number)
    await grace.pane("Conversation")
    for shown in ("ana@corner.example", "Till jams", "bob@corner.example", "Show the whole mail"):
        await expect(grace.log.get_by_text(shown).first).to_be_visible()

    await grace.writes("It is on its way.")
    for button in ("Attach files", "Copies"):
        await grace.page.keyboard.press("Tab")  # on from the words
        await expect(grace.page.get_by_role("button", name=button)).to_be_focused()
    await grace.page.keyboard.press("Enter")
    copies = grace.page.locator(".composer")
    await copies.get_by_label("Copy to", exact=True).fill("nobody")
    await grace.box.press("Control+Enter")  # what is no address is not sent
    await expect(grace.box).to_have_value("It is on its way.")
    await copies.get_by_label("Copy to", exact=True).fill("bob@corner.example, eve@corner.example")
    await copies.get_by_label("Unseen copy to").fill("boss@corner.example")
    await nothing_found(grace, axe)
    if PICTURE:
        await grace.page.screenshot(path=f"{PICTURE}-{width}.png")
    await grace.box.press("Control+Enter")
    await grace.hears("It is on its way.")
    await expect(grace.log.get_by_text("bob@corner.example, eve@corner.example")).to_be_visible()
    await expect(copies.get_by_label("Copy to", exact=True)).to_have_count(0)

    await grace.chooses("Ask somebody outside by mail")
    await nothing_found(grace, axe)
    if PICTURE:
        await grace.page.screenshot(path=f"{PICTURE}-{width}-outside.png")
    await grace.page.get_by_role("dialog").get_by_label("To", exact=True).fill("maker@tills.example")
    await grace.answers("Send mail", What_you_write_to_them="Is there a spare drawer?")
    await expect(grace.page.get_by_role("dialog")).to_have_count(0)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as again:
        await again.hears(number, "Is there a spare drawer?")
        said = [one for one in await again.conversation(number) if one.get("text") == "It is on its way."]
    assert said[0]["details"] == {"cc": ["bob@corner.example", "eve@corner.example"], "bcc": ["boss@corner.example"]}


def with_pictures() -> bytes:
    """A mail that brought one picture and names another on a machine of its sender's."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "ana@corner.example", "desk@larder-lane.example", "Look"
    message["Message-ID"] = f"<{uuid4().hex}@corner.example>"
    message.set_content("See the picture.")
    shown = '<img src="cid:till@corner" alt="till"><img src="https://corner.example/logo.png" alt="logo">'
    message.add_alternative(shown, subtype="html")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(PIXEL, "image", "png", cid="<till@corner>", filename="till.png")
    return message.as_bytes()


async def test_the_whole_mail_shows_its_own_pictures_and_others_when_asked_for(
    mailing: tuple[DeskProcess, int], new_page: NewPage, axe: str
) -> None:
    desk, port = mailing
    number = await arrives(desk, port, with_pictures())
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await grace.shows(number)
    fetched: list[str] = []

    async def logo(route: Route) -> None:
        fetched.append(route.request.url)
        await route.fulfill(body=PIXEL, content_type="image/png")

    await grace.page.context.route("https://corner.example/**", logo)

    async def widths(link: str) -> list[int]:
        """Of the pictures on the page behind a link, as the browser shows them."""
        async with grace.page.context.expect_page() as opened:
            await grace.log.get_by_role("link", name=link).click()
        page = await opened.value
        await page.wait_for_load_state()
        found: list[int] = await page.get_by_role("img").evaluate_all("all => all.map((one) => one.naturalWidth)")
        await page.close()
        return found

    assert (await widths("Show the whole mail"), fetched) == ([1, 0], [])
    assert await widths("Show it with pictures from outside") == [1, 1]
    assert fetched == ["https://corner.example/logo.png"]
