"""Percentiles of how long it took, to the second."""

import asyncio
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from caseengine.reading.boards.counting_up import SIGN
from caseengine.reading.boards.figures import Drill, counting
from caseengine.tables import case_clocks
from storage.transaction import Snapshot

SHARES = (0.5, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Nearest rank: the least duration that at least this share did not exceed."""

    p50: timedelta
    p90: timedelta
    p95: timedelta


class seconds_between(GenericFunction[float]):  # noqa: N801 (it is a function in SQL)
    """`seconds_between(start, end)`: wall time."""

    type = sa.Float()
    inherit_cache = True
    name = "seconds_between"


@compiles(seconds_between, "sqlite")
def _in_sqlite(element: seconds_between, compiler: SQLCompiler, **named: Any) -> str:
    start, end = (compiler.process(clause, **named) for clause in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _in_postgres(element: seconds_between, compiler: SQLCompiler, **named: Any) -> str:
    start, end = (compiler.process(clause, **named) for clause in element.clauses)
    return f"extract(epoch FROM ({end} - {start}))"


@dataclass(frozen=True, slots=True)
class Durations:
    """`working`: of working time; `wall`: from start to end, nights and pauses included."""

    working: Percentiles
    wall: Percentiles


async def durations(snapshot: Snapshot, drill: Drill) -> Durations | None:
    """Of the clocks behind a figure; None when there are none. One walk brings all durations, as two texts."""
    behind = counting(drill)
    between = seconds_between(case_clocks.c.started_at, case_clocks.c.ended_at)
    texts = [
        sa.func.aggregate_strings(sa.cast(whole(seconds), sa.String), SIGN)
        for seconds in (case_clocks.c.spent_s, between)
    ]
    row: Any = await snapshot.first(sa.select(*texts).select_from(behind.table).where(*behind.where))
    if row is None or not row[0]:
        return None
    return Durations(await asyncio.to_thread(read, row[0]), await asyncio.to_thread(read, row[1]))


def whole(seconds: sa.ColumnElement[float]) -> sa.ColumnElement[int]:
    """Whole seconds, cut off; a thousandth makes up for what a database's arithmetic may lose."""
    return sa.cast(sa.func.floor(seconds + 1e-3), sa.Integer)


def read(text: str) -> Percentiles:
    """
    Args:
        text: whole seconds, one for each clock; not empty.
    """
    took = sorted(map(int, text.split(SIGN)))
    return Percentiles(*(timedelta(seconds=took[math.ceil(share * len(took)) - 1]) for share in SHARES))
