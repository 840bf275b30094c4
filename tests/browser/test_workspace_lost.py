"""Words that did not arrive on the agents' screen: seen at the words as it happens, and sent again once."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Page, Route, expect
from standardwebhooks import Webhook

from tests.browser.conftest import NewPage
from tests.browser.desk_agent import DeskAgent
from tests.browser.screen import GRACE, PASSWORD, SOON_MS, agent_at
from tests.browser.test_accessibility import violations
from tests.channels.http.far_side import NEW, FarSide, listening, present
from tests.slow.process import DeskProcess

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PICTURE = os.environ.get("NIGHTDESK_TEST_PICTURE")
"""Where to put pictures of the screen; nowhere by default."""
DOUBT, LOSS = "May not have arrived.", "Did not arrive."
DRESSES = [(1440, "light"), (390, "dark")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory, dist: Path) -> AsyncIterator[tuple[DeskProcess, FarSide]]:
    """The whole desk with a channel over HTTP, and the gateway at its far side."""
    far, data = FarSide(), tmp_path_factory.mktemp("desk") / "data"
    data.mkdir()
    async with listening(far) as server:
        (data / "channels.yaml").write_text(f"sms:\n  deliver_to: {server.make_url('/desk')}\n  secrets: [{NEW}]\n")
        process = DeskProcess(data, encoder="true")
        process.start()
        try:
            await process.ready()
            yield process, far
        finally:
            process.end()


async def writes(desk: DeskProcess, text: str, key: str) -> None:
    """A customer, by way of the gateway."""
    body = f'{{"type": "message", "conversation": "{key.partition("_")[0]}", "text": "{text}"}}'
    at = present()
    signature = Webhook(NEW).sign(key, at.replace(tzinfo=None), body)
    headers = {"webhook-id": key, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    address = f"{desk.origin}/channels/sms/activities"
    async with ClientSession() as http, http.post(address, data=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def handed_over(desk: DeskProcess, far: FarSide, who: str) -> str:
    """The number of the case of somebody who wanted a person, who has come; and the other side knows it."""
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as grace:
        before = await grace.unassigned()
        await writes(desk, "I want to talk to a person about my delivery", f"{who}_1")
        for _ in range(300):
            if numbers := [one for one in await grace.unassigned() if one not in before]:
                before_joining = len(far.taken)
                await grace.take(numbers[0])
                await knows_who_joined(far, before_joining)
                return numbers[0]
            await asyncio.sleep(0.1)
    raise AssertionError("nobody was asked for")


async def knows_who_joined(far: FarSide, before: int) -> None:
    """What the far side answers next is about what is said next."""
    for _ in range(300):
        if any("has joined" in one["text"] for one in far.taken[before:]):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody was told who joined")


async def looked_at(page: Page, axe: str, name: str) -> None:
    assert await violations(page, axe) == "[]"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if PICTURE:
        await page.screenshot(path=f"{PICTURE}-{name}.png")


@pytest.mark.parametrize(("width", "scheme"), DRESSES)
async def test_what_may_not_have_arrived_is_seen_and_sent_again_once_sure(
    gateway: tuple[DeskProcess, FarSide], new_page: NewPage, axe: str, width: int, scheme: str
) -> None:
    desk, far = gateway
    number = await handed_over(desk, far, f"ana{width}")
    dress = {"bypass_csp": True, "reduced_motion": "reduce", "color_scheme": scheme}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", width=width, **dress)
    other = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await grace.shows(number)
    await grace.pane("Conversation")

    text = f"It is there at noon, door {width}."
    far.answers.append(503)
    await grace.says(text)
    for screen in (grace, other):
        await expect(screen.log.get_by_text(DOUBT)).to_be_visible(timeout=SOON_MS)
    await expect(grace.log.get_by_text("The other side never said that it has them.")).to_be_visible()
    await looked_at(grace.page, axe, f"doubted-{width}")

    await grace.log.get_by_role("button", name="Send again").click()
    dialog = grace.page.get_by_role("dialog")
    await expect(dialog.get_by_text("Then the customer gets them twice.")).to_be_visible()
    await looked_at(grace.page, axe, f"sure-{width}")
    await grace.page.keyboard.press("Escape")
    await expect(grace.log.get_by_text(DOUBT)).to_be_visible()
    assert text not in [one["text"] for one in far.taken]

    await grace.log.get_by_role("button", name="Send again").click()
    await dialog.get_by_role("button", name="Send again").click()
    for screen in (grace, other):
        await expect(screen.log.get_by_text("Sent again by Grace Underhill")).to_be_visible(timeout=SOON_MS)
        await expect(screen.log.get_by_text(DOUBT)).to_have_count(0)
        await expect(screen.log.get_by_role("button", name="Send again")).to_have_count(0)
    await looked_at(grace.page, axe, f"again-{width}")
    for _ in range(100):
        if text in [one["text"] for one in far.taken]:
            break
        await asyncio.sleep(0.1)
    assert [one["text"] for one in far.taken].count(text) == 1


async def test_what_was_refused_is_seen_from_the_lists_and_sent_again_at_once(
    gateway: tuple[DeskProcess, FarSide], new_page: NewPage, axe: str
) -> None:
    desk, far = gateway
    number = await handed_over(desk, far, "bob")
    dress = {"bypass_csp": True, "reduced_motion": "reduce"}
    grace = await agent_at(new_page, desk.origin, GRACE, "/cases?view=mine", **dress)
    await grace.sees(number)
    far.answers.append(400)
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as elsewhere:
        await elsewhere.reply(number, "The driver rings you.")
    await expect(grace.page).to_have_title("(1) My cases · Nightdesk", timeout=SOON_MS)

    await grace.opens(number)
    await expect(grace.log.get_by_text(LOSS)).to_be_visible(timeout=SOON_MS)
    await expect(grace.log.get_by_text("The other side refused them.")).to_be_visible()
    await looked_at(grace.page, axe, "given-up")
    far.answers.append(400)
    await grace.log.get_by_role("button", name="Send again").click()
    await expect(grace.history.get_by_text("could not deliver words")).to_have_count(2, timeout=SOON_MS)
    await grace.log.get_by_role("button", name="Send again").click()
    await expect(grace.log.get_by_text("Sent again by")).to_be_visible(timeout=SOON_MS)
    await expect(grace.log.get_by_text(LOSS)).to_have_count(0)


async def test_somebody_who_was_faster_is_named(gateway: tuple[DeskProcess, FarSide], new_page: NewPage) -> None:
    desk, far = gateway
    number = await handed_over(desk, far, "cem")
    far.answers.append(400)
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}")
    await grace.says("We look for it.")
    await expect(grace.log.get_by_text(LOSS)).to_be_visible(timeout=SOON_MS)
    await grace.page.route("**/timeline", lambda route: route.abort())  # this screen hears of it late
    async with DeskAgent(desk.origin, GRACE, PASSWORD) as faster:
        lost = next(one for one in await faster.timeline(number) if one["kind"] == "DeliveryGivenUp")
        await faster.sends_again(number, lost["seq"])
    await grace.log.get_by_role("button", name="Send again").click()
    await grace.is_told("Somebody has sent these words again already.")
    await grace.page.unroute("**/timeline")
    await grace.page.reload()
    await expect(grace.log.get_by_text("Sent again by Grace Underhill")).to_be_visible(timeout=SOON_MS)
    await expect(grace.log.get_by_role("button", name="Send again")).to_have_count(0)


async def test_what_goes_another_way_too_is_sent_again_only_once_sure(
    gateway: tuple[DeskProcess, FarSide], new_page: NewPage, axe: str
) -> None:
    desk, far = gateway
    number = await handed_over(desk, far, "dora")

    async def by_a_notice_too(route: Route) -> None:
        """As the history says it where the customer can be told by mail; this channel knows no address."""
        answer = await route.fetch()
        timeline = await answer.json()
        for entry in timeline["entries"]:
            if entry["kind"] == "DeliveryGivenUp":
                entry["data"]["another_way"] = True
        await route.fulfill(response=answer, json=timeline)

    dress = {"bypass_csp": True, "reduced_motion": "reduce"}
    grace = await agent_at(new_page, desk.origin, GRACE, f"/cases/{number}", **dress)
    await grace.page.route("**/timeline", by_a_notice_too)
    far.answers.append(400)
    await grace.says("The van is on its way.")
    await expect(grace.log.get_by_text(LOSS)).to_be_visible(timeout=SOON_MS)
    await grace.log.get_by_role("button", name="Send again").click()
    dialog = grace.page.get_by_role("dialog")
    await expect(dialog.get_by_text("it also goes by another way")).to_be_visible()
    await looked_at(grace.page, axe, "another-way")
    await dialog.get_by_role("button", name="Cancel").click()
    assert far.taken == [one for one in far.taken if one["text"] != "The van is on its way."]
    await grace.log.get_by_role("button", name="Send again").click()
    await dialog.get_by_role("button", name="Send again").click()
    await expect(grace.log.get_by_text("Sent again by Grace Underhill")).to_be_visible(timeout=SOON_MS)
