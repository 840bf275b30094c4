"""Facts and deliveries that wait to leave, written in the transaction that made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from storage.tables import outbox
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One fact or delivery; `id` grows in order of commit."""

    id: int
    topic: str
    stream: str
    payload: Mapping[str, Any]
    tries: int
    emitted_at: datetime


COLUMNS = [outbox.c[name] for name in OutboxRow.__dataclass_fields__]


class Outbox:
    """What leaves with one unit of work."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def deliver(self, topic: str, stream: str, payload: Mapping[str, Any], *, at: datetime) -> None:
        """Something a delivery job must carry out, in order within its stream."""
        self._insert(topic, stream, payload, "pending", at)

    def publish(self, topic: str, stream: str, payload: Mapping[str, Any], *, at: datetime) -> None:
        """A fact that readers follow by its id; nobody has to deliver it."""
        self._insert(topic, stream, payload, "published", at)

    def delivered(self, row: OutboxRow, receipt: Mapping[str, Any]) -> None:
        """The channel took it and gave this proof."""
        self._update(row, state="done", receipt=dict(receipt))

    def retry(self, row: OutboxRow, error: str, *, next_try_at: datetime, tried: bool = True) -> None:
        """The channel did not take it and it is safe to try again. What was not even `tried` has as many tries left."""
        self._update(row, tries=row.tries + int(tried), last_error=error, next_try_at=next_try_at)

    def give_up(self, row: OutboxRow, error: str, *, ambiguous: bool = False) -> None:
        """It will not be tried again by itself; `ambiguous` when the channel may have taken it all the same."""
        self._update(row, state="ambiguous" if ambiguous else "failed", tries=row.tries + 1, last_error=error)

    def _insert(self, topic: str, stream: str, payload: Mapping[str, Any], state: str, at: datetime) -> None:
        self._work.write(
            insertion(outbox, topic=topic, stream=stream, payload=dict(payload), state=state, emitted_at=at)
        )
        self._work.after_commit_wake(topic)

    def _update(self, row: OutboxRow, **values: Any) -> None:
        self._work.write(sa.update(outbox).where(outbox.c.id == row.id).values(**values))


async def waiting(
    snapshot: Snapshot, topic: str | None = None, *, at: datetime, limit: int = 200, besides: Sequence[str] = ()
) -> Sequence[OutboxRow]:
    """Deliveries of a topic, or of all, that are due, oldest first; a stream waits whole with the head it waits for.

    Args:
        besides: streams that are left out.
    """
    asked = [] if topic is None else [outbox.c.topic == topic]
    asked += [outbox.c.stream.not_in(besides)] if besides else []
    blocked = (
        sa.select(outbox.c.topic, outbox.c.stream)
        .where(outbox.c.state == "pending", outbox.c.next_try_at > at)
        .cte("blocked")
    )
    rows = await snapshot.rows(
        sa.select(*COLUMNS)
        .where(
            outbox.c.state == "pending",
            *asked,
            ~sa.exists().where(blocked.c.topic == outbox.c.topic, blocked.c.stream == outbox.c.stream),
        )
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [OutboxRow(*tuple(row)) for row in rows]


async def published_after(snapshot: Snapshot, topic: str, last_id: int, *, limit: int = 500) -> Sequence[OutboxRow]:
    """The facts of a topic after `last_id`, in order of commit."""
    rows = await snapshot.rows(
        sa.select(*COLUMNS).where(outbox.c.topic == topic, outbox.c.id > last_id).order_by(outbox.c.id).limit(limit)
    )
    return [OutboxRow(*tuple(row)) for row in rows]


async def missing_between(snapshot: Snapshot, first: int, last: int) -> bool:
    """Whether ids behind `first` up to `last` are not there: taken back, forgotten, or not committed yet."""
    there = sa.select(sa.func.count()).where(outbox.c.id > first, outbox.c.id <= last)
    return int(await snapshot.scalar(there) or 0) < last - first


def settle(connection: sa.Connection) -> None:
    """Wait until each id that was given is committed or never will be: `await database.run(settle)`.

    Ids are given before their commit. Where several processes write at once (PostgreSQL), a later one may be seen
    first, and who follows by id would pass the earlier one over. The lock is had when no insert is under way.
    """
    if connection.dialect.name == "postgresql":
        with connection.begin():
            connection.execute(sa.text("LOCK TABLE outbox IN SHARE MODE"))


async def last_id(snapshot: Snapshot, topic: str) -> int:
    """The id of the newest fact of a topic, 0 when there is none."""
    newest = await snapshot.scalar(sa.select(sa.func.max(outbox.c.id)).where(outbox.c.topic == topic))
    return int(newest or 0)


def forget_old(work: UnitOfWork, *, before: datetime) -> None:
    """Drop facts and deliveries of before an instant; what failed, or may have, stays until somebody has looked."""
    work.write(sa.delete(outbox).where(outbox.c.state.in_(("published", "done")), outbox.c.emitted_at < before))
