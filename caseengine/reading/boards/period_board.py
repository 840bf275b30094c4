"""How the desk did in a period."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseengine.model.happening import Happening
from caseengine.reading.boards.containment import Containment, containment
from caseengine.reading.boards.durations import Durations, durations
from caseengine.reading.boards.figures import TARGETS, Drill, Figure, Number, Whose
from caseengine.reading.boards.happened import Happened, Wanted, happened
from caseengine.reading.boards.period import Period
from caseengine.reading.boards.satisfaction import Satisfaction, satisfaction
from storage.transaction import Snapshot

TIMED = ("first_response", "resolution")
WANTED: Wanted = {
    Happening.OPENED: (),
    Happening.RESOLVED: ("undone_at",),
    Happening.CLOSED: ("undone_at",),
    Happening.REOPENED: (),
    Happening.HANDOVER: ("detail",),
    Happening.ENDED: ("target", "state", "working", "wall"),
    Happening.BREACHED: ("target",),
    Happening.ASKED: ("answered_at", "case_channel"),
    Happening.ANSWERED: ("csat", "effort", "case_channel"),
}


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
    everything = whose == Whose()
    wanted = {**WANTED, **({Happening.BEGUN: ("outcome",)} if everything else {})}
    found = await happened(snapshot, period, whose, wanted)
    drill = Drill(figure=Figure.OPENED, whose=whose, period=period)
    return await asyncio.to_thread(_board, found, drill)


def _board(found: Happened, drill: Drill) -> PeriodBoard:
    def number(figure: Figure) -> Number:
        return _number(found, drill.to(figure))

    return PeriodBoard(
        period=drill.in_period,
        opened=number(Figure.OPENED),
        resolved=number(Figure.RESOLVED),
        resolutions=number(Figure.RESOLUTIONS),
        taken_back=number(Figure.TAKEN_BACK),
        closed=number(Figure.CLOSED),
        reopened=number(Figure.REOPENED),
        handed_over=number(Figure.HANDED_OVER),
        reasons=_reasons(found, drill.to(Figure.HANDED_OVER)),
        targets=[_target(found, drill, target) for target in TARGETS],
        containment=containment(found.all_by(Happening.BEGUN, "outcome")) if Happening.BEGUN in found.parts else None,
        satisfaction=satisfaction(found, drill),
    )


def _number(found: Happened, drill: Drill) -> Number:
    return Number(found.count(drill), drill)


def _reasons(found: Happened, drill: Drill) -> dict[str, Number]:
    counted = found.by(drill, "detail")
    return {name: Number(counted[name], drill.to(drill.figure, reason=name)) for name in sorted(counted)}


def _target(found: Happened, drill: Drill, target: str) -> TargetBoard:
    met, missed, timed = (drill.to(figure, target=target) for figure in (Figure.MET, Figure.MISSED, Figure.TIMED))
    return TargetBoard(
        target,
        _number(found, met),
        _number(found, missed),
        _number(found, timed),
        durations(found, timed) if target in TIMED else None,
    )
