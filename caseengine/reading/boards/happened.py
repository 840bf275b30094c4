"""What happened in a period, as columns: from packed days where they hold, from rows on all others.

Source: docs/decisions/0018-days-are-packed.md
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from caseengine.model.happening import Happening
from caseengine.packing.columns import Array, Columns, Mask, Words, microseconds
from caseengine.packing.packed import Day, known_words, packed, unpack
from caseengine.packing.packer import span_of
from caseengine.packing.rows import Span, rows_as_columns
from caseengine.packing.sources import SOURCES
from caseengine.packing.touching import day_text
from caseengine.reading.boards.counting import of
from caseengine.reading.boards.definitions import DEFINITIONS
from caseengine.reading.boards.figures import Drill, Whose
from caseengine.reading.boards.period import Period
from storage.transaction import Snapshot

Wanted = Mapping[Happening, Collection[str]]
"""What a board asks for: the columns of each kind, beside how many there are."""
Filters = Mapping[str, Collection[Any]]
"""Which values of a column count."""
Days = Mapping[Happening, Sequence[Day]]
"""Packed days of each kind."""


@dataclass(frozen=True, slots=True)
class Happened:
    """All that was asked for, of the cases that count.

    Attributes:
        parts: of each kind, in columns; they are not put together, which would cost more than all that is counted.
    """

    parts: Mapping[Happening, Sequence[Columns]]

    def count(self, drill: Drill) -> int:
        """The figure."""
        return sum(part.count(mask) for part, mask in self._of(drill))

    def by(self, drill: Drill, name: str, adding: str | None = None) -> Mapping[Any, int]:
        """The figure by the values of a column; or another column added up by them."""
        return self._added_up(DEFINITIONS[drill.figure].happening, self._of(drill), name, adding)

    def all_by(self, happening: Happening, name: str) -> Mapping[Any, int]:
        """How many of this kind there are, by the values of a column."""
        return self._added_up(happening, ((part, None) for part in self.parts[happening]), name)

    def values(self, drill: Drill, *names: str) -> Sequence[Array]:
        """These columns of what the figure counts."""
        kept = [part.only(names).kept(mask).values for part, mask in self._of(drill)]
        return [np.concatenate([values[name] for values in kept]) for name in names]

    def _added_up(
        self, happening: Happening, chosen: Iterable[tuple[Columns, Mask | None]], name: str, adding: str | None = None
    ) -> Mapping[Any, int]:
        each = [part.sums(name, mask, adding) for part, mask in chosen]
        sums = np.zeros(max(map(len, each)), np.int64)
        for some in each:
            sums[: len(some)] += some
        return self.parts[happening][0].spelt(name, sums)

    def _of(self, drill: Drill) -> Iterator[tuple[Columns, Mask | None]]:
        """What the figure counts: which rows of each part."""
        defined = DEFINITIONS[drill.figure]
        for part in self.parts[defined.happening]:
            yield part, _all([condition.mask(part) for condition in defined.conditions(drill)])


async def happened(snapshot: Snapshot, period: Period, whose: Whose, wanted: Wanted) -> Happened:
    """Read what is wanted; all of it at one moment."""
    days, asked = _days(period), _Asked(wanted, _filters(whose), await known_words(snapshot))
    named = {*asked.filters, *(name for names in wanted.values() for name in names)}
    pieces = []
    for first, last, cut in _pieces(days, period):
        found = await packed(snapshot, first, last, wanted, {*named, "at"} if cut else named)
        pieces.append(_Piece(found, period if cut else None))
    parts = await asyncio.to_thread(_unpacked, pieces, asked)
    for happening, names in wanted.items():
        source, known = SOURCES[happening], {one.day for piece in pieces for one in piece.days[happening]}
        spans = _spans([day for day in days if day not in known], period)
        rows = await rows_as_columns(snapshot, source, names, spans, asked.words, *of(source.table, whose))
        parts[happening].append(rows)
    return Happened(parts)


class _Asked(NamedTuple):
    """What counts, and in which columns."""

    wanted: Wanted
    filters: Filters
    words: Words


class _Piece(NamedTuple):
    """Some packed days; `cut`: the period, where it ends or begins within them."""

    days: Days
    cut: Period | None


def _days(period: Period) -> list[str]:
    """Every day of UTC on which the period has a moment."""
    last = date.fromisoformat(day_text(period.ends - timedelta(microseconds=1))).toordinal()
    first = date.fromisoformat(day_text(period.begins)).toordinal()
    return [date.fromordinal(day).isoformat() for day in range(first, last + 1)]


def _pieces(days: Sequence[str], period: Period) -> Iterator[tuple[str, str, bool]]:
    """The first day, the last, and those between, which are whole; with whether the period cuts them."""
    cut = {day for day in (days[0], days[-1]) if span_of(day)[0] < period.begins or span_of(day)[1] > period.ends}
    yield from ((day, day, True) for day in sorted(cut))
    if whole := [day for day in days if day not in cut]:
        yield whole[0], whole[-1], False


def _unpacked(pieces: Sequence[_Piece], asked: _Asked) -> dict[Happening, list[Columns]]:
    return {happening: [_part(happening, piece, asked) for piece in pieces] for happening in asked.wanted}


def _part(happening: Happening, piece: _Piece, asked: _Asked) -> Columns:
    """Of the days of a piece what counts, in the columns wanted."""
    names = asked.wanted[happening]
    needed = {*names, *asked.filters, *(("at",) if piece.cut else ())}
    columns = unpack(happening, piece.days[happening], needed, asked.words)
    masks = [_among(columns, name, allowed) for name, allowed in asked.filters.items()]
    if piece.cut:
        at = columns.values["at"]
        masks += [at >= microseconds(piece.cut.begins), at < microseconds(piece.cut.ends)]
    return columns.only(names).kept(_all(masks))


def _among(columns: Columns, name: str, allowed: Collection[Any]) -> Mask:
    codes = [columns.code(name, value) for value in allowed]
    values = columns.values[name]
    return np.equal(values, codes[0]) if len(codes) == 1 else np.isin(values, np.array(codes, values.dtype))


def _all(masks: Sequence[Mask]) -> Mask | None:
    return np.logical_and.reduce(masks) if masks else None


def _filters(whose: Whose) -> Filters:
    """As `of` says it in SQL."""
    found: dict[str, Collection[Any]] = {}
    if whose.department is not None:
        found["department"] = [whose.department] if whose.seen is None or whose.department in whose.seen else []
    elif whose.seen is not None:
        found["department"] = whose.seen
    if whose.agent_id is not None:
        found["agent_id"] = [whose.agent_id.hex]
    named = {name: getattr(whose, name) for name in ("policy", "case_type", "priority")}
    return found | {name: [value] for name, value in named.items() if value is not None}


def _spans(days: Sequence[str], period: Period) -> list[Span]:
    """Days in a row are one span; no longer than the period."""
    ordinals = enumerate(date.fromisoformat(day).toordinal() for day in days)
    runs = [[day for _, day in run] for _, run in groupby(ordinals, lambda placed: placed[1] - placed[0])]
    edges = [(date.fromordinal(run[0]).isoformat(), date.fromordinal(run[-1]).isoformat()) for run in runs]
    return [(max(span_of(first)[0], period.begins), min(span_of(last)[1], period.ends)) for first, last in edges]
