"""Notices to customers as rows: planned once, settled once. (Notices to agents are in caseengine.notices.)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.tables import customer_notices
from customers.preferences import Holder, HolderKind
from customers.wishes import NoticeKind, Way
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

HOLDERS_MAX = 100
"""People told in one sweep."""


@dataclass(frozen=True, slots=True)
class CustomerNotice:
    """One fact that somebody is to be told of.

    Attributes:
        seq: the fact's place in the case.
        state: "planned", "told" or "dropped".
        why: of a dropped one, a code of `WhyNot`.
        tried: the ways that failed.
        batch: those that travelled together; of a planned one, with which it failed.
        fails_since: of a planned one, when it could not be told for a fault of ours, and not once since.
    """

    id: UUID
    case_id: UUID
    seq: int
    kind: NoticeKind
    holder: Holder
    happened_at: datetime
    due_at: datetime
    state: str = "planned"
    way: str = ""
    why: str = ""
    tried: tuple[Way, ...] = ()
    batch: UUID | None = None
    settled_at: datetime | None = None
    fails_since: datetime | None = None


def plan(
    work: UnitOfWork,
    case_id: UUID,
    seq: int,
    kind: NoticeKind,
    holder: Holder,
    *,
    happened_at: datetime,
    due_at: datetime,
    tried: Iterable[Way] = (),
) -> None:
    """Somebody is to be told of a fact.

    Raises (at commit):
        Conflict: another worker planned it.
    """
    values = {"id": uuid4(), "case_id": case_id, "seq": seq, "kind": str(kind), "state": "planned"}
    values |= {"holder_kind": str(holder.kind), "holder_id": holder.id, "tried": sorted(tried)}
    values |= {"happened_at": happened_at, "due_at": due_at}
    work.write(insertion(customer_notices, values), duplicate=Conflict())


async def holders_due(snapshot: Snapshot, at: datetime, *, limit: int = HOLDERS_MAX) -> Sequence[Holder]:
    """The people with notices that are due, who have waited longest first."""
    table = customer_notices
    oldest = sa.func.min(table.c.due_at)
    rows = await snapshot.rows(
        sa.select(table.c.holder_kind, table.c.holder_id)
        .where(table.c.state == "planned", table.c.due_at <= at)
        .group_by(table.c.holder_kind, table.c.holder_id)
        .order_by(oldest, table.c.holder_id)
        .limit(limit)
    )
    return [Holder(HolderKind(row.holder_kind), row.holder_id) for row in rows]


async def planned_for(snapshot: Snapshot, holder: Holder, *, before: datetime) -> Sequence[CustomerNotice]:
    """What somebody is to be told and is due by an instant, as it happened."""
    table = customer_notices
    mine = table.c.holder_id == holder.id, table.c.holder_kind == str(holder.kind)
    return await _found(snapshot, table.c.state == "planned", *mine, table.c.due_at <= before)


async def notices_about(snapshot: Snapshot, case_id: UUID) -> Sequence[CustomerNotice]:
    """Everything a customer was, is to be, or could not be told of a case, as it happened."""
    return await _found(snapshot, customer_notices.c.case_id == case_id)


async def travelled_in(snapshot: Snapshot, batch: UUID) -> Sequence[CustomerNotice]:
    """The notices that left together."""
    return await _found(snapshot, customer_notices.c.batch == batch)


async def on_their_way(snapshot: Snapshot, sent_as: UUID) -> Sequence[CustomerNotice]:
    """Those of a batch that left the hands of whoever told them.

    What a release before said in the conversation of its case may be on its way by the notice's own id.
    """
    sent = sa.or_(customer_notices.c.batch == sent_as, customer_notices.c.id == sent_as)
    return await _found(snapshot, customer_notices.c.state == "told", sent)


async def known(snapshot: Snapshot, case_id: UUID, seq: int) -> bool:
    """Whether there is a notice of a fact already."""
    mine = customer_notices.c.case_id == case_id, customer_notices.c.seq == seq
    return await snapshot.first(sa.select(customer_notices.c.id).where(*mine)) is not None


def postpone(work: UnitOfWork, notice: CustomerNotice, until: datetime) -> None:
    """It is looked at again then."""
    _settle(work, notice, due_at=until, settled_at=None)


def rest(work: UnitOfWork, notice: CustomerNotice, until: datetime, *, fails_since: datetime) -> None:
    """A fault of ours keeps it from being told: it is tried again then."""
    _settle(work, notice, due_at=until, settled_at=fails_since)


def told(work: UnitOfWork, notice: CustomerNotice, way: Way, batch: UUID, *, at: datetime) -> None:
    """It left. Somebody who told it at the same moment gets a `Conflict`."""
    _settle(work, notice, state="told", way=str(way), why="", batch=batch, settled_at=at)


def drop(work: UnitOfWork, notice: CustomerNotice, why: str, *, at: datetime) -> None:
    """It is not told."""
    _settle(work, notice, state="dropped", why=str(why), settled_at=at)


def take_back(work: UnitOfWork, notice: CustomerNotice, *, at: datetime) -> None:
    """It was on its way and certainly did not leave: it is judged again, and no way has failed."""
    _settle(work, notice, state="planned", way="", batch=None, due_at=at, settled_at=None)


def try_alone(work: UnitOfWork, notice: CustomerNotice, *, at: datetime) -> None:
    """What it travelled in failed, and perhaps for another of them: it is judged again, and goes without those."""
    _settle(work, notice, state="planned", way="", due_at=at, settled_at=None)


def try_another_way(work: UnitOfWork, notice: CustomerNotice, *, at: datetime) -> None:
    """The way it went failed: it is judged again, and goes the next."""
    tried = sorted({*map(str, notice.tried), notice.way} - {""})
    _settle(work, notice, state="planned", way="", batch=None, tried=tried, due_at=at, settled_at=None)


def look_again(work: UnitOfWork, holder: Holder, *, at: datetime) -> None:
    """Somebody's wishes changed: what waits for them is judged anew, now."""
    table = customer_notices
    mine = table.c.holder_id == holder.id, table.c.holder_kind == str(holder.kind), table.c.state == "planned"
    work.write(sa.update(table).where(*mine).values(due_at=at))


def _settle(work: UnitOfWork, notice: CustomerNotice, **values: Any) -> None:
    table = customer_notices
    same = table.c.id == notice.id, table.c.state == notice.state, table.c.way == notice.way
    work.write(sa.update(table).where(*same).values(values), rows=1)


async def _found(snapshot: Snapshot, *conditions: sa.ColumnElement[bool]) -> list[CustomerNotice]:
    table = customer_notices
    rows = await snapshot.rows(
        sa.select(table).where(*conditions).order_by(table.c.happened_at, table.c.case_id, table.c.seq)
    )
    return [
        CustomerNotice(
            id=row.id,
            case_id=row.case_id,
            seq=row.seq,
            kind=NoticeKind(row.kind),
            holder=Holder(HolderKind(row.holder_kind), row.holder_id),
            happened_at=row.happened_at,
            due_at=row.due_at,
            state=row.state,
            way=row.way,
            why=row.why,
            tried=tuple(map(Way, row.tried)),
            batch=row.batch,
            settled_at=row.settled_at if row.state != "planned" else None,
            fails_since=row.settled_at if row.state == "planned" else None,
        )
        for row in rows
    ]
