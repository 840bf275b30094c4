"""Whoever watches a case hears of it: once, not of what they did, and not of what they see as its holder."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.jobs import watchers as job
from app.jobs.escalations import Escalations
from app.jobs.watchers import WatcherNotices
from caseengine.agents import LOCKED, Agent, Agents
from caseengine.cursors import cursor
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.notice import AgentNotice
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.notices import Notice, notices_of, read_notice
from caseengine.operations import hear_customer, note, reopen, reply, resolve, take
from caseengine.operations.assigning import assign, move
from caseengine.operations.ending import close
from caseengine.operations.keeping import unwatch, watch
from caseengine.operations.watching import tell_watchers
from storage.engine import Database
from storage.transaction import UnitOfWork
from tests.caseengine.office import Office, when

DONE = Resolution(ResolutionCode.SOLVED, "A new drum")


class WatchedOffice(Office):
    """Li holds a case in a conversation; Mo and Sam watch it. `at` is what the job's clock shows."""

    talk: UUID
    found: Case

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.at = when("Mon 08:00")
        self.job = self.worker()

    def worker(self) -> WatcherNotices:
        return WatcherNotices(self.database, lambda: self.at)

    async def opens(self) -> None:
        await self.furnish()
        await self.job.run()
        self.talk, self.found = await self.handed_over()
        await self.does(self.li, take)
        for agent in (self.mo, self.sam):
            await self.does(agent, watch)

    async def does(self, agent: Agent, operation: Any, *told: Any, at: str = "Mon 10:00", **named: Any) -> None:
        await self.do(operation, self.found.number, *told, **named, by=agent.actor, at=when(at))

    async def customer_writes(self, text: str, at: str = "Mon 10:00") -> None:
        await self.do(hear_customer, self.talk, text=text, key=text, at=when(at))

    async def hears(self, agent: Agent) -> list[Notice]:
        """All they were told, oldest first."""
        await self.job.run()
        return list(await self.see(notices_of, agent))[::-1]

    async def kinds(self, agent: Agent) -> list[str]:
        return [str(notice.kind) for notice in await self.hears(agent)]


@pytest.fixture
async def watched(any_database: Database) -> WatchedOffice:
    office = WatchedOffice(any_database)
    await office.opens()
    return office


async def test_watchers_hear_what_happens_and_whoever_holds_it_does_not(watched: WatchedOffice) -> None:
    await watched.customer_writes("It jams again")
    await watched.does(watched.li, note, "The drum is worn", at="Mon 10:01")
    await watched.does(watched.li, reply, "We send a new drum", key="k1-reply", at="Mon 10:02")
    await watched.does(watched.li, resolve, DONE, at="Mon 10:03")
    await watched.does(watched.li, reopen, reason="Wrong drum", at="Mon 11:00")
    await watched.does(watched.li, resolve, DONE, at="Mon 12:00")
    await watched.does(watched.li, close, at="Mon 13:00")
    for agent in (watched.mo, watched.sam):
        assert await watched.kinds(agent) == [
            "watched_wrote",
            "watched_noted",
            "watched_resolved",
            "watched_reopened",
            "watched_closed",
        ]
    assert await watched.kinds(watched.li) == []
    wrote, noted, *_ = await watched.hears(watched.mo)
    assert (wrote.number, wrote.subject, wrote.at) == (watched.found.number, "The till jams", when("Mon 10:00"))
    assert noted.data == {"name": "Li"}


async def test_nobody_hears_of_their_own_acts(watched: WatchedOffice) -> None:
    await watched.does(watched.mo, note, "I know this shop")
    assert await watched.kinds(watched.mo) == []
    assert await watched.kinds(watched.sam) == ["watched_noted"]


async def test_a_watcher_who_holds_it_is_told_nothing_and_hears_again_once_they_do_not(watched: WatchedOffice) -> None:
    await watched.does(watched.sam, assign, watched.mo.id)
    await watched.customer_writes("Hello?")
    assert await watched.kinds(watched.mo) == []
    await watched.does(watched.sam, assign, watched.li.id)
    await watched.customer_writes("Still there?")
    assert await watched.kinds(watched.mo) == ["watched_wrote"]


async def test_what_is_not_read_yet_is_not_told_again(watched: WatchedOffice) -> None:
    await watched.customer_writes("One")
    await watched.customer_writes("Two", at="Mon 10:01")
    (first,) = await watched.hears(watched.mo)
    await watched.customer_writes("Three", at="Mon 10:02")
    assert len(await watched.hears(watched.mo)) == 1
    await watched.do(read_notice, first.id, watched.mo, at=when("Mon 10:03"))
    await watched.customer_writes("Four", at="Mon 10:04")
    assert [one.at for one in await watched.hears(watched.mo)] == [when("Mon 10:00"), when("Mon 10:04")]
    assert len(await watched.hears(watched.sam)) == 1


