"""Agents who are known in Teams get cards there: a case that is theirs or offered to them, a target at risk.

The published facts are followed as for notices to customers: each fact is planned once, also after a crash, and a card
leaves once. What it says is looked up when it leaves. Source: docs/decisions/0024-agents-in-teams.md
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.jobs.following import facts_behind, follow
from app.tables import teams_conversations
from app.teams.card_face import CardFaces
from bot.activity import Activity, Card, Kind, Role, Sender
from caseengine.agents import LOCKED, Agent, agents_where
from caseengine.cursors import Cursor, advance
from caseengine.model.errors import CaseError
from caseengine.policies.agent_cards import OF_A_CALL, TOPIC, ToTell, Why, to_tell
from caseengine.reading.agent_card import agent_card
from caseengine.tables import agent_departments, agents
from channels.protocol import Receipt
from channels.teams.account import CHANNEL
from channels.teams.adapter import TeamsAdapter
from storage.engine import Database
from storage.outbox import Outbox, OutboxRow
from storage.transaction import Snapshot, UnitOfWork

log = structlog.get_logger()
FOLLOWER = "agent_cards"
OF_DEPARTMENT_MAX = 20
"""So many of a department get a card of what all of it is told, those seen last first; everybody has the notice."""


class AgentCards:
    """Plans cards when something was published, and sends those that were planned."""

    def __init__(
        self, database: Database, adapter: TeamsAdapter, faces: CardFaces, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._adapter = adapter
        self._faces = faces
        self._now = now
        self._since = now()

    async def run(self) -> None:
        """Whatever happened since the last run."""
        await follow(self._database, FOLLOWER, self._since, self._follow)

    async def send(self, row: OutboxRow) -> Receipt:
        """The topic `TOPIC`: one card to one agent, as the case is now. What is no news any more is not sent.

        Raises:
            DeliveryFailed: as the adapter's.
        """
        found = await self._shown(row)
        if found is None:
            return Receipt(CHANNEL, {"skipped": True})
        conversation, card = found
        key = str(row.payload["key"])
        activity = Activity(
            kind=Kind.MESSAGE,
            channel=CHANNEL,
            conversation=str(conversation),
            sender=Sender(Role.BOT),
            key=key,
            card=card,
        )
        return await self._adapter.send(activity, key=key)

    async def _follow(self) -> bool:
        before, rows = await facts_behind(self._database, FOLLOWER)
        if not rows:
            return False
        async with self._database.unit_of_work() as work:
            for row in rows:
                await self._plan(work, row)
            advance(work, before, Cursor(FOLLOWER, rows[-1].id))
        return True

    async def _plan(self, work: UnitOfWork, row: OutboxRow) -> None:
        try:
            told = to_tell(row.payload)
        except (KeyError, ValueError):
            log.exception("agent_card_passed_over", outbox_id=row.id)
            return
        if told is None:
            return
        for agent_id in await _in_teams(work, told):
            payload = {"agent": str(agent_id), "number": row.payload["number"], "why": str(told.why)}
            key = f"agent-card:{row.id}"
            Outbox(work).deliver(TOPIC, f"agent:{agent_id}", payload | {"key": key}, at=row.emitted_at)

    async def _shown(self, row: OutboxRow) -> tuple[UUID, Card] | None:
        """Where to, and what; None where the agent or the case has moved on, or Teams never told where they are."""
        why = Why(row.payload["why"])
        async with self._database.snapshot() as snapshot:
            (agent,) = await agents_where(snapshot, agents.c.id == UUID(row.payload["agent"]))
            conversation = await chat_of(snapshot, agent)
            if conversation is None or agent.is_locked:
                return None
            try:
                shown = await agent_card(snapshot, agent, str(row.payload["number"]), why)
            except CaseError:
                return None
        gone = why is Why.OFFERED and shown.offered_until is None
        given_on = why is Why.ASSIGNED and shown.view.row.agent_id != agent.id
        over = why in OF_A_CALL and shown.view.callback is None
        if not shown.view.row.is_live or gone or given_on or over:
            return None
        return conversation, self._faces.face(shown, why, at=self._now())


async def chat_of(snapshot: Snapshot, agent: Agent) -> UUID | None:
    """An agent's own chat with the bot; None where they never installed it, or took it away."""
    if not agent.teams:
        return None
    found: UUID | None = await snapshot.scalar(
        sa.select(teams_conversations.c.conversation_id)
        .where(teams_conversations.c.person == agent.teams, teams_conversations.c.unreachable_at.is_(None))
        .order_by(teams_conversations.c.updated_at.desc(), teams_conversations.c.conversation_id)
        .limit(1)
    )
    return found


async def _in_teams(snapshot: Snapshot, told: ToTell) -> list[UUID]:
    chosen = sa.select(agents.c.id).where(agents.c.teams.is_not(None))
    if told.department is None:
        chosen = chosen.where(agents.c.id.in_(told.agents)).order_by(agents.c.id)
    else:
        there = sa.select(agent_departments.c.agent_id).where(agent_departments.c.department == told.department)
        chosen = chosen.where(agents.c.id.in_(there), agents.c.password_hash != LOCKED)
        chosen = chosen.order_by(agents.c.seen_at.desc().nulls_last(), agents.c.id).limit(OF_DEPARTMENT_MAX)
    return [row.id for row in await snapshot.rows(chosen)]
