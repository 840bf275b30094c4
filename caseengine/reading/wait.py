"""What somebody who waits for a person wants to know."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import AgentRole, Presence, were_seen_lately
from caseengine.calendars import desk_calendar
from caseengine.model.calendar import working_time
from caseengine.model.lifecycle import AWAITING_AGENT, Status
from caseengine.model.priority import Priority
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.policies.waiting import MOVING, expected_wait, worked_on
from caseengine.routing_rules import routing_rules
from caseengine.tables import agent_departments, agents, case_events, cases
from caseengine.tables.routing import WAITS
from storage.transaction import Snapshot

CHAT = "chat"
LOOKED_AT_MAX = 2_000
"""The cases resolved last, among which those of a kind are looked for."""
MEASURED_MAX = 200
"""Of these the handling time is the mean."""
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
    if case.agent_id is not None or case.status not in AWAITING_AGENT:
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
        cases.c.department == case.department,
        cases.c.status.in_(AWAITING_AGENT),
        cases.c.agent_id.is_(None),
        order < here,
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


async def wait_for(snapshot: Snapshot, case: Queued, *, kind: str, at: datetime) -> timedelta | None:
    """How long until somebody has the case, at the pace its department was measured at; None when nobody can say.

    Args:
        kind: of work: "chat" where the customer waits now, else the channel; see `candidates.kind_of_work`.
    """
    _, policy = await routing_rules(snapshot)
    place = await position(snapshot, case)
    if not place:
        return None
    chat = kind == CHAT
    handling = await handling_time(snapshot, case.department, chat=chat, at=at, days=policy.measured_days)
    hands = await _hands(snapshot, case.department, policy, kind, at=at)
    return expected_wait(place, hands, handling)


async def handling_time(
    snapshot: Snapshot, department: str, *, chat: bool, at: datetime, days: int = 30
) -> timedelta | None:
    """Mean working time for which whoever had a case last could work on it, of those a department resolved last.

    Args:
        chat: of the cases that were handed over to people in a conversation; else of the others.
    """
    latest = (
        sa.select(cases.c.id, cases.c.resolved_at)
        .where(cases.c.department == department, cases.c.resolved_at > at - timedelta(days=days))
        .order_by(cases.c.resolved_at.desc())
        .limit(LOOKED_AT_MAX)
        .subquery()
    )
    handed_over = sa.exists().where(case_events.c.case_id == latest.c.id, case_events.c.kind == "HandoverRequested")
    alike = sa.select(latest).where(handed_over if chat else ~handed_over)
    measured = alike.order_by(latest.c.resolved_at.desc()).limit(MEASURED_MAX).subquery()
    rows = await snapshot.rows(
        sa.select(case_events.c.case_id, case_events.c.kind, case_events.c.at)
        .join(measured, case_events.c.case_id == measured.c.id)
        .where(case_events.c.kind.in_(sorted(MOVING)), case_events.c.at <= measured.c.resolved_at)
        .order_by(case_events.c.case_id, case_events.c.seq)
    )
    spans = [worked_on((row.kind, row.at) for row in facts) for _, facts in groupby(rows, lambda row: row.case_id)]
    found = [theirs for theirs in spans if theirs is not None]
    if len(found) < MEASURED_MIN:
        return None
    calendar = await desk_calendar(snapshot)
    spent = sum((working_time(*span, calendar) for theirs in found for span in theirs), timedelta(0))
    return spent / len(found)


async def _hands(snapshot: Snapshot, department: str, policy: RoutingPolicy, kind: str, *, at: datetime) -> int:
    """The agents of a department who are there, times the cases of a kind each can have at once where routing gives
    them out."""
    theirs = sa.select(agent_departments.c.agent_id).where(agent_departments.c.department == department)
    there = sa.select(sa.func.count()).where(
        agents.c.id.in_(theirs),
        agents.c.presence == Presence.AVAILABLE,
        were_seen_lately(at),
    )
    routed = policy.of(department).mode is not Mode.PULL
    side_by_side = max(policy.capacity // max(policy.cost(kind), 1), 1) if routed else 1
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
