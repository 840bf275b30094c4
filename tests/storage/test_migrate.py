"""The migrations make the schema the code describes, also after a death in the middle."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from app.schema import whole_schema
from storage.engine import Database
from storage.errors import SchemaTooNew
from storage.migrate import alembic_config, migrate, pending
from storage.tables import Instant, Json

OPTIONS = {"compare_type": True, "compare_server_default": True}


def differences(connection: sa.Connection) -> list[object]:
    with connection.begin():
        found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), whole_schema())
        return found


def constraints(connection: sa.Connection) -> dict[str, set[tuple[str, str]]]:
    """Name and text of every check, by table: what `compare_metadata` does not look at."""
    with connection.begin():
        inspector = sa.inspect(connection)
        return {
            table: {(str(check["name"]), re.sub(r"\s+", " ", check["sqltext"])) for check in checks}
            for (_, table), checks in inspector.get_multi_check_constraints().items()
            if table is not None and table != "alembic_version"
        }


@pytest.fixture
async def migrated(empty_url: str) -> AsyncIterator[Database]:
    opened = Database(empty_url)
    try:
        await migrate(opened)
        yield opened
    finally:
        await opened.close()


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
async def test_the_migrated_schema_is_the_one_the_code_describes(migrated: Database) -> None:
    assert await migrated.run(differences) == [], "write the missing migration: make migration m='what changes'"


async def test_every_check_of_the_code_is_in_the_migrations(migrated: Database, database: Database) -> None:
    if migrated.url.startswith("sqlite"):
        assert await migrated.run(constraints) == await database.run(constraints)


async def test_migrating_twice_does_nothing_the_second_time(empty_url: str) -> None:
    opened = Database(empty_url)
    try:
        missing = await pending(opened)
        assert missing
        assert missing[0] == "0001"
        assert await migrate(opened) == missing
        assert await pending(opened) == []
        assert await migrate(opened) == []
    finally:
        await opened.close()


async def test_two_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(3)]
    try:
        done = await asyncio.gather(*(migrate(database) for database in databases))
    finally:
        await asyncio.gather(*(database.close() for database in databases))

    assert sorted(map(bool, done)) == [False, False, True]


async def test_foreign_keys_are_minded_again_after_a_migration(migrated: Database) -> None:
    if migrated.url.startswith("sqlite"):
        assert await migrated.run(lambda c: c.exec_driver_sql("PRAGMA foreign_keys").scalar()) == 1


async def test_a_database_of_a_later_release_is_left_alone(migrated: Database) -> None:
    def from_the_future(connection: sa.Connection) -> None:
        with connection.begin():
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    await migrated.run(from_the_future)

    with pytest.raises(SchemaTooNew, match="9999"):
        await migrate(migrated)


DIE_AT_STATEMENT = """
import asyncio, os, signal, sys
import sqlalchemy as sa
from app.schema import whole_schema
from storage.engine import Database
from storage.migrate import migrate

async def main(url):
    database = Database(url)
    await migrate(database)
    await database.close()

url, seen = sys.argv[1], 0
def count(*_):
    global seen
    seen += 1
    if seen == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

for kill_at in range(1, 10_000):
    child = os.fork()
    if child == 0:
        sa.event.listen(sa.Engine, "before_cursor_execute", count)
        asyncio.run(main(url.format(kill_at)))
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(kill_at - 1)
        break
    asyncio.run(main(url.format(kill_at)))
