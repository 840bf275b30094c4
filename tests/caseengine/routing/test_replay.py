"""What was decided is decided again, also where a rulebook of then says nothing to the desk of today."""

import sqlalchemy as sa

from caseengine.reading.assignments import replay
from caseengine.rulebooks import Rulebook
from caseengine.tables import rulebooks
from tests.caseengine.routing.desk import RoutingDesk


async def test_a_rulebook_that_cannot_be_read_is_a_difference_and_holds_up_nothing_behind_it(
    any_desk: RoutingDesk,
) -> None:
    desk = any_desk
    await desk.hires("Ann"), await desk.hires("Ben")
    first, second = await desk.report(), await desk.report()
    await desk.routes(first, "Mon 09:01")
    await desk.decides({"departments": {"tills": {"mode": "assign"}}}, at="Mon 09:01")
    await desk.routes(second, "Mon 09:02")
    async with desk.database.unit_of_work() as work:
        of_then = sa.and_(rulebooks.c.kind == Rulebook.ROUTING, rulebooks.c.version == 1)
        work.write(sa.update(rulebooks).where(of_then).values(document={"departments": {"tills": {"mode": "by_lot"}}}))
    async with desk.database.snapshot() as snapshot:
        found = [one async for one in replay(snapshot)]
    assert [(one.number, one.difference) for one in found] == [
        (first.number, "rulebook: 1 cannot be read"),
        (second.number, ""),
    ]
