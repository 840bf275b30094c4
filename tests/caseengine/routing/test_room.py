"""A sweep decides nothing in vain, and passes over nothing that somebody could have."""

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.jobs import lines
from app.jobs.routing import RoutingSweep
from caseengine.agents import Agent, Presence
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.operations import ask_third_party, assigning, take
from caseengine.operations.calling import book_callback, slots_for
from caseengine.operations.routing import give_back
from caseengine.operations.weighing import weigh
from caseengine.policies.routing import Decision
from caseengine.reading.room import room_in
from caseengine.reading.waiting_cases import heads_waiting
from caseengine.tables import cases
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


async def refuse(desk: RoutingDesk, case: Case, agent: Agent) -> None:
    """They had it, and gave it back."""
    await desk.do(assigning.assign, case.number, agent.id, by=desk.sam.actor, at=when("Mon 08:59"))
    await desk.do(give_back, case.number, by=agent.actor, at=when("Mon 09:00"))


async def fill(desk: RoutingDesk, agent: Agent, *, mails: int) -> None:
    for _ in range(mails):
        case = await desk.report(department=min(agent.departments))
        await desk.do(assigning.assign, case.number, agent.id, by=desk.sam.actor, at=when("Mon 09:00"))


async def falls_asleep(desk: RoutingDesk, case: Case) -> None:
    """Its agent asked a third party, and gave it back."""
    await desk.do(take, case.number, by=desk.sam.actor, at=when("Mon 08:59"))
    await desk.do(ask_third_party, case.number, "The maker", by=desk.sam.actor, at=when("Mon 08:59"))
    await desk.do(give_back, case.number, by=desk.sam.actor, at=when("Mon 08:59"))


async def chats(desk: RoutingDesk, many: int) -> list[Case]:
    found = []
    for place in range(many):
        conversation = await desk.chat(visitor=f"visitor-{place}")
        found.append(await desk.hand_over(conversation, await desk.report_in(conversation, department="tills")))
    return found


async def hand_out(desk: RoutingDesk, sweep: Watched) -> int:
    """How often it decided in one run."""
    before = len(sweep.decided)
    await sweep.sweep.place("tills")
    return len(sweep.decided) - before


async def test_mails_behind_more_chats_than_are_looked_at_first_find_who_takes_mails_only(desk: RoutingDesk) -> None:
    await chats(desk, 8)
    mails = [await desk.report(f"Mail {place}", at="Mon 09:01") for place in range(5)]
    ann = await desk.hires("Ann", channels=("email",))
    assert await decided(desk) == 5
    assert {await desk.holder(case) for case in mails} == {ann.id}


async def test_what_costs_less_than_all_that_waits_first_finds_who_has_room_for_it(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=2)
    await chats(desk, 8)  # three units each
    mail = await desk.report("Mail", at="Mon 09:01")
    assert await decided(desk) == 1
    assert await desk.holder(mail) == ann.id


async def test_behind_all_that_somebody_gave_back_they_get_what_they_have_not_seen(desk: RoutingDesk) -> None:
    ann = await desk.hires("Ann", capacity=20)
    for case in [await desk.report(at="Mon 08:00") for _ in range(8)]:
        await refuse(desk, case, ann)
    fresh = await desk.report("Fresh", at="Mon 09:00")
    assert await decided(desk) == 1
    assert await desk.holder(fresh) == ann.id


async def test_behind_what_came_only_now_goes_who_has_waited_long_enough_to_ask_for_less(desk: RoutingDesk) -> None:
    """What was opened long ago, and has just been moved here, stands in front and still asks for all."""
    await desk.decides({**ASSIGN, "relax": [{"after_s": 600, "drop": ["skills"]}]})
    moved = [await desk.report(at="Mon 09:00", department="deliveries") for _ in range(8)]
    waits = await desk.report("Waits", at="Mon 09:01")
    for case in moved:
        await desk.do(assigning.move, case.number, "tills", reason="Yours", by=desk.sam.actor, at=when("Mon 09:19"))
    for case in (*moved, waits):
        await desk.needs(case, "Mon 09:19", printers=3)
    ann = await desk.hires("Ann", at="Mon 09:20")
    assert await decided(desk, "Mon 09:20") == 1
    assert await desk.holder(waits) == ann.id


