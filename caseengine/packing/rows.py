"""Rows of the tables as columns: what a packed day is made of, and what stands in for a day that is not packed."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from caseengine.packing.columns import Columns, Words, encoded, joined
from caseengine.packing.sources import Source
from storage.transaction import Snapshot

Span = tuple[datetime, datetime]
"""From the first instant on, to the second, which is not in it."""
SPANS_AT_ONCE = 50
LONG = 5_000
"""Rows from which they are turned into columns beside the loop."""


async def rows_as_columns(
    snapshot: Snapshot,
    source: Source,
    names: Collection[str],
    spans: Sequence[Span],
    words: Words,
    *more: sa.ColumnElement[bool],
) -> Columns:
    """What happened in these spans.

    Args:
        names: the columns wanted; without any it is only counted.
        more: further conditions.
    """
    parts = [
        await _some(snapshot, source, names, spans[first : first + SPANS_AT_ONCE], words, *more)
        for first in range(0, max(len(spans), 1), SPANS_AT_ONCE)
    ]
    return joined(parts)


async def _some(
    snapshot: Snapshot,
    source: Source,
    names: Collection[str],
    spans: Sequence[Span],
    words: Words,
    *more: sa.ColumnElement[bool],
) -> Columns:
    wanted = {name: source.columns[name] for name in names}
    kinds = {name: fact.kind for name, fact in wanted.items()}
    asked = [fact.sql for fact in wanted.values()] or [sa.func.count()]
    each = [
        sa.select(*(sql.label(f"c{place}") for place, sql in enumerate(asked))).where(*_within(source, span), *more)
        for span in spans
    ]
    rows = await snapshot.rows(each[0] if len(each) == 1 else sa.union_all(*each)) if each else ()
    if not wanted:
        return Columns(sum(row[0] for row in rows), {}, kinds, words)
    read = (rows, kinds, words)
    return await asyncio.to_thread(_columns, *read) if len(rows) > LONG else _columns(*read)


def _within(source: Source, span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    return (*source.where, source.at >= span[0], source.at < span[1])


def _columns(rows: Sequence[sa.Row[Any]], kinds: Any, words: Words) -> Columns:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    arrays = {name: encoded(values, kind, words) for (name, kind), values in zip(kinds.items(), columns, strict=True)}
    return Columns(len(rows), arrays, kinds, words)
