"""What somebody who waits for a person wants to know."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import AgentRole, Presence, were_seen_lately
from caseengine.calendars import desk_calendar
from caseengine.model.calendar import working_time
from caseengine.model.lifecycle import Status
from caseengine.model.priority import Priority
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.policies.waiting import expected_wait
from caseengine.routing_rules import routing_rules
from caseengine.tables import agent_departments, agents, case_events, cases
from caseengine.tables.routing import WAITS
from storage.transaction import Snapshot

WAITING = (Status.NEW, Status.OPEN)
"""Statuses in which a case without an agent waits for one."""
MEASURED_MAX = 200
"""The cases resolved last, of which the handling time is the mean."""
MEASURED_MIN = 5
"""Of fewer nothing is concluded."""


class Queued(Protocol):
    """What is asked of a case that may wait: the entity, or a row of it."""

    @property
    def id(self) -> UUID: ...
    @property
    def department(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def agent_id(self) -> UUID | None: ...
    @property
    def priority(self) -> Priority: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def tier(self) -> str | None: ...


async def position(snapshot: Snapshot, case: Queued) -> int:
    """The place of a case in the queue of its department, from 1; 0 when it does not wait for anybody.

    Cases that nobody holds count, by priority and age; where routing gives them out, in its order. The case itself may
    be one that is only just being opened.
    """
    if case.agent_id is not None or case.status not in WAITING:
        return 0
    _, policy = await routing_rules(snapshot)
    if policy.of(case.department).mode is not Mode.PULL:
        return await _routed_position(snapshot, case)
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
        were_seen_lately(at),
        sa.or_(agents.c.id.in_(theirs), agents.c.role == AgentRole.SUPERVISOR),
    )
    return await snapshot.first(there.limit(1)) is not None


async def wait_for(snapshot: Snapshot, case: Queued, *, at: datetime) -> timedelta | None:
    """How long until somebody has the case, at the pace its department was measured at; None when nobody can say."""
    _, policy = await routing_rules(snapshot)
    place = await position(snapshot, case)
    if not place:
        return None
    handling = await handling_time(snapshot, case.department, at=at, days=policy.measured_days)
    hands = await _hands(snapshot, case.department, policy, at=at)
    return expected_wait(place, hands, handling)


async def handling_time(snapshot: Snapshot, department: str, *, at: datetime, days: int = 30) -> timedelta | None:
    """Mean working time from the last assignment to the resolution, of the cases a department resolved last."""
    resolved = (
        sa.select(cases.c.id, cases.c.resolved_at)
        .where(cases.c.department == department, cases.c.resolved_at > at - timedelta(days=days))
        .order_by(cases.c.resolved_at.desc())
        .limit(MEASURED_MAX)
        .subquery()
    )
    rows = await snapshot.rows(
        sa.select(resolved.c.resolved_at, sa.func.max(case_events.c.at).label("taken_at"))
        .join(case_events, case_events.c.case_id == resolved.c.id)
        .where(case_events.c.kind == "CaseAssigned", case_events.c.at <= resolved.c.resolved_at)
        .group_by(resolved.c.id, resolved.c.resolved_at)
    )
    if len(rows) < MEASURED_MIN:
        return None
    calendar = await desk_calendar(snapshot)
    spent = [working_time(row.taken_at, row.resolved_at, calendar) for row in rows]
    return sum(spent, timedelta(0)) / len(spent)


async def _hands(snapshot: Snapshot, department: str, policy: RoutingPolicy, *, at: datetime) -> int:
    """The agents of a department who are there, times the chats each can have at once where routing gives them out."""
    theirs = sa.select(agent_departments.c.agent_id).where(agent_departments.c.department == department)
    there = sa.select(sa.func.count()).where(
        agents.c.id.in_(theirs),
        agents.c.presence == Presence.AVAILABLE,
        were_seen_lately(at),
    )
    routed = policy.of(department).mode is not Mode.PULL
    side_by_side = max(policy.capacity // max(policy.cost("chat"), 1), 1) if routed else 1
    return int(await snapshot.scalar(there) or 0) * side_by_side


async def _routed_position(snapshot: Snapshot, case: Queued) -> int:
    """Least slack, then tier, then age. A case that is only just being opened has no clock yet."""
    tier: sa.ColumnElement[str] = sa.literal_column("coalesce(tier, 'Z')")
    mine = await snapshot.first(sa.select(cases.c.sla_due_at).where(cases.c.id == case.id))
    due = mine.sla_due_at if mine else None
    behind_it = sa.tuple_(tier, cases.c.opened_at, cases.c.id) < sa.tuple_(
        sa.literal(case.tier or "Z"),
        sa.literal(case.opened_at, cases.c.opened_at.type),
        sa.literal(case.id, cases.c.id.type),
    )
    if due is None:
        before = sa.or_(cases.c.sla_due_at.is_not(None), behind_it)
    else:
        before = sa.or_(cases.c.sla_due_at < due, sa.and_(cases.c.sla_due_at == due, behind_it))
    ahead = sa.select(sa.func.count()).where(sa.text(WAITS), cases.c.department == case.department, before)
    return 1 + int(await snapshot.scalar(ahead) or 0)