async def test_of_a_long_line_so_much_is_looked_at_in_a_run_and_the_next_goes_on(
    desk: RoutingDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LOOKED_AT_MAX", 8)
    await chats(desk, 30)
    mails = [await desk.report(f"Mail {place}", at="Mon 09:01") for place in range(12)]
    ann = await desk.hires("Ann", channels=("email",), capacity=20)
    sweep = Watched(desk, "Mon 09:01")
    assert [await hand_out(desk, sweep) for _ in range(3)] == [0, 0, 12]
    assert [await desk.holder(case) for case in mails] == [ann.id] * 12
    first = await desk.report("Urgent", at="Mon 08:00")  # before all others: where the line begins is looked at always
    assert await hand_out(desk, sweep) == 1
    assert await desk.holder(first) == ann.id


async def test_where_nobody_has_the_skill_a_long_line_is_not_read(desk: RoutingDesk) -> None:
    await desk.hires("Ann")
    for _ in range(12):
        await desk.needs(await desk.report(), printers=3)
    async with desk.database.snapshot() as snapshot:
        room = await room_in(snapshot, "tills", at=when("Mon 09:01"))
        walked = lines.Lines(desk.database, room, {})
        await walked.begin(snapshot)
        assert [one async for one in walked.walk()] == []
    assert len(room.asked) == 1 + lines.PASSED_OVER_MAX


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


@pytest.mark.parametrize("department", ["tills", "deliveries"])
async def test_of_what_waits_for_third_parties_nobody_gets_more_than_could_wake(
    desk: RoutingDesk, department: str
) -> None:
    """Given or offered: it leaves room for other work, and not for ever more of its own kind."""
    for _ in range(7):
        await falls_asleep(desk, await desk.report(at="Mon 08:00", department=department))
    ann = await desk.hires("Ann", department, capacity=2)
    for _ in range(3):
        await desk.sweeps("Mon 09:01")
    assert (await held(desk, department))[ann.id] == 2
    assert await decided(desk, department=department) == 0
    await desk.hires("Ben", department, capacity=3)
    await desk.sweeps("Mon 09:01")
    assert sorted((await held(desk, department)).values()) == [2, 3]
    mail = await desk.report(at="Mon 09:00", department=department)
    await desk.sweeps("Mon 09:01")
    case = await desk.case(mail)
    assert (case.agent_id is not None) == (department == "tills"), "an offer costs what the case does"


async def held(desk: RoutingDesk, department: str) -> Counter[UUID]:
    """How many cases each has or is offered."""
    async with desk.database.snapshot() as snapshot:
        holder = sa.func.coalesce(cases.c.agent_id, cases.c.offered_to)
        rows = await snapshot.rows(sa.select(holder.label("holder")).where(cases.c.department == department))
    return Counter(row.holder for row in rows if row.holder is not None)


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
    people = list[Agent]()
    for place in range(4):
        can = chance.choice(({}, {"printers": 2}, {"printers": 5}, {"refunds": 3}, {"hardware": 1}))
        channels = chance.choice((None, None, ("webchat",), ("email",)))
        told: dict[str, Any] = {"capacity": chance.randint(0, 3), "channels": channels, "skills": can}
        speaks = chance.choice(((), ("de",)))
        agent = await desk.hires(f"A{place}", chance.choice(("tills", "deliveries")), languages=speaks, **told)
        people.append(agent)
        await fill(desk, agent, mails=chance.randint(0, 2))
        if chance.random() < 0.2:
            await desk.is_there(agent, "Mon 09:00", Presence.AWAY)
    found = await chats(desk, 2)
    for _ in range(6):
        found.append(await desk.report(at=chance.choice(("Mon 08:00", "Mon 08:30", "Mon 08:59"))))
    everybody = [agent for agent in people if "tills" in agent.departments]
    for case in found:
        if everybody and chance.random() < 0.3:
            await refuse(desk, case, chance.choice(everybody))
        if chance.random() < 0.3:
            await falls_asleep(desk, case)
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
