"""Percentiles of how long it took, counted by the database.

The database counts durations by steps and the steps are few, whatever the period holds: a second below an hour, a
minute below a day, a quarter of an hour above. A percentile is exact to its step, and never too long.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from caseengine.reading.boards.figures import Drill, counting
from caseengine.tables import case_clocks
from storage.transaction import Snapshot

MINUTE_S, QUARTER_S, HOUR_S, DAY_S = 60, 900, 3_600, 86_400
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


async def working(snapshot: Snapshot, drill: Drill) -> Percentiles | None:
    """Of the working time of the clocks behind a figure; None when there are none."""
    return await _percentiles(snapshot, drill, case_clocks.c.spent_s)


async def wall(snapshot: Snapshot, drill: Drill) -> Percentiles | None:
    """From start to end, nights and pauses included; None when there are none."""
    return await _percentiles(snapshot, drill, seconds_between(case_clocks.c.started_at, case_clocks.c.ended_at))


async def _percentiles(snapshot: Snapshot, drill: Drill, seconds: sa.ColumnElement[float]) -> Percentiles | None:
    rows = await snapshot.rows(counting(drill).count(step_of(seconds).label("step")))
    counted: Counter[int] = Counter()
    for row in rows:
        counted[int(row.step)] += row.how_many
    return percentiles(counted)


def step_of(seconds: sa.ColumnElement[float]) -> sa.ColumnElement[int]:
    """A duration cut down to its step; a thousandth makes up for what a database's arithmetic may lose."""
    whole = sa.cast(sa.func.floor(seconds + 1e-3), sa.Integer)
    return sa.case(
        (whole < HOUR_S, whole),
        (whole < DAY_S, whole - whole % MINUTE_S),
        else_=whole - whole % QUARTER_S,
    )


def percentiles(counted: Mapping[int, int]) -> Percentiles | None:
    """
    Args:
        counted: how many took this many seconds.
    """
    total = sum(counted.values())
    if not total:
        return None
    return Percentiles(*_at(sorted(counted.items()), [math.ceil(share * total) for share in SHARES]))


def _at(counted: Sequence[tuple[int, int]], ranks: Sequence[int]) -> list[timedelta]:
    found: list[timedelta] = []
    passed, wanted = 0, list(ranks)
    for seconds, many in counted:
        passed += many
        while wanted and passed >= wanted[0]:
            found.append(timedelta(seconds=seconds))
            wanted.pop(0)
    return found
