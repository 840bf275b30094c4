"""An offer ends: taken, declined, run out, or withdrawn."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.agents import Agents
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.events import OfferEnded
from caseengine.tables import agent_work, assignments
from storage.transaction import UnitOfWork

REASON_CHARACTERS_MAX = 200


async def end_offer(work: UnitOfWork, case: Case, how: str, *, reason: str = "", by: Actor, at: datetime) -> None:
    """The agent who was asked does not have it. Nothing happens where nobody was asked.

    Args:
        how: "declined", "expired" or "withdrawn".
    """
    if case.offered_to is None:
        return
    agent = await Agents(work).get(case.offered_to)
    case.record(
        OfferEnded(case_id=case.id, actor=by, at=at, agent_id=agent.id, agent_name=agent.name, how=how, reason=reason)
    )
    note_offer(work, case, how, reason=reason, at=at)


def note_offer(work: UnitOfWork, case: Case, state: str, *, reason: str = "", at: datetime) -> None:
    """The record of the decision says what came of it."""
    work.write(
        sa.update(assignments)
        .where(assignments.c.case_id == case.id, sa.text("assignments.state = 'offered'"))
        .values(state=state, reason=reason[:REASON_CHARACTERS_MAX], ended_at=at)
    )


def was_given(work: UnitOfWork, agent_id: object, *, at: datetime) -> None:
    """Whatever was being decided about this agent meanwhile has to be decided again."""
    work.write(
        sa.update(agent_work)
        .where(agent_work.c.agent_id == agent_id)
        .values(version=agent_work.c.version + 1, given_at=at)
    )
