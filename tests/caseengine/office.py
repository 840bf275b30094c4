"""A small desk to tell stories about: two departments, three agents, one customer who chats."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from caseengine.activities import ActivityRow, after
from caseengine.agents import Agent, AgentRole, Agents, Presence
from caseengine.calendars import set_desk_calendar
from caseengine.cases import Cases, history
from caseengine.conversations import Conversations, find_conversation
from caseengine.departments import Department, Departments
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.calendar import Calendar, Window
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation
from caseengine.operations import Opening, hand_over, open_case, open_conversation
from caseengine.reading.timeline import timeline
from storage.engine import Database
from storage.outbox import published_after
from storage.tables import outbox
from storage.transaction import UnitOfWork

T = TypeVar("T")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CUSTOMER = Actor(ActorKind.CUSTOMER, "visitor-1", "Ana")
CALENDAR = Calendar(
    ZoneInfo("Europe/London"), ((Window(time(9), time(12, 30)), Window(time(13, 30), time(17, 30))),) * 5 + ((), ())
)


def when(text: str) -> datetime:
    """ "Tue 10:00" of a frozen week in winter, when London is on UTC."""
    day, clock = text.split()
    return datetime.combine(MONDAY + timedelta(days=DAYS.index(day)), time.fromisoformat(clock), UTC)


class Office:
    """Runs operations, each in a unit of work of its own, and looks at what they left."""

    li = Agent(uuid4(), "Li", "li@desk.example", "x", frozenset({"tills"}))
    mo = Agent(uuid4(), "Mo", "mo@desk.example", "x", frozenset({"tills", "deliveries"}))
    sam = Agent(uuid4(), "Sam", "sam@desk.example", "x", frozenset(), AgentRole.SUPERVISOR)

    def __init__(self, database: Database) -> None:
        self.database = database

    async def furnish(self) -> None:
        async with self.database.unit_of_work() as work:
            for department in (Department("deliveries", "Deliveries"), Department("tills", "Tills", ("It jams",))):
                Departments(work).add(department)
            for agent in (self.li, self.mo, self.sam):
                Agents(work).add(agent)
            set_desk_calendar(work, CALENDAR)

    async def do(self, operation: Callable[..., Awaitable[T]], *args: Any, **named: Any) -> T:
        async with self.database.unit_of_work() as work:
            return await operation(work, *args, **named)

    async def see(self, query: Callable[..., Awaitable[T]], *args: Any, **named: Any) -> T:
        async with self.database.snapshot() as snapshot:
            return await query(snapshot, *args, **named)

    async def chat(self, at: str = "Mon 09:00", visitor: str = "visitor-1") -> UUID:
        conversation = uuid4()
        await self.do(open_conversation, id=conversation, channel="webchat", visitor=visitor, locale="en", at=when(at))
        return conversation

    async def report(self, subject: str = "The till jams", at: str = "Mon 09:00", **opening: Any) -> Case:
        wanted = {"subject": subject, "description": subject, "department": "tills"} | opening
        return await self.do(open_case, Opening(**wanted), by=CUSTOMER, at=when(at))

    async def report_in(self, conversation: UUID, subject: str = "The till jams", **opening: Any) -> Case:
        return await self.report(subject, conversation=conversation, **opening)

    async def handed_over(self, at: str = "Mon 09:05", **opening: Any) -> tuple[UUID, Case]:
        conversation = await self.chat()
        case = await self.report_in(conversation, **opening)
        return conversation, await self.hand_over(conversation, case, at)

    async def hand_over(self, conversation: UUID, case: Case, at: str = "Mon 09:05") -> Case:
        async with self.database.unit_of_work() as work:
            found = await Cases(work).by_id(case.id)
            summary = {"words": "It jams", "tried": ["restart"]}
            bot = Actor(ActorKind.BOT)
            await hand_over(work, conversation, found, reason="asked_for_person", summary=summary, by=bot, at=when(at))
        return found

    async def case(self, case: Case) -> Case:
        async with self.database.unit_of_work() as work:
            return await Cases(work).by_id(case.id)

    async def conversation(self, conversation: UUID) -> Conversation:
        async with self.database.unit_of_work() as work:
            return await Conversations(work).get(conversation)

    async def look_at(self, conversation: UUID) -> Conversation | None:
        return await self.see(find_conversation, conversation)

    async def told(self, case: Case) -> list[str]:
        """The timeline as an agent reads it: "CaseOpened by Ana"."""
        entries = await self.see(timeline, case.id, public_only=False)
        return [f"{entry.kind} by {entry.actor.name or entry.actor.kind}" for entry in entries]

    async def log(self, conversation: UUID) -> list[ActivityRow]:
        return list(await self.see(after, conversation, 0))

    async def published(self) -> list[dict[str, Any]]:
        return [dict(row.payload) for row in await self.see(published_after, "event", 0)]

    async def deliveries(self) -> list[dict[str, Any]]:
        async with self.database.snapshot() as snapshot:
            rows = await snapshot.rows(
                sa.select(outbox.c.payload).where(outbox.c.topic == "deliver").order_by(outbox.c.id)
            )
        return [dict(row.payload) for row in rows]

    async def rows_equal_fold(self, case: Case) -> None:
        """The current row is what the events add up to."""
        saved = await self.case(case)
        folded = Case.fold(await self.see(history, case.id))
        assert facts(folded) == facts(saved)


def facts(case: Case) -> dict[str, Any]:
    named = {name: getattr(case, name) for name in Case.__dataclass_fields__ if name != "unsaved"}
    lists = {name: sorted(getattr(case, name)) for name in ("links", "tags", "watchers")}
    return {**named, **lists, "claimed": dict(case.claimed), "fields": dict(case.fields), "needs": dict(case.needs)}


async def agent_is(work: UnitOfWork, agent: Agent, presence: Presence, *, at: datetime) -> None:
    Agents(work).seen(agent.id, presence, at=at)
