"""The boards: how the desk stands, and how it did in a period. Every figure knows the cases behind it.

Source: docs/decisions/0018-days-are-packed.md, docs/reference/boards.md
"""

from caseengine.reading.boards.agents import AgentLine, agents_board
from caseengine.reading.boards.drill import DrillRow, Place, cases_behind, count_behind
from caseengine.reading.boards.figures import BUCKETS, TARGETS, Drill, Figure, Number, Whose
from caseengine.reading.boards.now import NowBoard, now_board
from caseengine.reading.boards.period import Period, PeriodBackwards, desk_days
from caseengine.reading.boards.period_board import PeriodBoard, period_board
from caseengine.reading.boards.whose import whose_for

__all__ = [
    "BUCKETS",
    "TARGETS",
    "AgentLine",
    "Drill",
    "DrillRow",
    "Figure",
    "NowBoard",
    "Number",
    "Period",
    "PeriodBackwards",
    "PeriodBoard",
    "Place",
    "Whose",
    "agents_board",
    "cases_behind",
    "count_behind",
    "desk_days",
    "now_board",
    "period_board",
    "whose_for",
]
