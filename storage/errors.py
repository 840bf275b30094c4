"""What storage may answer instead of doing what was asked.

Refusal
 +-- AlreadyReceived   the same input was accepted before
 +-- Conflict          somebody else changed the row first
StorageUnavailable     the disk or the database said no; nothing was written
UnsafeSqlite           this SQLite can corrupt its log under several connections
SchemaTooNew           a later release has changed this database
"""

from dataclasses import dataclass

from storage.refusal import Refusal


@dataclass(eq=False)
class AlreadyReceived(Refusal):
    """The input with this key was accepted before; nothing was written now."""

    code = "storage.already_received"
    source: str
    stream: str
    key: str


@dataclass(eq=False)
class Conflict(Refusal):
    """A row changed between reading and writing it; read again and decide again."""

    code = "storage.conflict"


class StorageUnavailable(Exception):
    """The database could not commit; nothing of the unit of work was written."""


class UnsafeSqlite(Exception):
    """The SQLite library found is older than the release that fixed the write-ahead log."""


class SchemaTooNew(Exception):
    """The database is at a revision this release does not know; run the release that made it, or restore a backup."""
