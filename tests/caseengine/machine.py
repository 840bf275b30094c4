"""Everything that can be done to cases, in any order, by anybody, over weeks: what must hold after every step.

What may be done is in `machine_acts` and `machine_desk`, what must hold in `machine_holds`.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from caseengine.rulebooks import Rulebook, decide
from storage.engine import Database
from storage.refusal import Refusal
from storage.tables import metadata
from tests.caseengine.machine_acts import ACTS as CASE_ACTS
from tests.caseengine.machine_acts import World
from tests.caseengine.machine_desk import DESK_ACTS, DESK_RULEBOOKS, JOBS, furnish_desk
from tests.caseengine.machine_holds import hold, tallies_are_what_the_histories_add_up_to
from tests.caseengine.office import Office, when
from tests.caseengine.test_access import person
from tests.conftest import empty_sqlite

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
ACTS = CASE_ACTS | DESK_ACTS

TALLY: Counter[str] = Counter()
"""How often each act was done, and how often it was refused: "merge", "merge: case.customers_differ"."""


class Stage:
    """One database for all plays: emptied between them, which is cheaper than a new one."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(empty_sqlite(folder / "machine.db"))

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    async def furnished(self) -> World:
        await self.database.run(_empty)
        office = Office(self.database)
        await office.furnish()
        await furnish_desk(office)
        for kind, document in (RULEBOOKS | DESK_RULEBOOKS).items():
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


def play(
    folder: Path, *, runs: int, steps: int, derandomize: bool = False, acts: Sequence[str] = tuple(ACTS)
) -> Counter[str]:
    """Play so often, so long; returns the tally.

    Args:
        acts: what may be done; what is named twice is done more often.

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
            act=st.sampled_from(acts),
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
                if act in JOBS:
                    raise
                TALLY[f"{act}: {refusal.code}"] += 1
            await hold(self.world, self.seen)

        def teardown(self) -> None:
            if hasattr(self, "world"):
                stage.runner.run(tallies_are_what_the_histories_add_up_to(self.world))

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
