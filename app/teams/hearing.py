"""What was heard in Teams, and by whom it was said; `channels.teams.desk.Hearing`."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from app.reception import Beside, Reception, unavailable_is_said
from app.tables import teams_arrivals, teams_conversations, teams_sendings
from app.teams.card_renewal import customers_card_pressed
from app.teams.meeting import meet, place_in, place_row, whose
from bot.activity import Activity, Kind, Sender
from caseengine.activities import Activities, by_key, said
from caseengine.agents import agent_in_teams
from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from channels.protocol import Accepted, DeskUnavailable
from channels.teams.account import CHANNEL
from channels.teams.desk import StandsBehind
from channels.teams.parts import wire_key
from channels.teams.read import JOINED_KEY
from channels.teams.received import Place, Received, Scope, What
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

TRIES_MAX = 5
"""Somebody else's commit in between means deciding again."""
MEET_AGAIN = timedelta(minutes=5)
"""Far within the half hour a proof holds without a word."""
MET_MAX = 5_000
HAPPENED = {
    What.EDITED: "notice.edited",
    What.DELETED: "notice.deleted",
    What.RESTORED: "notice.restored",
    What.REACTED: "notice.reacted",
    What.UNREACTED: "notice.unreacted",
    What.RATED: "notice.rated",
}
UNREACHABLE = "notice.unreachable"
FILE_LOST, MESSAGE_LOST = "notice.file_lost", "notice.message_lost"
T = TypeVar("T")


class TeamsHearing:
    """
    Args:
        vouches: the token of every activity was checked, so that who speaks is who Teams says; not in the anonymous
            mode of development.
    """

    def __init__(
        self,
        database: Database,
        reception: Reception,
        now: Callable[[], datetime],
        words: Mapping[str, str],
        *,
        vouches: bool,
        heard_typing: Callable[[str, Sender], Awaitable[None]],
    ) -> None:
        self._database = database
        self._reception = reception
        self._now = now
        self._words = words
        self._vouches = vouches
        self._heard_typing = heard_typing
        self._met: OrderedDict[str, tuple[Place, datetime]] = OrderedDict()

    async def hear(
        self, activity: Activity, place: Place, *, raw: bytes, in_turn: bool = False, card: str = ""
    ) -> Accepted:
        """In one commit: where it is, who speaks, what was said."""
        if activity.kind is Kind.JOINED:
            activity = replace(activity, key=await self._joined_key(place))
        at = self._now()
        activity = replace(activity, agent=await self._agent(place))
        pressed = partial(_card_pressed, place, card=card, press=activity.key) if card else None
        beside = partial(self._beside, place, met=self._met_lately(place, at), in_turn=in_turn, pressed=pressed)
        accepted = await _decided(lambda: self._reception.accept(activity, raw=raw, beside=beside))
        if accepted.fresh:
            self._remember(place, at)
        elif activity.kind is Kind.JOINED:
            await self.still_there(place)
        return accepted

    async def _beside(
        self, place: Place, work: UnitOfWork, at: datetime, *, met: bool, in_turn: bool, pressed: Beside | None
    ) -> None:
        waits = sa.select(teams_arrivals.c.id).where(teams_arrivals.c.conversation_id == UUID(place.conversation))
        if not in_turn and await work.scalar(waits.limit(1)) is not None:
            raise StandsBehind
        if not met:
            await meet(place, work, at, vouches=self._vouches)
        if pressed is not None:
            await pressed(work, at)

    @unavailable_is_said
    async def _joined_key(self, place: Place) -> str:
        """Whichever of two activities tells of it, it is one; given to somebody anew, the bot greets them anew."""
        async with self._database.snapshot() as snapshot:
            known = await place_in(snapshot, UUID(place.conversation))
        return f"{JOINED_KEY}:{known.removals}" if known is not None and known.removals else JOINED_KEY

    @unavailable_is_said
    async def still_there(self, place: Place) -> None:
        """They were greeted before; where they are, and that they can be reached, is kept all the same."""

        async def once() -> None:
            async with self._database.unit_of_work() as work:
                await meet(place, work, self._now(), vouches=self._vouches)

        await _decided(once)

    @unavailable_is_said
    async def keep(self, received: Received, *, raw: bytes) -> None:
        """It waits to be made whole; what was made whole before is not kept again."""
        place, at = _where(received), self._now()
        if await self._said_before(place, received.key):
            return
        values = {"conversation_id": UUID(place.conversation), "key": received.key, "raw": raw, "tries": 0}
        insert = insertion(teams_arrivals, **values, next_try_at=at)

        async def once() -> None:
            async with self._database.unit_of_work() as work:
                await meet(place, work, at, vouches=self._vouches)
                work.write(insert, duplicate=AlreadyReceived(CHANNEL, place.conversation, received.key))

        await _unless_known(lambda: _decided(once))

    @unavailable_is_said
    async def happened(self, received: Received) -> None:
        """A notice in the log, and a note on the cases people work on there; about nothing we know, nothing."""
        await _unless_known(lambda: _decided(lambda: self._record(received)))

    @unavailable_is_said
    async def lost(self, received: Received) -> None:
        """Whoever works on a case there is told; the person saw that nothing came of it."""
        words = FILE_LOST if received.what is What.CONSENTED else MESSAGE_LOST
        await _decided(lambda: self._note(UUID(_where(received).conversation), words, received.key))

    @unavailable_is_said
    async def left(self, place: Place) -> None:
        await self.unreachable(place.conversation, "removed")

    @unavailable_is_said
    async def unreachable(self, conversation: str, why: str) -> None:
        """From now on nothing arrives there; whoever works on its cases is told once."""
        self._met.pop(conversation, None)
        await _decided(lambda: self._give_up(UUID(conversation), why))

    async def typing(self, conversation: str, sender: Sender) -> None:
        await self._heard_typing(conversation, sender)

    def _met_lately(self, place: Place, at: datetime) -> bool:
        """The same person in the same place a moment ago: what the database would be asked is known."""
        known, since = self._met.get(place.conversation, (None, at))
        return known == place and timedelta(0) <= at - since < MEET_AGAIN

    def _remember(self, place: Place, at: datetime) -> None:
        if place.scope is not Scope.PERSONAL:
            return  # who spoke last is asked of the database: another process may have heard somebody else
        self._met[place.conversation] = (place, at)
        self._met.move_to_end(place.conversation)
        while len(self._met) > MET_MAX:
            self._met.popitem(last=False)

    @unavailable_is_said
    async def _agent(self, place: Place) -> str:
        """The agent of the desk who speaks in a chat of their own."""
        async with self._database.snapshot() as snapshot:
            found = await agent_in_teams(snapshot, whose(place, vouches=self._vouches))
        return str(found.id) if found is not None else ""

    async def _said_before(self, place: Place, key: str) -> bool:
        async with self._database.snapshot() as snapshot:
            return await by_key(snapshot, UUID(place.conversation), key) is not None

    async def _record(self, received: Received) -> None:
        place, at = _where(received), self._now()
        async with self._database.unit_of_work() as work:
            conversation = await Conversations(work).find(UUID(place.conversation))
            if conversation is None:
                return
            words = self._words[HAPPENED[received.what]].format(text=received.text)
            by = Actor(ActorKind.CUSTOMER, place.person.identity or place.person.id, place.person.name)
            of = await _key_of(work, conversation.id, received.of)
            told = {"text": words, "value": {"what": str(received.what), "of": of, "text": received.text}}
            body = said(told, conversation=conversation.id, channel=CHANNEL, key=received.key, by=by, kind="notice")
            known = AlreadyReceived(CHANNEL, place.conversation, received.key)
            Activities(work).append(
                conversation.id, key=received.key, body=body, at=at, channel=CHANNEL, deliver=False, fresh_only=known
            )
            for case_id in conversation.live_cases:
                (await Cases(work).by_id(case_id)).note(words, key=received.key, by=by, at=at)

    async def _give_up(self, conversation: UUID, why: str) -> None:
        at = self._now()
        async with self._database.unit_of_work() as work:
            row = await place_row(work, conversation)
            if row is None or row.unreachable_at is not None:
                return
            mine = teams_conversations.c.conversation_id == conversation
            place = {**row.place, "removals": row.place.get("removals", 0) + 1}
            values = {"place": place, "unreachable_at": at, "updated_at": at}
            work.write(sa.update(teams_conversations).where(mine).values(**values), rows=1)
            await self._note_in(work, conversation, self._words[UNREACHABLE].format(text=why), at=at)

    async def _note(self, conversation: UUID, words: str, key: str) -> None:
        async with self._database.unit_of_work() as work:
            await self._note_in(work, conversation, self._words[words], key=key, at=self._now())

    async def _note_in(self, work: UnitOfWork, conversation: UUID, words: str, *, at: datetime, key: str = "") -> None:
        found = await Conversations(work).find(conversation)
        for case_id in found.live_cases if found else ():
            (await Cases(work).by_id(case_id)).note(words, key=key, by=SYSTEM, at=at)


