"""Why is it due then: the spans of time a clock counted, and those it did not, with the reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from caseengine.model.calendar import Calendar, openings_between
from caseengine.model.events import CaseAbsorbed, CaseEvent, CaseOpened, CaseReleased
from caseengine.model.events.relations import Stretches
from caseengine.model.lifecycle import Status
from caseengine.model.sla.clock import Clock
from caseengine.model.sla.fold import Clocks, advance, begin
from caseengine.model.sla.policy import NO_SLA, Book, Target


class SpanKind(StrEnum):
    OPEN = "open"  # counted
    CLOSED = "closed"  # the desk was, or will be, closed
    PAUSED = "paused"  # the clock stood still


@dataclass(frozen=True, slots=True)
class Span:
    """From `begins` to `ends`.

    `because`: the calendar's id, or the status in which the clock stood still; "none" where no policy promised it.
    """

    begins: datetime
    ends: datetime
    kind: SpanKind
    because: str


def why(events: Iterable[CaseEvent], target: Target, cycle: int, book: Book, now: datetime) -> list[Span]:
    """The spans of one clock, in order and without gaps, from its start until it is due.

    A clock that ended is told until it ended, a paused one until `now`. Those that are `OPEN` add up to its goal where
    the clock is told until it is due, and to what was spent otherwise. Empty where there was no such clock.
    """
    found: list[Span] = []
    clock: Clock | None = None
    for event, clocks, until in _stretches(events, book):
        clock = _of(clocks, target, cycle)
        if clock is None:
            found = []  # one that was taken back leaves its number to the next
        elif clock.is_open:
            if isinstance(event, (CaseAbsorbed, CaseReleased)):
                found = _elsewhere(getattr(event, target), clocks, clock, book) or found
            # Each stretch is told anew from where the clock was counted up to: time may have been set back since.
            found = [*_until(found, clock.touched_at), *_spans(clocks, clock, until or _horizon(clock, now), book)]
    return _joined(found, clock.due_at if clock is not None and clock.is_open else None)


def _stretches(events: Iterable[CaseEvent], book: Book) -> Iterator[tuple[CaseEvent, Clocks, datetime | None]]:
    """Each event and the fold after it, with the instant of the next; None after the last."""
    last: CaseEvent | None = None
    clocks: Clocks | None = None
    for event in events:
        if last is not None and clocks is not None:
            yield last, clocks, event.at
            clocks = advance(clocks, event, book)
        elif isinstance(event, CaseOpened):
            clocks = begin(event, book)
        else:
            raise ValueError("a history begins with CaseOpened")
        last = event
    if last is not None and clocks is not None:
        yield last, clocks, None


def _elsewhere(ran: Stretches | None, clocks: Clocks, clock: Clock, book: Book) -> list[Span]:
    """How long it ran by when it was taken over; nothing where the case's own clock went on instead."""
    calendar = book.calendar(clocks.policy) if clocks.policy else None
    if not ran or ran[0][0] != clock.started_at or calendar is None or clocks.policy is None:
        return []
    found: list[Span] = []
    for begins, ends in ran:
        found += [Span(found[-1].ends, begins, SpanKind.PAUSED, Status.MERGED)] if found else []
        found += _worked(begins, ends, calendar, clocks.policy.calendar)
    return [*found, Span(ran[-1][1], clock.touched_at, SpanKind.PAUSED, Status.MERGED)]


def _of(clocks: Clocks, target: Target, cycle: int) -> Clock | None:
    return next((one for one in clocks.every if (one.target, one.cycle) == (target, cycle)), None)


def _horizon(clock: Clock, now: datetime) -> datetime:
    return clock.due_at if clock.running_since is not None and clock.due_at is not None else max(now, clock.touched_at)


def _spans(clocks: Clocks, clock: Clock, until: datetime, book: Book) -> Iterator[Span]:
    """The stretch from when the clock was last touched, or this event came, until the next one."""
    since = clock.touched_at
    if until <= since:
        return
    if clock.running_since is None:
        promised = clocks.measure(book).goal(clock.target) is not None or clocks.status is Status.MERGED
        yield Span(since, until, SpanKind.PAUSED, clocks.status if promised else NO_SLA)
        return
    calendar = book.calendar(clocks.policy) if clocks.policy else None
    if calendar is not None and clocks.policy is not None:
        yield from _worked(since, until, calendar, clocks.policy.calendar)


def _worked(since: datetime, until: datetime, calendar: Calendar, name: str) -> Iterator[Span]:
    place = since
    for opens, closes in openings_between(since, until, calendar):
        yield Span(place, opens, SpanKind.CLOSED, name)
        yield Span(opens, closes, SpanKind.OPEN, name)
        place = closes
    yield Span(place, until, SpanKind.CLOSED, name)


def _until(spans: list[Span], at: datetime) -> list[Span]:
    return [replace(span, ends=min(span.ends, at)) for span in spans if span.begins < at]


def _joined(spans: list[Span], due_at: datetime | None) -> list[Span]:
    """Without what is empty or comes after it was due, and what is alike in one piece."""
    joined: list[Span] = []
    for span in spans if due_at is None else _until(spans, due_at):
        last = joined[-1] if joined else None
        if span.begins >= span.ends:
            continue
        if last is not None and (last.kind, last.because) == (span.kind, span.because):
            joined[-1] = replace(last, ends=span.ends)
        else:
            joined.append(span)
    return joined
