"""Two workers route at once: nobody gets a case twice, nobody gets too much, and it all can be decided again."""

import asyncio
import threading
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.jobs.routing import RoutingSweep
from caseengine.agents import Agent, Agents, Presence
from caseengine.cases import Cases
from caseengine.model.case import Case
from caseengine.model.needs import Needs
from caseengine.operations import assigning
from caseengine.operations.needing import set_needs
from caseengine.operations.routing import give_back
from caseengine.operations.taking_back import take_back_chat
from caseengine.reading import out_of_place
from caseengine.reading.assignments import replay
from caseengine.reading.waiting_cases import classes_waiting
from caseengine.tables import agent_work, assignments, case_events, cases
from storage.engine import Database
from tests.caseengine.office import when
from tests.caseengine.routing.desk import WORDS, RoutingDesk


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


class Slow(RoutingSweep):
    """Between what it lists and what it does about the first of it, another worker does everything."""

    def __init__(self, database: Database, at: str, quick: RoutingSweep) -> None:
        super().__init__(database, WORDS, lambda: when(at))
        self._quick: RoutingSweep | None = quick

    async def _do(self, *told: Any) -> bool:
        quick, self._quick = self._quick, None
        if quick is not None:
            await quick.run()
        return await super()._do(*told)


async def overtaken(desk: RoutingDesk, at: str) -> None:
    other = Database(desk.database.url)
    try:
        await Slow(desk.database, at, sweep(other, at)).put_back()
    finally:
        await other.close()


async def test_who_lists_an_offer_that_ran_out_leaves_alone_whoever_was_asked_since(any_desk: RoutingDesk) -> None:
    await any_desk.hires("Ann", "deliveries")
    case = await any_desk.report(department="deliveries")
    await sweep(any_desk.database).run()
    ben = await any_desk.hires("Ben", "deliveries", at="Mon 09:04")
    await overtaken(any_desk, "Mon 09:05")
    assert (await any_desk.case(case)).offered_to == ben.id
    assert [record.state for record in await any_desk.records(case)] == ["expired", "offered"]


async def test_who_lists_a_lost_chat_leaves_alone_whoever_has_joined_since(any_desk: RoutingDesk) -> None:
    await any_desk.hires("Ann")
    conversation, chat = await any_desk.handed_over()
    await sweep(any_desk.database).run()
    ben = await any_desk.hires("Ben", at="Mon 09:04")
    await overtaken(any_desk, "Mon 09:05")
    assert await any_desk.holder(chat) == ben.id
    assert (await any_desk.conversation(conversation)).agent_id == ben.id
    assert (await any_desk.told(chat))[-1] == "CaseAssigned by system"


async def test_who_lists_work_out_of_place_leaves_alone_whoever_has_it_since(any_desk: RoutingDesk) -> None:
    ann, case = await any_desk.hires("Ann"), await any_desk.report()
    await any_desk.routes(case)
    async with any_desk.database.unit_of_work() as work:
        Agents(work).change(replace(ann, departments=frozenset({"deliveries"})))
    ben = await any_desk.hires("Ben", at="Mon 09:05")
    await overtaken(any_desk, "Mon 09:05")
    assert await any_desk.holder(case) == ben.id


async def test_who_is_back_by_the_time_keeps_the_chat(desk: RoutingDesk) -> None:
    """A list is of a moment; what is done about it is asked anew."""
    ann = await desk.hires("Ann")
    _, chat = await desk.handed_over()
    await desk.sweeps()
    await desk.is_there(ann, "Mon 09:05")
    async with desk.database.unit_of_work() as work:
        await take_back_chat(work, await Cases(work).by_id(chat.id), at=when("Mon 09:05"))
    assert await desk.holder(chat) == ann.id


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


async def live_chat(desk: RoutingDesk, place: int, agent: Agent, department: str = "tills") -> Case:
    conversation = await desk.chat(visitor=f"visitor-{place}")
    case = await desk.hand_over(conversation, await desk.report_in(conversation, department=department))
    await desk.do(assigning.assign, case.number, agent.id, by=desk.sam.actor, at=when("Mon 09:06"))
    return case


async def test_live_chats_go_back_where_agents_take_their_cases_too(desk: RoutingDesk) -> None:
    """Nobody is given the chat; it waits where they look. What is no chat stays."""
    await desk.decides({})
    ann = await desk.hires("Ann", at="Mon 09:06")
    chat, letter = await live_chat(desk, 1, ann), await desk.report()
    await desk.do(assigning.assign, letter.number, ann.id, by=desk.sam.actor, at=when("Mon 09:06"))
    await desk.sweeps("Mon 09:08")
    assert await desk.holder(chat) == ann.id
    await desk.sweeps("Mon 09:09")
    assert (await desk.told(chat))[-1] == "CaseReturned by system"
    assert [await desk.holder(case) for case in (chat, letter)] == [None, ann.id]


