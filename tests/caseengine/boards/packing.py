"""Packing by the desk's own job, and boards to compare."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.jobs.packing import Packing
from caseengine.model.happening import NOTHING, Happening
from caseengine.packing.packer import to_repack
from caseengine.packing.touching import SETTLES_AFTER
from caseengine.reading.boards import Period, Whose, agents_board, period_board
from caseengine.tables import packed_days, touched_days
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when

ODD = timedelta(microseconds=1)
PERIODS = (
    Period(when("Mon 00:00"), when("Sun 00:00")),
    Period(when("Mon 00:00") - timedelta(days=3), when("Sun 00:00") + timedelta(days=20)),
    Period(when("Mon 09:30"), when("Tue 12:00") + ODD),
    Period(when("Tue 09:00"), when("Tue 11:00")),
    Period(when("Mon 10:00") + ODD, when("Wed 00:00")),
)
PARTS = (
    Whose(),
    Whose(department="tills"),
    Whose(seen=frozenset({"tills", "deliveries"})),
    Whose(seen=frozenset({"tills"}), department="deliveries"),
    Whose(seen=frozenset()),
    Whose(agent_id=Office.li.id),
    Whose(case_type="question", priority=3),
    Whose(case_type="no such type"),
    Whose(priority=999),
    Whose(policy="default"),
)


async def pack(office: Office, at: datetime) -> None:
    """All days that are over at this instant, once the announcement has settled."""
    clock = [at]
    job = Packing(office.database, lambda: clock[0])
    await job.run()
    clock[0] += SETTLES_AFTER
    await job.run()


async def unpack(office: Office) -> None:
    """As a desk of an earlier release is: nothing is packed."""
    await office.do(_nothing_packed)


async def _nothing_packed(work: UnitOfWork) -> None:
    work.write(sa.delete(packed_days))


async def boards(office: Office, parts: Any = PARTS, periods: Any = PERIODS) -> list[Any]:
    """Every figure of every part in every period, with its drill."""
    found: list[Any] = []
    for whose in parts:
        for period in periods:
            found.append(await office.see(period_board, whose, period))
            found.append(await office.see(agents_board, whose, period))
    return found


async def stale(office: Office) -> dict[str, Happening]:
    """What is packed and was touched since, by day."""
    spoilt = await office.see(to_repack, date.max, 1_000)
    rows = await office.see(lambda found: found.rows(sa.select(packed_days.c.day, packed_days.c.happening)))
    here: dict[str, Happening] = {}
    for row in rows:
        hit = Happening(row.happening) & spoilt.get(row.day, NOTHING)
        here |= {row.day: here.get(row.day, NOTHING) | hit} if hit else {}
    return here


async def touches_left(office: Office) -> int:
    counted = sa.select(sa.func.count()).select_from(touched_days)
    return int(await office.see(lambda found: found.scalar(counted)))
