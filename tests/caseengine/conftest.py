"""The desk the case engine's stories play at."""

import pytest

from storage.engine import Database
from tests.caseengine.office import Office


@pytest.fixture
async def office(database: Database) -> Office:
    furnished = Office(database)
    await furnished.furnish()
    return furnished
