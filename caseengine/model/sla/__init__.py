"""SLA: what a policy promises, and the clocks that measure it, as a pure function of a case's events.

Source: docs/decisions/0014-sla-clocks.md and 0015-escalation-ladder.md
"""

from collections.abc import Iterable
from datetime import datetime

from caseengine.model.events import CaseEvent
from caseengine.model.sla.clock import Clock, ClockState
from caseengine.model.sla.document import Sla, check_steps, read_sla
from caseengine.model.sla.due import due_step, taken_elsewhere
from caseengine.model.sla.fold import advance, as_of, fold
from caseengine.model.sla.owed import Owed, owed, owed_without
from caseengine.model.sla.policy import DEFAULT, NO_SLA, Action, Book, Policy, Step, StepKind, Target
from caseengine.model.sla.state import Awaits, Clocks
from caseengine.model.sla.why import Span, SpanKind, why


def clock(events: Iterable[CaseEvent], book: Book, now: datetime) -> tuple[Clock, ...]:
    """Every clock of a case, one for each target and cycle, as it stands at `now`; it has no other input.

    Args:
        events: of one case, in order, the first of which opened it.
        book: the policies the events name and the calendars those count by.
    """
    return as_of(fold(events, book), now)


__all__ = [
    "DEFAULT",
    "NO_SLA",
    "Action",
    "Awaits",
    "Book",
    "Clock",
    "ClockState",
    "Clocks",
    "Owed",
    "Policy",
    "Sla",
    "Span",
    "SpanKind",
    "Step",
    "StepKind",
    "Target",
    "advance",
    "as_of",
    "check_steps",
    "clock",
    "due_step",
    "fold",
    "owed",
    "owed_without",
    "read_sla",
    "taken_elsewhere",
    "why",
]
