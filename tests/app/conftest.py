"""The desk that the API's tests ask."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine import Database
from tests.app.house import Served, served_office


@pytest.fixture
async def served(database: Database, tmp_path: Path) -> AsyncIterator[Served]:
    async with served_office(database, tmp_path) as desk:
        yield desk
