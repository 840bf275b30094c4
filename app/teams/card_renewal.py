"""A card that was pressed shows the same to everybody: what the invoke answers, its presser alone sees at once.

It is changed in its place by the outbox: that it has to be is one commit with what was done, and a PUT may be repeated.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.http.problems import detail_of
from app.reception import read_row
from app.teams.card_face import DONE, CardFaces
from bot.activity import Activity, Card, Kind, Role, Sender
from caseengine.activities import by_key
from caseengine.agents import agents_where
from caseengine.model.errors import CaseError
from caseengine.policies.agent_cards import CHANGED, Does, Why
from caseengine.reading.agent_card import agent_card
from caseengine.tables import agents
from channels.protocol import DeliveryFailed, Receipt
from channels.teams.account import CHANNEL
from channels.teams.adapter import NothingSent, TeamsAdapter
from channels.teams.cards import pressed_card
from channels.teams.received import Place, Press, Scope
from storage.engine import Database
from storage.outbox import Outbox, OutboxRow
from storage.transaction import UnitOfWork

PRESSED = "teams_card_pressed"
"""The outbox's topic of customers' cards that were pressed."""


def agents_card_changed(work: UnitOfWork, agent_id: UUID, press: Press, does: Does, *, at: datetime) -> None:
    """What an agent did from a card is carried out: the card is to show it."""
    payload = {"agent": str(agent_id), "number": str(press.about.get("case", "")), "does": str(does)}
    _change(work, CHANGED, press.place, press.card, payload | {"why": str(why_of(press.about) or "")}, at=at)


def customers_card_pressed(work: UnitOfWork, place: Place, *, card: str, press: str, at: datetime) -> None:
    """A button of a customer's card is heard: nobody is to press it twice.

    Args:
        card, press: keys of the activity that shows it, and of what the press said.
    """
    payload = {"press": press, "shared": place.scope is not Scope.PERSONAL}
    _change(work, PRESSED, place, card, payload, at=at)


def why_of(about: Mapping[str, Any]) -> Why | None:
    """Why there is a card, as its button says."""
    why = str(about.get("why", ""))
    return Why(why) if why in set(Why) else None


class CardRenewal:
    """Changes cards that stand in Teams."""

    def __init__(
        self, database: Database, adapter: TeamsAdapter, faces: CardFaces, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._adapter = adapter
        self._faces = faces
        self._now = now

    async def agents_card(self, row: OutboxRow) -> Receipt:
        """The topic `CHANGED`: the case as it is now, as far as its agent still may see it.

        Raises:
            DeliveryFailed: as the adapter's.
        """
        card = await self._face(row)
        return await self._put(_shows(row, card)) if card is not None else _skipped()

    async def customers_card(self, row: OutboxRow) -> Receipt:
        """The topic `PRESSED`: what was pressed, nothing left to press, and where others read along not what was typed.

        Raises:
            DeliveryFailed: as the adapter's.
        """
        conversation = UUID(row.payload["conversation"])
        async with self._database.snapshot() as snapshot:
            asked = await by_key(snapshot, conversation, row.payload["card"])
            press = await by_key(snapshot, conversation, row.payload["press"])
        if asked is None or press is None:
            return _skipped()
        shown, said = read_row(asked), read_row(press)
        if shown.card is None:
            return _skipped()
        card = shown.card if not row.payload["shared"] else replace(shown.card, inputs=())
        return await self._put(replace(shown, card=pressed_card(card, said.value, said.text), choices=()))

    async def _face(self, row: OutboxRow) -> Card | None:
        payload = row.payload
        why, does = why_of(payload), Does(payload["does"])
        async with self._database.snapshot() as snapshot:
            found = await agents_where(snapshot, agents.c.id == UUID(payload["agent"]))
            if not found or found[0].is_locked:
                return None
            try:
                shown = await agent_card(snapshot, found[0], str(payload["number"]), why)
            except CaseError as unseen:
                return self._faces.bare(detail_of(unseen))
        return self._faces.face(shown, why, told=self._faces.words[DONE[does]], at=self._now())

    async def _put(self, activity: Activity) -> Receipt:
        try:
            return await self._adapter.edit(activity, of=activity.key)
        except NothingSent:
            return _skipped()
        except DeliveryFailed as failed:
            # It was taken back, or the person took the bot away: there is nothing to change any more.
            if failed.retry:
                raise
            return Receipt(CHANNEL, {"skipped": str(failed)})


def _shows(row: OutboxRow, card: Card) -> Activity:
    conversation, key = row.payload["conversation"], row.payload["card"]
    return Activity(
        kind=Kind.MESSAGE, channel=CHANNEL, conversation=conversation, sender=Sender(Role.BOT), key=key, card=card
    )


def _skipped() -> Receipt:
    return Receipt(CHANNEL, {"skipped": True})


def _change(work: UnitOfWork, topic: str, place: Place, card: str, told: Mapping[str, Any], *, at: datetime) -> None:
    payload = {"conversation": place.conversation, "card": card, **told}
    Outbox(work).deliver(topic, f"card:{place.conversation}", payload, at=at)
