"""Loading the demo company: the same desk each time, and nothing twice."""

import shutil
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from app.demo.files import demo_id
from app.demo.load import DEMO_PASSWORD, load_demo
from caseengine.agents import all_agents
from caseengine.calendars import desk_calendar
from caseengine.cases import Cases, history
from caseengine.departments import all_departments
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.calendar import is_open
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations import Opening, open_case
from caseengine.reading.cases import counts
from caseengine.tables import case_events, cases
from customers.accounts import Accounts
from customers.contacts import Contacts
from knowledge.tables import articles, resolutions
from storage.engine import Database
from storage.tables import metadata
from tests.conftest import create_schema, empty_sqlite

WEDNESDAY = datetime(2026, 3, 4, 10, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 5, 24, 2, 30, tzinfo=UTC)
NOT_COMPARED = {"alembic_version"}


def plain(password: str) -> str:
    return f"hash of {password}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the desk as loaded on that Wednesday is kept for the tests that only look at it."""
    return tmp_path_factory.mktemp("demo") / "desk.db"


@pytest.fixture
async def desk(template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """The demo company as loaded on that Wednesday, in a database of the test's own."""
    if not template.exists():  # noqa: ASYNC240 (a test may wait for its disk)
        await load_into(template)
    opened = Database(f"sqlite+aiosqlite:///{shutil.copy(template, tmp_path / 'demo.db')}")
    yield opened
    await opened.close()


async def load_into(path: Path) -> None:
    database = Database(empty_sqlite(path))
    try:
        await load_demo(database, at=WEDNESDAY, hash_password=plain)
    finally:
        await database.close()


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, as text, without the numbers that only count rows."""
    found = {}
    async with database.snapshot() as snapshot:
        for table in metadata.sorted_tables:
            if table.name not in NOT_COMPARED:
                rows = await snapshot.rows(sa.select(table))
                found[table.name] = sorted(tuple(map(str, row)) for row in rows)
    return found


async def test_one_loading_brings_the_whole_company(database: Database) -> None:
    summary = await load_demo(database, at=WEDNESDAY, hash_password=plain)

    assert (summary.accounts, summary.departments, summary.agents) == (18, 6, 8)
    assert (summary.contacts, summary.products, summary.cases, summary.resolutions) == (21, 14, 40, 34)
    assert len(summary.articles.added) >= 60
    assert not summary.articles.skipped
    async with database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.select(sa.func.count()).select_from(articles)) == len(summary.articles.added)
        assert await snapshot.scalar(sa.select(sa.func.count()).select_from(resolutions)) == 34
        assert len(await all_departments(snapshot)) == 6


async def test_a_second_loading_changes_nothing(desk: Database) -> None:
    before = await everything(desk)

    again = await load_demo(desk, at=WEDNESDAY + timedelta(days=9), hash_password=pytest.fail)

    assert not again.changed
    assert await everything(desk) == before


async def test_it_loads_into_any_database(empty_url: str) -> None:
    database = Database(empty_url)
    try:
        await database.run(create_schema)
        assert (await load_demo(database, at=WEDNESDAY, hash_password=plain)).cases == 40
        assert not (await load_demo(database, at=WEDNESDAY, hash_password=plain)).changed
    finally:
        await database.close()


async def test_two_installations_are_the_same_desk(desk: Database, database: Database) -> None:
    await load_demo(database, at=WEDNESDAY, hash_password=plain)
    assert await everything(database) == await everything(desk)


@pytest.mark.parametrize("at", [WEDNESDAY, SUNDAY_NIGHT], ids=["in office hours", "on a Sunday night"])
async def test_nothing_of_the_past_is_in_the_future_and_nothing_is_overdue(database: Database, at: datetime) -> None:
    await load_demo(database, at=at, hash_password=plain)
    async with database.snapshot() as snapshot:
        for event in await snapshot.rows(sa.select(case_events.c.at)):
            assert event.at <= at
        for case in await snapshot.rows(sa.select(cases.c.due_at).where(cases.c.due_at.is_not(None))):
            assert case.due_at > at


async def test_agents_act_while_the_desk_is_open(database: Database) -> None:
    await load_demo(database, at=SUNDAY_NIGHT, hash_password=plain)
    async with database.snapshot() as snapshot:
        calendar = await desk_calendar(snapshot)
        for event in await snapshot.rows(sa.select(case_events).where(case_events.c.actor_kind == "agent")):
            assert is_open(event.at - timedelta(seconds=1), calendar), event


async def test_the_cases_are_in_every_state_and_equal_their_history(desk: Database) -> None:
    async with desk.unit_of_work() as work:
        for row in await work.rows(sa.select(cases.c.id).order_by(cases.c.number)):
            case = await Cases(work).by_id(row.id)
            folded = Case.fold(await history(work, case.id))
            assert (folded.status, folded.agent_id, folded.due_at, folded.resolution, folded.version) == (
                case.status, case.agent_id, case.due_at, case.resolution, case.version,
            )  # fmt: skip
        statuses = {row.status for row in await work.rows(sa.select(cases.c.status).distinct())}
        assert await counts(work)
    assert statuses == {str(status) for status in Status if status is not Status.MERGED}


async def test_the_next_case_goes_on_where_the_demo_ends(desk: Database) -> None:
    ana = Actor(ActorKind.CUSTOMER, str(demo_id("contact", "ana")), "Ana Sobral")
    async with desk.unit_of_work() as work:
        opening = Opening(subject="The till hangs", description="It hangs", department="tills")
        case = await open_case(work, opening, by=ana, at=WEDNESDAY)
    async with desk.snapshot() as snapshot:
        numbers = [row.number for row in await snapshot.rows(sa.select(cases.c.number).order_by(cases.c.number))]
    assert [number[:9] for number in numbers] == [f"CAS-{sequence:05}" for sequence in range(1, 42)]
    assert case.number == numbers[-1]


async def test_a_group_s_manager_reaches_its_four_stores(desk: Database) -> None:
    async with desk.snapshot() as snapshot:
        group = await Accounts(snapshot).by_number("LL-2000")
        assert len(await Accounts(snapshot).below(group.id)) == 4
        path = await Accounts(snapshot).path(demo_id("account", "LL-2101"))
        assert [account.name for account in path] == ["Larder & Lane", "Harvest Corner", "Harvest Corner Ashby"]
        [desmond] = await Contacts(snapshot).by_identity("email", "desmond@harvest-corner.example")
        assert [account_id for account_id, _ in desmond.roles] == [group.id]
        assert len(await Contacts(snapshot).by_identity("email", "shop-otley@pantry-pine.example")) == 2


async def test_agents_sign_in_with_the_demo_password(database: Database) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=1024)
    hash_password: Callable[[str], str] = hasher.hash
    await load_demo(database, at=WEDNESDAY, hash_password=hash_password)
    async with database.snapshot() as snapshot:
        agents = await all_agents(snapshot)
    assert len({agent.password_hash for agent in agents}) == 8
    assert all(hasher.verify(agent.password_hash, DEMO_PASSWORD) for agent in agents)


async def test_the_desk_rests_on_holidays_and_its_own_day(desk: Database) -> None:
    async with desk.snapshot() as snapshot:
        calendar = await desk_calendar(snapshot)
    for month, day in ((3, 4), (3, 7)):
        assert is_open(datetime(2026, month, day, 10, tzinfo=calendar.zone), calendar)
    for month, day in ((12, 25), (4, 3), (5, 12), (3, 8)):
        assert not is_open(datetime(2026, month, day, 10, tzinfo=calendar.zone), calendar)