async def _card_pressed(place: Place, work: UnitOfWork, at: datetime, *, card: str, press: str) -> None:
    """Which card it was is what the button says: one that never was sent there changes nothing."""
    sent = sa.select(teams_sendings.c.key).where(
        teams_sendings.c.conversation_id == UUID(place.conversation), teams_sendings.c.key == card
    )
    if await work.first(sent) is not None:
        customers_card_pressed(work, place, card=card, press=press, at=at)


async def _key_of(snapshot: Snapshot, conversation: UUID, activity_id: str) -> str:
    """The desk's key of an activity Teams names: one of ours, or else one of theirs; "" for none."""
    ours = sa.select(teams_sendings.c.key).where(
        teams_sendings.c.conversation_id == conversation, teams_sendings.c.activity_id == activity_id
    )
    if not activity_id:
        return ""
    found = await snapshot.scalar(ours)
    return str(found) if found is not None else wire_key(activity_id)


async def _decided(decide: Callable[[], Awaitable[T]]) -> T:
    """Again when somebody else's commit came in between."""
    for _ in range(TRIES_MAX - 1):
        try:
            return await decide()
        except Conflict:
            continue
    try:
        return await decide()
    except Conflict as conflict:
        raise DeskUnavailable from conflict


async def _unless_known(keep: Callable[[], Awaitable[None]]) -> None:
    try:
        await keep()
    except AlreadyReceived:
        return


def _where(received: Received) -> Place:
    if received.place is None:
        raise ValueError("it happened nowhere")
    return received.place