async def test_a_missed_target_is_told_once_whoever_is_told_of_it_otherwise(watched: WatchedOffice) -> None:
    """Nobody is there: the department is told, to which Mo belongs and Sam does not."""
    late = await watched.report(at="Mon 09:00")
    for agent in (watched.mo, watched.sam):
        await watched.do(watch, late.number, by=agent.actor, at=when("Mon 09:01"))
    missed_at = when("Tue 17:00")
    await Escalations(watched.database, lambda: missed_at).run()

    def about(found: list[Notice]) -> list[AgentNotice]:
        breaches = (AgentNotice.TARGET_BREACHED, AgentNotice.WATCHED_BREACHED)
        return [one.kind for one in found if one.number == late.number and one.kind in breaches]

    assert set(about(await watched.hears(watched.mo))) == {AgentNotice.TARGET_BREACHED}
    assert about(await watched.hears(watched.sam)) == [AgentNotice.WATCHED_BREACHED]
    (told,) = [one for one in await watched.hears(watched.sam) if one.number == late.number]
    assert datetime.fromisoformat(told.data["due_at"]) < missed_at
    assert told.data["target"]


async def test_a_customer_who_comes_back_is_told_once(watched: WatchedOffice) -> None:
    await watched.does(watched.li, resolve, DONE)
    await watched.customer_writes("It jams again", at="Mon 11:00")
    assert (await watched.case(watched.found)).status == "open"
    assert await watched.kinds(watched.mo) == ["watched_resolved", "watched_reopened"]


async def test_who_stopped_watching_or_may_not_look_any_more_hears_nothing(watched: WatchedOffice) -> None:
    await watched.does(watched.sam, unwatch)
    await watched.customer_writes("One")
    assert await watched.kinds(watched.sam) == []
    assert await watched.kinds(watched.mo) == ["watched_wrote"]

    async def leaves(work: UnitOfWork) -> None:
        Agents(work).change(replace(watched.mo, departments=frozenset({"deliveries"})))

    await watched.do(leaves)
    await watched.does(watched.li, note, "For tills alone")
    assert await watched.kinds(watched.mo) == ["watched_wrote"]


async def test_who_is_locked_out_is_told_nothing(watched: WatchedOffice) -> None:
    async def locks(work: UnitOfWork) -> None:
        Agents(work).set_password(watched.mo.id, LOCKED)

    await watched.do(locks)
    await watched.customer_writes("One")
    assert await watched.kinds(watched.mo) == []
    assert await watched.kinds(watched.sam) == ["watched_wrote"]


async def test_a_case_that_moved_away_keeps_its_subject_from_who_may_not_look(watched: WatchedOffice) -> None:
    await watched.customer_writes("One")
    await watched.job.run()
    await watched.does(watched.sam, move, "deliveries", reason="Theirs")

    async def leaves(work: UnitOfWork) -> None:
        Agents(work).change(replace(watched.mo, departments=frozenset({"tills"})))

    await watched.do(leaves)
    mo = replace(watched.mo, departments=frozenset({"tills"}))
    assert [(one.number, one.subject) for one in await watched.hears(mo)] == [(watched.found.number, None)]


async def test_two_workers_and_one_that_starts_later_tell_it_once(watched: WatchedOffice) -> None:
    await watched.customer_writes("One")
    await asyncio.gather(*(watched.worker().run() for _ in range(3)))
    await watched.does(watched.li, note, "Two", at="Mon 10:01")
    watched.at = when("Tue 09:00")
    await watched.worker().run()
    assert await watched.kinds(watched.sam) == ["watched_wrote", "watched_noted"]


async def test_a_fact_that_cannot_be_told_holds_up_nobody(
    watched: WatchedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumbles(work: UnitOfWork, fact: Any, *, at: datetime) -> None:
        if fact["kind"] == "CustomerWrote":
            raise RuntimeError("this one alone")
        await tell_watchers(work, fact, at=at)

    monkeypatch.setattr(job, "tell_watchers", stumbles)
    await watched.customer_writes("One")
    await watched.does(watched.li, note, "Two")
    assert await watched.kinds(watched.mo) == ["watched_noted"]
    reached = await watched.see(cursor, job.FOLLOWER)
    assert reached is not None
    assert await watched.kinds(watched.mo) == ["watched_noted"]


async def test_the_desk_itself_closes_it_and_watchers_hear(watched: WatchedOffice) -> None:
    await watched.does(watched.li, resolve, DONE)
    await watched.do(close, watched.found.number, by=SYSTEM, at=when("Tue 10:00"))
    assert await watched.kinds(watched.mo) == ["watched_resolved", "watched_closed"]
