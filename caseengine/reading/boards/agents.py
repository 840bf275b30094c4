"""What each agent did in a period: work belongs to whoever did it, a target to whoever held the case when it ended."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from caseengine.reading.boards.counting_up import NONE, count_by
from caseengine.reading.boards.durations import seconds_between, whole
from caseengine.reading.boards.figures import TARGETS, Drill, Figure, Number, Whose, clocks, counting
from caseengine.reading.boards.period import Period
from caseengine.reading.boards.period_board import TargetBoard
from caseengine.tables import agents, case_clocks, cases, surveys, tallies
from storage.transaction import Snapshot

LASTED, LATER, UNDONE = "lasted", "later", "undone"


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
    """Of one agent, by id in hexadecimal, as they come in from the queries."""

    counts: dict[tuple[Figure, str], int] = field(default_factory=lambda: defaultdict(int))
    held_s: int = 0
    scores: int = 0


async def agents_board(snapshot: Snapshot, whose: Whose, period: Period) -> list[AgentLine]:
    """The agents who did or hold anything, by name; with `whose.agent_id`, that one, in any case."""
    drill = Drill(figure=Figure.LIVE, whose=whose, period=period)
    sums: dict[str, _Sums] = defaultdict(_Sums)
    await _work(snapshot, drill, sums)
    await _clocks(snapshot, drill, sums)
    await _answers(snapshot, drill, sums)
    for (agent,), many in (await count_by(snapshot, counting(drill.to(Figure.LIVE)), cases.c.agent_id)).items():
        _of(sums, agent).counts[Figure.LIVE, ""] = many
    wanted = {UUID(agent) for agent in sums} | ({whose.agent_id} if whose.agent_id else set())
    people = await snapshot.rows(
        sa.select(agents.c.id, agents.c.name).where(agents.c.id.in_(wanted)).order_by(agents.c.name, agents.c.id)
    )
    return [_line(row.id, row.name, drill.whose_agent(row.id), sums[row.id.hex]) for row in people]


async def _work(snapshot: Snapshot, drill: Drill, sums: dict[str, _Sums]) -> None:
    """Replies, holdings and resolutions, each in one walk over the period."""
    agent = tallies.c.agent_id
    for (who,), many in (await count_by(snapshot, counting(drill.to(Figure.REPLIED)), agent)).items():
        _of(sums, who).counts[Figure.REPLIED, ""] = many
    seconds = whole(seconds_between(tallies.c.since, tallies.c.at))
    for (who, held_s), many in (await count_by(snapshot, counting(drill.to(Figure.HELD)), agent, seconds)).items():
        mine = _of(sums, who)
        mine.counts[Figure.HELD, ""] += many
        mine.held_s += many * int(held_s) if held_s != NONE else 0
    resolved = counting(drill.to(Figure.RESOLUTIONS))
    for (who, lasted), many in (await count_by(snapshot, resolved, agent, _lasted(drill))).items():
        counts = _of(sums, who).counts
        counts[Figure.RESOLUTIONS, ""] += many
        counts[Figure.TAKEN_BACK, ""] += many if lasted != LASTED else 0
        counts[Figure.RESOLVED, ""] += many if lasted != UNDONE else 0


def _lasted(drill: Drill) -> sa.Case[str]:
    """Until now, beyond the end of the period, or not even that long."""
    undone = tallies.c.undone_at
    return sa.case((undone.is_(None), LASTED), (undone < drill.in_period.ends, UNDONE), else_=sa.literal(LATER))


async def _clocks(snapshot: Snapshot, drill: Drill, sums: dict[str, _Sums]) -> None:
    columns = (case_clocks.c.agent_id, case_clocks.c.target, case_clocks.c.state)
    for (who, target, state), many in (
        await count_by(snapshot, clocks(case_clocks.c.ended_at, drill), *columns)
    ).items():
        counts = _of(sums, who).counts
        counts[Figure.TIMED, target] += many
        counts[Figure.MET, target] += many if state == "met" else 0
    missed = clocks(case_clocks.c.breached_at, drill)
    for (who, target), many in (await count_by(snapshot, missed, *columns[:2])).items():
        _of(sums, who).counts[Figure.MISSED, target] = many


async def _answers(snapshot: Snapshot, drill: Drill, sums: dict[str, _Sums]) -> None:
    rated = counting(drill.to(Figure.RATED))
    for (who, score), many in (await count_by(snapshot, rated, surveys.c.agent_id, surveys.c.csat)).items():
        mine = _of(sums, who)
        mine.counts[Figure.RATED, ""] += many
        mine.scores += many * int(score)


def _of(sums: dict[str, _Sums], agent: str) -> _Sums:
    """What nobody did or held goes nowhere."""
    return sums[agent] if agent != NONE else _Sums()


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
            TargetBoard(target, number(Figure.MET, target), number(Figure.MISSED, target), number(Figure.TIMED, target))
            for target in TARGETS
        ],
        rated=number(Figure.RATED),
        csat=mine.scores / mine.counts[Figure.RATED, ""] if mine.counts[Figure.RATED, ""] else None,
    )
