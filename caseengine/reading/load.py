"""How busy everybody is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import LOCKED
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.reading.candidates import loads_of, read_shifts
from caseengine.tables import agent_work, agents, cases
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class AgentLoad:
    """`load` and `capacity` in units; `reason` is why they are not available."""

    agent_id: UUID
    name: str
    presence: str
    reason: str
    seen_at: datetime | None
    on_shift: bool
    capacity: int
    load: int
    offers: int


async def agent_loads(snapshot: Snapshot, policy: RoutingPolicy, *, at: datetime) -> list[AgentLoad]:
    """Everybody who can sign in, by name."""
    rows = await snapshot.rows(
        sa.select(agents, agent_work.c.capacity, agent_work.c.shifts)
        .select_from(agents.outerjoin(agent_work, agent_work.c.agent_id == agents.c.id))
        .where(agents.c.password_hash != LOCKED)
        .order_by(agents.c.name, agents.c.id)
    )
    loads = await loads_of(snapshot, [row.id for row in rows], policy)
    offered = await snapshot.rows(
        sa.select(cases.c.offered_to, sa.func.count().label("how_many"))
        .where(cases.c.offered_to.is_not(None))
        .group_by(cases.c.offered_to)
    )
    offers = {row.offered_to: row.how_many for row in offered}
    return [
        AgentLoad(
            agent_id=row.id,
            name=row.name,
            presence=row.presence,
            reason=row.presence_reason,
            seen_at=row.seen_at,
            on_shift=not row.shifts or read_shifts(row.shifts).on_shift(at),
            capacity=policy.capacity if row.capacity is None else row.capacity,
            load=loads[row.id],
            offers=offers.get(row.id, 0),
        )
        for row in rows
    ]
