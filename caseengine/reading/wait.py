"""What somebody who waits for a person wants to know."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.agents import PRESENCE_EXPIRES_AFTER, AgentRole, Presence
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.tables import agent_departments, agents, cases
from storage.transaction import Snapshot

WAITING = (Status.NEW, Status.OPEN)
"""Statuses in which a case without an agent waits for one."""


async def position(snapshot: Snapshot, case: Case) -> int:
    """The place of a case in the queue of its department, from 1; 0 when it does not wait for anybody.

    Cases that nobody holds count, by priority and age. The case itself may be one that is only just being opened.
    """
    if case.agent_id is not None or case.status not in WAITING:
        return 0
    order = sa.tuple_(cases.c.priority, cases.c.opened_at, cases.c.id)
    here = sa.tuple_(
        sa.literal(int(case.priority)),
        sa.literal(case.opened_at, cases.c.opened_at.type),
        sa.literal(case.id, cases.c.id.type),
    )
    ahead = sa.select(sa.func.count()).where(
        cases.c.department == case.department, cases.c.status.in_(WAITING), cases.c.agent_id.is_(None), order < here
    )
    return 1 + int(await snapshot.scalar(ahead) or 0)


async def somebody_there(snapshot: Snapshot, department: str, *, at: datetime) -> bool:
    """Whether an agent of the department, or a supervisor, is available and was seen lately."""
    theirs = sa.select(agent_departments.c.agent_id).where(agent_departments.c.department == department)
    there = sa.select(agents.c.id).where(
        agents.c.presence == Presence.AVAILABLE,
        agents.c.seen_at >= at - PRESENCE_EXPIRES_AFTER,
        sa.or_(agents.c.id.in_(theirs), agents.c.role == AgentRole.SUPERVISOR),
    )
    return await snapshot.first(there.limit(1)) is not None
