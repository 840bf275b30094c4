"""What anybody may do to cases, in a world of some cases and conversations.

To let the machine play one more operation, add a line to `ACTS`: a function of the world and of what was drawn.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.jobs.closing import Closing
from caseengine import operations as do
from caseengine.agents import Agent
from caseengine.cases import Cases
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations.delivering import delivery_lost, send_again
from caseengine.reading.timeline import timeline
from storage.transaction import UnitOfWork
from tests.caseengine.office import CUSTOMER, Office

SOLVED = Resolution(ResolutionCode.SOLVED, "Done")
CASES_MAX = 7


@dataclass
class World:
    """The office, its cases and conversations, and what time it is.

    Attributes:
        one, other: the cases that were drawn for this step; `chat` and `agent` likewise.
        key: new with each step.
    """

    office: Office
    at: datetime
    chats: list[UUID] = field(default_factory=list)
    people: list[UUID] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    step: int = 0
    drawn: tuple[int, int, int] = (0, 0, 0)

    @property
    def one(self) -> Case:
        return self.cases[self.drawn[0] % len(self.cases)]

    @property
    def other(self) -> Case:
        return self.cases[self.drawn[1] % len(self.cases)]

    @property
    def chat(self) -> UUID:
        return self.chats[self.drawn[1] % len(self.chats)]

    @property
    def by(self) -> dict[str, Any]:
        return {"by": self.agent.actor, "at": self.at}

    @property
    def agent(self) -> Agent:
        return (self.office.li, self.office.mo, self.office.sam)[self.drawn[2] % 3]

    @property
    def customer(self) -> dict[str, Any]:
        return {"by": CUSTOMER, "at": self.at}

    @property
    def key(self) -> str:
        return f"key-{self.step}"

    async def do(self, operation: Callable[..., Awaitable[Any]], *args: Any, **named: Any) -> Any:
        """The operation in a unit of work, on the case that was drawn unless told otherwise."""
        return await self.office.do(operation, *(args or (self.one.number,)), **named)


async def _open(world: World) -> None:
    if len(world.cases) < CASES_MAX:
        kind = list(CaseType)[world.drawn[0] % len(CaseType)]
        contact = (world.people[0], *world.people, None)[(world.drawn[0] + world.drawn[2]) % 4]
        told: dict[str, Any] = {"conversation": world.chat, "case_type": kind, "contact_id": contact}
        await world.office.report("The till jams", department=("tills", "deliveries")[world.drawn[1] % 2], **told)


async def _take_down(world: World) -> None:
    if len(world.cases) < CASES_MAX:
        opening = do.Opening(
            subject="The till jams",
            description="They say",
            department=("tills", "deliveries")[world.drawn[1] % 2],
            contact_id=(None, *world.people)[world.drawn[0] % 3],
            claimed={"name": "Ana"},
            channel="telephone",
        )
        await world.office.do(do.take_down, opening, key=world.key, **world.by)


async def on_case(world: World, act: Callable[[UnitOfWork, Case], Awaitable[Any]]) -> None:
    async with world.office.database.unit_of_work() as work:
        await act(work, await Cases(work).by_id(world.one.id))


async def _hand_over(world: World) -> None:
    told: dict[str, Any] = {"reason": "asked", "summary": {}, **world.customer}
    await on_case(world, lambda work, case: do.hand_over(work, world.chat, case, **told))


async def _link(world: World) -> None:
    async def act(work: UnitOfWork, case: Case) -> None:
        await do.link_cases(work, case, await Cases(work).by_id(world.other.id), **world.by)

    await on_case(world, act)


async def _silence(world: World) -> None:
    await Closing(world.office.database, lambda: world.at).run()


async def _resolve(world: World) -> None:
    await world.do(do.resolve, world.one.number, SOLVED, closing="Done", **world.by)


async def _split(world: World) -> None:
    if len(world.cases) < CASES_MAX:
        await world.do(do.split, world.one.number, subject="Another", text="And another", **world.by)


def _merged(world: World) -> Case:
    """One that was merged, where there is any."""
    return next((case for case in world.cases if case.merged_into is not None), world.one)


async def _lose(world: World) -> None:
    """What an agent said last in a conversation did not arrive, or may not have."""
    said = [row for row in await world.office.log(world.chat) if row.body["sender"]["role"] == "agent"]
    if said:
        payload = {
            "channel": "webchat",
            "conversation": str(world.chat),
            "key": said[-1].key,
            "again": world.drawn[0] % 2,
        }
        doubtful = world.drawn[2] % 2 == 0
        await world.do(delivery_lost, payload, why="no_answer", doubtful=doubtful, at=world.at)


async def _send_again(world: World) -> None:
    entries = await world.office.see(timeline, world.one.id, public_only=False)
    lost = [one for one in entries if one.kind in ("DeliveryDoubted", "DeliveryGivenUp")]
    if lost:
        await world.do(send_again, lost[-1].number, lost[-1].seq, **world.by)


def _number(world: World) -> tuple[str, str]:
    return world.one.number, world.other.number


ACTS: dict[str, Callable[[World], Awaitable[Any]]] = {
    "open": _open,
    "take": lambda w: w.do(do.take, **w.by),
    "assign": lambda w: w.do(do.assign, w.one.number, w.office.mo.id, **w.by),
    "move": lambda w: w.do(do.move, w.one.number, ("tills", "deliveries")[w.drawn[1] % 2], reason="x", **w.by),
    "reply": lambda w: w.do(do.reply, w.one.number, "Hello", key=w.key, **w.by),
    "lose": _lose,
    "send_again": _send_again,
    "note": lambda w: w.do(do.note, w.one.number, "Odd", **w.by),
    "ask": lambda w: w.do(do.ask_customer, w.one.number, "Which?", key=w.key, **w.by),
    "ask_outside": lambda w: w.do(do.ask_third_party, w.one.number, "A part", **w.by),
    "hear_outside": lambda w: w.do(do.hear_third_party, w.one.number, "Sent", **w.by),
    "hear": lambda w: w.do(do.hear_customer, w.chat, text="Hm", key=w.key, at=w.at),
    "add": lambda w: on_case(w, lambda work, case: do.add_to_case(work, case, "More", **w.customer)),
    "hand_over": _hand_over,
    "hand_back": lambda w: w.do(do.hand_back, **w.by),
    "escalate": lambda w: w.do(do.escalate, w.one.number, reason="x", **w.by),
    "prioritise": lambda w: w.do(do.prioritise, w.one.number, Priority(w.drawn[1] % 4 + 1), reason="x", **w.by),
    "renew_promise": lambda w: on_case(w, lambda work, case: do.renew_promise(work, case, by=SYSTEM, at=w.at)),
    "identify": lambda w: w.do(
        do.identify_customer, w.chat, contact_id=w.people[w.drawn[0] % 2], account_id=None, **w.customer
    ),
    "go_on": lambda w: on_case(w, lambda work, case: do.link_conversation(work, case, w.chat, **w.customer)),
    "link": _link,
    "relate": lambda w: w.do(do.relate, *_number(w), **w.by),
    "unrelate": lambda w: w.do(do.unrelate, *_number(w), **w.by),
    "go_on_where": lambda w: w.do(do.go_on_where, *_number(w), **w.by),
    "take_down": _take_down,
    "resolve": _resolve,
    "withdraw": lambda w: w.do(do.resolve, w.one.number, SOLVED, **w.customer),
    "reopen": lambda w: w.do(do.reopen, w.one.number, reason="Again", **w.customer),
    "reopen_by_agent": lambda w: w.do(do.reopen, w.one.number, reason="Again", **w.by),
    "close": lambda w: w.do(do.close, **w.customer),
    "silence": _silence,
    "merge": lambda w: w.do(do.merge, *_number(w), notice="There", **w.by),
    "unmerge": lambda w: w.do(do.unmerge, _merged(w).number, **w.by),
    "split": _split,
    "set_parent": lambda w: w.do(do.set_parent, *_number(w), **w.by),
    "remove_parent": lambda w: w.do(do.remove_parent, **w.by),
    "cascade": lambda w: w.do(
        do.resolve_with_children, w.one.number, SOLVED, closing=lambda case: f"{case.number} is done", **w.by
    ),
    "tag": lambda w: w.do(do.tag, w.one.number, add=[f"t{w.drawn[1]}"], remove=[f"t{w.drawn[0]}"], **w.by),
    "watch": lambda w: w.do(do.watch, **w.by),
    "unwatch": lambda w: w.do(do.unwatch, **w.by),
    "add_item": lambda w: w.do(do.add_check_item, w.one.number, "Ring", item_id=f"i{w.drawn[1]}", **w.by),
    "check": lambda w: w.do(
        do.check_item, w.one.number, ("sorry", "i0", "i1")[w.drawn[1] % 3], done=w.drawn[0] % 3 > 0, **w.by
    ),
    "drop_item": lambda w: w.do(do.drop_item, w.one.number, f"i{w.drawn[1]}", **w.by),
    "classify": lambda w: w.do(
        do.classify, w.one.number, list(CaseType)[w.drawn[1] % len(CaseType)], reason="x", **w.by
    ),
    "assess": lambda w: w.do(
        do.assess, w.one.number, impact=w.drawn[1] % 3 + 1, urgency=w.drawn[2] + 1, reason="x", **w.by
    ),
    "fill": lambda w: w.do(do.fill, w.one.number, {"till": w.drawn[1] or None}, **w.by),
    "script": lambda w: w.do(
        do.answer_script, w.one.number, "down", *(("which", w.drawn[1]), ("sells", True))[w.drawn[1] % 2], **w.by
    ),
}
"""Whatever somebody may do; a refusal is one of the things that may come of it."""
