"""Why is it due then: the spans of time a clock counted, and those it did not, with the reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from caseengine.model.calendar import Calendar, openings_between
from caseengine.model.events import CaseEvent
from caseengine.model.sla.clock import Clock
from caseengine.model.sla.lived import Piece, lived
from caseengine.model.sla.policy import Book, Target


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
    _, lives = lived(events, book)
    life = lives.get((target, cycle))
    if life is None:
        return []
    found = [span for piece in life.until(_horizon(life.clock, now)) for span in _spans(piece)]
    return _joined(found, life.clock.due_at if life.clock.is_open else None)


def _horizon(clock: Clock, now: datetime) -> datetime:
    return clock.due_at if clock.running_since is not None and clock.due_at is not None else max(now, clock.touched_at)


def _spans(piece: Piece) -> Iterator[Span]:
    if not piece.ran:
        yield Span(piece.begins, piece.ends, SpanKind.PAUSED, piece.because)
    elif piece.calendar is not None:
        yield from _worked(piece.begins, piece.ends, piece.calendar, piece.because)


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
