"""Priority from impact and urgency."""

from caseengine.model.priority import Priority

__all__ = ["LEVELS", "Priority", "priority"]

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
