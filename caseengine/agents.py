"""The people who work cases."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.actor import Actor, ActorKind
from caseengine.model.errors import AgentNotFound
from caseengine.tables import agent_departments, agent_work, agents
from storage.transaction import Snapshot, UnitOfWork, insertion

PRESENCE_EXPIRES_AFTER = timedelta(minutes=2)
"""An agent who was not seen for longer than this is not there, whatever they said."""
CLOCKS_APART_MAX = timedelta(seconds=30)
"""So much the clocks of two of the desk's machines may differ. Who was seen later than that was seen by a wrong one."""
LOCKED = "locked"
"""No password has this hash: nobody can sign in as this agent."""


class AgentRole(StrEnum):
    """A supervisor sees every department."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Presence(StrEnum):
    AVAILABLE = "available"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Agent:
    """A human who works cases.

    Attributes:
        departments: those whose cases they may see.
        teams: who they are in Microsoft Teams, `tenant|object id`; None where nobody said.
    """

    id: UUID
    name: str
    email: str
    password_hash: str = field(repr=False)
    departments: frozenset[str] = frozenset()
    role: AgentRole = AgentRole.AGENT
    presence: Presence = Presence.OFFLINE
    seen_at: datetime | None = None
    presence_reason: str = ""
    teams: str | None = None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.AGENT, str(self.id), self.name)

    @property
    def is_locked(self) -> bool:
        """Nobody can sign in as this agent, so nobody would do what they are given."""
        return self.password_hash == LOCKED

    def may_see(self, department: str) -> bool:
        return self.role is AgentRole.SUPERVISOR or department in self.departments

    def is_there(self, at: datetime) -> bool:
        """Available, and seen lately enough to believe it."""
        return self.presence is Presence.AVAILABLE and seen_lately(self.seen_at, at)

    def can_be_reached(self, at: datetime) -> bool:
        """At their desk, if busy: on the telephone, for one."""
        return self.presence in (Presence.AVAILABLE, Presence.BUSY) and seen_lately(self.seen_at, at)


def seen_lately(seen_at: datetime | None, at: datetime) -> bool:
    """Whether somebody heard of then is believed to be there; not in the future, which a clock that jumped made."""
    return seen_at is not None and -CLOCKS_APART_MAX <= at - seen_at <= PRESENCE_EXPIRES_AFTER


def were_seen_lately(at: datetime) -> sa.ColumnElement[bool]:
    """`seen_lately` of rows of agents; null, as false, for those who were never seen."""
    return agents.c.seen_at.between(at - PRESENCE_EXPIRES_AFTER, at + CLOCKS_APART_MAX)


class Agents:
    """The agents a unit of work or snapshot can see."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def get(self, agent_id: UUID) -> Agent:
        """
        Raises:
            AgentNotFound: there is none.
        """
        return await self._load(agents.c.id == agent_id)

    async def by_email(self, email: str) -> Agent:
        """
        Raises:
            AgentNotFound: there is none.
        """
        return await self._load(agents.c.email == email.strip().lower())

    def add(self, agent: Agent) -> None:
        values = {name: getattr(agent, name) for name in Agent.__dataclass_fields__ if name != "departments"}
        self._work.write(insertion(agents, {**values, "email": agent.email.strip().lower()}))
        self._work.write(insertion(agent_work, agent_id=agent.id))
        for department in sorted(agent.departments):
            self._work.write(insertion(agent_departments, agent_id=agent.id, department=department))

    def change(self, agent: Agent) -> None:
        """New name, e-mail, role, place in Teams and departments; password and presence stay."""
        values = {"name": agent.name, "email": agent.email.strip().lower(), "role": agent.role, "teams": agent.teams}
        self._work.write(sa.update(agents).where(agents.c.id == agent.id).values(values), rows=1)
        self._work.write(sa.delete(agent_departments).where(agent_departments.c.agent_id == agent.id))
        for department in sorted(agent.departments):
            self._work.write(insertion(agent_departments, agent_id=agent.id, department=department))

    def set_password(self, agent_id: UUID, password_hash: str) -> None:
        self._work.write(sa.update(agents).where(agents.c.id == agent_id).values(password_hash=password_hash), rows=1)

    def seen(self, agent_id: UUID, presence: Presence, *, reason: str = "", at: datetime) -> None:
        """The agent's screen told us that they are there, how, and why not where they are not: "lunch"."""
        values = {"presence": presence, "presence_reason": reason, "seen_at": at}
        self._work.write(sa.update(agents).where(agents.c.id == agent_id).values(values), rows=1)

    async def _load(self, condition: sa.ColumnElement[bool]) -> Agent:
        found = await agents_where(self._work, condition)
        if not found:
            raise AgentNotFound
        return found[0]


async def is_staffed(snapshot: Snapshot, department: str) -> bool:
    """Whether anybody works for a department who can sign in."""
    theirs = agents.join(agent_departments, agent_departments.c.agent_id == agents.c.id)
    there = agent_departments.c.department == department, agents.c.password_hash != LOCKED
    return await snapshot.first(sa.select(agents.c.id).select_from(theirs).where(*there).limit(1)) is not None


async def supervisors_of(snapshot: Snapshot, department: str) -> list[Agent]:
    """Those of the department itself who can sign in; where it has none of its own, all who can."""
    supervisors = agents.c.role == AgentRole.SUPERVISOR
    everyone = await agents_where(snapshot, supervisors & (agents.c.password_hash != LOCKED))
    return [agent for agent in everyone if department in agent.departments] or everyone


async def agent_in_teams(snapshot: Snapshot, identity: str) -> Agent | None:
    """Who somebody in Teams is at the desk; None: no agent, or one who is locked out.

    Args:
        identity: `tenant|object id`, as Teams vouched for it; "" is nobody.
    """
    found = await agents_where(snapshot, agents.c.teams == identity.lower()) if identity else []
    return next((agent for agent in found if not agent.is_locked), None)


async def all_agents(snapshot: Snapshot) -> list[Agent]:
    """By name."""
    return await agents_where(snapshot, sa.true())


async def agents_where(snapshot: Snapshot, condition: sa.ColumnElement[bool]) -> list[Agent]:
    """Those a condition on the table picks, by name."""
    joined = agents.outerjoin(agent_departments, agent_departments.c.agent_id == agents.c.id)
    rows = await snapshot.rows(
        sa.select(agents, agent_departments.c.department)
        .select_from(joined)
        .where(condition)
        .order_by(agents.c.name, agents.c.id)
    )
    by_id: dict[UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    return [_agent(found) for found in by_id.values()]


def _agent(rows: list[sa.Row[Any]]) -> Agent:
    row = rows[0]
    theirs = frozenset(found.department for found in rows if found.department)
    values = (row.id, row.name, row.email, row.password_hash, theirs)
    return Agent(*values, AgentRole(row.role), Presence(row.presence), row.seen_at, row.presence_reason, row.teams)