"""


@pytest.mark.slow
@pytest.mark.bar
async def test_R17_killed_at_any_statement_of_a_migration_the_next_start_finishes_it(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/desk{{}}.db"
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", DIE_AT_STATEMENT, url], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    kills = int(ran.stdout)

    assert kills > 50
    for kill_at in range(1, kills + 1):
        opened = Database(url.format(kill_at))
        assert await opened.run(differences) == []
        await opened.close()


async def case_of_0002_now(url: str, *changed: Callable[[sa.Connection], None]) -> Any:
    """Its row, brought up to date; `changed` is what was otherwise before."""
    opened = Database(url)
    try:
        await opened.run(lambda connection: upgrade_to(connection, "0002"))
        for change in (insert_a_case_of_0002, *changed):
            await opened.run(change)
        await migrate(opened)
        async with opened.snapshot() as snapshot:
            return await snapshot.first(
                sa.text("SELECT status, resolved_at, closed_at, reopened, policy, acted_at FROM cases")
            )
    finally:
        await opened.close()


def minute(at: Any) -> str:
    """Of an instant, or of how SQLite keeps one."""
    return str(at)[:16].replace("T", " ")


async def test_cases_from_before_0003_know_when_they_ended(empty_url: str) -> None:
    row = await case_of_0002_now(empty_url)
    assert (row.status, row.reopened, row.policy) == ("closed", 1, None)
    assert [minute(at) for at in (row.resolved_at, row.closed_at)] == ["2026-03-02 11:00", "2026-03-02 12:00"]


async def test_what_agents_had_read_before_0014_stays_read(empty_url: str) -> None:
    opened = Database(empty_url)
    try:
        await opened.run(lambda connection: upgrade_to(connection, "0013"))
        read = await opened.run(insert_notices_of_0013)
        await migrate(opened)
        async with opened.snapshot() as snapshot:
            readings = await snapshot.rows(sa.text("SELECT notice_id, agent_id FROM notice_readings"))
            kept = await snapshot.rows(sa.text("SELECT kind, department FROM agent_notices ORDER BY kind"))
    finally:
        await opened.close()

    assert [tuple(row) for row in kept] == [("target_breached", None), ("target_warned", None)]
    assert [UUID(str(row.notice_id)) for row in readings] == [read]


def insert_notices_of_0013(connection: sa.Connection) -> UUID:
    """One that was read, whose id is returned, and one that was not."""
    agents = sa.table("agents", *map(sa.column, ("name", "email", "password_hash")), sa.column("id", sa.Uuid()))
    uuids = (sa.column(name, sa.Uuid()) for name in ("id", "agent_id"))
    instants = (sa.column(name, Instant()) for name in ("at", "read_at"))
    notices = sa.table("agent_notices", *uuids, sa.column("kind"), sa.column("data", Json), *instants)
    agent_id, read = uuid4(), uuid4()
    told = {"agent_id": agent_id, "data": {}, "at": when(8)}
    with connection.begin():
        connection.execute(sa.insert(agents).values(id=agent_id, name="Li", email="li@x.example", password_hash="x"))
        for id_, kind, read_at in ((read, "target_warned", when(9)), (uuid4(), "target_breached", None)):
            connection.execute(sa.insert(notices).values(id=id_, kind=kind, read_at=read_at, **told))
    return read


def upgrade_to(connection: sa.Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection), revision)


def insert_a_case_of_0002(connection: sa.Connection) -> None:
    with connection.begin():
        tables = sa.MetaData()
        tables.reflect(connection, only=("departments", "cases", "case_events"))
        departments, cases, events = (tables.tables[name] for name in ("departments", "cases", "case_events"))
        case_id = sa.literal(uuid4(), sa.Uuid())
        at = sa.bindparam("at", type_=Instant())
        connection.execute(sa.insert(departments).values(id="tills", name="Tills", examples=[]))
        told: dict[str, Any] = {
            "number": "CAS-00001-0000",
            "subject": "It jams",
            "description": "",
            "case_type": "incident",
        }
        told |= {"department": "tills", "status": "closed", "impact": 2, "urgency": 2, "priority": 3, "claimed": {}}
        told |= {"products": [], "escalation_level": 0, "version": 5, "id": case_id}
        values = {**told, "opened_at": at, "updated_at": at}
        connection.execute(sa.insert(cases).values(values), {"at": when(8)})
        for seq, (kind, hour) in enumerate(HISTORY, start=1):
            fact = {
                "case_id": case_id,
                "seq": seq,
                "kind": kind,
                "actor_kind": "agent",
                "actor_id": "",
                "actor_name": "",
            }
            fact |= {"public": True, "data": {}, "internal": {}}
            connection.execute(sa.insert(events).values({**fact, "at": at}), {"at": when(hour)})


HISTORY = (("CaseOpened", 8), ("CaseResolved", 9), ("CaseReopened", 10), ("CaseResolved", 11), ("CaseClosed", 12))


def when(hour: int) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
async def test_mails_that_were_sent_before_0010_are_known_after_it(empty_url: str) -> None:
    opened = Database(empty_url)
    try:
        await opened.run(lambda connection: upgrade_to(connection, "0009"))
        await opened.run(insert_mails_of_0009)
        before = await opened.run(sent_mails_now)
        assert len(before) == len(SENT_BEFORE)
        await migrate(opened)
        assert await opened.run(sent_mails_now) == before
        await opened.run(insert_a_notice)
        (*_, notice) = await opened.run(sent_mails_now)
        assert notice[0] > max(row[0] for row in before)
        with pytest.raises(sa.exc.IntegrityError):
            await opened.run(insert_mails_of_0009)
        assert await opened.run(differences) == []
    finally:
        await opened.close()


SENT_BEFORE: tuple[dict[str, Any], ...] = (
    {"purpose": "answer", "state": "sent", "proof": {"reply": "250 OK"}, "others": ["boss@corner.example"]},
    {"purpose": "answer", "state": "planned", "proof": None, "others": []},
    {"purpose": "forward", "state": "refused", "proof": {"refused": {"eve@x.example": 550}}, "others": []},
)
SENT_COLUMNS = (
    *("id", "message_id", "token_hash", "purpose", "conversation_id", "case_id", "key", "recipient", "others"),
    *("automatic", "state", "proof", "at"),
)


def insert_mails_of_0009(connection: sa.Connection) -> None:
    with connection.begin():
        for place, told in enumerate(SENT_BEFORE):
            _insert_mail(connection, place, told)


def insert_a_notice(connection: sa.Connection) -> None:
    with connection.begin():
        _insert_mail(connection, 9, {"purpose": "notice", "state": "sent", "proof": None, "others": []})


def _insert_mail(connection: sa.Connection, place: int, told: dict[str, Any]) -> None:
    table = sa.Table("sent_mails", sa.MetaData(), autoload_with=connection, resolve_fks=False)
    told = {**told, "others": sa.literal(told["others"], Json), "proof": sa.literal(told["proof"], Json)}
    told |= {"message_id": f"c-{place}@desk.example", "token_hash": bytes([place]) * 32, "key": f"k-{place}"}
    told |= {"recipient": "ana@corner.example", "automatic": sa.true(), "at": sa.literal(when(8 + place), Instant())}
    connection.execute(sa.insert(table).values(told))


def sent_mails_now(connection: sa.Connection) -> list[tuple[Any, ...]]:
    """Every column of every row, oldest first."""
    with connection.begin():
        told = ", ".join(SENT_COLUMNS)
        rows = connection.execute(sa.text(f"SELECT {told} FROM sent_mails ORDER BY id"))
        return [tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in rows]


async def test_who_closed_a_case_before_0022_acted_then(empty_url: str) -> None:
    assert minute((await case_of_0002_now(empty_url)).acted_at) == "2026-03-02 12:00"


async def test_what_the_system_closed_before_0022_was_left_alone_since(empty_url: str) -> None:
    assert minute((await case_of_0002_now(empty_url, let_the_system_close)).acted_at) == "2026-03-02 11:00"


def let_the_system_close(connection: sa.Connection) -> None:
    with connection.begin():
        connection.execute(sa.text("UPDATE case_events SET actor_kind = 'system' WHERE kind = 'CaseClosed'"))
