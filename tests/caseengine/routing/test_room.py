"""A sweep decides nothing in vain, and passes over nothing that somebody could have."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from app.jobs.routing import RoutingSweep
from caseengine.agents import Agent, Presence
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import assigning
from caseengine.operations.calling import book_callback, slots_for
from caseengine.operations.weighing import weigh
from caseengine.policies.routing import Decision
from caseengine.reading.room import room_in
from caseengine.reading.waiting_cases import heads_waiting
from tests.caseengine.office import when
from tests.caseengine.routing.desk import RoutingDesk

ASSIGN = {"departments": {"tills": {"mode": "assign"}, "deliveries": {"mode": "offer"}}}


class Watched:
    """A sweep that tells how often it decided."""

    def __init__(self, desk: RoutingDesk, at: str) -> None:
        self.sweep, self.decided = desk.sweep(at), list[UUID]()
        route = self.sweep._route

        async def counted(case_id: UUID) -> Decision | None:
            self.decided.append(case_id)
            return await route(case_id)

        self.sweep._route = counted  # type: ignore[method-assign]


async def decided(desk: RoutingDesk, at: str = "Mon 09:01", department: str = "tills") -> int:
    """How often a department decided in one sweep."""
    watched = Watched(desk, at)
    await watched.sweep.place(department)
    return len(watched.decided)


async def fill(desk: RoutingDesk, agent: Agent, *, mails: int) -> None:
    for _ in range(mails):
        case = await desk.report(department=min(agent.departments))
        await desk.do(assigning.assign, case.number, agent.id, by=desk.sam.actor, at=when("Mon 09:00"))


async def chats(desk: RoutingDesk, many: int) -> list[Case]:
    found = []
    for place in range(many):
        conversation = await desk.chat(visitor=f"visitor-{place}")
        found.append(await desk.hand_over(conversation, await desk.report_in(conversation, department="tills")))
    return found


async def test_where_everybody_is_full_nothing_is_decided(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=2, skills={"printers": 3})
    await fill(desk, ann, mails=2)
    for skills in ({}, {"printers": 1}, {"refunds": 2}):
        await desk.needs(await desk.report(), "Mon 09:00", "", **skills)
    assert await decided(desk) == 0


async def test_only_what_somebody_has_room_and_skill_for_is_decided(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=3, skills={"printers": 3})
    await fill(desk, ann, mails=1)
    await chats(desk, 2)  # three units each, and she has two
    mails = [await desk.report(f"Mail {place}", at="Mon 09:00") for place in range(3)]
    await desk.needs(hard := await desk.report("Hard"), refunds=1)
    assert await decided(desk) == 2  # and then she is full
    assert Counter([await desk.holder(case) for case in (*mails, hard)]) == {ann.id: 2, None: 2}


async def test_what_waits_on_the_customer_leaves_room(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=1)
    await fill(desk, ann, mails=1)
    await desk.report()
    assert await decided(desk) == 0
    await desk.decides({**ASSIGN, "costs": {"default": 0}})
    assert await decided(desk) == 1


async def test_it_moves_on_when_its_time_has_come_though_everybody_is_full(desk: RoutingDesk) -> None:
    """Once: a case that came by overflowing stays, and is not decided about for ever."""
    there_and_back: dict[str, Any] = {
        "tills": {"mode": "assign", "overflow": {"to": "deliveries", "after_s": 1800}},
        "deliveries": {"mode": "assign", "overflow": {"to": "tills", "after_s": 1800}},
    }
    await desk.decides({"departments": there_and_back})
    await desk.hires("Ann", "tills", "deliveries", capacity=0)
    case = await desk.report(at="Mon 09:00")
    assert await decided(desk, "Mon 09:29") == 0
    assert await decided(desk, "Mon 09:30") == 1
    assert (await desk.case(case)).department == "deliveries"
    assert await decided(desk, "Mon 10:30", "deliveries") == 0


async def test_less_is_asked_for_when_its_time_has_come(desk: RoutingDesk) -> None:
    await desk.decides({**ASSIGN, "relax": [{"after_s": 900, "drop": ["skills"]}]})
    ann = await desk.hires("Ann")
    await desk.needs(case := await desk.report(at="Mon 09:00"), printers=3)
    assert await decided(desk, "Mon 09:14") == 0
    await desk.is_there(ann, "Mon 09:15")
    assert await decided(desk, "Mon 09:15") == 1
    assert await desk.holder(case) == ann.id


async def test_an_hour_kept_free_is_no_room_but_for_the_call_it_is_kept_for(desk: RoutingDesk) -> None:
    callbacks = {"tills": {"mode": "assign", "callbacks": True}}
    await desk.decides({"departments": callbacks, "capacity": 3, "callbacks": {"lead_s": 0}})
    ann = await desk.hires("Ann", skills={"printers": 3})  # nobody else can be called by
    await desk.needs(case := await desk.report(at="Mon 09:00"), printers=1)
    async with desk.database.unit_of_work() as work:
        kept = await Cases(work).by_id(case.id)
        (slot, *_) = await slots_for(work, kept, at=when("Mon 09:01"))
        await book_callback(work, kept, slot.starts_at, by=SYSTEM, at=when("Mon 09:01"))
    await desk.needs(other := await desk.report(at="Mon 08:00"), printers=1)
    assert await decided(desk) == 1
    assert [await desk.holder(one) for one in (case, other)] == [ann.id, None]


NEEDS: tuple[Mapping[str, int], ...] = ({}, {"printers": 1}, {"printers": 4}, {"refunds": 3}, {"hardware": 2})


async def a_drawn_desk(desk: RoutingDesk, chance: random.Random) -> list[Case]:
    """People of all kinds, some full, some not there, and cases of all kinds, chats among them."""
    steps = [{"after_s": 600, "lower": 2}, {"after_s": 1500, "drop": chance.choice((["skills"], ["refunds"], []))}]
    await desk.decides({**ASSIGN, "relax": steps[: chance.randint(0, 2)], "costs": {"chat": chance.randint(1, 4)}})
    for place in range(4):
        can = chance.choice(({}, {"printers": 2}, {"printers": 5}, {"refunds": 3}, {"hardware": 1}))
        channels = chance.choice((None, None, ("webchat",), ("email",)))
        told: dict[str, Any] = {"capacity": chance.randint(0, 3), "channels": channels, "skills": can}
        speaks = chance.choice(((), ("de",)))
        agent = await desk.hires(f"A{place}", chance.choice(("tills", "deliveries")), languages=speaks, **told)
        await fill(desk, agent, mails=chance.randint(0, 2))
        if chance.random() < 0.2:
            await desk.is_there(agent, "Mon 09:00", Presence.AWAY)
    found = await chats(desk, 2)
    for _ in range(6):
        found.append(await desk.report(at=chance.choice(("Mon 08:00", "Mon 08:30", "Mon 08:59"))))
    for case in found:
        await desk.needs(case, "Mon 09:00", chance.choice(("", "", "de")), **chance.choice(NEEDS))
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_what_a_decision_would_give_to_somebody_is_never_passed_over(desk: RoutingDesk, seed: int) -> None:
    """Against deciding about each, before and after the sweep."""
    waiting = await a_drawn_desk(desk, random.Random(seed))
    async with desk.database.snapshot() as snapshot:
        room = await room_in(snapshot, "tills", at=when("Mon 09:01"))
        await room.look_at(snapshot, await heads_waiting(snapshot, "tills", each=10))
    for case in waiting:
        assert case.id in room.asked
        assert room.may_move(case.id) == (await would_have(desk, case) is not None)
    await RoutingSweep.place(desk.sweep(), "tills")
    for case in waiting:
        assert await desk.holder(case) or await would_have(desk, case) is None


async def would_have(desk: RoutingDesk, case: Case, at: str = "Mon 09:01") -> str | None:
    async with desk.database.unit_of_work() as work:
        return (await weigh(work, await Cases(work).by_id(case.id), at=when(at))).decision.agent_id
