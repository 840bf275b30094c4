"""Two workers route at once: nobody gets a case twice, nobody gets too much, and it all can be decided again."""

import asyncio
from collections import Counter

import sqlalchemy as sa

from app.jobs.routing import RoutingSweep
from caseengine.agents import Agents, Presence
from caseengine.reading.assignments import replay
from caseengine.tables import agent_work, assignments, case_events, cases
from storage.engine import Database
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk

WORDS = {"notice.agent_joined": "{name} has joined."}


def sweep(database: Database, at: str = "Mon 09:01") -> RoutingSweep:
    return RoutingSweep(database, WORDS, lambda: when(at))


async def test_two_workers_never_give_a_case_twice_nor_anybody_too_much(any_desk: RoutingDesk) -> None:
    desk = any_desk
    people = [await desk.hires(f"A{place}", capacity=3) for place in range(4)]
    for _ in range(20):
        await desk.report()
    other = Database(desk.database.url)
    try:
        await asyncio.gather(*(sweep(database).run() for database in (desk.database, other, desk.database, other)))
        await sweep(other).run()
    finally:
        await other.close()
    async with desk.database.snapshot() as snapshot:
        given = await snapshot.rows(sa.select(case_events.c.case_id).where(case_events.c.kind == "CaseAssigned"))
        held = await snapshot.rows(sa.select(cases.c.agent_id).where(cases.c.agent_id.is_not(None)))
        records = await snapshot.rows(sa.select(assignments))
        versions = await snapshot.rows(sa.select(agent_work.c.version).where(agent_work.c.version > 0))
    assert len(given) == len({row.case_id for row in given}) == 12  # four times three, and no more
    assert Counter(row.agent_id for row in held) == {person.id: 3 for person in people}
    assert len(records) == 12
    assert sorted(row.version for row in versions) == [6, 6, 6, 6]  # each gift counts twice: decided, and held


async def test_the_log_decides_the_same_again_and_names_what_does_not(any_desk: RoutingDesk) -> None:
    desk = any_desk
    await desk.hires("Ann", skills={"printers": 4}), await desk.hires("Ben", skills={"printers": 3})
    for _ in range(5):
        case = await desk.report()
        await desk.needs(case, printers=3)
        await desk.routes(case)
    await desk.decides({"departments": {"tills": {"mode": "assign"}}, "sticky_units": 9})  # later rules change nothing
    async with desk.database.snapshot() as snapshot:
        found = [one async for one in replay(snapshot)]
        before = [one async for one in replay(snapshot, until=when("Mon 09:00"))]
    assert [one.difference for one in found] == [""] * 5
    assert before == []
    async with desk.database.unit_of_work() as work:
        row = await work.first(sa.select(assignments).limit(1))
        assert row is not None
        facts = {**row.facts, "candidates": [[*one[:9], 0, *one[10:]] for one in row.facts["candidates"]]}
        work.write(sa.update(assignments).where(assignments.c.id == row.id).values(facts=facts))
    async with desk.database.snapshot() as snapshot:
        (changed,) = [one.difference async for one in replay(snapshot) if one.difference]
    assert changed == f"agent_id: {row.agent_id} -> None"


async def test_an_agent_who_vanishes_keeps_no_customer_waiting(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann")
    conversation, chat = await desk.handed_over()
    await sweep(desk.database).run()
    assert await desk.holder(chat) == ann.id
    ben = await desk.hires("Ben", at="Mon 09:04")
    await sweep(desk.database, "Mon 09:05").run()  # nothing was heard of Ann's screen for five minutes
    assert await desk.holder(chat) == ben.id
    assert (await desk.told(chat))[-2:] == ["CaseReturned by system", "CaseAssigned by system"]
    assert (await desk.conversation(conversation)).agent_id == ben.id


async def test_an_offer_ends_when_its_time_is_up_or_its_agent_is_gone(desk: RoutingDesk) -> None:
    ann, ben = await desk.hires("Ann", "deliveries"), await desk.hires("Ben", "deliveries")
    one, two = await desk.report(department="deliveries"), await desk.report(department="deliveries")
    await sweep(desk.database).run()
    assert {(await desk.case(one)).offered_to, (await desk.case(two)).offered_to} == {ann.id, ben.id}
    await desk.is_there(ann, "Mon 09:01", Presence.AWAY)
    await sweep(desk.database, "Mon 09:01").run()
    states = Counter([record.state for case in (one, two) for record in await desk.records(case)])
    assert states == {"offered": 2, "withdrawn": 1}  # Ann's went to Ben
    await sweep(desk.database, "Mon 09:02").run()
    states = Counter([record.state for case in (one, two) for record in await desk.records(case)])
    assert states["expired"] == 2


async def test_work_of_somebody_moved_to_another_department_goes_back(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann")
    case = await desk.report()
    await desk.routes(case)
    async with desk.database.unit_of_work() as work:
        from dataclasses import replace

        Agents(work).change(replace(ann, departments=frozenset({"deliveries"})))
    await sweep(desk.database, "Mon 09:02").run()
    assert await desk.holder(case) is None
    assert (await desk.told(case))[-1] == "CaseReturned by system"


async def test_a_full_queue_is_swept_by_what_its_cases_need(desk: RoutingDesk) -> None:
    """Cases that nobody can have hold up nobody, and are not each tried in every run."""
    ann = await desk.hires("Ann", capacity=2)
    for _ in range(30):
        await desk.needs(await desk.report(), refunds=3)
    easy = [await desk.report(at=f"Mon 08:0{minute}") for minute in range(3)]
    await sweep(desk.database).run()
    assert [await desk.holder(case) for case in easy] == [ann.id, ann.id, None]
