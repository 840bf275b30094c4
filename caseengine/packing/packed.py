"""Packed days, read and written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa

from caseengine.model.happening import NOTHING, Happening
from caseengine.packing.columns import FORMAT, As, Columns, Words
from caseengine.packing.sources import SOURCES
from caseengine.tables import packed_days, packed_words, touched_days
from storage.transaction import Snapshot

STORED = ("department", "case_type", "priority", "policy", "agent_id", "at")
"""What has a column of its own in the table; the facts of a kind stand one behind the other in `facts`."""


async def known_words(snapshot: Snapshot) -> Words:
    """All that have codes."""
    rows = await snapshot.rows(sa.select(packed_words.c.word, packed_words.c.code))
    return Words({row.word: row.code for row in rows})


async def touched(snapshot: Snapshot, first: str, last: str) -> dict[str, Happening]:
    """What may not be taken from packed days, by day."""
    found: dict[str, Happening] = {}
    here = touched_days.c.day >= first, touched_days.c.day <= last
    chosen = sa.select(touched_days.c.day, touched_days.c.happenings).where(*here).distinct()
    for row in await snapshot.rows(chosen):
        found[row.day] = found.get(row.day, NOTHING) | Happening(row.happenings)
    return found


async def packed(
    snapshot: Snapshot, first: str, last: str, happenings: Iterable[Happening], names: Collection[str]
) -> Sequence[Any]:
    """The packed days from `first` to `last`, of these kinds, also those that were touched since.

    Args:
        names: which of `STORED` are wanted beside the facts.
    """
    here = packed_days.c.day >= first, packed_days.c.day <= last, packed_days.c.format == FORMAT
    stored = [packed_days.c[name] for name in STORED if name in names]
    columns = (packed_days.c.day, packed_days.c.happening, packed_days.c.many, packed_days.c.facts, *stored)
    kinds = packed_days.c.happening.in_([int(one) for one in happenings])
    return await snapshot.rows(sa.select(*columns).where(*here, kinds))


def unpack(happening: Happening, rows: Sequence[Any], names: Iterable[str], words: Words) -> Columns:
    """The named columns of some packed days, one day after another."""
    source = SOURCES[happening]
    kinds = {name: source.columns[name].kind for name in names}
    offsets, width = {}, 0
    for name, fact in source.facts.items():
        offsets[name] = width
        width += _width(fact.kind)
    values = {}
    for name, kind in kinds.items():
        if name in offsets:
            start, size = offsets[name], _width(kind)
            parts = [memoryview(row.facts)[row.many * start : row.many * (start + size)] for row in rows]
        else:
            parts = [getattr(row, name) for row in rows]
        values[name] = np.frombuffer(b"".join(parts), np.dtype(str(kind)))
    return Columns(sum(row.many for row in rows), values, kinds, words)


def pack(happening: Happening, columns: Columns) -> Mapping[str, Any]:
    """What to store of a day of this kind."""
    facts = b"".join(columns.values[name].tobytes() for name in SOURCES[happening].facts)
    stored = {name: columns.values[name].tobytes() if name in columns.values else b"" for name in STORED}
    return {"format": FORMAT, "many": columns.many, "facts": facts, **stored}


def _width(kind: As) -> int:
    return np.dtype(str(kind)).itemsize


def next_day(day: str, by: int = 1) -> str:
    return date.fromordinal(date.fromisoformat(day).toordinal() + by).isoformat()
