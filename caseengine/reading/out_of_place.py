"""Offers and work that are with somebody who cannot have them any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caseengine.agents import LOCKED, PRESENCE_EXPIRES_AFTER, AgentRole, Presence
from caseengine.model.lifecycle import LIVE
from caseengine.tables import (
    agent_departments,
    agents,
    assignments,
    case_conversations,
    cases,
    conversations,
)
from storage.transaction import Snapshot


async def offers_ended(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Offers that ran out by `at`, or whose agent is not there any more: id, case_id, agent_id, why."""
    lost = sa.or_(
        agents.c.presence != Presence.AVAILABLE, agents.c.seen_at.is_(None), agents.c.seen_at < _seen_since(at)
    )
    return await snapshot.rows(
        sa.select(assignments.c.id, assignments.c.case_id, assignments.c.agent_id, assignments.c.expires_at)
        .join(agents, agents.c.id == assignments.c.agent_id)
        .where(sa.text("assignments.state = 'offered'"), sa.or_(assignments.c.expires_at <= at, lost))
        .order_by(assignments.c.expires_at)
        .limit(limit)
    )


async def live_work_of_the_lost(snapshot: Snapshot, at: datetime, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Cases whose customer is talking to somebody whose screen was not heard of for too long: id, department."""
    lost = sa.or_(agents.c.presence == Presence.OFFLINE, agents.c.seen_at.is_(None), agents.c.seen_at < _seen_since(at))
    return await snapshot.rows(
        sa.select(cases.c.id, cases.c.department)
        .select_from(conversations)
        .join(agents, agents.c.id == conversations.c.agent_id)
        .join(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .join(cases, cases.c.id == case_conversations.c.case_id)
        .where(
            sa.text("conversations.mode = 'agent'"),
            conversations.c.agent_id.is_not(None),
            lost,
            case_conversations.c.live,
            cases.c.agent_id == conversations.c.agent_id,
            cases.c.status.in_(LIVE),
        )
        .limit(limit)
    )


async def work_out_of_place(snapshot: Snapshot, *, limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Live cases held by somebody who is locked out, or does not work for their department: id, why."""
    locked = agents.c.password_hash == LOCKED
    here = sa.exists().where(
        agent_departments.c.agent_id == cases.c.agent_id, agent_departments.c.department == cases.c.department
    )
    return await snapshot.rows(
        sa.select(cases.c.id, locked.label("locked"))
        .join(agents, agents.c.id == cases.c.agent_id)
        .where(cases.c.status.in_(LIVE), sa.or_(locked, sa.and_(agents.c.role != AgentRole.SUPERVISOR, ~here)))
        .limit(limit)
    )


def _seen_since(at: datetime) -> datetime:
    return at - PRESENCE_EXPIRES_AFTER
