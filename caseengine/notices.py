"""Notices to agents, or to all of a department: kept, and told on the live feed as they are given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import NoticeNotFound
from caseengine.tables import agent_notices, cases, notice_readings
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork, insertion

NOTICE_GIVEN = "NoticeGiven"


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Attributes:
        department: whose all it is told; None where it is for this agent alone.
        kind: a code: "target_warned", "target_breached", "ladder_notify" ...
        read_at: when this agent read it; each of a department reads it for themselves.
    """

    id: UUID
    department: str | None
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
        _keep(work, case, kind, data, at, agent_id=agent_id, department=None)
    if told:
        Outbox(work).publish("event", str(case.id), _told(case, told, None, kind, at), at=at)
    return told


def tell_department(work: UnitOfWork, case: Case, kind: str, data: Mapping[str, Any], *, at: datetime) -> None:
    """Tell all who work for a case's department, there now or not: one notice, however many they are."""
    _keep(work, case, kind, data, at, agent_id=None, department=case.department)
    Outbox(work).publish("event", str(case.id), _told(case, [], case.department, kind, at), at=at)


async def notices_of(snapshot: Snapshot, agent: Agent, *, limit: int = 50) -> Sequence[Notice]:
    """The newest notices of an agent and of the departments they work for now, read or not, newest first."""
    found = await _newest(snapshot, agent, agent_notices.c.agent_id == agent.id, limit)
    for department in agent.departments:
        found += await _newest(snapshot, agent, agent_notices.c.department == department, limit)
    return sorted(found, key=lambda notice: (notice.at, notice.id), reverse=True)[:limit]


async def read_notice(work: UnitOfWork, notice_id: UUID, agent: Agent, *, at: datetime) -> None:
    """An agent has read one of theirs; read twice is read once.

    Raises:
        NoticeNotFound: there is none, or it is somebody else's.
        Conflict (at commit): they read it at the same moment on another screen.
    """
    found = await work.first(
        sa.select(notice_readings.c.read_at)
        .select_from(_with_readings(agent))
        .where(agent_notices.c.id == notice_id, is_for(agent))
    )
    if found is None:
        raise NoticeNotFound
    if found.read_at is None:
        reading = insertion(notice_readings, notice_id=notice_id, agent_id=agent.id, read_at=at)
        work.write(reading, duplicate=Conflict())


def is_for(agent: Agent) -> sa.ColumnElement[bool]:
    """Notices that this agent reads."""
    return (agent_notices.c.agent_id == agent.id) | agent_notices.c.department.in_(sorted(agent.departments))


def forget_notices(work: UnitOfWork, *, before: datetime) -> None:
    """Drop those of before an instant, read or not: their case says what happened."""
    work.write(sa.delete(agent_notices).where(agent_notices.c.at < before))


async def _newest(snapshot: Snapshot, agent: Agent, whose: sa.ColumnElement[bool], limit: int) -> list[Notice]:
    """Of one reader, so that an index gives them in order."""
    rows = await snapshot.rows(
        sa.select(agent_notices, cases.c.number, notice_readings.c.read_at)
        .select_from(_with_readings(agent).outerjoin(cases, cases.c.id == agent_notices.c.case_id))
        .where(whose)
        .order_by(agent_notices.c.at.desc(), agent_notices.c.id.desc())
        .limit(limit)
    )
    return [Notice(**{name: getattr(row, name) for name in Notice.__dataclass_fields__}) for row in rows]


def _with_readings(agent: Agent) -> sa.Join:
    theirs = sa.and_(notice_readings.c.notice_id == agent_notices.c.id, notice_readings.c.agent_id == agent.id)
    return agent_notices.outerjoin(notice_readings, theirs)


def _keep(work: UnitOfWork, case: Case, kind: str, data: Mapping[str, Any], at: datetime, **whose: Any) -> None:
    work.write(insertion(agent_notices, id=uuid4(), case_id=case.id, kind=kind, data=dict(data), at=at, **whose))


def _told(case: Case, agents: Sequence[UUID], department: str | None, kind: str, at: datetime) -> dict[str, Any]:
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
        "data": {"notice": kind, "agents": [str(agent_id) for agent_id in agents], "department": department},
    }
