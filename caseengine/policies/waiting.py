"""How long somebody in a queue has to wait."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from caseengine.model import events as happened
from caseengine.model.calendar import Calendar, working_time
from caseengine.model.lifecycle import TRANSITIONS, Status

_LET_GO = (happened.CaseReturned, happened.CaseMoved)
_FACTS = (
    *(happened.CaseAssigned, *_LET_GO, happened.HandoverRequested, happened.CaseResolved, happened.CaseReopened),
    *(happened.CustomerWrote, happened.CustomerAsked, happened.ThirdPartyAsked, happened.ThirdPartyAnswered),
)
MOVING = {fact.__name__: fact for fact in _FACTS}
"""The facts, by kind, that begin or end the time in which somebody can work on a case."""


def waited(since: datetime, at: datetime, calendar: Calendar) -> timedelta:
    """Working time between two instants: nobody looked in vain for somebody while the desk was closed.

    Wall time where the calendar never opens.
    """
    return working_time(since, at, calendar) if calendar.ever_opens(since.date()) else max(at - since, timedelta(0))


def expected_wait(position: int, hands: int, handling: timedelta | None) -> timedelta | None:
    """When the agents get to the case at this place, if each goes on at the pace that was measured.

    Args:
        position: from 1.
        hands: how many cases are worked on at once: agents there, times what each does side by side.
        handling: mean working time of one case; None when nothing was measured.

    Returns:
        None when nobody is there, nothing was measured, or it waits for nobody.
    """
    if handling is None or hands < 1 or position < 1:
        return None
    return handling * position / hands


def worked_on(facts: Iterable[tuple[str, datetime]]) -> list[tuple[datetime, datetime]] | None:
    """When whoever was given a case last could work on it: not while it waited for somebody else, or lay in a queue.

    Args:
        facts: kinds, of `MOVING`, and instants, in order, from the opening of the case on.

    Returns:
        None where nobody was ever given it.
    """
    status, held, began = Status.NEW, False, None
    spans: list[tuple[datetime, datetime]] | None = None
    for kind, at in facts:
        fact = MOVING[kind]
        if began is not None and spans is not None:
            spans.append((began, at))
        if fact is happened.CaseAssigned:
            spans, held = [], True
        elif fact in _LET_GO:
            held = False
        status = TRANSITIONS.get((status, fact.verb), status)
        began = at if held and status is Status.OPEN else None
    return spans