async def test_however_many_are_out_of_place_the_last_goes_back_too(
    desk: RoutingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of them cannot be mended: whoever is asked first gives way for ever."""
    reads = (
        out_of_place.offers_ended,
        out_of_place.live_work_of_the_lost,
        out_of_place.work_out_of_place,
    )
    for read in reads:
        monkeypatch.setattr(f"app.jobs.routing.{read.__name__}", partial(read, limit=2))
    ann, ben = (
        await desk.hires("Ann", at="Mon 09:06"),
        await desk.hires("Ben", "deliveries", at="Mon 09:06", capacity=9),
    )
    chats = [await live_chat(desk, place, ann) for place in range(5)]
    offered = [await desk.report(department="deliveries", at="Mon 09:06") for _ in range(5)]
    await desk.sweeps("Mon 09:07")
    assert [(await desk.case(case)).offered_to for case in offered] == [ben.id] * 5
    moved = [await desk.report(at="Mon 09:06") for _ in range(5)]
    for case in moved:
        await desk.do(assigning.assign, case.number, ann.id, by=desk.sam.actor, at=when("Mon 09:06"))
    async with desk.database.unit_of_work() as work:
        Agents(work).change(replace(ann, departments=frozenset({"deliveries"})))
    before = sweep(desk.database, "Mon 09:30")
    reached: list[UUID] = []

    async def gives_way(way: object, case_id: UUID, operation: object) -> bool:
        reached.append(case_id)
        return False

    monkeypatch.setattr(before, "_do", gives_way)
    await before.put_back()
    assert set(reached) == {case.id for case in (*chats, *offered, *moved)}
    await sweep(desk.database, "Mon 09:30").put_back()
    assert {await desk.holder(case) for case in (*chats, *moved)} == {None}
    assert {(await desk.case(case)).offered_to for case in offered} == {None}


async def test_what_is_liked_makes_no_other_kind_of_need(desk: RoutingDesk) -> None:
    """Each guess is another; the queue is as long as before, and as short to look at."""
    await desk.decides({"departments": {"tills": {"mode": "assign"}}, "classifier": {"at_least": 0.3}})
    guess = Guesses([{"refunds": 0.31}, {"refunds": 0.52, "printers": 0.4}, {"printers": 0.77}])
    reports = [await desk.report(f"It jams, {place}", at=f"Mon 08:0{place}") for place in range(3)]
    for case in reports:
        async with desk.database.unit_of_work() as work:
            await set_needs(work, await Cases(work).by_id(case.id), likely=guess.likely(""), at=when("Mon 09:00"))
    assert [bool((await desk.case(case)).needs) for case in reports] == [True] * 3
    assert await desk.see(classes_waiting, "tills") == [""]
    await desk.needs(reports[0], printers=1, language="de")
    assert len(await desk.see(classes_waiting, "tills")) == 2


async def test_past_cases_are_asked_once_and_in_a_thread_of_their_own(desk: RoutingDesk) -> None:
    """Be the answer nothing; after an hour again, for more was learnt meanwhile."""
    await desk.decides({"departments": {"tills": {"mode": "assign"}}, "classifier": {"at_least": 0.5}})
    ann = await desk.hires("Ann")
    case, at = await desk.report(), [""]
    guess = Guesses([{}, {"refunds": 0.9}])
    job = RoutingSweep(desk.database, WORDS, lambda: when(at[0]), guess)

    async def given_and_given_back(minute: str) -> None:
        at[0] = f"Mon {minute}"
        await desk.is_there(ann, at[0])
        await job.run()
        await desk.do(give_back, case.number, by=ann.actor, at=when(at[0]))

    await given_and_given_back("09:01")
    await given_and_given_back("09:20")
    assert guess.asked == 1
    assert guess.threads.isdisjoint({threading.get_ident()})
    await given_and_given_back("10:01")
    assert guess.asked == 2
    assert Needs.read((await desk.case(case)).needs).preferred == {"refunds": 0.9}


async def test_nothing_is_decided_while_nobody_is_there(desk: RoutingDesk) -> None:
    guess = Guesses([{}])
    await desk.hires("Ann", there=False)
    await desk.report()
    await desk.sweep(guess=guess).run()
    assert guess.asked == 0


class Guesses:
    """One answer after another, the last one for ever."""

    def __init__(self, answers: list[dict[str, float]]) -> None:
        self.answers = answers
        self.asked = 0
        self.threads: set[int] = set()

    def likely(self, words: str) -> dict[str, float]:
        self.asked += 1
        self.threads.add(threading.get_ident())
        return self.answers[min(self.asked, len(self.answers)) - 1]
