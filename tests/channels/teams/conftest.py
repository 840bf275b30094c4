"""A desk with Teams, and Microsoft on the loopback."""

from collections.abc import AsyncIterator

import pytest

from storage.engine import Database
from tests.channels.teams.peer import Wire, open_wire


@pytest.fixture
async def wire(database: Database) -> AsyncIterator[Wire]:
    async with open_wire(database) as opened:
        yield opened
