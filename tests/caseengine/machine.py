"""Everything that can be done to cases, in any order, by anybody, over weeks: what must hold after every step.

To let it play one more operation, add a line to `ACTS`: a function of the world and of what was drawn.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from app.jobs.closing import Closing
from caseengine import operations as do
from caseengine.cases import Cases, history
from caseengine.model import events as happened
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.lifecycle import LIVE, Status
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import activities, case_conversations, case_events, cases, conversations
from storage.engine import Database
from storage.refusal import Refusal
from storage.tables import metadata, outbox
from storage.transaction import UnitOfWork
from tests.caseengine.office import CUSTOMER, Office, facts, when
from tests.caseengine.test_access import person
from tests.conftest import create_schema

SOLVED = Resolution(ResolutionCode.SOLVED, "Done")
CASES_MAX = 7
RULEBOOKS: dict[Rulebook, dict[str, Any]] = {
    Rulebook.CASES: {"checklists": {"complaint": [{"id": "sorry", "text": "Say sorry", "required": True}]}},
    Rulebook.FORMS: {
        "forms": {
            "complaint": {
                "type": "object",
                "properties": {"till": {"type": "integer", "minimum": 1}},
                "required": ["till"],
            }
        }
    },
    Rulebook.SCRIPTS: {
        "scripts": {
            "down": {
                "title": {"en": "Down"},
                "start": "which",
                "steps": {
                    "which": {"ask": {"en": "Which?"}, "kind": "number", "field": "till", "next": "sells"},
                    "sells": {"ask": {"en": "Sells?"}, "kind": "yes_no"},
                },
            }
        }
    },
}
OWED = (happened.CaseOpened, happened.CustomerWrote, happened.CaseReopened, happened.CaseUnmerged)
"""After these the customer waits to hear from the desk."""
ANSWERED = (happened.AgentReplied, happened.CustomerAsked, happened.CaseResolved)


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
        agent = (self.office.li, self.office.mo, self.office.sam)[self.drawn[2] % 3]
        return {"by": agent.actor, "at": self.at}

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


async def _on_case(world: World, act: Callable[[UnitOfWork, Case], Awaitable[Any]]) -> None:
    async with world.office.database.unit_of_work() as work:
        await act(work, await Cases(work).by_id(world.one.id))


async def _hand_over(world: World) -> None:
    told: dict[str, Any] = {"reason": "asked", "summary": {}, **world.customer}
    await _on_case(world, lambda work, case: do.hand_over(work, world.chat, case, **told))


async def _link(world: World) -> None:
    async def act(work: UnitOfWork, case: Case) -> None:
        await do.link_cases(work, case, await Cases(work).by_id(world.other.id), **world.by)

    await _on_case(world, act)


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


def _number(world: World) -> tuple[str, str]:
    return world.one.number, world.other.number


ACTS: dict[str, Callable[[World], Awaitable[Any]]] = {
    "open": _open,
    "take": lambda w: w.do(do.take, **w.by),
    "assign": lambda w: w.do(do.assign, w.one.number, w.office.mo.id, **w.by),
    "move": lambda w: w.do(do.move, w.one.number, ("tills", "deliveries")[w.drawn[1] % 2], reason="x", **w.by),
    "reply": lambda w: w.do(do.reply, w.one.number, "Hello", key=w.key, **w.by),
    "note": lambda w: w.do(do.note, w.one.number, "Odd", **w.by),
    "ask": lambda w: w.do(do.ask_customer, w.one.number, "Which?", key=w.key, **w.by),
    "ask_outside": lambda w: w.do(do.ask_third_party, w.one.number, "A part", **w.by),
    "hear_outside": lambda w: w.do(do.hear_third_party, w.one.number, "Sent", **w.by),
    "hear": lambda w: w.do(do.hear_customer, w.chat, text="Hm", key=w.key, at=w.at),
    "add": lambda w: _on_case(w, lambda work, case: do.add_to_case(work, case, "More", **w.customer)),
    "hand_over": _hand_over,
    "hand_back": lambda w: w.do(do.hand_back, **w.by),
    "escalate": lambda w: w.do(do.escalate, w.one.number, reason="x", **w.by),
    "prioritise": lambda w: w.do(do.prioritise, w.one.number, Priority(w.drawn[1] % 4 + 1), reason="x", **w.by),
    "renew_promise": lambda w: _on_case(w, lambda work, case: do.renew_promise(work, case, by=SYSTEM, at=w.at)),
    "identify": lambda w: w.do(
        do.identify_customer, w.chat, contact_id=w.people[w.drawn[0] % 2], account_id=None, **w.customer
    ),
    "go_on": lambda w: _on_case(w, lambda work, case: do.link_conversation(work, case, w.chat, **w.customer)),
    "link": _link,
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
    "fill": lambda w: w.do(do.fill, w.one.number, {"till": w.drawn[1] or None}, **w.by),
    "script": lambda w: w.do(
        do.answer_script, w.one.number, "down", *(("which", w.drawn[1]), ("sells", True))[w.drawn[1] % 2], **w.by
    ),
}
"""Whatever somebody may do; a refusal is one of the things that may come of it."""

TALLY: Counter[str] = Counter()
"""How often each act was done, and how often it was refused: "merge", "merge: case.customers_differ"."""


class Stage:
    """One database for all plays: emptied between them, which is cheaper than a new one."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(f"sqlite+aiosqlite:///{folder / 'machine.db'}")
        self.runner.run(self.database.run(create_schema))

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    async def furnished(self) -> World:
        await self.database.run(_empty)
        office = Office(self.database)
        await office.furnish()
        for kind, document in RULEBOOKS.items():
            await office.do(decide, kind, document, by=office.sam.actor, at=when("Mon 08:00"))
        world = World(office, when("Mon 09:00"))
        world.chats = [await office.chat(), await office.chat(), await office.chat(visitor="visitor-2")]
        world.people = [await person(self.database), await person(self.database)]
        for conversation in world.chats[:2]:
            await office.report_in(conversation, contact_id=world.people[0])
        return world


