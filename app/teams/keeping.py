"""What the channel keeps of its own: places, what was sent, what waits; `channels.teams.desk`'s other Protocols."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from app.reception import read_row, unavailable_is_said
from app.tables import teams_arrivals, teams_sendings
from app.teams.meeting import place_in
from bot.activity import Activity
from caseengine.activities import by_key
from channels.teams.account import CHANNEL
from channels.teams.desk import Arrival, Sent
from channels.teams.received import Place
from storage.engine import Database
from storage.errors import AlreadyReceived
from storage.transaction import insertion

Unreachable = Callable[[str, str], Awaitable[None]]


class TeamsPlaces:
    """`channels.teams.desk.Places`."""

    def __init__(self, database: Database, unreachable: Unreachable) -> None:
        self._database = database
        self._unreachable = unreachable

    @unavailable_is_said
    async def of(self, conversation: str) -> Place | None:
        async with self._database.snapshot() as snapshot:
            return await place_in(snapshot, UUID(conversation))

    async def unreachable(self, conversation: str, why: str) -> None:
        await self._unreachable(conversation, why)


class TeamsSendings:
    """`channels.teams.desk.Sendings`."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    @unavailable_is_said
    async def begin(self, conversation: str, key: str) -> Sent | None:
        insert = insertion(teams_sendings, conversation_id=UUID(conversation), key=key, at=self._now())
        try:
            async with self._database.unit_of_work() as work:
                work.write(insert, duplicate=AlreadyReceived(CHANNEL, conversation, key))
        except AlreadyReceived:
            return await self.of(conversation, key)
        return None

    @unavailable_is_said
    async def done(self, conversation: str, key: str, activity_id: str) -> None:
        values = {"activity_id": activity_id, "at": self._now()}
        async with self._database.unit_of_work() as work:
            work.write(sa.update(teams_sendings).where(*_sending(conversation, key)).values(**values))

    @unavailable_is_said
    async def undo(self, conversation: str, key: str) -> None:
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(teams_sendings).where(*_sending(conversation, key)))

    @unavailable_is_said
    async def of(self, conversation: str, key: str) -> Sent | None:
        async with self._database.snapshot() as snapshot:
            row = await snapshot.first(sa.select(teams_sendings.c.activity_id).where(*_sending(conversation, key)))
        return Sent(row.activity_id) if row is not None else None


class TeamsArrivals:
    """`channels.teams.desk.Arrivals`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unavailable_is_said
    async def conversations(self, at: datetime) -> Sequence[str]:
        async with self._database.snapshot() as snapshot:
            rows = await snapshot.rows(
                sa.select(teams_arrivals.c.conversation_id).where(teams_arrivals.c.next_try_at <= at).distinct()
            )
        return [str(row.conversation_id) for row in rows]

    @unavailable_is_said
    async def next(self, conversation: str) -> Arrival | None:
        mine = teams_arrivals.c.conversation_id == UUID(conversation)
        async with self._database.snapshot() as snapshot:
            row = await snapshot.first(sa.select(teams_arrivals).where(mine).order_by(teams_arrivals.c.id).limit(1))
        return Arrival(conversation, row.key, row.raw, row.tries, row.next_try_at) if row is not None else None

    @unavailable_is_said
    async def again(self, arrival: Arrival, *, at: datetime) -> None:
        values = {"tries": arrival.tries + 1, "next_try_at": at}
        async with self._database.unit_of_work() as work:
            work.write(sa.update(teams_arrivals).where(*_arrival(arrival)).values(**values))

    @unavailable_is_said
    async def done(self, arrival: Arrival) -> None:
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(teams_arrivals).where(*_arrival(arrival)))


class TeamsSayings:
    """`channels.teams.desk.Sayings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @unavailable_is_said
    async def by_key(self, conversation: str, key: str) -> Activity | None:
        async with self._database.snapshot() as snapshot:
            row = await by_key(snapshot, UUID(conversation), key)
        return read_row(row) if row is not None else None


def _sending(conversation: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (teams_sendings.c.conversation_id == UUID(conversation), teams_sendings.c.key == key)


def _arrival(arrival: Arrival) -> tuple[sa.ColumnElement[bool], ...]:
    mine = teams_arrivals.c.conversation_id == UUID(arrival.conversation)
    return (mine, teams_arrivals.c.key == arrival.key)
