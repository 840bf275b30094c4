"""Counting by something, in one walk.

SQLite groups by sorting, which costs five times what reading costs; so each row of a figure becomes one short word,
the words come back as one text, and they are counted here. PostgreSQL can do the same, and one way is enough. For live
cases only: what happened in a period is counted in columns.
"""

import asyncio
from collections import Counter
from typing import Any

import sqlalchemy as sa

from caseengine.packing.sql import NONE
from caseengine.reading.boards.counting import Counting
from storage.transaction import Snapshot

SIGN = ","
"""Between words. No id, slug, code or number that is counted has it."""
PART = "|"
LONG = 200_000
"""Characters from which counting is done beside the loop."""


async def count_by(snapshot: Snapshot, behind: Counting, *columns: sa.ColumnElement[Any]) -> Counter[tuple[str, ...]]:
    """How many rows have which values, as text: ids in hexadecimal, `NONE` for nothing."""
    word: sa.ColumnElement[Any] = sa.literal("")
    for place, column in enumerate(columns):
        text = sa.func.coalesce(_text(column), NONE)
        word = text if place == 0 else word.concat(PART).concat(text)
    text = await snapshot.scalar(
        sa.select(sa.func.aggregate_strings(word, SIGN)).select_from(behind.table).where(*behind.where)
    )
    if not text:
        return Counter()
    words = await asyncio.to_thread(_count, text) if len(text) > LONG else _count(text)
    return Counter({tuple(word.split(PART)): many for word, many in words.items()})


def _text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A value as text, the same on every database."""
    if isinstance(column.type, sa.Uuid):
        return sa.func.replace(sa.cast(column, sa.String), "-", "")
    return sa.cast(column, sa.String)


def _count(text: str) -> Counter[str]:
    return Counter(text.split(SIGN))
