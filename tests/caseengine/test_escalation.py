"""Warnings, breaches and ladders: each step once, whoever sweeps and however late."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.jobs.escalations import Escalations
from app.rulebooks import put_in_force
from caseengine.agents import LOCKED, Agent, AgentRole, Agents, Presence
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.errors import NoticeNotFound, RulebookInvalid
from caseengine.model.events import LadderStepTaken, TargetBreached, TargetWarned
from caseengine.notices import notices_of, read_notice
from caseengine.operations import move, renew_promise, reply, take
from caseengine.operations.escalating import escalate_due
from caseengine.reading.due_clocks import due_steps
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import agent_notices
from storage.engine import Database
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when
from tests.caseengine.test_plans import plan_of
from tests.caseengine.test_service_levels import rows_equal_recount

LADDER: dict[str, Any] = {
    "policies": {
        "climb": {
            "targets": {"first_response": "2h"},
            "warn_at": [0.5, 0.75],
            "ladder": [
                {"target": "first_response", "share": 0.9, "do": "notify"},
                {"target": "first_response", "after": "0m", "do": "raise"},
                {"target": "first_response", "after": "30m", "do": "reassign"},
                {"target": "first_response", "after": "1h", "do": "tell_manager"},
                {"target": "first_response", "after": "90m", "do": "callback"},
            ],
            "ladders": {"deliveries": [{"target": "first_response", "after": "10m", "do": "tell_manager"}]},
        }
    },
    "choose": {"default": "climb"},
}


@pytest.fixture
async def climbing(office: Office) -> Office:
    await furnish_ladder(office)
    return office


async def furnish_ladder(office: Office) -> None:
    async with office.database.unit_of_work() as work:
        await put_in_force(work, Rulebook.SLA, LADDER, by=SYSTEM, at=when("Mon 08:00"))


async def sweep(office: Office, at: str | datetime) -> None:
    instant = when(at) if isinstance(at, str) else at
    await Escalations(office.database, lambda: instant).run()


async def steps(office: Office, case: Case) -> list[str]:
    told = []
    for event in await office.see(history, case.id):
        if isinstance(event, LadderStepTaken):
            told.append(event.action)
        elif isinstance(event, TargetWarned):
            told.append(f"warned {event.share}")
        elif isinstance(event, TargetBreached):
            told.append("breached")
    return told


async def kinds(office: Office, agent: Any) -> list[str]:
    return [str(notice.kind) for notice in await office.see(notices_of, agent)][::-1]


async def test_a_ladder_is_climbed_step_by_step(climbing: Office) -> None:
    conversation, case = await climbing.handed_over()
    await climbing.do(take, case.number, by=climbing.li.actor, at=when("Mon 09:10"))
    seen: dict[str, list[str]] = {}
    for at in ("Mon 10:00", "Mon 10:01", "Mon 10:31", "Mon 10:49", "Mon 11:00", "Mon 11:01", "Mon 11:31", "Mon 12:01"):
        before = len(await steps(climbing, case))
        await sweep(climbing, at)
        await sweep(climbing, at)  # once is enough
        seen[at] = (await steps(climbing, case))[before:]
    assert seen == {
        "Mon 10:00": [],  # just now is not past
        "Mon 10:01": ["warned 0.5"],
        "Mon 10:31": ["warned 0.75"],
        "Mon 10:49": ["notify"],
        "Mon 11:00": [],
        "Mon 11:01": ["breached", "raise"],
        "Mon 11:31": ["reassign"],
        "Mon 12:01": ["tell_manager"],
    }
    await sweep(climbing, "Mon 12:30")
    assert len(await steps(climbing, case)) == 7
    await sweep(climbing, "Mon 12:31")  # what ends as the desk closes for lunch is due then
    assert (await steps(climbing, case))[7:] == ["callback"]
    saved = await climbing.case(case)
    assert (saved.escalation_level, saved.agent_id) == (1, None)
    assert (await climbing.conversation(conversation)).mode.value == "queued"
    assert await kinds(climbing, climbing.li) == [
        *("target_warned", "target_warned", "ladder_notify", "target_breached", "ladder_callback"),
    ]
    assert await kinds(climbing, climbing.sam) == ["ladder_tell_manager"]
    assert (await climbing.told(case))[-1] == "LadderStepTaken by system"
    await climbing.rows_equal_fold(case)
    await rows_equal_recount(climbing, case)


async def test_an_answer_ends_the_climb(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    await sweep(climbing, "Mon 10:01")
    await climbing.do(reply, case.number, "Hello", key="a", by=climbing.li.actor, at=when("Mon 10:30"))
    await sweep(climbing, "Fri 10:00")
    assert await steps(climbing, case) == ["warned 0.5"]


async def test_who_sweeps_late_skips_warnings_that_say_nothing_any_more(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    await sweep(climbing, when("Mon 09:00") + timedelta(days=3653))  # the clock jumped ten years
    assert await steps(climbing, case) == ["notify", "breached", "raise", "reassign", "tell_manager", "callback"]
    await sweep(climbing, "Mon 10:00")  # and back again
    assert len(await steps(climbing, case)) == 6


TWICE: dict[str, Any] = {
    "policies": {
        "twice": {
            "targets": {"first_response": "2h"},
            "warn_at": [0.5, 0.5],
            "ladder": [
                {"target": "first_response", "after": "10m", "do": "raise"},
                {"target": "first_response", "after": "10m", "do": "notify"},
                {"target": "first_response", "after": "10m", "do": "raise"},
            ],
        }
    },
    "choose": {"default": "twice"},
}


@pytest.mark.parametrize(
    ("policy", "where"),
    [
        ({"warn_at": [0.5, 0.8, 0.5]}, "policies.p.warn_at"),
        ({"warn_at": [1, 1.0]}, "policies.p.warn_at"),
        ({"ladder": TWICE["policies"]["twice"]["ladder"]}, "policies.p.ladder"),
        (
            {"ladders": {"tills": [{"target": "resolution", "after": told, "do": "raise"} for told in ("60m", "1h")]}},
            "policies.p.ladders.tills",
        ),
    ],
)
async def test_the_same_step_twice_is_refused(office: Office, policy: dict[str, Any], where: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        async with office.database.unit_of_work() as work:
            await put_in_force(work, Rulebook.SLA, {"policies": {"p": policy}}, by=SYSTEM, at=when("Mon 08:00"))
    assert (refused.value.where, refused.value.problem) == (where, "twice")


async def test_steps_at_one_instant_that_do_different_things_are_two_steps(office: Office) -> None:
    ladder = TWICE["policies"]["twice"]["ladder"][:2]
    document = {"policies": {"p": {"warn_at": [0.5], "ladder": [*ladder, {**ladder[0], "target": "resolution"}]}}}
    async with office.database.unit_of_work() as work:
        await put_in_force(work, Rulebook.SLA, document, by=SYSTEM, at=when("Mon 08:00"))


async def test_a_rulebook_that_says_a_step_twice_since_long_ago_is_climbed_to_its_end(office: Office) -> None:
    async with office.database.unit_of_work() as work:
        await decide(work, Rulebook.SLA, TWICE, by=SYSTEM, at=when("Mon 08:00"))
    case = await office.report(at="Mon 09:00")
    await asyncio.wait_for(sweep(office, "Mon 10:01"), 10)
    await sweep(office, "Mon 10:02")
    assert await steps(office, case) == ["warned 0.5"]
    await sweep(office, "Mon 11:11")
    assert await steps(office, case) == ["warned 0.5", "breached", "raise", "notify", "raise"]
    await rows_equal_recount(office, case)


async def test_what_nobody_holds_is_told_to_the_department(climbing: Office) -> None:
    await climbing.report(at="Mon 09:00")
    await sweep(climbing, "Mon 10:01")
    assert await kinds(climbing, climbing.li) == await kinds(climbing, climbing.mo) == ["target_warned"]


async def test_a_department_is_told_once_however_many_it_is_and_each_reads_for_themselves(climbing: Office) -> None:
    crowd = [Agent(uuid4(), f"A{n}", f"a{n}@desk.example", "x", frozenset({"tills"})) for n in range(30)]
    async with climbing.database.unit_of_work() as work:
        for agent in crowd:
            Agents(work).add(agent)
    case = await climbing.report(at="Mon 09:00")
    await sweep(climbing, "Mon 10:01")
    await sweep(climbing, "Mon 10:49")
    async with climbing.database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.select(sa.func.count()).select_from(agent_notices)) == 2
    taken = [event for event in await climbing.see(history, case.id) if isinstance(event, LadderStepTaken)]
    assert [event.did for event in taken] == [{"department": "tills"}]
    facts = [fact["data"] for fact in await climbing.published() if fact["kind"] == "NoticeGiven"]
    assert facts[0] == {"notice": "target_warned", "agents": [], "department": "tills"}

    early, late = crowd[0], crowd[-1]
    newest, _ = await climbing.see(notices_of, early)
    await climbing.do(read_notice, newest.id, early, at=when("Mon 11:00"))
    assert [one.read_at for one in await climbing.see(notices_of, early)] == [None, when("Mon 11:00")]
    assert [(one.kind, one.department, one.read_at) for one in await climbing.see(notices_of, late)] == [
        ("ladder_notify", "tills", None), ("target_warned", "tills", None)
    ]  # fmt: skip
    di = Agent(uuid4(), "Di", "di@desk.example", "x", frozenset({"deliveries"}))
    with pytest.raises(NoticeNotFound):
        await climbing.do(read_notice, newest.id, di, at=when("Mon 11:00"))


async def test_the_newest_are_those_of_an_agent_and_of_all_their_departments(climbing: Office) -> None:
    await climbing.report("First", at="Mon 09:00")
    await climbing.report("Second", at="Mon 09:10", department="deliveries")
    mine = await climbing.report("Third", at="Mon 09:20")
    await climbing.do(take, mine.number, by=climbing.mo.actor, at=when("Mon 09:21"))
    for at in ("Mon 10:01", "Mon 10:11", "Mon 10:21"):
        async with climbing.database.unit_of_work() as work:
            Agents(work).seen(climbing.mo.id, Presence.AVAILABLE, at=when(at))
        await sweep(climbing, at)
    told = await climbing.see(notices_of, climbing.mo)
    assert [one.department for one in told] == [None, "deliveries", "tills"]
    assert await climbing.see(notices_of, climbing.mo, limit=2) == told[:2]


async def test_who_left_the_department_is_not_all_that_is_told(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    await climbing.do(take, case.number, by=climbing.li.actor, at=when("Mon 09:10"))
    async with climbing.database.unit_of_work() as work:
        left = replace(climbing.li, departments=frozenset())
        Agents(work).change(left)
    await sweep(climbing, "Mon 10:01")
    assert await kinds(climbing, left) == []
    assert await kinds(climbing, climbing.mo) == ["target_warned"]
    await sweep(climbing, "Mon 11:31")
    assert (await climbing.case(case)).agent_id is None  # given back, not kept by somebody who is gone


async def test_what_nobody_could_read_is_told_to_somebody_else(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    await climbing.do(take, case.number, by=climbing.li.actor, at=when("Mon 09:10"))
    await locked(climbing, climbing.li)
    await sweep(climbing, "Mon 10:01")
    assert await kinds(climbing, climbing.mo) == ["target_warned"]
    await locked(climbing, climbing.mo)
    await sweep(climbing, "Mon 10:31")
    assert await kinds(climbing, climbing.sam) == ["target_warned"]  # the department has nobody left, nor a supervisor
    own = Agent(uuid4(), "Kim", "kim@desk.example", "x", frozenset({"tills"}), AgentRole.SUPERVISOR)
    async with climbing.database.unit_of_work() as work:
        Agents(work).add(own)
    await locked(climbing, own)
    await sweep(climbing, "Mon 12:01")
    assert "ladder_tell_manager" in await kinds(climbing, climbing.sam)
    assert "ladder_tell_manager" not in await kinds(climbing, own)


async def locked(office: Office, agent: Agent) -> None:
    async with office.database.unit_of_work() as work:
        Agents(work).set_password(agent.id, LOCKED)


async def test_a_department_has_a_ladder_of_its_own(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00", department="deliveries")
    await sweep(climbing, "Mon 11:11")
    assert await steps(climbing, case) == ["breached", "tell_manager"]
    moved = await climbing.report(at="Mon 09:00")
    await climbing.do(move, moved.number, "deliveries", reason="x", by=climbing.mo.actor, at=when("Mon 10:45"))
    await sweep(climbing, "Mon 11:11")
    assert await steps(climbing, moved) == ["breached", "tell_manager"]  # warnings that lay behind stay there


async def test_a_miss_is_raised_once_and_the_customer_is_promised_anew(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    await sweep(climbing, "Mon 11:01")
    async with climbing.database.unit_of_work() as work:
        renewed = await renew_promise(work, await Cases(work).by_id(case.id), by=SYSTEM, at=when("Mon 11:02"))
    assert renewed.due_at == when("Mon 14:02")  # the target's two hours anew, over lunch
    assert renewed.escalation_level == 1


async def test_a_call_is_booked_where_somebody_can(climbing: Office) -> None:
    async def book(work: UnitOfWork, case: Case, _: datetime) -> dict[str, str]:
        assert work.kept(("case", case.id)) is case
        return {"callback": "Tue"}

    case = await climbing.report(at="Mon 09:00")
    await climbing.do(escalate_due, case.id, at=when("Wed 09:00"), book_callback=book)
    last = (await climbing.see(history, case.id))[-1]
    assert isinstance(last, LadderStepTaken)
    assert last.did == {"callback": "Tue"}


async def test_a_notice_is_read_by_whom_it_is_for(climbing: Office) -> None:
    await climbing.report(at="Mon 09:00")
    await sweep(climbing, "Mon 10:01")
    (notice,) = await climbing.see(notices_of, climbing.li)
    with pytest.raises(NoticeNotFound):
        await climbing.do(read_notice, notice.id, climbing.sam, at=when("Mon 10:05"))
    await climbing.do(read_notice, notice.id, climbing.li, at=when("Mon 10:05"))
    await climbing.do(read_notice, notice.id, climbing.li, at=when("Mon 11:05"))
    (read,) = await climbing.see(notices_of, climbing.li)
    assert read.read_at == when("Mon 10:05")
    assert [fact["data"]["notice"] for fact in await climbing.published() if fact["kind"] == "NoticeGiven"] == [
        "target_warned"
    ]


async def test_two_workers_never_take_a_step_twice(any_database: Database) -> None:
    office = Office(any_database)
    await office.furnish()
    await furnish_ladder(office)
    cases = [await office.report(at="Mon 09:00") for _ in range(6)]
    other = Database(any_database.url)
    try:
        rival = Office(other)
        for at in ("Mon 10:01", "Mon 10:31", "Mon 10:49", "Mon 11:01", "Mon 11:31", "Mon 12:01", "Mon 15:00"):
            await asyncio.gather(sweep(office, at), sweep(rival, at))
            await sweep(office, at)  # what both were too late for
    finally:
        await other.close()
    for case in cases:
        assert await steps(office, case) == [
            "warned 0.5", "warned 0.75", "notify", "breached", "raise", "reassign", "tell_manager", "callback",
        ]  # fmt: skip
        assert (await office.case(case)).escalation_level == 1
        await rows_equal_recount(office, case)


async def test_the_sweep_walks_along_the_index(climbing: Office) -> None:
    await climbing.report(at="Mon 09:00")
    plan = await plan_of(climbing, due_steps, when("Fri 10:00"))
    assert any("ix_case_clocks_next_at" in step for step in plan), plan


async def test_nothing_is_written_where_nothing_is_due(climbing: Office) -> None:
    case = await climbing.report(at="Mon 09:00")
    before = await climbing.published()
    await climbing.do(escalate_due, case.id, at=when("Mon 09:30"))
    assert await climbing.published() == before
    async with climbing.database.snapshot() as snapshot:
        assert await snapshot.scalar(sa.text("SELECT count(*) FROM agent_notices")) == 0
