"""Days that are over are packed in the background, newest first, and those that were touched before all others."""

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.jobs import packing
from app.jobs.packing import Packing
from caseengine.model.happening import EVERYTHING, Happening
from caseengine.packing.touching import SETTLES_AFTER
from caseengine.tables import packed_days, touched_days
from storage.engine import Database
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when

NOON = when("Fri 12:00")


class Watched(Packing):
    """Remembers the days in the order in which they were packed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, lambda: self.at)
        self.at: datetime = NOON
        self.days: list[str] = []

    async def _pack(self, day: str, happenings: Happening) -> bool:
        self.days.append(day)
        return await super()._pack(day, happenings)

    async def later(self, by: timedelta = SETTLES_AFTER) -> list[str]:
        self.at, self.days = self.at + by, []
        await self.run()
        return self.days


@pytest.fixture
async def desk(any_database: Database) -> Office:
    furnished = Office(any_database)
    await furnished.furnish()
    await furnished.report(at="Mon 09:00")
    return furnished


async def versions(office: Office) -> dict[tuple[str, int], int]:
    found = await office.see(lambda snapshot: snapshot.rows(sa.select(packed_days)))
    return {(row.day, row.happening): row.version for row in found}


async def touch(work: UnitOfWork, day: str, happenings: Happening) -> None:
    work.write(sa.insert(touched_days).values(day=day, happenings=int(happenings)))


async def test_every_day_since_the_first_case_is_packed_once(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "DAYS_AT_ONCE", 3)
    job = Watched(desk.database)
    assert await job.later() == []  # it is announced first
    assert await job.later() == ["2026-03-05", "2026-03-04", "2026-03-03", "2026-03-02"]
    assert len(await versions(desk)) == 4 * len(Happening)
    assert await job.later() == []
    assert await Watched(desk.database).later() == []  # nor by a worker that has just started
    assert set((await versions(desk)).values()) == {1}


async def test_a_touched_day_is_packed_anew_and_no_more_of_it_than_was_touched(desk: Office) -> None:
    job = Watched(desk.database)
    await job.later()
    await job.later()
    await desk.do(touch, "2026-03-03", Happening.BREACHED)
    await desk.do(touch, "2026-03-03", Happening.ENDED)
    assert await job.later() == ["2026-03-03"]
    again = {key for key, version in (await versions(desk)).items() if version == 2}
    assert again == {("2026-03-03", int(kind)) for kind in (Happening.BREACHED, Happening.ENDED)}


async def test_the_next_day_is_packed_when_it_is_over(desk: Office) -> None:
    job = Watched(desk.database)
    await job.later()
    await job.later()
    assert await job.later(timedelta(hours=12)) == []
    assert await job.later() == ["2026-03-06"]


async def test_two_workers_at_once_pack_each_day_once(desk: Office) -> None:
    workers = [Watched(desk.database), Watched(desk.database)]
    for _ in range(3):
        await asyncio.gather(*(worker.later() for worker in workers))
    assert len(await versions(desk)) == 4 * len(Happening)
    assert set((await versions(desk)).values()) == {1}


async def test_a_desk_without_a_past_has_nothing_to_pack(any_database: Database) -> None:
    job = Watched(any_database)
    await job.later()
    assert await job.later() == []


def test_every_kind_has_a_bit_of_its_own() -> None:
    assert sum(Happening) == EVERYTHING == 2 ** len(Happening) - 1
