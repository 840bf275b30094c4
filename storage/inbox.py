"""Inputs that were acknowledged, each once, in order of arrival within their stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.errors import AlreadyReceived
from storage.tables import inbox
from storage.transaction import Snapshot, UnitOfWork, insertion

TRIES_MAX = 5
"""Failed turns before an input is set aside for a person to look at."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One acknowledged input: `payload` as the channel read it, `raw` as it came over the wire."""

    id: int
    source: str
    stream: str
    key: str
    payload: Mapping[str, Any]
    raw: bytes | None
    tries: int
    received_at: datetime


class Inbox:
    """The inputs of one unit of work."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def receive(
        self, *, source: str, stream: str, key: str, payload: Mapping[str, Any], raw: bytes | None, at: datetime
    ) -> None:
        """Keep an input. At commit:

        Raises:
            AlreadyReceived: an input with this key was accepted before; the unit of work wrote nothing.
        """
        self._work.write(
            insertion(inbox, source=source, stream=stream, key=key, payload=dict(payload), raw=raw, received_at=at),
            duplicate=AlreadyReceived(source, stream, key),
        )

    def done(self, row: InboxRow, *, at: datetime) -> None:
        """The input was handled; a second worker that handled it too gets a conflict instead of a second effect."""
        self._work.write(
            sa.update(inbox).where(inbox.c.id == row.id, inbox.c.state == "pending").values(state="done", done_at=at),
            rows=1,
        )

    def failed(self, row: InboxRow, error: str) -> None:
        """One more failed try; the input stays pending."""
        self._work.write(sa.update(inbox).where(inbox.c.id == row.id).values(tries=row.tries + 1, last_error=error))

    def quarantine(self, row: InboxRow, error: str, *, at: datetime) -> None:
        """Set the input aside with its raw bytes, so that its neighbours go on."""
        self._work.write(
            sa.update(inbox)
            .where(inbox.c.id == row.id)
            .values(state="quarantined", tries=row.tries + 1, last_error=error, done_at=at)
        )


async def pending_streams(snapshot: Snapshot) -> Sequence[str]:
    """The streams with inputs that wait, longest waiting first."""
    oldest = sa.func.min(inbox.c.id)
    rows = await snapshot.rows(
        sa.select(inbox.c.stream).where(inbox.c.state == "pending").group_by(inbox.c.stream).order_by(oldest)
    )
    return [row.stream for row in rows]


async def pending_rows(snapshot: Snapshot, stream: str, *, limit: int = 50) -> Sequence[InboxRow]:
    """The inputs of a stream that wait, in order of arrival."""
    columns = [inbox.c[name] for name in InboxRow.__dataclass_fields__]
    rows = await snapshot.rows(
        sa.select(*columns)
        .where(inbox.c.stream == stream, inbox.c.state == "pending")
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [InboxRow(*tuple(row)) for row in rows]


def forget_done(work: UnitOfWork, *, before: datetime) -> None:
    """Drop inputs that were handled before an instant; what was set aside stays until somebody has looked."""
    work.write(sa.delete(inbox).where(inbox.c.state == "done", inbox.c.done_at < before))
