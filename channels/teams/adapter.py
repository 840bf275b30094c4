"""The desk's side of the channel: what is said goes to Teams once, in order, and as fast as Teams takes it."""

from asyncio import CancelledError
from contextlib import suppress
from dataclasses import dataclass

from bot.activity import Activity, Kind
from channels.protocol import DeliveryFailed, DeskUnavailable, Receipt
from channels.teams import render
from channels.teams.account import CHANNEL
from channels.teams.connector import Connector, Unreachable
from channels.teams.desk import Places, Sendings
from channels.teams.received import Place


class NothingSent(DeliveryFailed):
    """Nothing is known to have been said under this key: nothing stands there that could be changed."""


class TeamsAdapter:
    """Speaks unasked, by the reference that was kept when somebody last wrote."""

    name = CHANNEL

    def __init__(self, connector: Connector, places: Places, sendings: Sendings) -> None:
        self._connector = connector
        self._places = places
        self._sendings = sendings

    async def send(self, activity: Activity, *, key: str) -> Receipt:
        """Deliver. That it begins is on the disk right before it leaves: after a crash then, nobody sends it again.

        Raises:
            DeliveryFailed: as the connector's; final where Teams never told of the conversation.
        """
        try:
            place = await self._place(activity.conversation)
            if activity.kind is Kind.TYPING:
                await self._connector.post(place, render.typing(place))
                return Receipt(self.name, {"key": key})
            before = await self._sendings.of(activity.conversation, key)
        except DeskUnavailable as error:
            raise DeliveryFailed("the desk cannot say what was sent", retry=True) from error
        if before is not None and not before.activity_id:
            raise _begun_before()
        if before is not None:
            return Receipt(self.name, {"key": key, "id": before.activity_id, "again": True})
        return await self._first(activity, place, key)

    async def edit(self, activity: Activity, *, of: str) -> Receipt:
        """What was said under the key `of` becomes this, in its place.

        Raises:
            NothingSent: nothing is known to have been said under that key.
            DeliveryFailed: as the connector's; never ambiguous: once more is the same.
        """
        try:
            place = await self._place(activity.conversation)
            sent = await self._sendings.of(activity.conversation, of)
        except DeskUnavailable as error:
            raise DeliveryFailed("the desk cannot say what was sent", retry=True) from error
        if sent is None or not sent.activity_id:
            raise NothingSent("nothing was sent under this key")
        activity_id = await self._connector.put(place, sent.activity_id, render.message(activity, place))
        with suppress(DeskUnavailable):  # it was changed all the same
            await self._sendings.done(activity.conversation, of, sent.activity_id)
        return Receipt(self.name, {"key": of, "id": activity_id})

    async def _place(self, conversation: str) -> Place:
        place = await self._places.of(conversation)
        if place is None:
            raise DeliveryFailed("Teams never told where this conversation is", reason="unreachable")
        return place

    async def _first(self, activity: Activity, place: Place, key: str) -> Receipt:
        sending = _Sending(self._sendings, activity.conversation, key)
        try:
            activity_id = await self._connector.post(place, render.message(activity, place), leaving=sending.begin)
        except DeliveryFailed as failed:
            # Should the desk be unable to note this, the next try finds it begun, and asks a person.
            with suppress(DeskUnavailable):
                await self._not_sent(sending, failed)
            raise
        except CancelledError:  # between two tries
            with suppress(DeskUnavailable):
                await sending.undo()
            raise
        with suppress(DeskUnavailable):  # it was sent all the same
            await self._sendings.done(activity.conversation, key, activity_id or key)
        return Receipt(self.name, {"key": key, "id": activity_id, "seq": activity.seq})

    async def _not_sent(self, sending: "_Sending", failed: DeliveryFailed) -> None:
        if not failed.ambiguous:
            await sending.undo()
        if isinstance(failed, Unreachable):
            await self._places.unreachable(sending.conversation, str(failed))


@dataclass(slots=True)
class _Sending:
    """One message on its way; only what this one began is taken back."""

    sendings: Sendings
    conversation: str
    key: str
    begun: bool = False

    async def begin(self) -> None:
        try:
            before = await self.sendings.begin(self.conversation, self.key)
        except DeskUnavailable as error:
            raise DeliveryFailed("the desk cannot say that it begins", retry=True) from error
        if before is not None:
            raise _begun_before()
        self.begun = True

    async def undo(self) -> None:
        if self.begun:
            await self.sendings.undo(self.conversation, self.key)


def _begun_before() -> DeliveryFailed:
    return DeliveryFailed("it began to leave before, and nobody knows whether it arrived", ambiguous=True)
