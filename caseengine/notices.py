"""Notices to agents, or to all of a department: kept, and told on the live feed as they are given."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import NoticeNotFound
from caseengine.model.notice import AgentNotice
from caseengine.tables import agent_notices, cases, notice_readings
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork, insertion

NOTICE_GIVEN = "NoticeGiven"
LISTED_MAX = 50
UNREAD_COUNTED_MAX = 100
"""Who has more to read has no use for how many."""


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Attributes:
        department: whose all it is told; None where it is for this agent alone.
        subject: of the case; None where the case is no longer for the eyes of whoever was told.
        read_at: when this agent read it; each of a department reads it for themselves.
    """

    id: UUID
    department: str | None
    case_id: UUID | None
    number: str | None
    subject: str | None
    kind: AgentNotice
    data: Mapping[str, Any]
    at: datetime
    read_at: datetime | None


def give_notice(
    work: UnitOfWork, case: Case, agents: Iterable[UUID], kind: AgentNotice, data: Mapping[str, Any], *, at: datetime
) -> list[UUID]:
    """Tell each of these agents once; returns whom."""
    told = sorted(set(agents))
    for agent_id in told:
        _keep(work, case, kind, data, at, agent_id=agent_id, department=None)
    if told:
        Outbox(work).publish("event", str(case.id), _told(case, told, None, kind, at), at=at)
    return told


def tell_department(work: UnitOfWork, case: Case, kind: AgentNotice, data: Mapping[str, Any], *, at: datetime) -> None:
    """Tell all who work for a case's department, there now or not: one notice, however many they are."""
    _keep(work, case, kind, data, at, agent_id=None, department=case.department)
    Outbox(work).publish("event", str(case.id), _told(case, [], case.department, kind, at), at=at)


async def notices_of(snapshot: Snapshot, agent: Agent, *, limit: int = LISTED_MAX) -> Sequence[Notice]:
    """Notices of an agent and of the departments they work for now: the newest unread, and then the newest read."""
    found: list[Notice] = []
    for is_read in (False, True):
        if len(found) < limit:
            found += await _newest(snapshot, agent, limit - len(found), is_read=is_read)
    return found


async def unread_by(snapshot: Snapshot, agent: Agent) -> int:
    """How many of theirs an agent has not read, listed or not; UNREAD_COUNTED_MAX stands for more as well."""
    unread = (
        sa.select(agent_notices.c.id)
        .select_from(_with_readings(agent))
        .where(is_for(agent), notice_readings.c.read_at.is_(None))
        .limit(UNREAD_COUNTED_MAX)
    )
    return int(await snapshot.scalar(sa.select(sa.func.count()).select_from(unread.subquery())))


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


async def read_notices(
    work: UnitOfWork, agent: Agent, *, until: datetime, number: str | None = None, at: datetime
) -> None:
    """An agent has read all of theirs that were given until an instant, or those about one case.

    Raises:
        Conflict (at commit): as `read_notice`.
    """
    unread = sa.and_(is_for(agent), notice_readings.c.read_at.is_(None), agent_notices.c.at <= until)
    about = cases.c.number == number if number is not None else sa.true()
    rows = await work.rows(
        sa.select(agent_notices.c.id)
        .select_from(_with_readings(agent).outerjoin(cases, cases.c.id == agent_notices.c.case_id))
        .where(unread, about)
    )
    if rows:
        readings = [{"notice_id": row.id, "agent_id": agent.id, "read_at": at} for row in rows]
        work.write(insertion(notice_readings, readings), duplicate=Conflict())


