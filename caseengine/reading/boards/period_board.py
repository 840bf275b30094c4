"""How the desk did in a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from caseengine.reading.boards.containment import Containment, containment
from caseengine.reading.boards.counting_up import count_by
from caseengine.reading.boards.durations import Durations, durations
from caseengine.reading.boards.figures import TARGETS, Drill, Figure, Number, Whose, counting
from caseengine.reading.boards.period import Period
from caseengine.reading.boards.satisfaction import Satisfaction, satisfaction
from caseengine.tables import case_clocks, tallies
from storage.transaction import Snapshot

TIMED = ("first_response", "resolution")
FLOW = (Figure.OPENED, Figure.CLOSED, Figure.REOPENED)


@dataclass(frozen=True, slots=True)
class TargetBoard:
    """One SLA target.

    Attributes:
        met: clocks that ended in time in the period.
        missed: clocks whose time ran out in the period, ended or not.
        timed: clocks that ended in the period, on which the percentiles stand.
        took: None where no clock ended, and for targets whose times nobody asks for.
    """

    target: str
    met: Number
    missed: Number
    timed: Number
    took: Durations | None = None

    @property
    def attainment(self) -> float | None:
        """The share that was met; None where no clock was decided."""
        decided = self.met.value + self.missed.value
        return self.met.value / decided if decided else None


@dataclass(frozen=True, slots=True)
class PeriodBoard:
    """
    Attributes:
        resolved: cases resolved in the period that stood so at its end.
        resolutions: how often a case was resolved, also those that were reopened.
        taken_back: those of `resolutions` whose case was reopened since.
        handed_over: handovers by the bot's reason.
        containment: None where the board is of some cases only: a conversation without a case is no department's.
    """

    period: Period
    opened: Number
    resolved: Number
    resolutions: Number
    taken_back: Number
    closed: Number
    reopened: Number
    handed_over: Number
    reasons: Mapping[str, Number]
    targets: Sequence[TargetBoard]
    containment: Containment | None
    satisfaction: Satisfaction

    @property
    def reopen_rate(self) -> float | None:
        """The share of the resolutions of this period that was taken back since."""
        return self.taken_back.value / self.resolutions.value if self.resolutions.value else None


async def period_board(snapshot: Snapshot, whose: Whose, period: Period) -> PeriodBoard:
    """Every figure is counted, none is kept: a correction of the past shows at once."""
    drill = Drill(figure=Figure.OPENED, whose=whose, period=period)
    flow = {figure: Number(await _count(snapshot, drill.to(figure)), drill.to(figure)) for figure in FLOW}
    resolved, resolutions, taken_back = await _resolved(snapshot, drill)
    reasons = await _reasons(snapshot, drill)
    return PeriodBoard(
        period=period,
        opened=flow[Figure.OPENED],
        resolved=resolved,
        resolutions=resolutions,
        taken_back=taken_back,
        closed=flow[Figure.CLOSED],
        reopened=flow[Figure.REOPENED],
        handed_over=Number(sum(number.value for number in reasons.values()), drill.to(Figure.HANDED_OVER)),
        reasons=reasons,
        targets=await _targets(snapshot, drill),
        containment=await containment(snapshot, period) if whose == Whose() else None,
        satisfaction=await satisfaction(snapshot, drill),
    )


async def _count(snapshot: Snapshot, drill: Drill) -> int:
    return int(await snapshot.scalar(counting(drill).count()))


async def _resolved(snapshot: Snapshot, drill: Drill) -> tuple[Number, Number, Number]:
    """In one walk: those that stood, all, and those that did not last."""
    figures = (Figure.RESOLVED, Figure.RESOLUTIONS, Figure.TAKEN_BACK)
    undone = tallies.c.undone_at
    never, later = sa.func.count(undone), sa.func.count(sa.case((undone < drill.in_period.ends, 1)))
    counted = sa.select(sa.func.count().label("every"), never.label("undone"), later.label("early"))
    row = await snapshot.first(counted.where(*counting(drill.to(Figure.RESOLUTIONS)).where))
    every, taken, early = (row.every, row.undone, row.early) if row else (0, 0, 0)
    values = (every - early, every, taken)
    stood, all_, back = (Number(value, drill.to(figure)) for figure, value in zip(figures, values, strict=True))
    return stood, all_, back


async def _reasons(snapshot: Snapshot, drill: Drill) -> dict[str, Number]:
    behind = counting(drill.to(Figure.HANDED_OVER))
    found = {name: many for (name,), many in (await count_by(snapshot, behind, tallies.c.detail)).items()}
    return {name: Number(found[name], drill.to(Figure.HANDED_OVER, reason=name)) for name in sorted(found)}


async def _targets(snapshot: Snapshot, drill: Drill) -> list[TargetBoard]:
    return [await _target(snapshot, drill, target) for target in TARGETS]


async def _target(snapshot: Snapshot, drill: Drill, target: str) -> TargetBoard:
    ended = counting(drill.to(Figure.TIMED, target=target))
    met = sa.func.count(sa.case((case_clocks.c.state == "met", 1))).label("met")
    row = await snapshot.first(sa.select(sa.func.count().label("ended"), met).where(*ended.where))
    missed = drill.to(Figure.MISSED, target=target)
    timed = drill.to(Figure.TIMED, target=target)
    return TargetBoard(
        target,
        Number(row.met if row else 0, drill.to(Figure.MET, target=target)),
        Number(await _count(snapshot, missed), missed),
        Number(row.ended if row else 0, timed),
        await durations(snapshot, timed) if target in TIMED else None,
    )
