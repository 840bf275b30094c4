"""Notices to agents: kept until they are read, and told on the live feed as they are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import NoticeNotFound
from caseengine.tables import agent_notices, cases
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork, insertion

NOTICE_GIVEN = "NoticeGiven"


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` is a code: "target_warned", "target_breached", "ladder_notify" ..."""

    id: UUID
    case_id: UUID | None
    number: str | None
    kind: str
    data: Mapping[str, Any]
    at: datetime
    read_at: datetime | None


def give_notice(
    work: UnitOfWork, case: Case, agents: Iterable[UUID], kind: str, data: Mapping[str, Any], *, at: datetime
) -> list[UUID]:
    """Tell each of these agents once; returns whom."""
    told = sorted(set(agents))
    for agent_id in told:
        values = {"agent_id": agent_id, "case_id": case.id, "kind": kind, "data": dict(data), "at": at}
        work.write(insertion(agent_notices, id=uuid4(), read_at=None, **values))
    if told:
        Outbox(work).publish("event", str(case.id), _told(case, told, kind, at), at=at)
    return told


async def notices_of(snapshot: Snapshot, agent_id: UUID, *, limit: int = 50) -> Sequence[Notice]:
    """The newest notices of an agent, read or not, newest first."""
    rows = await snapshot.rows(
        sa.select(agent_notices, cases.c.number)
        .outerjoin(cases, cases.c.id == agent_notices.c.case_id)
        .where(agent_notices.c.agent_id == agent_id)
        .order_by(agent_notices.c.at.desc(), agent_notices.c.id.desc())
        .limit(limit)
    )
    return [Notice(row.id, row.case_id, row.number, row.kind, row.data, row.at, row.read_at) for row in rows]


async def read_notice(work: UnitOfWork, notice_id: UUID, agent_id: UUID, *, at: datetime) -> None:
    """An agent has read one of their own; read twice is read once.

    Raises:
        NoticeNotFound: there is none, or it is somebody else's.
    """
    mine = (agent_notices.c.id == notice_id, agent_notices.c.agent_id == agent_id)
    if await work.first(sa.select(agent_notices.c.id).where(*mine)) is None:
        raise NoticeNotFound
    work.write(sa.update(agent_notices).where(*mine, agent_notices.c.read_at.is_(None)).values(read_at=at))


def _told(case: Case, agents: Sequence[UUID], kind: str, at: datetime) -> dict[str, Any]:
    """As a fact of the case, for its department's screens."""
    return {
        "kind": NOTICE_GIVEN,
        "case_id": str(case.id),
        "number": case.number,
        "conversation_id": None,
        "department": case.department,
        "status": str(case.status),
        "actor": {"kind": str(SYSTEM.kind), "id": "", "name": ""},
        "at": at.isoformat(),
        "public": False,
        "data": {"notice": kind, "agents": [str(agent_id) for agent_id in agents]},
    }