async def know_of(
    snapshot: Snapshot, case_id: UUID, agents: Iterable[Agent], kinds: Collection[AgentNotice], *, since: datetime
) -> set[UUID]:
    """Which of these agents have a notice of these kinds about a case since an instant, by themselves or as one of a
    department."""
    rows = await snapshot.rows(
        sa.select(agent_notices.c.agent_id, agent_notices.c.department).where(
            agent_notices.c.case_id == case_id, agent_notices.c.kind.in_(kinds), agent_notices.c.at >= since
        )
    )
    told = {row.agent_id for row in rows}
    departments = {row.department for row in rows if row.department is not None}
    return {agent.id for agent in agents if agent.id in told or agent.departments & departments}


async def leave_unread(snapshot: Snapshot, case_id: UUID, kind: AgentNotice) -> set[UUID]:
    """The agents who have not read yet what they were told of this kind about a case."""
    theirs = sa.and_(
        notice_readings.c.notice_id == agent_notices.c.id, notice_readings.c.agent_id == agent_notices.c.agent_id
    )
    rows = await snapshot.rows(
        sa.select(agent_notices.c.agent_id)
        .select_from(agent_notices.outerjoin(notice_readings, theirs))
        .where(
            agent_notices.c.case_id == case_id,
            agent_notices.c.kind == kind,
            agent_notices.c.agent_id.is_not(None),
            notice_readings.c.read_at.is_(None),
        )
    )
    return {row.agent_id for row in rows}


def is_for(agent: Agent) -> sa.ColumnElement[bool]:
    """Notices that this agent reads."""
    return (agent_notices.c.agent_id == agent.id) | agent_notices.c.department.in_(sorted(agent.departments))


def forget_notices(work: UnitOfWork, *, before: datetime) -> None:
    """Drop those of before an instant, read or not: their case says what happened."""
    work.write(sa.delete(agent_notices).where(agent_notices.c.at < before))


async def _newest(snapshot: Snapshot, agent: Agent, limit: int, *, is_read: bool) -> list[Notice]:
    found: list[Notice] = []
    for whose in (
        agent_notices.c.agent_id == agent.id,
        *(agent_notices.c.department == one for one in agent.departments),
    ):
        rows = await snapshot.rows(_newest_of(agent, whose, is_read).limit(limit))
        found += [_notice(row, agent) for row in rows]
    return sorted(found, key=lambda notice: (notice.at, notice.id), reverse=True)[:limit]


def _newest_of(agent: Agent, whose: sa.ColumnElement[bool], is_read: bool) -> sa.Select[Any]:
    """Of one reader, so that an index gives them in order."""
    read_at = notice_readings.c.read_at
    of_case = (cases.c.number, cases.c.subject, cases.c.department.label("now_in"))
    return (
        sa.select(agent_notices, *of_case, read_at)
        .select_from(_with_readings(agent).outerjoin(cases, cases.c.id == agent_notices.c.case_id))
        .where(whose, read_at.is_not(None) if is_read else read_at.is_(None))
        .order_by(agent_notices.c.at.desc(), agent_notices.c.id.desc())
    )


def _notice(row: sa.Row[Any], agent: Agent) -> Notice:
    seen = row.now_in is not None and agent.may_see(row.now_in)
    return Notice(
        id=row.id,
        department=row.department,
        case_id=row.case_id,
        number=row.number,
        subject=row.subject if seen else None,
        kind=AgentNotice(row.kind),
        data=row.data,
        at=row.at,
        read_at=row.read_at,
    )


def _with_readings(agent: Agent) -> sa.Join:
    theirs = sa.and_(notice_readings.c.notice_id == agent_notices.c.id, notice_readings.c.agent_id == agent.id)
    return agent_notices.outerjoin(notice_readings, theirs)


def _keep(work: UnitOfWork, case: Case, kind: AgentNotice, data: Mapping[str, Any], at: datetime, **whose: Any) -> None:
    work.write(insertion(agent_notices, id=uuid4(), case_id=case.id, kind=kind, data=dict(data), at=at, **whose))


def _told(
    case: Case, agents: Sequence[UUID], department: str | None, kind: AgentNotice, at: datetime
) -> dict[str, Any]:
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
