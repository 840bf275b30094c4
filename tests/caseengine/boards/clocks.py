"""Clocks for boards to read, written as they stand, in place of those the desk kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.case import Case
from caseengine.tables import case_clocks
from storage.transaction import UnitOfWork


async def clock(
    work: UnitOfWork,
    case: Case,
    target: str,
    *,
    started_at: datetime,
    due_at: datetime | None = None,
    breached_at: datetime | None = None,
    ended_at: datetime | None = None,
    worked_s: float = 0.0,
    cycle: int = 1,
    agent_id: UUID | None = None,
) -> None:
    state = "breached" if breached_at else "met" if ended_at else "running" if due_at else "paused"
    values: dict[str, Any] = {"case_id": case.id, "target": target, "cycle": cycle, "state": state, "spent_s": worked_s}
    values |= {"policy": "standard", "policy_version": 1, "department": case.department, "agent_id": agent_id}
    values |= {"goal_s": 28_800.0, "case_type": str(case.case_type), "priority": int(case.priority)}
    values |= {"touched_at": ended_at or started_at}
    values |= {"started_at": started_at, "due_at": due_at, "breached_at": breached_at, "ended_at": ended_at}
    work.write(sa.insert(case_clocks).values(values))


async def no_clocks(work: UnitOfWork) -> None:
    """The desk's own are out of the way."""
    work.write(sa.delete(case_clocks))
