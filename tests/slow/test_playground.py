"""Microsoft's own Agents Playground, driven in Chromium, against a desk without tokens on the loopback.

It is Microsoft's, under an evaluation licence: no dependency of ours, never fetched by a test, and no failure where it
is not installed. To run this: `npm i @microsoft/m365agentsplayground@0.2.28 --ignore-scripts` in a folder of your own,
then name its `cli.js` in AGENTS_PLAYGROUND and run this file with pytest.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from aiohttp import ClientError, ClientSession
from playwright.async_api import Page, async_playwright, expect

from app.serve import running
from app.settings import Settings
from app.wiring import House
from bot.activity import Activity, Card, Choice, Input, Kind, Role, Sender
from caseengine.activities import Activities
from channels.teams.account import CHANNEL
from tests.app.house import NO_ENCODER
from tests.browser.conftest import CHROMIUM
from tests.slow.process import free_port

CLI = os.environ.get("AGENTS_PLAYGROUND", "")
NODE = shutil.which("node")
WITHIN_MS = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not Path(CLI).is_file(), reason="the Agents Playground is not installed: AGENTS_PLAYGROUND"),
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian package: chromium)"),
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data=tmp_path / "data", demo=True, teams_anonymous=True, port=free_port())
    async with running(settings, encoder=NO_ENCODER) as opened:
        yield opened


@asynccontextmanager
async def playground(house: House, folder: Path) -> AsyncIterator[str]:
    """The Playground beside the desk; its address."""
    port = free_port()
    arguments = ("start", "-e", f"{house.settings.origin}/api/messages", "-c", "msteams", "-p", str(port))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TEAMSAPPTESTER_BROWSER": "none"}
    with (folder / "playground.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(NODE), CLI, *arguments, "--disable-telemetry", stdout=log, stderr=log, env=environment, cwd=folder
        )
        try:
            await listening(port)
            yield f"http://localhost:{port}/"
        finally:
            process.terminate()
            await process.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(60), ClientSession() as http:
        while True:
            with suppress(ClientError):
                async with http.get(f"http://localhost:{port}/"):
                    return
            await asyncio.sleep(0.2)


@pytest.fixture
async def page(house: House, tmp_path: Path) -> AsyncIterator[Page]:
    async with playground(house, tmp_path) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = await browser.new_page()
        opened.set_default_timeout(WITHIN_MS)
        await opened.goto(address)
        yield opened
        await browser.close()


async def reads(page: Page, words: str) -> None:
    await expect(page.get_by_text(words).first).to_be_visible(timeout=WITHIN_MS)


async def says(page: Page, words: str) -> None:
    await page.get_by_role("textbox").first.click()
    await page.keyboard.type(words)
    await page.get_by_role("button", name="Send Message").click()


async def conversation_of(house: House) -> UUID:
    async with house.database.snapshot() as snapshot:
        found = await snapshot.scalar(sa.text("SELECT conversation_id FROM teams_conversations"))
    return found if isinstance(found, UUID) else UUID(str(found))


async def is_said(house: House, text: str, *, sender: Sender, card: Card | None = None) -> None:
    """Unasked, by whoever: as an agent's reply leaves the desk."""
    conversation = await conversation_of(house)
    key = f"test:{text or 'card'}"
    said = Activity(
        kind=Kind.MESSAGE, channel=CHANNEL, conversation=str(conversation), sender=sender, key=key, text=text, card=card
    )  # fmt: skip
    async with house.database.unit_of_work() as work:
        Activities(work).append(
            conversation, key=key, body=said.to_json(), at=house.now(), channel=CHANNEL, deliver=True
        )


async def test_a_person_is_greeted_answered_shown_a_form_and_written_to(house: House, page: Page) -> None:
    await reads(page, "Connected.")
    await reads(page, "Report a problem")
    await says(page, "thank you")
    await reads(page, "You're welcome")

    await is_said(house, "On my way", sender=Sender(Role.AGENT, "li", "Li"))
    await reads(page, "On my way")

    form = Card("Your shop", inputs=(Input("shop", "Which shop"),), submit=Choice("Send it", "Here is my shop"))
    await is_said(house, "", sender=Sender(Role.BOT), card=form)
    await page.get_by_label("Which shop").fill("Harbour Street")
    await page.get_by_role("button", name="Send it").click()
    await reads(page, "✓ Send it")
    await expect(page.get_by_role("button", name="Send it")).to_have_count(0)