def _empty(connection: sa.Connection) -> None:
    with connection.begin():
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def play(folder: Path, *, runs: int, steps: int, derandomize: bool = False) -> Counter[str]:
    """Play so often, so long; returns the tally.

    Raises:
        AssertionError: something that must hold did not, with the shortest way there.
    """
    stage = Stage(folder)
    TALLY.clear()

    class Play(RuleBasedStateMachine):
        """One play."""

        @initialize()
        def begin(self) -> None:
            self.world = stage.runner.run(stage.furnished())
            self.seen: dict[UUID, int] = {}
            stage.runner.run(hold(self.world, self.seen))

        @rule(
            act=st.sampled_from(list(ACTS)),
            drawn=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)),
            hours=st.sampled_from([0, 0, 0, 1, 5, 30, 130, 400]),
        )
        def step(self, act: str, drawn: tuple[int, int, int], hours: int) -> None:
            self.world.at += timedelta(hours=hours, minutes=1)
            self.world.step += 1
            self.world.drawn = drawn
            stage.runner.run(self._step(act))

        async def _step(self, act: str) -> None:
            try:
                await ACTS[act](self.world)
                TALLY[act] += 1
            except Refusal as refusal:
                TALLY[f"{act}: {refusal.code}"] += 1
            await hold(self.world, self.seen)

    try:
        chosen = settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(Play, settings=chosen)
    finally:
        with suppress(RuntimeError):
            stage.close()
    return Counter(TALLY)


async def hold(world: World, seen: dict[UUID, int]) -> None:
    """Everything that must hold now. `seen`: the versions that were looked at before."""
    async with world.office.database.snapshot() as snapshot:
        found = await snapshot.rows(sa.select(cases.c.id, cases.c.version).order_by(cases.c.opened_at, cases.c.number))
        changed = [row.id for row in found if seen.get(row.id) != row.version]
        told = [(case_id, await history(snapshot, case_id)) for case_id in changed]
        await the_word_is_where_it_belongs(snapshot)
        await every_event_is_published(snapshot)
    async with world.office.database.unit_of_work() as work:
        saved = {row.id: await Cases(work).by_id(row.id) for row in found if row.id in changed}
    for case_id, events in told:
        case = saved[case_id]
        assert facts(Case.fold(events)) == facts(case)
        the_customer_is_promised_something(case, events)
        seen[case_id] = case.version
    world.cases = [saved.get(row.id) or next(one for one in world.cases if one.id == row.id) for row in found]
    relations_make_sense(world.cases)


async def the_word_is_where_it_belongs(snapshot: Any) -> None:
    """With the bot just where nobody works on a case, and people work on a case in one conversation at most."""
    here, joined = case_conversations, cases.join(case_conversations, case_conversations.c.case_id == cases.c.id)
    rows = await snapshot.rows(
        sa.select(here.c.conversation_id, cases.c.status, cases.c.conversation_id.label("goes_on"))
        .select_from(joined)
        .where(here.c.live)
    )
    assert all(row.status in LIVE and row.goes_on == row.conversation_id for row in rows)
    worked_in = {row.conversation_id for row in rows}
    for row in await snapshot.rows(sa.select(conversations.c.id, conversations.c.mode, conversations.c.agent_id)):
        assert (row.mode == "bot") == (row.id not in worked_in)
        assert (row.mode == "agent") == (row.agent_id is not None)
    logs = sa.select(sa.func.count().label("lines"), sa.func.max(activities.c.seq).label("last"))
    for row in await snapshot.rows(logs.group_by(activities.c.conversation_id)):
        assert row.lines == row.last


async def every_event_is_published(snapshot: Any) -> None:
    events = await snapshot.scalar(sa.select(sa.func.count()).select_from(case_events))
    published = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.topic == "event")
    assert events == await snapshot.scalar(published)


def the_customer_is_promised_something(case: Case, events: Any) -> None:
    """A live case has a promise, unless the customer was answered since they spoke last or the desk waits for them."""
    owed = False
    for event in events:
        owed = True if isinstance(event, OWED) else False if isinstance(event, ANSWERED) else owed
    if case.is_live and case.status is not Status.WAITING_ON_CUSTOMER and owed:
        assert case.due_at is not None


def relations_make_sense(all_of_them: list[Case]) -> None:
    by_id = {case.id: case for case in all_of_them}
    for case in all_of_them:
        assert (case.status is Status.MERGED) == (case.merged_into is not None)
        if case.merged_into is not None:
            assert by_id[case.merged_into].status is not Status.MERGED
        above, levels = case.parent_id, 1
        while above is not None:
            above, levels = by_id[above].parent_id, levels + 1
            assert levels <= len(all_of_them)
