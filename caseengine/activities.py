"""The activity log of a conversation: what was said, each once, in the order it was committed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.actor import Actor
from caseengine.tables import activities, conversations
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.refusal import Refusal
from storage.transaction import Snapshot, UnitOfWork, Write


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One line of the log; `body` is the activity's JSON document, without its place and time."""

    seq: int
    key: str
    at: datetime
    body: Mapping[str, Any]


COLUMNS = [activities.c[name] for name in ActivityRow.__dataclass_fields__]


class Activities:
    """What a unit of work adds to logs."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def append(
        self,
        conversation: UUID,
        *,
        key: str,
        body: Mapping[str, Any],
        at: datetime,
        channel: str,
        deliver: bool,
        fresh_only: Refusal | None = None,
    ) -> Write:
        """Add at the end. After commit the write's `result.seq` is its place in the conversation, from 1.

        Args:
            key: within the conversation; what has the same key is the same activity.
            deliver: the channel has to send it.
            fresh_only: raised at commit when the key is there already; without it that is a `Conflict`.
        """
        self._lock(conversation)
        newest = sa.select(sa.func.coalesce(sa.func.max(activities.c.seq), 0) + 1).where(
            activities.c.conversation_id == conversation
        )
        values = {"conversation_id": conversation, "seq": newest.scalar_subquery(), "key": key, "at": at}
        statement = sa.insert(activities).values(**values, body=dict(body)).returning(activities.c.seq)
        write = self._work.write(statement, duplicate=fresh_only or Conflict())
        if deliver:
            payload = {"channel": channel, "conversation": str(conversation), "key": key}
            Outbox(self._work).deliver("deliver", str(conversation), payload, at=at)
        return write

    def _lock(self, conversation: UUID) -> None:
        """Places are given one at a time, where the database has several writers."""
        if self._work.kept(("log", conversation)) is None:
            self._work.keep(("log", conversation), conversation, tuple)
            self._work.write(sa.select(conversations.c.id).where(conversations.c.id == conversation).with_for_update())


async def after(
    snapshot: Snapshot,
    conversation: UUID,
    seq: int,
    limit: int = 200,
    *,
    until: datetime | None = None,
    keys: Collection[str] = (),
) -> Sequence[ActivityRow]:
    """The activities behind a place, in order; from later than `until` none but those with these keys."""
    statement = sa.select(*COLUMNS).where(activities.c.conversation_id == conversation, activities.c.seq > seq)
    if until is not None:
        statement = statement.where(sa.or_(activities.c.at <= until, activities.c.key.in_(keys)))
    rows = await snapshot.rows(statement.order_by(activities.c.seq).limit(limit))
    return [_read(row) for row in rows]


async def latest(snapshot: Snapshot, conversation: UUID, limit: int) -> Sequence[ActivityRow]:
    """The newest activities, newest first."""
    rows = await snapshot.rows(
        sa.select(*COLUMNS)
        .where(activities.c.conversation_id == conversation)
        .order_by(activities.c.seq.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def by_key(snapshot: Snapshot, conversation: UUID, key: str) -> ActivityRow | None:
    row = await snapshot.first(
        sa.select(*COLUMNS).where(activities.c.conversation_id == conversation, activities.c.key == key)
    )
    return _read(row) if row else None


async def last_seq(snapshot: Snapshot, conversation: UUID) -> int:
    """The place of the newest activity, 0 when there is none."""
    newest = sa.select(sa.func.max(activities.c.seq)).where(activities.c.conversation_id == conversation)
    return int(await snapshot.scalar(newest) or 0)


def said(
    words: str | Mapping[str, Any],
    *,
    conversation: UUID,
    channel: str,
    key: str,
    by: Actor,
    kind: str = "message",
    about: UUID | None = None,
) -> dict[str, Any]:
    """The document of an activity by an actor.

    Args:
        words: the text, or further fields of the activity as a document: {"text": ..., "choices": [...]}.
        kind: "message", or "notice" for a line about the conversation itself.
        about: the case that it is about.
    """
    document = {"text": words} if isinstance(words, str) else dict(words)
    sender = {"role": str(by.kind), "id": by.id, "name": by.name}
    return {
        **document,
        "kind": kind,
        "channel": channel,
        "conversation": str(conversation),
        "sender": sender,
        "key": key,
        **({"about": str(about)} if about is not None else {}),
    }


def _read(row: sa.Row[Any]) -> ActivityRow:
    return ActivityRow(row.seq, row.key, row.at, row.body)
