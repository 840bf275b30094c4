"""How long somebody in a queue has to wait."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from caseengine.model import events as happened
from caseengine.model.calendar import Calendar, working_time
from caseengine.model.lifecycle import AWAITING_AGENT, TRANSITIONS, Status

_LET_GO = (happened.CaseReturned, happened.CaseMoved)
_FACTS = (
    *(happened.CaseAssigned, *_LET_GO, happened.HandoverRequested, happened.CaseResolved, happened.CaseReopened),
    *(happened.CustomerWrote, happened.CustomerAsked, happened.ThirdPartyAsked, happened.ThirdPartyAnswered),
)
MOVING = {fact.__name__: fact for fact in _FACTS}
"""The facts, by kind, that begin or end the time in which somebody can work on a case."""
_ENTERING = (
    *(happened.CaseOpened, happened.CaseMoved, happened.CaseReturned),
    *(happened.CaseReopened, happened.CaseUnmerged),
)
_MERGING = (happened.CaseMerged, happened.CaseAbsorbed, happened.CaseReleased)
QUEUEING = {fact.__name__: fact for fact in (*_ENTERING, *_MERGING, *_FACTS, happened.CaseClosed)}
"""The facts, by kind, with which a case comes into a queue, or begins or ceases to wait for its customer."""


def began_to_wait(facts: Iterable[tuple[str, datetime, Mapping[str, Any]]]) -> datetime | None:
    """When a case that waits for an agent began to: it came into its queue, or its customer wrote whom it waited for.

    Args:
        facts: kinds, of `QUEUEING`, instants, and what is internal to each, in order, from the opening of the case on.

    Returns:
        None where there are no facts.
    """
    status, merged_from, since = Status.NEW, Status.NEW, None
    for kind, at, internal in facts:
        fact, was = QUEUEING[kind], status
        if fact is happened.CaseUnmerged:
            status = merged_from
        elif fact is happened.CaseAbsorbed:
            heard = was is Status.WAITING_ON_CUSTOMER and internal.get("customer_waits")
            status = Status.OPEN if heard else was
        elif fact is happened.CaseReleased:
            status = Status(internal.get("status") or was)
        elif fact is not happened.CaseOpened:
            status = TRANSITIONS.get((was, fact.verb), was)
        merged_from = was if fact is happened.CaseMerged else merged_from
        if fact in _ENTERING or (was not in AWAITING_AGENT and status in AWAITING_AGENT):
            since = at
    return since


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
