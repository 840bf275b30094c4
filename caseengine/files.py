"""The files of conversations: what customers upload and agents send."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any
from uuid import UUID, uuid4, uuid5

import sqlalchemy as sa

from caseengine.tables import files
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`size` in bytes."""

    id: UUID
    conversation_id: UUID
    name: str
    content_type: str
    size: int


COLUMNS = [files.c[name] for name in StoredFile.__dataclass_fields__]


class Files:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def put(
        self, conversation: UUID, *, name: str, content_type: str, content: bytes, at: datetime, key: str = ""
    ) -> StoredFile:
        """Keep a file; it can be fetched from its own conversation alone.

        Args:
            key: what the conversation's own channel calls it; the same is the same file.

        Raises (at commit):
            Conflict: one with this key was kept meanwhile.
        """
        file_id = uuid5(conversation, key) if key else uuid4()
        stored = StoredFile(file_id, conversation, name, content_type, len(content))
        values = {column: getattr(stored, column) for column in StoredFile.__dataclass_fields__}
        self._work.write(insertion(files, **values, content=content, at=at), duplicate=Conflict())
        return stored

    async def get(self, conversation: UUID, file_id: UUID) -> tuple[StoredFile, bytes] | None:
        return await read_file(self._work, conversation, file_id)


async def read_file(snapshot: Snapshot, conversation: UUID, file_id: UUID) -> tuple[StoredFile, bytes] | None:
    """The file and its content, if it belongs to this conversation."""
    row = await snapshot.first(
        sa.select(*COLUMNS, files.c.content).where(files.c.id == file_id, files.c.conversation_id == conversation)
    )
    return (_stored(row), row.content) if row else None


async def file_called(snapshot: Snapshot, conversation: UUID, key: str) -> StoredFile | None:
    """The file that was kept under a key of its channel, without its content."""
    mine = files.c.id == uuid5(conversation, key), files.c.conversation_id == conversation
    row = await snapshot.first(sa.select(*COLUMNS).where(*mine))
    return _stored(row) if row else None


async def contents_of(snapshot: Snapshot, ids: Collection[UUID], *, bytes_max: int) -> dict[UUID, bytes]:
    """The content of files whose ids the desk itself wrote down, the small ones first, until they are too much."""
    sizes = await snapshot.rows(sa.select(files.c.id, files.c.size).where(files.c.id.in_(ids)).order_by(files.c.size))
    sums = accumulate(row.size for row in sizes)
    fit = [row.id for row, total in zip(sizes, sums, strict=True) if total <= bytes_max]
    rows = await snapshot.rows(sa.select(files.c.id, files.c.content).where(files.c.id.in_(fit))) if fit else ()
    return {row.id: row.content for row in rows}


def _stored(row: sa.Row[Any]) -> StoredFile:
    return StoredFile(row.id, row.conversation_id, row.name, row.content_type, row.size)
