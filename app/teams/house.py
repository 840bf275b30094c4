"""Teams put together. Microsoft's library is imported here, where Teams is set up, and nowhere before."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.jobs.delivery import Send
from app.reception import FileCabinet, Reception
from app.teams.acting import TeamsActing
from app.teams.agent_cards import AgentCards
from app.teams.card_face import CardFaces
from app.teams.card_renewal import PRESSED, CardRenewal
from app.teams.hearing import TeamsHearing
from app.teams.keeping import TeamsArrivals, TeamsPlaces, TeamsSayings, TeamsSendings
from app.teams.typing import TeamsTyping
from bot.activity import Sender
from bot.replies.catalogue import Catalogue
from caseengine.policies.agent_cards import CHANGED, TOPIC
from channels.teams.account import TeamsAccount
from channels.teams.adapter import TeamsAdapter
from channels.teams.arrivals import ArrivalRounds
from channels.teams.bearer import Bearer
from channels.teams.connector import Connector
from channels.teams.fetch import FetchLimits
from channels.teams.http import TeamsHttp
from channels.teams.intake import Intake
from channels.teams.keys import SigningKeys
from channels.teams.pace import PER_CONVERSATION, PER_TENANT, Pace
from channels.teams.sdk import TeamsPipeline
from channels.teams.verifying import Verifier
from storage.engine import Database


@dataclass(slots=True)
class TeamsHouse:
    """Teams at a running desk."""

    account: TeamsAccount
    http: TeamsHttp
    keys: SigningKeys
    intake: Intake
    adapter: TeamsAdapter
    connector: Connector
    rounds: ArrivalRounds
    typing: TeamsTyping
    cards: AgentCards | None
    renewal: CardRenewal
    _tasks: list[asyncio.Task[object]] = field(default_factory=list)

    @property
    def sends(self) -> Mapping[str, Send]:
        """What the outbox delivers of Teams' own, by topic."""
        cards = {TOPIC: self.cards.send} if self.cards is not None else {}
        return {**cards, CHANGED: self.renewal.agents_card, PRESSED: self.renewal.customers_card}

    def start(self) -> None:
        """The keys are fetched before the first request needs them, and what was left is taken up."""
        if not self.account.anonymous:
            self._tasks.append(asyncio.create_task(self.keys.prepare()))
        self._tasks.append(asyncio.create_task(self.rounds.run()))

    async def close(self) -> None:
        """Let go of everything; what waits is taken up after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.typing.close()
        await self.rounds.close()
        await self.keys.close()
        await self.http.close()


def build_teams(
    account: TeamsAccount,
    *,
    database: Database,
    reception: Reception,
    now: Callable[[], datetime],
    catalogue: Catalogue,
    origin: str,
    heard_typing: Callable[[str, Sender], Awaitable[None]],
    fetch: FetchLimits | None = None,
) -> TeamsHouse:
    """At rest: nothing runs and nothing is connected yet.

    Args:
        origin: scheme and host of the desk's own pages.
    """
    http = TeamsHttp()
    keys = SigningKeys(account.openid_url, http.get_json)
    bearer = Bearer(account, http)
    connector = Connector(account, http, bearer, per_conversation=Pace(PER_CONVERSATION), per_tenant=Pace(PER_TENANT))
    hearing = TeamsHearing(
        database, reception, now, catalogue.words, vouches=not account.anonymous, heard_typing=heard_typing
    )
    places, sendings = TeamsPlaces(database, hearing.unreachable), TeamsSendings(database, now)
    rounds = ArrivalRounds(
        account,
        arrivals=TeamsArrivals(database),
        hearing=hearing,
        files=FileCabinet(database, now),
        sendings=sendings,
        connector=connector,
        bearer=bearer,
        clock=now,
        limits=fetch,
    )
    verifier = Verifier(account, keys, now)
    faces = CardFaces(catalogue, origin)
    intake = Intake(
        account,
        verifier=verifier,
        pipeline=TeamsPipeline(verifier, connector, account.scope),
        hearing=hearing,
        sayings=TeamsSayings(database),
        acting=TeamsActing(database, faces, catalogue.words, now, vouches=not account.anonymous),
        rounds=rounds,
        clock=now,
    )
    adapter = TeamsAdapter(connector, places, sendings)
    typing = TeamsTyping(adapter, places)
    cards = None if account.anonymous else AgentCards(database, adapter, faces, now)
    renewal = CardRenewal(database, adapter, faces, now)
    return TeamsHouse(account, http, keys, intake, adapter, connector, rounds, typing, cards, renewal)
