"""What each agent did in a period: work belongs to whoever did it, a target to whoever held the case when it ended."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.tally import TallyKind
from caseengine.reading.boards.durations import seconds_between
from caseengine.reading.boards.figures import TARGETS, Drill, Figure, Number, Whose, counting, during, of
from caseengine.reading.boards.period import Period
from caseengine.reading.boards.period_board import TargetBoard
from caseengine.tables import agents, case_clocks, cases, surveys, tallies
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent.

    Attributes:
        holding: live cases they hold now.
        handled: holdings of theirs that ended: resolved, moved on, given back, merged.
        held_for: wall time of these holdings, together.
        replied: replies and questions to customers.
        resolved, resolutions, taken_back: as of the desk, see `PeriodBoard`.
        csat: mean of the answers about cases they held when the customer was asked; None without any.
    """

    agent_id: UUID
    name: str
    holding: Number
    handled: Number
    held_for: timedelta
    replied: Number
    resolved: Number
    resolutions: Number
    taken_back: Number
    targets: Sequence[TargetBoard]
    rated: Number
    csat: float | None

    @property
    def reopen_rate(self) -> float | None:
        return self.taken_back.value / self.resolutions.value if self.resolutions.value else None


@dataclass(slots=True)
class _Sums:
    """Of one agent, as they come in from the queries."""

    counts: dict[tuple[Figure, str], int] = field(default_factory=lambda: defaultdict(int))
    held_s: float = 0.0
    csat: float | None = None


Sums = Mapping[UUID, _Sums]


async def agents_board(snapshot: Snapshot, whose: Whose, period: Period) -> list[AgentLine]:
    """The agents who did or hold anything, by name; with `whose.agent_id`, that one, in any case."""
    drill = Drill(figure=Figure.LIVE, whose=whose, period=period)
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    await _work(snapshot, drill, sums)
    await _clocks(snapshot, drill, sums)
    await _answers(snapshot, drill, sums)
    for row in await snapshot.rows(counting(drill.to(Figure.LIVE)).count(cases.c.agent_id)):
        if row.agent_id is not None:
            sums[row.agent_id].counts[Figure.LIVE, ""] = row.how_many
    wanted = {*sums, whose.agent_id} - {None}
    people = await snapshot.rows(
        sa.select(agents.c.id, agents.c.name).where(agents.c.id.in_(wanted)).order_by(agents.c.name, agents.c.id)
    )
    return [_line(row.id, row.name, drill.whose_agent(row.id), sums[row.id]) for row in people]


async def _work(snapshot: Snapshot, drill: Drill, sums: dict[UUID, _Sums]) -> None:
    """Replies, holdings and resolutions, each in one walk over the period."""
    replied = counting(drill.to(Figure.REPLIED))
    for row in await snapshot.rows(replied.count(tallies.c.agent_id)):
        _of(sums, row).counts[Figure.REPLIED, ""] = row.how_many
    held = counting(drill.to(Figure.HELD))
    seconds = sa.func.sum(seconds_between(tallies.c.since, tallies.c.at)).label("held_s")
    for row in await snapshot.rows(held.count(tallies.c.agent_id).add_columns(seconds)):
        mine = _of(sums, row)
        mine.counts[Figure.HELD, ""], mine.held_s = row.how_many, float(row.held_s or 0)
    assert drill.period is not None
    undone = tallies.c.undone_at
    early = sa.func.count(sa.case((undone < drill.period.ends, 1))).label("early")
    resolved = counting(drill.to(Figure.RESOLUTIONS)).count(tallies.c.agent_id)
    for row in await snapshot.rows(resolved.add_columns(sa.func.count(undone).label("undone"), early)):
        mine = _of(sums, row)
        mine.counts[Figure.RESOLUTIONS, ""] = row.how_many
        mine.counts[Figure.TAKEN_BACK, ""] = row.undone
        mine.counts[Figure.RESOLVED, ""] = row.how_many - row.early


async def _clocks(snapshot: Snapshot, drill: Drill, sums: dict[UUID, _Sums]) -> None:
    by = (case_clocks.c.agent_id, case_clocks.c.target)
    ended = [case_clocks.c.target.in_(TARGETS), *during(case_clocks.c.ended_at, drill), *of(case_clocks, drill.whose)]
    met = sa.func.count(sa.case((case_clocks.c.state == "met", 1))).label("met")
    counted = sa.select(*by, sa.func.count().label("ended"), met).where(*ended).group_by(*by)
    for row in await snapshot.rows(counted):
        mine = _of(sums, row).counts
        mine[Figure.TIMED, row.target], mine[Figure.MET, row.target] = row.ended, row.met
    missed = [case_clocks.c.target.in_(TARGETS), *during(case_clocks.c.breached_at, drill)]
    counted = sa.select(*by, sa.func.count().label("missed")).where(*missed, *of(case_clocks, drill.whose))
    for row in await snapshot.rows(counted.group_by(*by)):
        _of(sums, row).counts[Figure.MISSED, row.target] = row.missed


async def _answers(snapshot: Snapshot, drill: Drill, sums: dict[UUID, _Sums]) -> None:
    rated = counting(drill.to(Figure.RATED)).count(surveys.c.agent_id)
    for row in await snapshot.rows(rated.add_columns(sa.func.avg(surveys.c.csat).label("csat"))):
        mine = _of(sums, row)
        mine.counts[Figure.RATED, ""], mine.csat = row.how_many, float(row.csat)


def _of(sums: dict[UUID, _Sums], row: sa.Row[Any]) -> _Sums:
    """What nobody did or held goes nowhere."""
    return sums[row.agent_id] if row.agent_id is not None else _Sums()


def _line(agent_id: UUID, name: str, drill: Drill, mine: _Sums) -> AgentLine:
    def number(figure: Figure, target: str = "") -> Number:
        return Number(mine.counts[figure, target], drill.to(figure, target=target or None))

    return AgentLine(
        agent_id=agent_id,
        name=name,
        holding=number(Figure.LIVE),
        handled=number(Figure.HELD),
        held_for=timedelta(seconds=mine.held_s),
        replied=number(Figure.REPLIED),
        resolved=number(Figure.RESOLVED),
        resolutions=number(Figure.RESOLUTIONS),
        taken_back=number(Figure.TAKEN_BACK),
        targets=[
            TargetBoard(target, *(number(one, target) for one in (Figure.MET, Figure.MISSED, Figure.TIMED)))
            for target in TARGETS
        ],
        rated=number(Figure.RATED),
        csat=mine.csat,
    )
