"""Packed days, read and written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from caseengine.model.happening import Happening
from caseengine.packing.columns import FORMAT, As, Columns, Words
from caseengine.packing.sources import SOURCES
from caseengine.tables import packed_days, packed_words, touched_days
from storage.transaction import Snapshot

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

STORED = ("department", "case_type", "priority", "policy", "agent_id", "at")
"""What has a column of its own in the table; the facts of a kind stand one behind the other in `facts`."""


class Day(NamedTuple):
    """One kind of a day.

    Attributes:
        stored: the columns asked for, of `STORED`.
    """

    day: str
    many: int
    facts: bytes
    stored: Mapping[str, bytes]


async def known_words(snapshot: Snapshot) -> Words:
    """All that have codes."""
    rows = await snapshot.rows(sa.select(packed_words.c.word, packed_words.c.code))
    return Words({row.word: row.code for row in rows})


async def packed(
    snapshot: Snapshot, first: str, last: str, happenings: Iterable[Happening], names: Collection[str]
) -> dict[Happening, list[Day]]:
    """The packed days from `first` to `last`, of these kinds, into which nobody wrote since.

    Args:
        names: which of `STORED` are wanted beside the facts.
    """
    kinds = {int(one): one for one in happenings}
    here = packed_days.c.day >= first, packed_days.c.day <= last, packed_days.c.format == FORMAT
    stored = [name for name in STORED if name in names]
    columns = (packed_days.c.happening, packed_days.c.day, packed_days.c.many, packed_days.c.facts)
    touched = sa.exists().where(
        touched_days.c.day == packed_days.c.day,
        touched_days.c.happenings.bitwise_and(packed_days.c.happening) != 0,
    )
    chosen = sa.select(*columns, *(packed_days.c[name] for name in stored))
    found: dict[Happening, list[Day]] = {one: [] for one in kinds.values()}
    rows: Sequence[Any] = await snapshot.rows(chosen.where(*here, packed_days.c.happening.in_(kinds), ~touched))
    for happening, day, many, facts, *values in rows:
        found[kinds[happening]].append(Day(day, many, facts, dict(zip(stored, values, strict=True))))
    return found


def unpack(happening: Happening, days: Sequence[Day], names: Iterable[str], words: Words) -> Columns:
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
            parts: list[Buffer] = [memoryview(day.facts)[day.many * start : day.many * (start + size)] for day in days]
        else:
            parts = [day.stored[name] for day in days]
        values[name] = np.frombuffer(b"".join(parts), np.dtype(str(kind)))
    return Columns(sum(day.many for day in days), values, kinds, words)


def pack(happening: Happening, columns: Columns) -> Mapping[str, Any]:
    """What to store of a day of this kind."""
    facts = b"".join(columns.values[name].tobytes() for name in SOURCES[happening].facts)
    stored = {name: columns.values[name].tobytes() if name in columns.values else b"" for name in STORED}
    return {"format": FORMAT, "many": columns.many, "facts": facts, **stored}


def _width(kind: As) -> int:
    return np.dtype(str(kind)).itemsize


def next_day(day: str, by: int = 1) -> str:
    return date.fromordinal(date.fromisoformat(day).toordinal() + by).isoformat()
