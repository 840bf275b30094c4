"""What nobody needs any more goes, and nothing else."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app.jobs.forgetting import NOTICES_KEPT, Forgetting
from caseengine.cases import Cases
from caseengine.model.notice import AgentNotice
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.notices import notices_of, read_notice, tell_department
from caseengine.old_assignments import dropped_assignments
from caseengine.operations.ending import resolve
from caseengine.reading.assignments import replay
from caseengine.tables import notice_readings
from storage.engine import Database
from tests.caseengine.office import Office, when
from tests.caseengine.routing.desk import a_desk

MONDAY = when("Mon 09:00")


async def forgets(office: Office, at: datetime, *, decisions: timedelta = timedelta(days=365)) -> None:
    await Forgetting(office.database, b"secret", lambda: at, decisions=decisions).run()


async def test_notices_go_by_their_age_read_or_not(any_database: Database) -> None:
    office = Office(any_database)
    await office.furnish()
    case = await office.report()
    for days in (0, 1):
        async with office.database.unit_of_work() as work:
            at = MONDAY + timedelta(days=days)
            tell_department(work, await Cases(work).by_id(case.id), AgentNotice.TARGET_WARNED, {}, at=at)
    for notice in await office.see(notices_of, office.li):
        await office.do(read_notice, notice.id, office.li, at=when("Tue 10:00"))

    await forgets(office, MONDAY + NOTICES_KEPT)
    assert len(await office.see(notices_of, office.li)) == 2
    await forgets(office, MONDAY + NOTICES_KEPT + timedelta(hours=1))
    assert [one.at for one in await office.see(notices_of, office.li)] == [when("Tue 09:00")]
    async with office.database.snapshot() as snapshot:
        assert len(await snapshot.rows(sa.select(notice_readings))) == 1


async def test_decisions_go_once_their_case_has_ended_and_a_replay_counts_them(any_database: Database) -> None:
    desk = await a_desk(any_database)
    ann = await desk.hires("Ann")
    ended, live, later = [await desk.report() for _ in range(3)]
    for case in (ended, live):
        await desk.routes(case, "Mon 09:01")
    await desk.is_there(ann, "Tue 09:01")
    await desk.routes(later, "Tue 09:01")
    for case in (ended, later):
        done = Resolution(ResolutionCode.SOLVED, "Done")
        await desk.do(resolve, case.number, done, by=ann.actor, at=when("Tue 10:00"))

    async def there() -> list[int]:
        return [len(await desk.records(case)) for case in (ended, live, later)]

    assert await there() == [1, 1, 1]
    await forgets(desk, when("Tue 09:00") + timedelta(days=30), decisions=timedelta(days=30))
    assert await there() == [0, 1, 1], "of those that were decided a month ago the live case's stays"
    assert await missing(desk) == 1
    assert await missing(desk, since=when("Tue 09:00")) == 0
    assert await missing(desk, until=when("Mon 09:00")) == 0
    async with desk.database.snapshot() as snapshot:
        assert [one.difference async for one in replay(snapshot)] == ["", ""]
    assert "CaseAssigned by system" in await desk.told(ended)


async def missing(desk: Office, since: datetime | None = None, until: datetime | None = None) -> int:
    return await desk.see(dropped_assignments, since=since, until=until)
