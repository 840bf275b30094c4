"""What a backtest says of a draft is what a desk under the draft lives through: random lives, each lived twice."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.backtest.draft import CaseDifference
from app.backtest.sla import taken_over_from
from caseengine.cases import history
from caseengine.clocks import book_for
from caseengine.model.sla import Clock
from caseengine.rulebooks import Rulebook
from caseengine.sla_replay import Others, Taken, replay
from caseengine.tables import assignments
from tests.app.backtest.lives import BESIDES, CONDITIONS, WEEK, WORKED_ON, Act, Theatre, lives
from tests.caseengine.machine_acts import World

POLICIES = {
    "climb": {"targets": {"first_response": "2h", "resolution": "8h"}},
    "angry": {"targets": {"first_response": "30m", "resolution": "4h"}, "warn_at": [0.5]},
    "calm": {"targets": {"first_response": "7h"}},
}
LEVELS = st.lists(st.tuples(st.sampled_from(CONDITIONS[:-1]), st.sampled_from(list(POLICIES))), max_size=3)
NEEDED, HARDER = (
    st.lists(st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(levels)), min_size=1, max_size=4)
    for levels in ((1, 2), (2, 5))
)
"""What somebody can do, so that there is a decision; and what nobody can."""
SETTINGS = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
TALLY: Counter[str] = Counter()


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    found = Theatre(Path(tmp_path_factory.mktemp("lives")))
    yield found
    found.close()


def sla(levels: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    chosen = [{"when": condition, "policy": policy} for condition, policy in levels]
    return {"policies": POLICIES, "choose": {"type_and_priority": chosen, "default": "climb"}}


def routing(needed: Sequence[tuple[Any, int]]) -> dict[str, Any]:
    """All asks for refunds, so that everybody who could do it was looked at."""
    departments = {name: {"mode": "assign"} for name in ("tills", "deliveries")}
    always = {"when": {"fact": "subject", "contains": "till"}, "skills": {"refunds": 1}}
    needs = [always, *({"when": condition, "skills": {"refunds": least}} for condition, least in needed)]
    return {"departments": departments, "needs": needs, "capacity": 50}


@SETTINGS
@given(life=lives(*WORKED_ON), current=LEVELS, draft=LEVELS)
def test_clocks_are_those_of_a_life_under_the_draft(
    theatre: Theatre, life: list[Act], current: list[Any], draft: list[Any]
) -> None:
    world = theatre.plays(life, {Rulebook.SLA: sla(current)})
    was, there = clocks(theatre, world), theatre.asks(Rulebook.SLA, sla(draft))
    found = [there.get(case.number) for case in world.cases]
    would = clocks(theatre, theatre.plays(life, {Rulebook.SLA: sla(draft)}))
    assert not any(one.uncertain for one in there.values())
    TALLY["sla"] += len(there)
    assert [changed(*one) for one in zip(was, found, strict=True)] == would


@SETTINGS
@given(life=lives(*BESIDES, "need", "route", "route", "back"), current=NEEDED, draft=HARDER)
def test_decisions_are_those_of_a_life_under_the_draft(
    theatre: Theatre, life: list[Act], current: list[Any], draft: list[Any]
) -> None:
    """As far as the first that is another: what follows from it nobody knows."""
    first: Act = ("tag", (0, 1, 2), 1)
    last: Act = ("route", (0, 0, 0), 1)
    world = theatre.plays([first, *life, last], {Rulebook.ROUTING: routing(current)})
    was, there = theatre.runner.run(decisions(world)), theatre.asks(Rulebook.ROUTING, routing(draft))
    found = there.get(world.cases[0].number)
    world = theatre.plays([first, *life, last], {Rulebook.ROUTING: routing(draft)})
    would = dict(theatre.runner.run(decisions(world)))
    if found is not None and found.uncertain:
        TALLY["uncertain"] += 1
        return
    TALLY["routing"] += found is not None
    TALLY["routing, the same"] += found is None and bool(was)
    told = {one.at: one.draft for one in found.differences if one.what == "decision.agent"} if found else {}
    for at, agent in was:
        assert would.get(at) == told.get(at, agent), at
        if at in told:
            return


def test_there_were_differences_to_be_told() -> None:
    assert TALLY["sla"] > 0
    assert TALLY["routing"] > 0
    assert TALLY["routing, the same"] > 0


def clocks(theatre: Theatre, world: World) -> list[dict[str, Any]]:
    """Of each case in order: what a backtest tells of its clocks, as the log has them."""
    return [theatre.runner.run(told(world, case.id)) for case in world.cases]


async def told(world: World, case_id: Any) -> dict[str, Any]:
    events = await world.office.see(history, case_id)
    others = await world.office.see(taken_over_from, [events], WEEK)
    book = await world.office.see(book_for, [*events, *chain(*others.values())])
    measured = replay(events, book, WEEK, others=Others(others, book, WEEK))
    found: dict[str, Any] = {}
    for (target, cycle), clock in measured.clocks.items():
        name, steps = f"{target}.{cycle}", measured.steps.get((target, cycle), ())
        found |= {f"{name}.{what}": value for what, value in facts(clock, steps).items()}
    return found


def facts(clock: Clock, steps: Sequence[Taken]) -> dict[str, Any]:
    due_at = clock.due_at.isoformat() if clock.due_at else None
    taken = [f"{one.what} {one.at:%Y-%m-%d %H:%M}" for one in steps]
    return {"policy": clock.policy, "due_at": due_at, "verdict": str(clock.state), "steps": taken}


def changed(was: Mapping[str, Any], found: CaseDifference | None) -> dict[str, Any]:
    """What there was, with what would be otherwise; a clock there would not be has no verdict."""
    news = {one.what: one.draft for one in found.differences} if found is not None else {}
    whole = {**was, **news}
    gone = {what.rpartition(".")[0] for what, value in whole.items() if what.endswith(".verdict") and value is None}
    for what in list(whole):
        if what.rpartition(".")[0] in gone:
            del whole[what]
    for what in list(whole):
        for other, usual in (("policy", None), ("due_at", None), ("steps", [])):
            whole.setdefault(f"{what.rpartition('.')[0]}.{other}", usual)
    return whole


async def decisions(world: World) -> list[tuple[Any, str]]:
    """Of the first case: when, and to whom."""
    office = world.office
    emails = {agent.id: agent.email for agent in (office.li, office.mo, office.sam)}
    query = sa.select(assignments).where(assignments.c.case_id == world.cases[0].id).order_by(assignments.c.decided_at)
    rows = await office.see(lambda snapshot: snapshot.rows(query))
    return [(row.decided_at, emails[row.agent_id]) for row in rows]
