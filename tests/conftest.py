"""What every test may ask for. Sockets reach the loopback only (see `addopts` in pyproject.toml)."""

from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.engine import Database
from storage.tables import metadata

ROOMS_WITH_TABLES = ("customers", "caseengine", "knowledge", "bot", "app")


def create_schema(connection: sa.Connection) -> None:
    with connection.begin():
        metadata.create_all(connection)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty desk's database: real SQLite in a file, closed after the test."""
    for room in ROOMS_WITH_TABLES:
        if find_spec(f"{room}.tables"):
            import_module(f"{room}.tables")
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    try:
        await opened.run(create_schema)
        yield opened
    finally:
        await opened.close()
