"""A desk of an earlier release is counted when it is brought up to date, once."""

from typing import Any

import sqlalchemy as sa

from app.schema import whole_schema
from app.upgrading import bring_up_to_date
from caseengine.operations import resolve, take
from caseengine.tables import case_clocks, cases, cursors, tallies
from storage.engine import Database
from tests.caseengine.office import Office, when
from tests.caseengine.test_any_order import SOLVED

COUNTED = (tallies, case_clocks)


async def test_what_an_earlier_release_did_not_count_is_counted_once(empty_url: str) -> None:
    whole_schema()
    database = Database(empty_url)
    try:
        assert await bring_up_to_date(database)
        office = Office(database)
        await office.furnish()
        live, done = await office.report("Live"), await office.report("Done")
        for case in (live, done):
            await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
        await office.do(resolve, done.number, SOLVED, by=office.li.actor, at=when("Mon 10:00"))
        kept = await everything(database)
        await forget(database)

        assert await bring_up_to_date(database) == []

        now = await everything(database)
        assert now["tallies"] == kept["tallies"]
        assert now["case_clocks"] == [row for row in kept["case_clocks"] if row[0] == live.id]
        assert now["cases"] == [due if due[0] == live.id else (done.id, None, "") for due in kept["cases"]]
        await forget(database, and_where_it_came=False)
        await bring_up_to_date(database)
        assert (await everything(database))["tallies"] == []
    finally:
        await database.close()


async def everything(database: Database) -> dict[str, list[Any]]:
    asked = sa.select(cases.c.id, cases.c.sla_due_at, cases.c.sla_awaits)
    async with database.snapshot() as snapshot:
        found = {table.name: [tuple(row) for row in await snapshot.rows(sa.select(table))] for table in COUNTED}
        found["cases"] = [tuple(row) for row in await snapshot.rows(asked)]
    return {name: sorted(rows, key=str) for name, rows in found.items()}


async def forget(database: Database, *, and_where_it_came: bool = True) -> None:
    async with database.unit_of_work() as work:
        for table in COUNTED if not and_where_it_came else (*COUNTED, cursors):
            work.write(sa.delete(table))
        work.write(sa.update(cases).values(sla_due_at=None, sla_awaits=""))
