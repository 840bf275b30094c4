"""What fails at one case holds up none of the others, in any job."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from app.jobs import closing, escalations
from app.jobs.closing import Closing
from app.jobs.escalations import Escalations
from app.jobs.lines import PASSED_OVER_MAX
from app.jobs.one_by_one import REST, REST_MAX, OneByOne
from app.jobs.promises import Promises
from app.jobs.routing import RoutingSweep
from bot.replies.catalogue import load_catalogue
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations import resolve, take
from caseengine.tables import case_events, cases
from storage.engine import Database
from storage.errors import Conflict, StorageUnavailable
from storage.transaction import UnitOfWork
from tests.app.jobs.ruled import RuledOffice, tag, waiting
from tests.caseengine.office import Office, when
from tests.caseengine.routing.desk import a_desk
from tests.caseengine.test_escalation import furnish_ladder, steps
from tests.caseengine.test_operations import SOLVED

MANY = 3
"""Cases that fail, and stand in front of the one that does not: more than a page."""


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def office(database: Database) -> Office:
    desk = Office(database)
    await desk.furnish()
    return desk


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for job in (closing, escalations):
        monkeypatch.setattr(job, "PAGE", 2)


async def queue_of(office: Office) -> tuple[list[Case], Case]:
    """Cases no release can read, and behind them one that is sound."""
    poisoned = [await office.report(at="Mon 09:00") for _ in range(MANY)]
    return poisoned, await office.report(at="Mon 09:01")


async def poison(office: Office, poisoned: list[Case]) -> None:
    async with office.database.unit_of_work() as work:
        work.write(sa.update(cases).where(cases.c.id.in_([one.id for one in poisoned])).values(case_type="poison"))


async def faults_of(run: Callable[[], Awaitable[object]]) -> list[tuple[str, str]]:
    """The job and the case of each line that says a case failed."""
    with capture_logs() as lines:
        await run()
    return sorted((line["job"], line["case_id"]) for line in lines if line["event"] == "case_failed")


async def test_steps_of_clocks_are_taken_behind_cases_that_fail(office: Office, small_pages: None) -> None:
    await furnish_ladder(office)
    poisoned, sound = await queue_of(office)
    await poison(office, poisoned)
    clock = Clock(when("Mon 10:30"))
    job = Escalations(office.database, clock)
    assert await faults_of(job.run) == sorted(("escalations", str(one.id)) for one in poisoned)
    assert await steps(office, sound) == ["warned 0.5"]
    clock.at = when("Mon 10:30") + REST / 2
    assert await faults_of(job.run) == []  # they rest
    clock.at = when("Mon 10:32")
    assert len(await faults_of(job.run)) == MANY  # and are tried again


async def test_cases_close_behind_one_that_fails(office: Office, small_pages: None) -> None:
    poisoned, sound = await queue_of(office)
    for case in (*poisoned, sound):
        await office.do(resolve, case.number, SOLVED, by=office.mo.actor, at=when("Mon 10:00"))
    await poison(office, poisoned)
    job = Closing(office.database, lambda: when("Mon 10:00") + timedelta(days=30))
    assert len(await faults_of(job.run)) == MANY
    assert (await office.case(sound)).status is Status.CLOSED


async def test_promises_are_renewed_behind_one_that_fails(office: Office) -> None:
    poisoned, sound = await queue_of(office)
    await poison(office, poisoned)
    catalogue = load_catalogue("en", zone=ZoneInfo("Europe/London"), company="Larder & Lane")
    job = Promises(office.database, catalogue, lambda: when("Tue 12:00"))
    assert len(await faults_of(job.run)) == MANY
    assert (await office.case(sound)).due_at == when("Tue 17:00")


async def test_work_finds_its_agent_behind_more_that_fail_than_are_passed_over(database: Database) -> None:
    desk = await a_desk(database)
    ann = await desk.hires("Ann")
    poisoned = [await desk.report(at="Mon 09:00") for _ in range(PASSED_OVER_MAX + 2)]
    sound = await desk.report(at="Mon 09:01")
    await poison(desk, poisoned)
    job = RoutingSweep(desk.database, {"notice.agent_joined": "{name}"}, lambda: when("Mon 09:01"))
    assert len(await faults_of(job.run)) == len(poisoned)
    assert await desk.holder(sound) == ann.id


async def test_work_goes_back_though_some_of_it_fails(database: Database) -> None:
    desk = await a_desk(database)
    ann = await desk.hires("Ann")
    poisoned, sound = await queue_of(desk)
    for case in (*poisoned, sound):
        await desk.do(take, case.number, by=ann.actor, at=when("Mon 09:01"))
    await desk.do(desk_lets_go, ann.id)
    await poison(desk, poisoned)
    job = RoutingSweep(desk.database, {"notice.agent_joined": "{name}"}, lambda: when("Mon 09:02"))
    assert len(await faults_of(job.run)) == MANY
    assert await desk.holder(sound) is None


async def desk_lets_go(work: UnitOfWork, agent_id: object) -> None:
    work.write(
        sa.text("DELETE FROM agent_departments WHERE agent_id = :id").bindparams(
            sa.bindparam("id", agent_id, type_=sa.Uuid())
        )
    )


async def test_rules_of_time_wait_on_the_sound_where_others_cannot_be_read(database: Database) -> None:
    office = RuledOffice(database)
    await office.furnish()
    broken, sound = await office.report(), await office.report()
    async with office.database.unit_of_work() as work:
        work.write(sa.update(case_events).where(case_events.c.case_id == broken.id).values(kind="Poison"))
    await office.decides(waiting("quiet", hours=1, since="opened", then=[tag("old")]), at="Mon 09:30")
    assert await faults_of(office.rules_run) == [("rules", str(broken.id))]
    await office.rules_run("Mon 10:31")
    assert await office.fired(sound) == ["quiet"]


async def test_a_case_rests_longer_each_time_and_is_forgotten_once_it_is_done(database: Database) -> None:
    office, clock = Office(database), Clock(when("Mon 09:00"))
    await office.furnish()
    case, many = await office.report(), OneByOne("test", database, clock)

    async def fails(_: UnitOfWork) -> None:
        raise ZeroDivisionError

    async def works(_: UnitOfWork) -> None:
        pass

    rested = []
    for _ in range(9):
        assert not await many.do(case.id, fails)
        before = clock.at
        while many.rests(case.id):
            assert not await many.do(case.id, works)
            clock.at += timedelta(seconds=30)
        rested.append(clock.at - before)
    assert rested == [min(REST * 2**times, REST_MAX) for times in range(9)]
    assert await many.do(case.id, works)
    assert many.failed == 0


async def test_who_is_in_the_way_is_waited_for_and_a_sick_database_is_no_matter_of_a_case(database: Database) -> None:
    office, tried = Office(database), list[int]()
    await office.furnish()
    case, many = await office.report(), OneByOne("test", database, lambda: when("Mon 09:00"))

    async def gives_way(_: UnitOfWork) -> None:
        tried.append(1)
        raise Conflict

    assert not await many.do(case.id, gives_way, tries=3)
    assert (len(tried), many.rests(case.id)) == (3, False)

    async def is_sick(_: UnitOfWork) -> None:
        raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        await many.do(case.id, is_sick)
    assert not many.rests(case.id)
