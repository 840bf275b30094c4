"""A desk that gets mail: the office of the case engine's stories, a real understander without a model, a mailbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine import Database
from tests.app.mail.mailing import MailingDesk, mailing


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[MailingDesk]:
    async with mailing(database, tmp_path) as made:
        yield made


@pytest.fixture
async def any_desk(any_database: Database, tmp_path: Path) -> AsyncIterator[MailingDesk]:
    """On each kind of database."""
    async with mailing(any_database, tmp_path) as made:
        yield made
