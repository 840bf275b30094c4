"""What the repositories of the case engine promise, whatever the database: inherit, and bring a `database`."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from caseengine.activities import Activities, after, by_key, last_seq
from caseengine.agents import Agents, Presence, all_agents, is_staffed
from caseengine.calendars import desk_calendar
from caseengine.cases import Cases, history
from caseengine.conversations import Conversations
from caseengine.departments import Department, Departments, all_departments
from caseengine.files import Files, read_file
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.model.errors import (
    AgentNotFound,
    CaseNotFound,
    ConversationNotFound,
    DepartmentNotFound,
    NumberMistyped,
)
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import link_cases, open_conversation, resolve, take
from caseengine.reading.cases import counts, queue
from caseengine.reading.promises import overdue
from caseengine.reading.timeline import timeline
from caseengine.reading.wait import position, somebody_there
from caseengine.tables import case_events, cases
from storage.engine import Database
from storage.errors import AlreadyReceived, Conflict
from tests.caseengine.office import CALENDAR, CUSTOMER, Office, agent_is, facts, when

UNKNOWN = "CAS-09999-0000"


class CaseRepositoryContract:
    """Every test here runs on each database we support."""

    @pytest.fixture
    async def office(self, database: Database) -> Office:
        furnished = Office(database)
        await furnished.furnish()
        return furnished

    async def test_a_case_comes_back_as_it_was_saved(self, office: Office) -> None:
        conversation = await office.chat()
        saved = await office.report_in(
            conversation, claimed={"email": "ana@shop.example"}, products=("till-2",), order_number="A-1"
        )
        assert facts(await office.case(saved)) == facts(saved)
        await office.rows_equal_fold(saved)

    async def test_events_come_back_as_they_were_made(self, office: Office) -> None:
        conversation, case = await office.handed_over()
        other = await office.report_in(conversation)
        async with office.database.unit_of_work() as work:
            case, other = await Cases(work).by_id(case.id), await Cases(work).get(other.number.lower())
            await link_cases(work, case, other, by=BOT, at=when("Mon 09:10"))
            case.resolve(Resolution(ResolutionCode.SOLVED, "Done"), by=office.li.actor, at=when("Mon 09:20"))
            made = list(case.unsaved)
        kept = await office.see(history, case.id)
        assert list(kept[-2:]) == made
        assert facts(Case.fold(kept)) == facts(await office.case(case))
        await office.rows_equal_fold(other)

    async def test_one_row_is_one_object(self, office: Office) -> None:
        case = await office.report()
        async with office.database.unit_of_work() as work:
            first = await Cases(work).by_id(case.id)
            assert await Cases(work).get(case.number) is first
            assert await Cases(work).by_id(case.id) is first

    async def test_unknown_things_are_not_found(self, office: Office) -> None:
        async with office.database.unit_of_work() as work:
            with pytest.raises(CaseNotFound):
                await Cases(work).by_id(uuid4())
            with pytest.raises(NumberMistyped):
                await Cases(work).get(UNKNOWN)
            with pytest.raises(ConversationNotFound):
                await Conversations(work).get(uuid4())
            with pytest.raises(AgentNotFound):
                await Agents(work).get(uuid4())
            with pytest.raises(DepartmentNotFound):
                await Departments(work).get("nowhere")

    async def test_a_version_lost_between_reading_and_writing_is_a_conflict(self, office: Office) -> None:
        case = await office.report()

        async def late(text: str, seen: asyncio.Event, go: asyncio.Event) -> None:
            async with office.database.unit_of_work() as work:
                (await Cases(work).by_id(case.id)).note(text, by=office.li.actor, at=when("Mon 10:00"))
                seen.set()
                await go.wait()

        seen, go = asyncio.Event(), asyncio.Event()
        loser = asyncio.create_task(late("late", seen, go))
        await seen.wait()
        now = asyncio.Event()
        now.set()
        await late("early", asyncio.Event(), now)
        go.set()
        with pytest.raises(Conflict):
            await loser
        assert (await office.told(case)).count("NoteAdded by Li") == 1
        await office.rows_equal_fold(case)

    async def test_an_exception_leaves_no_trace(self, office: Office) -> None:
        case = await office.report()
        with pytest.raises(RuntimeError):
            async with office.database.unit_of_work() as work:
                (await Cases(work).by_id(case.id)).note("never", by=office.li.actor, at=when("Mon 10:00"))
                raise RuntimeError
        assert facts(await office.case(case)) == facts(case)

    async def test_of_two_who_take_at_once_one_wins(self, office: Office) -> None:
        case = await office.report()
        takes = [
            office.do(take, case.number, by=agent.actor, at=when("Mon 09:10")) for agent in (office.li, office.mo) * 4
        ]
        answers = await asyncio.gather(*takes, return_exceptions=True)
        kept = await office.case(case)
        assert len([answer for answer in answers if isinstance(answer, Case)]) >= 1
        assert {answer.agent_id for answer in answers if isinstance(answer, Case)} == {kept.agent_id}
        assert len([line for line in await office.told(case) if line.startswith("CaseAssigned")]) == 1

    async def test_a_conversation_comes_back_with_its_cases_and_people(self, office: Office) -> None:
        conversation, case = await office.handed_over()
        other = await office.report_in(conversation)
        await office.do(take, case.number, by=office.li.actor, at=when("Mon 09:10"))
        kept = await office.conversation(conversation)
        assert list(kept.cases) == [case.id, other.id]
        assert kept.live_cases == [case.id]
        assert [who.name or who.id for who in kept.participants] == ["visitor-1", "Li"]
        seen = await office.look_at(conversation)
        assert seen is not None
        assert (seen.mode, seen.cases, seen.participants) == (kept.mode, kept.cases, kept.participants)

    async def test_cases_that_joined_at_one_instant_are_in_order_of_their_numbers(self, office: Office) -> None:
        conversation = await office.chat()
        joined = [await office.report_in(conversation) for _ in range(6)]
        assert list((await office.conversation(conversation)).cases) == [case.id for case in joined]
        seen = await office.look_at(conversation)
        assert seen is not None
        assert list(seen.cases) == [case.id for case in joined]

    async def test_a_conversation_opened_twice_at_once_is_opened_once(self, office: Office) -> None:
        shared = uuid4()
        opening = {"id": shared, "channel": "webchat", "visitor": "v", "locale": "en", "at": when("Mon 09:00")}
        answers = await asyncio.gather(
            *(office.do(open_conversation, **opening) for _ in range(4)), return_exceptions=True
        )
        assert all(not isinstance(answer, BaseException) or isinstance(answer, Conflict) for answer in answers)
        assert (await office.do(open_conversation, **opening)).version == 1

    async def test_the_log_numbers_activities_from_one_without_gaps(self, office: Office) -> None:
        conversation, other = await office.chat(), await office.chat()
        say = self.say(office)
        await asyncio.gather(*(say(conversation, f"k{n}") for n in range(12)), *(say(other, f"k{n}") for n in range(3)))
        async with office.database.snapshot() as snapshot:
            rows = await after(snapshot, conversation, 0)
            assert [row.seq for row in rows] == list(range(1, 13))
            assert {row.key for row in rows} == {f"k{n}" for n in range(12)}
            assert await after(snapshot, conversation, 4, limit=2) == rows[4:6]
            assert (await last_seq(snapshot, conversation), await last_seq(snapshot, other)) == (12, 3)
            assert await last_seq(snapshot, uuid4()) == 0
            assert (await by_key(snapshot, conversation, "k3")) in rows
            assert await by_key(snapshot, other, "k9") is None

    async def test_the_same_key_is_said_once(self, office: Office) -> None:
        conversation = await office.chat()
        say = self.say(office)
        answers = await asyncio.gather(*(say(conversation, "same") for _ in range(5)), return_exceptions=True)
        assert [answer for answer in answers if not isinstance(answer, BaseException)] == [1]
        assert all(isinstance(answer, AlreadyReceived) for answer in answers if isinstance(answer, BaseException))
        assert len(await office.log(conversation)) == len(await office.deliveries()) == 1

    async def test_two_activities_of_one_unit_of_work_follow_each_other(self, office: Office) -> None:
        conversation = await office.chat()
        async with office.database.unit_of_work() as work:
            named: dict[str, Any] = {"body": {}, "at": when("Mon 10:00"), "channel": "webchat", "deliver": True}
            writes = [Activities(work).append(conversation, key=key, **named) for key in ("a", "b")]
        assert [write.result.seq for write in writes if write.result is not None] == [1, 2]
        assert [row.key for row in await office.log(conversation)] == ["a", "b"]

    async def test_a_file_is_for_its_own_conversation(self, office: Office) -> None:
        conversation, other = await office.chat(), await office.chat()
        async with office.database.unit_of_work() as work:
            kept = Files(work).put(
                conversation, name="till.png", content_type="image/png", content=b"\x89PNG", at=when("Mon 10:00")
            )
        assert await office.see(read_file, conversation, kept.id) == (kept, b"\x89PNG")
        assert await office.see(read_file, other, kept.id) is None

    async def test_people_and_departments_come_back(self, office: Office) -> None:
        async with office.database.unit_of_work() as work:
            assert await Agents(work).by_email(" MO@desk.example ") == office.mo
            assert (await Departments(work).get("tills")) == Department("tills", "Tills", ("It jams",))
        assert [found.name for found in await office.see(all_agents)] == ["Li", "Mo", "Sam"]
        assert [await office.see(is_staffed, one) for one in ("deliveries", "nowhere")] == [True, False]
        assert [found.id for found in await office.see(all_departments)] == ["deliveries", "tills"]
        assert await office.see(desk_calendar) == CALENDAR

    async def test_the_queue_is_by_priority_then_age_page_by_page(self, office: Office) -> None:
        for n in range(6):
            await office.report(f"case {n}", at=f"Mon 09:0{n}", impact=1 + n % 3)
        await office.report("elsewhere", department="deliveries")
        pages: list[str] = []
        place = None
        while page := await office.see(queue, office.li, after=place, limit=2):
            pages += [row.subject for row in page]
            place = page[-1].place
        assert pages == ["case 0", "case 3", "case 1", "case 4", "case 2", "case 5"]
        assert [row.subject for row in await office.see(queue, office.sam, department="deliveries")] == ["elsewhere"]
        assert len(await office.see(queue, office.sam)) == 7
        assert await office.see(queue, office.li, department="deliveries") == []

    async def test_the_queue_narrows(self, office: Office) -> None:
        first, second, _third = [await office.report(f"case {n}", at=f"Mon 09:0{n}") for n in range(3)]
        await office.do(take, first.number, by=office.li.actor, at=when("Mon 09:10"))
        await office.do(
            resolve, second.number, Resolution(ResolutionCode.SOLVED, "x"), by=office.li.actor, at=when("Mon 09:20")
        )
        assert [row.subject for row in await office.see(queue, office.li, mine=True)] == ["case 0"]
        assert [row.agent_name for row in await office.see(queue, office.li, mine=True)] == ["Li"]
        assert [row.subject for row in await office.see(queue, office.li, unassigned=True)] == ["case 2"]
        assert [row.subject for row in await office.see(queue, office.li, status=Status.RESOLVED)] == ["case 1"]
        assert await office.see(counts) == {
            "deliveries": {},
            "tills": {Status.OPEN: 1, Status.RESOLVED: 1, Status.NEW: 1},
        }

    async def test_position_and_presence(self, office: Office) -> None:
        first, second = [await office.report(f"case {n}", at=f"Mon 09:0{n}") for n in range(2)]
        urgent = await office.report("now", at="Mon 09:05", impact=1, urgency=1)
        places = [await office.see(position, case) for case in (urgent, first, second)]
        assert places == [1, 2, 3]
        taken = await office.do(take, urgent.number, by=office.li.actor, at=when("Mon 09:10"))
        assert [await office.see(position, case) for case in (taken, first, second)] == [0, 1, 2]
        assert not await office.see(somebody_there, "tills", at=when("Mon 09:10"))
        await office.do(agent_is, office.li, Presence.AVAILABLE, at=when("Mon 09:10"))
        assert await office.see(somebody_there, "tills", at=when("Mon 09:11"))
        assert not await office.see(somebody_there, "deliveries", at=when("Mon 09:11"))
        assert not await office.see(somebody_there, "tills", at=when("Mon 09:13"))
        await office.do(agent_is, office.sam, Presence.AVAILABLE, at=when("Mon 09:20"))
        assert await office.see(somebody_there, "deliveries", at=when("Mon 09:20"))

    async def test_overdue_promises_are_found_longest_first(self, office: Office) -> None:
        late, later = await office.report(at="Mon 09:00"), await office.report(at="Mon 10:00")
        assert late.due_at == when("Mon 14:00")
        assert await office.see(overdue, when("Mon 13:59")) == []
        assert [due.case_id for due in await office.see(overdue, when("Mon 15:30"))] == [late.id, later.id]

    async def test_a_promise_that_was_answered_is_not_overdue(self, office: Office) -> None:
        case = await office.report()
        async with office.database.unit_of_work() as work:
            found = await Cases(work).by_id(case.id)
            found.assign(office.li.id, "Li", by=office.li.actor, at=when("Mon 10:00"))
            found.reply("Hello", key="k", by=office.li.actor, at=when("Mon 10:00"))
        assert await office.see(overdue, when("Fri 10:00")) == []

    async def test_the_public_timeline_hides_what_is_for_agents(self, office: Office) -> None:
        _, case = await office.handed_over(claimed={"email": "ana@shop.example"})
        async with office.database.unit_of_work() as work:
            (await Cases(work).by_id(case.id)).note("Rude", by=office.li.actor, at=when("Mon 10:00"))
        public = await office.see(timeline, case.id, public_only=True)
        whole = await office.see(timeline, case.id, public_only=False)
        assert [entry.kind for entry in public] == ["CaseOpened", "PromiseMade", "HandoverRequested"]
        assert [entry.seq for entry in whole] == [1, 2, 3, 4]
        assert "summary" in whole[2].data
        shown = str([entry.data for entry in public])
        assert all(secret not in shown for secret in ("summary", "tried", "Rude", "ana@shop.example"))

    async def test_every_event_is_published_without_what_is_for_agents(self, office: Office) -> None:
        _, case = await office.handed_over(claimed={"email": "ana@shop.example"})
        told = await office.published()
        assert [fact["kind"] for fact in told] == ["CaseOpened", "PromiseMade", "HandoverRequested"]
        assert {fact["number"] for fact in told} == {case.number}
        assert {fact["case_id"] for fact in told} == {str(case.id)}
        assert told[0]["actor"] == {"kind": "customer", "id": CUSTOMER.id, "name": "Ana"}
        assert all(secret not in str(told) for secret in ("tried", "ana@shop.example"))

    async def test_the_database_refuses_what_cannot_be(self, office: Office) -> None:
        case = await office.report()
        with pytest.raises(sa.exc.IntegrityError):
            async with office.database.unit_of_work() as work:
                work.write(sa.update(cases).where(cases.c.id == case.id).values(status="lost"))
        with pytest.raises(sa.exc.IntegrityError):
            async with office.database.unit_of_work() as work:
                work.write(sa.update(case_events).where(case_events.c.case_id == case.id).values(case_id=uuid4()))

    def say(self, office: Office) -> Callable[[UUID, str], Awaitable[int]]:
        async def say(conversation: UUID, key: str) -> int:
            async with office.database.unit_of_work() as work:
                write = Activities(work).append(
                    conversation,
                    key=key,
                    body={"text": key},
                    at=when("Mon 10:00"),
                    channel="webchat",
                    deliver=True,
                    fresh_only=AlreadyReceived("test", str(conversation), key),
                )
            assert write.result is not None
            return int(write.result.seq)

        return say
