"""The small desk, on each database."""

import pytest

from storage.engine import Database
from tests.caseengine.office import Office


@pytest.fixture
async def any_office(any_database: Database) -> Office:
    furnished = Office(any_database)
    await furnished.furnish()
    return furnished
