"""One desk a story: the demo company, the real model, a mailbox over SMTP, and a clock that stands still."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.articles import refresh_index
from app.demo.load import load_demo
from app.demo.mailbox import DemoMailbox
from app.directory import Directory
from app.http.sessions import hash_password
from app.settings import Settings
from app.wiring import build
from bot.understanding import Understander
from knowledge.retrieval.encoder import BackgroundEncoder
from storage.migrate import migrate
from tests.desk import Clock, Desk, instant

MODELS = Path(__file__).parents[2] / ".cache" / "models"
READY_S = 120


@pytest.fixture(scope="session")
def encoder() -> Iterator[BackgroundEncoder]:
    """The real model, loaded once for all stories."""
    MODELS.mkdir(parents=True, exist_ok=True)
    loaded = BackgroundEncoder(MODELS)
    loaded.start()
    assert asyncio.run(loaded.wait_ready(READY_S))
    yield loaded
    asyncio.run(loaded.close())


@pytest.fixture(scope="session")
def company(encoder: BackgroundEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo company, its passages encoded; each story gets a copy."""
    folder = tmp_path_factory.mktemp("company")
    asyncio.run(_prepare(folder, encoder))
    return folder


async def _prepare(folder: Path, encoder: BackgroundEncoder) -> None:
    house = build(Settings(data=folder), encoder=encoder, now=Clock(instant("Mon 08:00")))
    await migrate(house.database)
    await load_demo(house.database, at=instant("Mon 08:00"), hash_password=hash_password)
    await refresh_index(house.database, house.index, encoder)
    await house.database.close()


@pytest.fixture(scope="session")
def understander(encoder: BackgroundEncoder, company: Path) -> Understander:
    """Understanding that has learnt the intents and the company's departments, once for all stories."""
    return asyncio.run(_learn(company, encoder))


async def _learn(folder: Path, encoder: BackgroundEncoder) -> Understander:
    house = build(Settings(data=folder), encoder=encoder)
    directory = Directory(house.database)
    await directory.refresh()
    await house.database.close()
    taught = Understander(encoder, directory.names, departments=directory.examples)
    taught.start()
    assert await taught.wait_learnt(READY_S)
    return taught


@pytest.fixture
async def desk(
    company: Path, encoder: BackgroundEncoder, understander: Understander, tmp_path: Path
) -> AsyncIterator[Desk]:
    """The desk on Monday at ten, with everybody away."""
    folder = tmp_path / "data"
    shutil.copytree(company, folder)
    clock, mailbox = Clock(), DemoMailbox()
    await mailbox.start()
    settings = Settings(data=folder, demo=True)
    house = build(settings, now=clock, encoder=encoder, understander=understander, mailbox=mailbox)
    await house.directory.refresh()
    await refresh_index(house.database, house.index, encoder)
    try:
        yield Desk(house, clock)
    finally:
        await house.turns.stop(5.0)
        await mailbox.stop()
        await house.database.close()
