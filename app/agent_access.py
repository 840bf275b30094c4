"""Whether an agent can sign in: another password, or none any more."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from app.tables import agent_sessions
from caseengine.agents import LOCKED, Agents, Presence
from caseengine.operations.routing import return_all
from storage.engine import Database

PASSWORD_BYTES = 12

HashPassword = Callable[[str], str]


def made_password() -> str:
    """One nobody has thought of."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


async def new_password(database: Database, email: str, *, hash_password: HashPassword) -> str:
    """Give an agent another password and end their sessions; the password, which is kept nowhere in words.

    Raises:
        AgentNotFound: nobody has this address.
    """
    password = made_password()
    await _set_password(database, email, await asyncio.to_thread(hash_password, password))
    return password


async def lock(database: Database, email: str, *, at: datetime) -> None:
    """Nobody can sign in as this agent any more, their sessions end, and their work goes back to its queues.

    Raises:
        AgentNotFound: nobody has this address.
    """
    await _set_password(database, email, LOCKED)
    async with database.unit_of_work() as work:
        agent = await Agents(work).by_email(email)
        Agents(work).seen(agent.id, Presence.OFFLINE, at=at)
        await return_all(work, agent.id, "agent_locked", at=at)


async def _set_password(database: Database, email: str, password_hash: str) -> None:
    async with database.unit_of_work() as work:
        agent = await Agents(work).by_email(email)
        Agents(work).set_password(agent.id, password_hash)
        work.write(sa.delete(agent_sessions).where(agent_sessions.c.agent_id == agent.id))
