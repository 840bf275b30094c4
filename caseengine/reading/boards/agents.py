"""What each agent did in a period: work belongs to whoever did it, a target to whoever held the case when it ended."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.happening import Happening
from caseengine.packing.sql import NONE
from caseengine.reading.boards.counting import counting
from caseengine.reading.boards.counting_up import count_by
from caseengine.reading.boards.figures import TARGETS, Drill, Figure, Number, Whose
from caseengine.reading.boards.happened import Happened, Wanted, happened
from caseengine.reading.boards.period import Period
from caseengine.reading.boards.period_board import TargetBoard
from caseengine.tables import agents, cases
from storage.transaction import Snapshot

PLAIN = (Figure.REPLIED, Figure.HELD, Figure.RESOLUTIONS, Figure.RESOLVED, Figure.TAKEN_BACK, Figure.RATED)
BY_TARGET = (Figure.MET, Figure.MISSED, Figure.TIMED)
WANTED: Wanted = {
    Happening.REPLIED: ("agent_id",),
    Happening.HELD: ("agent_id", "held"),
    Happening.RESOLVED: ("agent_id", "undone_at"),
    Happening.ENDED: ("agent_id", "target", "state"),
    Happening.BREACHED: ("agent_id", "target"),
    Happening.ANSWERED: ("agent_id", "csat"),
}


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
    """Of one agent."""

    counts: dict[tuple[Figure, str], int] = field(default_factory=lambda: defaultdict(int))
    held_s: int = 0
    scores: int = 0


Sums = dict[str, _Sums]
"""By the agent's id, in hexadecimal."""


async def agents_board(snapshot: Snapshot, whose: Whose, period: Period) -> list[AgentLine]:
    """The agents who did or hold anything, by name; with `whose.agent_id`, that one, in any case."""
    drill = Drill(figure=Figure.LIVE, whose=whose, period=period)
    found = await happened(snapshot, period, whose, WANTED)
    sums = await asyncio.to_thread(_work, found, drill)
    for (agent,), many in (await count_by(snapshot, counting(drill), cases.c.agent_id)).items():
        sums[agent].counts[Figure.LIVE, ""] = many
    sums.pop(NONE, None)  # what nobody did or held goes nowhere
    wanted = {UUID(agent) for agent in sums} | ({whose.agent_id} if whose.agent_id else set())
    people = await snapshot.rows(
        sa.select(agents.c.id, agents.c.name).where(agents.c.id.in_(wanted)).order_by(agents.c.name, agents.c.id)
    )
    return [_line(row.id, row.name, drill.whose_agent(row.id), sums[row.id.hex]) for row in people]


def _work(found: Happened, drill: Drill) -> Sums:
    """Each figure by agent."""
    sums: Sums = defaultdict(_Sums)
    for figure in PLAIN:
        for agent, many in found.by(drill.to(figure), "agent_id").items():
            sums[agent].counts[figure, ""] = many
    for figure, target in product(BY_TARGET, TARGETS):
        for agent, many in found.by(drill.to(figure, target=target), "agent_id").items():
            sums[agent].counts[figure, target] = many
    for agent, held_s in found.by(drill.to(Figure.HELD), "agent_id", adding="held").items():
        sums[agent].held_s = held_s
    for agent, scores in found.by(drill.to(Figure.RATED), "agent_id", adding="csat").items():
        sums[agent].scores = scores
    return sums


def _line(agent_id: UUID, name: str, drill: Drill, mine: _Sums) -> AgentLine:
    def number(figure: Figure, target: str = "") -> Number:
        return Number(mine.counts[figure, target], drill, figure, target or None)

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
