"""Bring a database to the schema of this release: at start-up, under a lock, one transaction per migration.

A process that dies in the middle leaves whole migrations behind and no half one; the next start goes on from there.
There is no way down: a backup is the way back.
"""

import fcntl
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.engine import Database
from storage.errors import SchemaTooNew

MIGRATIONS = Path(__file__).with_name("migrations")
ADVISORY_LOCK = 0x6E69676874  # "night": any number nobody else locks


async def migrate(database: Database) -> Sequence[str]:
    """Apply what is missing; a second process that starts meanwhile waits and finds nothing to do.

    Returns:
        The revisions applied, oldest first.

    Raises:
        SchemaTooNew: a later release has already changed this database.
    """
    applied: Sequence[str] = await database.run(_migrate)
    return applied


async def pending(database: Database) -> Sequence[str]:
    """The revisions this database still lacks, oldest first.

    Raises:
        SchemaTooNew: a later release has already changed this database.
    """
    missing: Sequence[str] = await database.run(_pending)
    return missing


def alembic_config(connection: sa.Connection) -> Config:
    """Alembic's settings, for an open connection."""
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: sa.Connection) -> Sequence[str]:
    with _alone(connection), _foreign_keys_off(connection):
        missing = _pending(connection)
        if missing:
            command.upgrade(alembic_config(connection), "head")
        return missing


def _pending(connection: sa.Connection) -> Sequence[str]:
    scripts = ScriptDirectory(str(MIGRATIONS))
    with connection.begin():
        current = MigrationContext.configure(connection).get_current_revision()
    known = [script.revision for script in scripts.walk_revisions()]
    if current is not None and current not in known:
        raise SchemaTooNew(current)
    return known[: known.index(current) if current else None][::-1]


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    if connection.dialect.name == "postgresql":
        with _advisory_lock(connection):
            yield
    else:
        path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
        connection.rollback()
        with Path(f"{path}.migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def _advisory_lock(connection: sa.Connection) -> Iterator[None]:
    key = {"key": ADVISORY_LOCK}
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), key)
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), key)
        connection.commit()


@contextmanager
def _foreign_keys_off(connection: sa.Connection) -> Iterator[None]:
    """SQLite rebuilds a table to change it, which foreign keys take for a deletion; `env.py` checks them afterwards."""
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.rollback()
        cursor.execute("PRAGMA foreign_keys = ON")
