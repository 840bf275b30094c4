"""What tests of several jobs begin with."""

import pytest

from storage.engine import Database
from tests.app.jobs.ruled import RuledOffice


@pytest.fixture
async def ruled(any_database: Database) -> RuledOffice:
    """An office whose rules are at work, on each database."""
    office = RuledOffice(any_database)
    await office.furnish()
    return office
