"""The one driver of the stories: a whole desk on real SQLite, a frozen week, people who talk to it.

Nothing is replaced but the clock: messages go in where a channel puts them, mails go out over SMTP to a mailbox on the
loopback, agents act through the operations their API calls.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from app.reception import ConversationBook, History, Reception
from app.sent_again import send_lost
from app.wiring import House
from bot.activity import Activity, Attachment, Kind, Role, Sender
from caseengine.agents import Agent, Agents, Presence
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import answering, assigning, ending, handover
from caseengine.operations.enclosing import put_file
from caseengine.reading.case_view import CaseView, case_view
from caseengine.reading.timeline import timeline
from storage.transaction import UnitOfWork

ZONE = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 3, 2, tzinfo=ZONE)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NUMBER = re.compile(r"CAS-\d{5,}-[0-9A-Z]{4}")
CODE = re.compile(r"\b(\d{4}) (\d{4})\b")


def instant(when: str) -> datetime:
    """ "Mon 09:30" of the frozen week, in the desk's zone, as UTC."""
    day, clock = when.split()
    hour, minute = map(int, clock.split(":"))
    local = MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)
    return local.astimezone(UTC)


@dataclass(slots=True)
class Clock:
    """The desk's time: stands still until a story moves it."""

    at: datetime = field(default_factory=lambda: instant("Mon 10:00"))

    def __call__(self) -> datetime:
        return self.at

    def moves_to(self, when: str) -> None:
        self.at = instant(when)

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)


class Desk:
    """The whole desk in one process."""

    def __init__(self, house: House, clock: Clock) -> None:
        self.house = house
        self.clock = clock
        self.reception = Reception(house.database, clock, house.turns.notice)
        self.history = History(house.database)
        self.book = ConversationBook(house.database)

    async def visitor(self, *, source: str = "192.0.2.1") -> "Customer":
        """Somebody new opens the chat; the bot greets them."""
        customer = Customer(self, str(uuid4()), source)
        await customer.opens_the_chat()
        return customer

    async def agent(self, name: str, *, there: bool = True) -> "Worker":
        """An agent of the demo company, by first name."""
        from caseengine.agents import all_agents

        async with self.house.database.snapshot() as snapshot:
            found = next(agent for agent in await all_agents(snapshot) if agent.name.startswith(name))
        worker = Worker(self, found)
        if there:
            await worker.is_there()
        return worker

    async def settle(self) -> None:
        """Until every turn is taken and every delivery made."""
        await self.house.turns.sweep()
        await self.house.turns.idle()
        await self.house.delivery.run()

    async def timeline(self, number: str) -> list[str]:
        """The history of a case: what happened, by whom."""
        view = await self.case(number)
        async with self.house.database.snapshot() as snapshot:
            entries = await timeline(snapshot, view.row.id, public_only=False)
        return [f"{entry.kind} by {entry.actor.name or entry.actor.kind}" for entry in entries]

    async def case(self, number: str) -> CaseView:
        """A case in full, as a supervisor sees it."""
        from caseengine.agents import AgentRole, all_agents

        async with self.house.database.snapshot() as snapshot:
            all_seeing = next(one for one in await all_agents(snapshot) if one.role is AgentRole.SUPERVISOR)
            return await case_view(snapshot, all_seeing, number)

    def mails_to(self, address: str) -> list[str]:
        """The texts of the mails sent to an address, newest first."""
        assert self.house.mailbox is not None
        return [mail.text for mail in self.house.mailbox.mails() if address in mail.to]

    def code_sent_to(self, address: str) -> str:
        """The newest one-time code in that mailbox."""
        found = CODE.search(self.mails_to(address)[0])
        assert found is not None
        return found.group(1) + found.group(2)


