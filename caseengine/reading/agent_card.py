"""What a card tells an agent of a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agent
from caseengine.notices import is_for
from caseengine.policies.agent_cards import Does, Why, can_do
from caseengine.reading.case_view import CaseView, case_view
from caseengine.tables import activities, agent_notices, assignments
from storage.transaction import Snapshot

LOOKED_BACK = 20
"""Lines of the conversation in which the customer's last words are looked for."""


@dataclass(frozen=True, slots=True)
class AgentCard:
    """
    Attributes:
        can: its buttons, in order.
        mine: whoever looks at it holds the case.
        offered_until: when the offer to this agent runs out; None where they are not asked to take it.
        last_words: of the customer in its conversation; "" where it has none.
        notice: the parameters of the notice that it is about; empty for none.
    """

    view: CaseView
    can: tuple[Does, ...]
    mine: bool
    offered_until: datetime | None
    last_words: str
    notice: Mapping[str, Any]


async def agent_card(snapshot: Snapshot, agent: Agent, number: str, why: Why | None) -> AgentCard:
    """The case as it is now.

    Raises:
        NumberMistyped, CaseNotFound, NotPermitted: see `case_view`.
    """
    view = await case_view(snapshot, agent, number)
    row = view.row
    offered_until = await _offered_until(snapshot, row.id, agent.id)
    calls = view.callback is not None and view.callback.state == "called"
    asked = offered_until is not None
    return AgentCard(
        view=view,
        can=can_do(row.status, view.can, holder=row.agent_id, me=agent.id, asked=asked, calls=calls),
        mine=row.agent_id == agent.id,
        offered_until=offered_until,
        last_words=await _last_words(snapshot, view.conversation.id) if view.conversation else "",
        notice=await _notice(snapshot, row.id, agent, why) if why else {},
    )


async def _offered_until(snapshot: Snapshot, case_id: UUID, agent_id: UUID) -> datetime | None:
    mine = assignments.c.case_id == case_id, assignments.c.agent_id == agent_id
    offered = sa.text("assignments.state = 'offered'")
    found: datetime | None = await snapshot.scalar(sa.select(assignments.c.expires_at).where(*mine, offered))
    return found


async def _last_words(snapshot: Snapshot, conversation: UUID) -> str:
    rows = await snapshot.rows(
        sa.select(activities.c.body)
        .where(activities.c.conversation_id == conversation)
        .order_by(activities.c.seq.desc())
        .limit(LOOKED_BACK)
    )
    said = (row.body for row in rows)
    return next((str(one["text"]) for one in said if one["sender"]["role"] == "customer" and one.get("text")), "")


async def _notice(snapshot: Snapshot, case_id: UUID, agent: Agent, why: Why) -> Mapping[str, Any]:
    mine = is_for(agent), agent_notices.c.case_id == case_id, agent_notices.c.kind == why
    found = await snapshot.scalar(
        sa.select(agent_notices.c.data).where(*mine).order_by(agent_notices.c.at.desc(), agent_notices.c.id).limit(1)
    )
    return dict(found or {})
