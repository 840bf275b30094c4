"""Percentiles of how long it took, to the second."""

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

from caseengine.reading.boards.counting_up import count_by
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
    """Of the clocks behind a figure; None when there are none."""
    behind = counting(drill)
    worked, passed = Counter[int](), Counter[int]()
    between = seconds_between(case_clocks.c.started_at, case_clocks.c.ended_at)
    for column, found in ((case_clocks.c.spent_s, worked), (between, passed)):
        for (seconds,), many in (await count_by(snapshot, behind, whole(column))).items():
            found[int(seconds)] += many
    return Durations(percentiles(worked), percentiles(passed)) if worked else None


def whole(seconds: sa.ColumnElement[float]) -> sa.ColumnElement[int]:
    """Whole seconds, cut off; a thousandth makes up for what a database's arithmetic may lose."""
    return sa.cast(sa.func.floor(seconds + 1e-3), sa.Integer)


def percentiles(counted: Mapping[int, int]) -> Percentiles:
    """
    Args:
        counted: how many took this many seconds; not empty.
    """
    total = sum(counted.values())
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