class Customer:
    """Somebody in the web chat."""

    def __init__(self, desk: Desk, conversation: str, source: str) -> None:
        self.desk = desk
        self.conversation = conversation
        self.source = source
        self.seen = 0
        self.last: list[Activity] = []

    async def opens_the_chat(self) -> list[Activity]:
        await self.desk.book.open(
            self.conversation, channel="webchat", locale="en-GB", visitor="dl_visitor", at=self.desk.clock()
        )
        return await self._sends(Kind.JOINED, "", key="joined")

    async def says(self, text: str, *, key: str = "", attachments: Sequence[Attachment] = ()) -> list[Activity]:
        """Write a message; returns what was answered since."""
        return await self._sends(Kind.MESSAGE, text, key=key, attachments=attachments)

    async def posts(self, text: str, *, key: str) -> Any:
        """Write without waiting for the answer."""
        return await self.desk.reception.accept(self._activity(Kind.MESSAGE, text, key), raw=text.encode())

    async def hears(self) -> list[Activity]:
        """What was said to the customer since they last looked."""
        await self.desk.settle()
        rows = await self.desk.history.after(self.conversation, self.seen)
        self.seen = rows[-1].seq if rows else self.seen
        self.last = [row for row in rows if row.sender.role is not Role.CUSTOMER]
        return self.last

    @property
    def heard(self) -> str:
        """The last answer as one text."""
        return "\n".join(activity.text for activity in self.last)

    @property
    def offered(self) -> list[str]:
        """The buttons below the last answer."""
        return [choice.title for activity in self.last for choice in activity.choices]

    @property
    def number(self) -> str:
        """The case number in the last answer."""
        found = NUMBER.search(self.heard)
        assert found is not None, self.heard
        return found.group()

    @property
    def numbers(self) -> list[str]:
        return list(dict.fromkeys(NUMBER.findall(self.heard)))

    async def proves(self, address: str) -> None:
        """Say who they are and type the code from the mailbox."""
        await self.says(f"My e-mail is {address}")
        await self.says(self.desk.code_sent_to(address))

    async def _sends(
        self, kind: Kind, text: str, *, key: str = "", attachments: Sequence[Attachment] = ()
    ) -> list[Activity]:
        activity = self._activity(kind, text, key or uuid4().hex, attachments)
        await self.desk.reception.accept(activity, raw=text.encode())
        return await self.hears()

    def _activity(self, kind: Kind, text: str, key: str, attachments: Sequence[Attachment] = ()) -> Activity:
        return Activity(
            kind=kind,
            channel="webchat",
            conversation=self.conversation,
            sender=Sender(Role.CUSTOMER, "dl_visitor"),
            key=key,
            text=text,
            attachments=tuple(attachments),
            source=self.source,
        )


class Worker:
    """An agent at work."""

    def __init__(self, desk: Desk, agent: Agent) -> None:
        self.desk = desk
        self.agent = agent

    @property
    def name(self) -> str:
        return self.agent.name

    async def is_there(self) -> None:
        async with self.desk.house.database.unit_of_work() as work:
            Agents(work).seen(self.agent.id, Presence.AVAILABLE, at=self.desk.clock())

    async def takes(self, number: str) -> None:
        await self._does(lambda work, who: assigning.take(work, number, notice=f"{self.name} is here", **who))

    async def replies(self, number: str, text: str) -> None:
        await self._does(lambda work, who: answering.reply(work, number, text, key=uuid4().hex, **who))

    async def sends_file(self, number: str, text: str, name: str, content: bytes) -> None:
        """Put on the case first, and then said."""

        async def send(work: UnitOfWork, who: dict[str, Any]) -> None:
            file = await put_file(work, number, name=name, content_type="application/pdf", content=content, **who)
            files.append(file.id)

        files: list[UUID] = []
        await self._does(send)
        await self._does(lambda work, who: answering.reply(work, number, text, key=uuid4().hex, files=files, **who))

    async def sends_again(self, number: str, lost: int) -> None:
        """The words of which line `lost` of the history tells."""
        await self._does(lambda work, who: send_lost(work, number, lost, **who))

    async def asks(self, number: str, text: str) -> None:
        await self._does(lambda work, who: answering.ask_customer(work, number, text, key=uuid4().hex, **who))

    async def resolves(self, number: str, text: str) -> None:
        resolution = Resolution(ResolutionCode.SOLVED, text)
        closing = {"text": f"{number} was resolved: {text}. Is it solved?"}
        await self._does(lambda work, who: ending.resolve(work, number, resolution, closing=closing, **who))

    async def closes(self, number: str) -> None:
        await self._does(lambda work, who: ending.close(work, number, **who))

    async def hands_back(self, number: str) -> None:
        await self._does(lambda work, who: handover.hand_back(work, number, **who))

    async def _does(self, verb: Callable[[Any, dict[str, Any]], Any]) -> None:
        async with self.desk.house.database.unit_of_work() as work:
            await verb(work, {"by": self.agent.actor, "at": self.desk.clock()})
        await self.desk.settle()
