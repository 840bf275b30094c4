"""Offers and work that are with somebody who cannot have them any more.

All are read a few at a time, each page from the last row of the one before: what cannot be mended holds up nobody.
Each can be asked of one case alone (`of`), by whoever is about to do something about it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import LOCKED, AgentRole, Presence, were_seen_lately
from caseengine.model.lifecycle import LIVE
from caseengine.reading.behind import beyond
from caseengine.tables import (
    agent_departments,
    agents,
    assignments,
    case_conversations,
    cases,
    conversations,
)
from storage.transaction import Snapshot

PAGE = 200


async def offers_ended(
    snapshot: Snapshot,
    at: datetime,
    *,
    of: UUID | None = None,
    behind: sa.Row[Any] | None = None,
    limit: int = PAGE,
) -> Sequence[sa.Row[Any]]:
    """Offers that ran out by `at`, or whose agent is not there any more: id, case_id, agent_id, expires_at."""
    lost = sa.or_(agents.c.presence != Presence.AVAILABLE, _lost(at))
    place = assignments.c.expires_at, assignments.c.id
    return await snapshot.rows(
        sa.select(assignments.c.id, assignments.c.case_id, assignments.c.agent_id, assignments.c.expires_at)
        .join(agents, agents.c.id == assignments.c.agent_id)
        .where(
            sa.text("assignments.state = 'offered'"),
            sa.or_(assignments.c.expires_at <= at, lost),
            *([] if of is None else [assignments.c.case_id == of]),
            *([] if behind is None else [beyond(place, (behind.expires_at, behind.id))]),
        )
        .order_by(*place)
        .limit(limit)
    )


async def live_work_of_the_lost(
    snapshot: Snapshot,
    at: datetime,
    *,
    of: UUID | None = None,
    behind: sa.Row[Any] | None = None,
    limit: int = PAGE,
) -> Sequence[sa.Row[Any]]:
    """Cases whose customer is left alone by somebody whose screen was not heard of for too long: id.

    A mail leaves nobody waiting.

    By whoever holds the case, be it a colleague who said something last; of one nobody holds, by who has the word.
    """
    lost = sa.or_(agents.c.presence == Presence.OFFLINE, _lost(at))
    return await snapshot.rows(
        sa.select(cases.c.id)
        .select_from(conversations)
        .join(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .join(cases, cases.c.id == case_conversations.c.case_id)
        .join(agents, agents.c.id == sa.func.coalesce(cases.c.agent_id, conversations.c.agent_id))
        .where(
            sa.text("conversations.mode = 'agent'"),
            conversations.c.channel != "email",
            conversations.c.agent_id.is_not(None),
            lost,
            case_conversations.c.live,
            cases.c.status.in_(LIVE),
            *([] if of is None else [cases.c.id == of]),
            *([] if behind is None else [cases.c.id > behind.id]),
        )
        .order_by(cases.c.id)
        .limit(limit)
    )


async def work_out_of_place(
    snapshot: Snapshot, *, of: UUID | None = None, behind: sa.Row[Any] | None = None, limit: int = PAGE
) -> Sequence[sa.Row[Any]]:
    """Live cases held by somebody who is locked out, or does not work for their department: id, agent_id, locked.

    Holder by holder: what each has in hand is one stretch of an index, and only what is found is sorted.
    """
    shut_out = agents.c.password_hash == LOCKED
    whose = sa.select(agents.c.id).where(sa.or_(shut_out, agents.c.role != AgentRole.SUPERVISOR))
    locked = sa.exists().where(agents.c.id == cases.c.agent_id, shut_out)
    here = sa.exists().where(
        agent_departments.c.agent_id == cases.c.agent_id, agent_departments.c.department == cases.c.department
    )
    place = cases.c.agent_id, cases.c.id
    return await snapshot.rows(
        sa.select(*place, locked.label("locked"))
        .where(
            cases.c.agent_id.in_(whose),
            cases.c.status.in_(LIVE),
            sa.or_(~here, locked),
            *([] if of is None else [cases.c.id == of]),
            *([] if behind is None else [beyond(place, (behind.agent_id, behind.id))]),
        )
        .order_by(*place)
        .limit(limit)
    )


def _lost(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(agents.c.seen_at.is_(None), sa.not_(were_seen_lately(at)))
