"""Priority from impact and urgency."""

from datetime import datetime

from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.events import CaseAssessed
from caseengine.model.priority import Priority

__all__ = ["LEVELS", "Priority", "assess", "priority"]

LEVELS = (1, 2, 3)
"""Of impact and of urgency: 1 high, 2 medium, 3 low."""


def priority(impact: int, urgency: int) -> Priority:
    """The sum of both decides: high and high is P1, high and medium P2, then P3; anything lower is P4.

    Args:
        impact: 1 (the whole company) to 3 (one person).
        urgency: 1 (work stands still) to 3 (whenever it suits).
    """
    if impact not in LEVELS or urgency not in LEVELS:
        raise ValueError("impact and urgency are 1, 2 or 3")
    return Priority(min(impact + urgency - 1, 4))


def assess(case: Case, impact: int, urgency: int, reason: str, *, by: Actor, at: datetime) -> None:
    """Correct both, with the reason. The priority follows, unless somebody has given it another than they gave.

    Raises:
        TransitionNotAllowed: it has ended.
    """
    if (impact, urgency) == (case.impact, case.urgency):
        return
    overridden = case.priority != priority(case.impact, case.urgency)
    given = priority(impact, urgency)
    case.record(CaseAssessed(case_id=case.id, actor=by, at=at, impact=impact, urgency=urgency, reason=reason))
    if not overridden and given != case.priority:
        case.prioritise(given, reason, by=by, at=at)
