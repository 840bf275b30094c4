"""What happened in a period, as columns: from packed days where they hold, from rows on all others.

Source: docs/decisions/0018-days-are-packed.md
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import numpy as np

from caseengine.model.happening import Happening
from caseengine.packing.columns import Columns, Mask, Words, joined, microseconds
from caseengine.packing.packed import known_words, packed, touched, unpack
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
Rows = Mapping[Happening, Sequence[Any]]
"""Packed days of each kind."""


@dataclass(frozen=True, slots=True)
class Happened:
    """All that was asked for, of the cases that count."""

    columns: Mapping[Happening, Columns]

    def count(self, drill: Drill) -> int:
        """The figure."""
        return self._of(drill).count(self._mask(drill))

    def by(self, drill: Drill, name: str, adding: str | None = None) -> dict[Any, int]:
        """The figure by the values of a column; or another column added up by them."""
        return self._of(drill).by(name, self._mask(drill), adding)

    def values(self, drill: Drill) -> Mapping[str, Any]:
        """The columns of what the figure counts."""
        return self._of(drill).kept(self._mask(drill)).values

    def _of(self, drill: Drill) -> Columns:
        return self.columns[DEFINITIONS[drill.figure].happening]

    def _mask(self, drill: Drill) -> Mask | None:
        columns = self._of(drill)
        return _all([condition.mask(columns) for condition in DEFINITIONS[drill.figure].conditions(drill)])


async def happened(snapshot: Snapshot, period: Period, whose: Whose, wanted: Wanted) -> Happened:
    """Read what is wanted; all of it at one moment."""
    days, filters, words = _days(period), _filters(whose), await known_words(snapshot)
    spoilt = await touched(snapshot, days[0], days[-1])
    named = {*filters, *(name for names in wanted.values() for name in names)}
    pieces = []
    for first, last, cut in _pieces(days, period):
        rows = await packed(snapshot, first, last, wanted, {*named, "at"} if cut else named)
        pieces.append(_Piece(_valid(rows, spoilt), period if cut else None))
    parts = await asyncio.to_thread(_unpacked, pieces, wanted, filters, words)
    found: dict[Happening, Columns] = {}
    for happening, names in wanted.items():
        source, known = SOURCES[happening], {row.day for piece in pieces for row in piece.rows[happening]}
        spans = _spans([day for day in days if day not in known], period)
        unpacked = await rows_as_columns(snapshot, source, names, spans, words, *of(source.table, whose))
        found[happening] = joined([*parts[happening], unpacked])
    return Happened(found)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some packed days; `cut`: the period, where it ends or begins within them."""

    rows: Rows
    cut: Period | None


def _days(period: Period) -> list[str]:
    """Every day of UTC on which the period has a moment."""
    last = date.fromisoformat(day_text(period.ends - timedelta(microseconds=1))).toordinal()
    first = date.fromisoformat(day_text(period.begins)).toordinal()
    return [date.fromordinal(day).isoformat() for day in range(first, last + 1)]


def _pieces(days: Sequence[str], period: Period) -> Iterator[tuple[str, str, bool]]:
    """The first day, the last, and those between, which are whole; with whether the period cuts them."""
    first_cut, last_cut = span_of(days[0])[0] < period.begins, span_of(days[-1])[1] > period.ends
    if len(days) == 1:
        yield days[0], days[0], first_cut or last_cut
        return
    whole = days[int(first_cut) : len(days) - int(last_cut)]
    if first_cut:
        yield days[0], days[0], True
    if whole:
        yield whole[0], whole[-1], False
    if last_cut:
        yield days[-1], days[-1], True


def _valid(rows: Sequence[Any], spoilt: Mapping[str, Happening]) -> Rows:
    """Those nobody wrote into since they were packed."""
    found: dict[int, list[Any]] = defaultdict(list)
    plain = {day: int(happenings) for day, happenings in spoilt.items()}  # flags are slow where there are thousands
    for row in rows:
        if not row.happening & plain.get(row.day, 0):
            found[row.happening].append(row)
    return {happening: found[happening] for happening in Happening}


def _unpacked(
    pieces: Sequence[_Piece], wanted: Wanted, filters: Filters, words: Words
) -> Mapping[Happening, list[Columns]]:
    return {
        happening: [_part(happening, piece, names, filters, words) for piece in pieces if piece.rows[happening]]
        for happening, names in wanted.items()
    }


def _part(happening: Happening, piece: _Piece, names: Collection[str], filters: Filters, words: Words) -> Columns:
    """Of the days of a piece, what counts, in the columns wanted."""
    needed = {*names, *filters, *(("at",) if piece.cut else ())}
    columns = unpack(happening, piece.rows[happening], needed, words)
    masks = [_among(columns, name, allowed) for name, allowed in filters.items()]
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
