"""Which errors of a driver mean that the database is not there, and not that the statement is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from storage.errors import StorageUnavailable

SQLITE_OUTAGES = frozenset({3, 5, 6, 7, 10, 11, 13, 14, 15, 26})
"""PERM, BUSY, LOCKED, NOMEM, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. Source: sqlite.org/rescode.html"""
SQLSTATE_OUTAGES = frozenset({"08", "53", "57", "58", "XX"})
"""Connection, resources, operator intervention, system, corruption. Source: PostgreSQL manual, appendix A"""

SQLSTATE_CROSSED = frozenset({"40001", "40P01"})
"""Serialization failure, deadlock detected. Source: the same"""


def is_outage(error: BaseException) -> bool:
    """Whether the connection or the database failed; a statement that is wrong is no outage."""
    if not isinstance(error, sa.exc.DBAPIError):
        return isinstance(error, OSError)
    if error.connection_invalidated:
        return True
    primary = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return primary in SQLITE_OUTAGES or _sqlstate(error)[:2] in SQLSTATE_OUTAGES


def is_crossed(error: BaseException) -> bool:
    """Whether two processes wanted each other's rows and this one had to let go: nothing is wrong but the moment."""
    return isinstance(error, sa.exc.DBAPIError) and _sqlstate(error) in SQLSTATE_CROSSED


def _sqlstate(error: sa.exc.DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


@contextmanager
def outages_named() -> Iterator[None]:
    """Raise `StorageUnavailable` in place of an outage; every other error stays as it is."""
    try:
        yield
    except (sa.exc.DBAPIError, OSError) as error:
        if is_outage(error):
            raise StorageUnavailable from error
        raise
