"""A desk with routing on."""

import pytest

from storage.engine import Database
from tests.caseengine.routing.desk import RoutingDesk, a_desk


@pytest.fixture
async def desk(database: Database) -> RoutingDesk:
    return await a_desk(database)


@pytest.fixture
async def any_desk(any_database: Database) -> RoutingDesk:
    return await a_desk(any_database)
