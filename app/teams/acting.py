"""What an agent does from a card: the operations of the workspace, with their permissions, versions and refusals."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.agent_words import closing, joined
from app.http.problems import PROBLEMS, detail_of
from app.reception import unavailable_is_said
from app.tables import teams_presses, teams_sendings
from app.teams.alone import reached_alone
from app.teams.card_face import DONE, CardFaces
from app.teams.card_renewal import agents_card_changed, why_of
from bot.activity import Card
from caseengine.agents import Agent, agent_in_teams
from caseengine.model.errors import CaseError, CaseNotFound, NotOffered, NotPermitted
from caseengine.model.resolution import Resolution
from caseengine.operations import answering, assigning, ending
from caseengine.operations.calling import UNREACHED, end_callback
from caseengine.operations.offers import REASON_CHARACTERS_MAX
from caseengine.operations.permission import permitted_case
from caseengine.operations.reaching import check_heard
from caseengine.operations.routing import accept, decline
from caseengine.policies.agent_cards import Does
from caseengine.reading.agent_card import AgentCard, agent_card
from channels.teams.account import CHANNEL
from channels.teams.received import Press, Scope
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict
from storage.refusal import Refusal
from storage.transaction import UnitOfWork, insertion

TRIES_MAX = 5
"""Somebody else's commit in between means deciding again; after so many it is said."""
VERSION_MAX = 2**31 - 1
Who = dict[str, Any]
"""by, at, version: what every operation is told."""


class TeamsActing:
    """`channels.teams.desk.Acting`.

    Args:
        vouches: who speaks is who Teams says. Where that is not checked, nobody is an agent.
    """

    def __init__(
        self,
        database: Database,
        faces: CardFaces,
        words: Mapping[str, str],
        now: Callable[[], datetime],
        *,
        vouches: bool,
    ) -> None:
        self._database = database
        self._faces = faces
        self._words = words
        self._now = now
        self._vouches = vouches
        self._operations: Mapping[Does, Callable[[UnitOfWork, Agent, Press, Who], Awaitable[object]]] = {
            Does.TAKE: self._take,
            Does.ACCEPT: self._accept,
            Does.DECLINE: self._decline,
            Does.REPLY: self._reply,
            Does.RESOLVE: self._resolve,
            Does.REACHED: partial(self._end_call, "kept"),
            Does.UNREACHED: partial(self._end_call, UNREACHED),
        }

    @unavailable_is_said
    async def act(self, press: Press) -> Card | None:
        """Who presses is who Teams vouches for, and the card has to be one that was sent to their own chat."""
        agent = await self._whose(press)
        if agent is None or press.verb not in set(Does):
            return None
        does, number = Does(press.verb), str(press.about.get("case", ""))
        refused = await self._carry_out(does, agent, press)
        why = why_of(press.about)
        try:
            async with self._database.snapshot() as snapshot:
                shown = await agent_card(snapshot, agent, number, why)
        except CaseError as unseen:
            return self._faces.bare(detail_of(unseen))
        typed = press.filled if refused is not None else {}
        return self._faces.face(shown, why, told=self._told(does, refused, shown), typed=typed, at=self._now())

    async def _whose(self, press: Press) -> Agent | None:
        place = press.place
        if not self._vouches or place.scope is not Scope.PERSONAL or not place.person.identity or not press.card:
            return None
        ours = teams_sendings.c.conversation_id == UUID(place.conversation), teams_sendings.c.key == press.card
        async with self._database.snapshot() as snapshot:
            if await snapshot.first(sa.select(teams_sendings.c.key).where(*ours)) is None:
                return None
            return await agent_in_teams(snapshot, place.person.identity)

    async def _carry_out(self, does: Does, agent: Agent, press: Press) -> Refusal | None:
        if does is Does.SHOW:
            return None
        try:
            await self._decided(does, agent, press)
        except Refusal as refusal:
            return refusal
        return None

    def _told(self, does: Does, refused: Refusal | None, shown: AgentCard) -> str:
        """What the card says of a press. Who is too late for an offer reads where the case went."""
        if refused is None:
            return self._words[DONE[does]] if does in DONE else ""
        if isinstance(refused, NotOffered):
            return self._faces.went(shown)
        hidden = isinstance(refused, NotPermitted | CaseNotFound) or refused.code not in PROBLEMS
        return self._words["agent_card.not_done"] if hidden else detail_of(refused)

    async def _decided(self, does: Does, agent: Agent, press: Press) -> None:
        """
        Raises:
            Conflict: somebody else's change came in between every time. Whatever the operation refuses.
        """
        for _ in range(TRIES_MAX):
            try:
                async with self._database.unit_of_work() as work:
                    await self._once(work, does, agent, press)
            except (AlreadyReceived, Conflict):  # the next try sees what the other one did
                continue
            return
        raise Conflict

    async def _once(self, work: UnitOfWork, does: Does, agent: Agent, press: Press) -> None:
        """The same press again is the same: Teams sends it under another id when no answer came."""
        if await work.first(sa.select(teams_presses.c.key).where(teams_presses.c.key == press.key)) is not None:
            return
        at = self._now()
        known = AlreadyReceived(CHANNEL, press.place.conversation, press.key)
        insert = insertion(teams_presses, key=press.key, agent_id=agent.id, at=at)
        work.write(insert, duplicate=known)
        await self._operations[does](work, agent, press, {"by": agent.actor, "at": at})
        agents_card_changed(work, agent.id, press, does, at=at)

    async def _take(self, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        number, notice = _number(press), joined(self._words, agent.name)
        case = await permitted_case(work, number, by=agent.actor)
        if case.offered_to == agent.id:
            await accept(work, number, notice=notice, **who)
        else:
            await assigning.take(work, number, notice=notice, version=_version(press), **who)

    async def _accept(self, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        await accept(work, _number(press), notice=joined(self._words, agent.name), **who)

    async def _decline(self, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        reason = press.filled.get("reason", "")[:REASON_CHARACTERS_MAX]
        await decline(work, _number(press), reason=reason, **who)

    async def _reply(self, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        number = _number(press)
        case = await permitted_case(work, number, by=agent.actor)
        await check_heard(work, case, reached_alone=reached_alone)
        text = press.filled.get("reply", "")
        await answering.reply(work, number, text, key=f"{agent.id}:{press.key}", version=_version(press), **who)

    async def _resolve(self, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        number, text = _number(press), press.filled.get("done", "")
        case = await permitted_case(work, number, by=agent.actor)
        # An unknown code is refused by the resolution itself.
        resolution = Resolution(press.filled.get("code", ""), text)  # type: ignore[arg-type]
        told = closing(self._words, case.number, text)
        await ending.resolve(work, number, resolution, closing=told, version=_version(press), **who)

    async def _end_call(self, how: str, work: UnitOfWork, agent: Agent, press: Press, who: Who) -> None:
        case = await permitted_case(work, _number(press), by=agent.actor, version=_version(press))
        await end_callback(work, case, how, **who)


def _number(press: Press) -> str:
    return str(press.about.get("case", ""))[:40]


def _version(press: Press) -> int:
    """What the card showed; a press that does not say so has seen none."""
    found = press.about.get("version")
    return found if isinstance(found, int) and 0 < found <= VERSION_MAX else 0
