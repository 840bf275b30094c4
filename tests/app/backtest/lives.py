"""A desk's life, lived twice: once by what is in force, once by a draft of it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from app.backtest.draft import CaseDifference
from app.backtest.run import DRAFTS, backtest
from caseengine.agents import Presence
from caseengine.cases import Cases
from caseengine.model.case_type import CaseType
from caseengine.operations import Opening, open_case
from caseengine.operations.routing import give_back, route
from caseengine.rule_replay import Period
from caseengine.rulebooks import Rulebook, decide
from caseengine.tables import cases
from storage.refusal import Refusal
from tests.caseengine.machine import Stage
from tests.caseengine.machine_acts import ACTS, World, on_case
from tests.caseengine.machine_desk import DESK_ACTS
from tests.caseengine.office import agent_is, when

WEEK = Period(when("Mon 09:01"), when("Sun 00:00"))
"""What the stage reports before is from before."""
Act = tuple[str, tuple[int, int, int], int]
"""What is done, what is drawn for it, and after how many minutes."""
NOTICED = (
    *("open", "move", "identify", "go_on", "hand_over", "prioritise", "tag", "classify", "fill"),
    *("merge", "unmerge", "split"),
)
"""After these the rulebooks are asked, and may say something else."""
BESIDES = ("add", "escalate", "withdraw", "reopen")
WORKED_ON = (*BESIDES, "take", "reply", "ask", "hear", "resolve")
CONDITIONS: Sequence[Mapping[str, Any]] = (
    {"fact": "case_type", "is": "complaint"},
    {"fact": "tags", "contains": "t1"},
    {"fact": "tags", "contains": "t2"},
    {"fact": "fields.till", "exists": True},
    {"fact": "department", "is": "deliveries"},
    {"fact": "priority", "at_most": 2},
    {"fact": "identified", "is": True},
    {"fact": "policy", "is": "angry"},
)


def lives(*others: str, most: int = 30) -> st.SearchStrategy[list[Act]]:
    drawn = st.tuples(st.sampled_from((0, 0, 1, 2)), st.integers(0, 3), st.integers(0, 2))
    return st.lists(st.tuples(st.sampled_from((*NOTICED, *others)), drawn, st.integers(1, 120)), max_size=most)


class Theatre:
    """The same acts, on the same stage, under this rulebook or that."""

    def __init__(self, folder: Path) -> None:
        self._stage = Stage(folder)

    def close(self) -> None:
        self._stage.close()

    def plays(self, life: Sequence[Act], rulebooks: Mapping[Rulebook, Mapping[str, Any]]) -> World:
        return self._stage.runner.run(self._plays(life, rulebooks))

    def asks(self, kind: Rulebook, document: Mapping[str, Any]) -> dict[str, CaseDifference]:
        return self._stage.runner.run(self._asks(kind, document))

    @property
    def runner(self) -> asyncio.Runner:
        return self._stage.runner

    async def _plays(self, life: Sequence[Act], rulebooks: Mapping[Rulebook, Mapping[str, Any]]) -> World:
        async with self._stage.database.snapshot() as snapshot:
            snapshot.memo.clear()  # rulebooks are kept by version, and the other life has one of the same
        world = await self._stage.furnished()
        for kind, document in rulebooks.items():
            await world.office.do(decide, kind, document, by=world.office.sam.actor, at=when("Mon 09:00"))
        await _look(world)
        for step, (act, drawn, minutes) in enumerate(life, start=1):
            world.at += timedelta(minutes=minutes)
            world.step, world.drawn = step, drawn
            try:
                await DONE[act](world)
            except Refusal:
                continue
            await _look(world)
        return world

    async def _asks(self, kind: Rulebook, document: Mapping[str, Any]) -> dict[str, CaseDifference]:
        async with self._stage.database.snapshot() as snapshot:
            draft = await DRAFTS[kind](snapshot, document, WEEK)
            return {one.number: one async for one in backtest(snapshot, draft, WEEK)}


async def _look(world: World) -> None:
    """The cases in the order they came in, which numbers do not tell on a stage that was emptied."""
    ids = [case.id for case in world.cases]
    async with world.office.database.unit_of_work() as work:
        rows = await work.rows(sa.select(cases.c.id, cases.c.opened_at, cases.c.conversation_id))
        new = [row for row in rows if row.id not in ids]
        new.sort(key=lambda row: (row.opened_at, world.chats.index(row.conversation_id)))
        world.cases = [await Cases(work).by_id(case_id) for case_id in (*ids, *(row.id for row in new))]


async def _open(world: World) -> None:
    """Now, which is in the period."""
    told: dict[str, Any] = {"case_type": list(CaseType)[world.drawn[0] % len(CaseType)], "conversation": world.chat}
    contact = (*world.people, None)[world.drawn[2] % 3]
    opening = Opening(
        subject="It jams",
        description="It jams",
        department=("tills", "deliveries")[world.drawn[1] % 2],
        contact_id=contact,
        **told,
    )
    await world.office.do(open_case, opening, **world.customer)


async def _route_first(world: World) -> None:
    """The first case alone, so that nobody has more to do by one rulebook than by the other."""
    for agent in (world.office.li, world.office.mo):
        await world.office.do(agent_is, agent, Presence.AVAILABLE, at=world.at)
    world.drawn = (0, 0, 0)
    await on_case(world, lambda work, case: route(work, case, at=world.at))


async def _give_back_first(world: World) -> None:
    await world.office.do(give_back, world.cases[0].number, by=world.office.sam.actor, at=world.at)


DONE = {**ACTS, "open": _open, "need": DESK_ACTS["need"], "route": _route_first, "back": _give_back_first}
