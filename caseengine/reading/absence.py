"""Whether somebody who has a case is where they could do something about it."""

from datetime import datetime

import sqlalchemy as sa

from caseengine.agents import Agent, Presence, seen_lately
from caseengine.model.shift import Shifts
from caseengine.reading.candidates import read_shifts
from caseengine.tables import agent_work
from storage.transaction import Snapshot


async def on_leave(snapshot: Snapshot, agent: Agent, at: datetime) -> bool:
    """Away for days; not who is at their desk all the same."""
    if agent.can_be_reached(at):
        return False
    shifts = await _shifts(snapshot, agent)
    return shifts is not None and shifts.on_leave(at)


async def is_absent(snapshot: Snapshot, agent: Agent, at: datetime) -> bool:
    """Their screen is off, or they are away and do not work now. Who is away for some of their shift is not absent."""
    if agent.can_be_reached(at):
        return False
    if agent.presence is Presence.OFFLINE or not seen_lately(agent.seen_at, at):
        return True
    shifts = await _shifts(snapshot, agent)
    return shifts is not None and not shifts.on_shift(at)


async def _shifts(snapshot: Snapshot, agent: Agent) -> Shifts | None:
    document = await snapshot.scalar(sa.select(agent_work.c.shifts).where(agent_work.c.agent_id == agent.id))
    return read_shifts(document) if document else None
