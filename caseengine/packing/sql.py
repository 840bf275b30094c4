"""Values as numbers and words, the same on every database."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

NONE = "-"
"""The word for nothing. No id, slug or code is this alone."""
NEVER = 2**63 - 1
"""The instant that is missing, in microseconds: later than all others."""


class micros(GenericFunction[int]):  # noqa: N801 (it is a function in SQL)
    """`micros(instant)`: microseconds since 1970."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "micros"


@compiles(micros, "sqlite")
def _micros_in_sqlite(element: micros, compiler: SQLCompiler, **named: Any) -> str:
    at = compiler.process(next(iter(element.clauses)), **named)
    return f"(unixepoch(substr({at}, 1, 19)) * 1000000 + CAST(substr({at}, 21, 6) AS INTEGER))"


@compiles(micros, "postgresql")
def _micros_in_postgres(element: micros, compiler: SQLCompiler, **named: Any) -> str:
    at = compiler.process(next(iter(element.clauses)), **named)
    return f"CAST(extract(epoch FROM {at}) * 1000000 AS BIGINT)"


class day_of(GenericFunction[str]):  # noqa: N801
    """`day_of(instant)`: its day of UTC, as `2026-03-02`."""

    type = sa.String()
    inherit_cache = True
    name = "day_of"


@compiles(day_of, "sqlite")
def _day_in_sqlite(element: day_of, compiler: SQLCompiler, **named: Any) -> str:
    return f"substr({compiler.process(next(iter(element.clauses)), **named)}, 1, 10)"


@compiles(day_of, "postgresql")
def _day_in_postgres(element: day_of, compiler: SQLCompiler, **named: Any) -> str:
    return f"to_char({compiler.process(next(iter(element.clauses)), **named)} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"


class plain_id(GenericFunction[str]):  # noqa: N801
    """`plain_id(uuid)`: in hexadecimal, without dashes."""

    type = sa.String()
    inherit_cache = True
    name = "plain_id"


@compiles(plain_id, "sqlite")
def _id_in_sqlite(element: plain_id, compiler: SQLCompiler, **named: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **named))


@compiles(plain_id, "postgresql")
def _id_in_postgres(element: plain_id, compiler: SQLCompiler, **named: Any) -> str:
    return f"replace(CAST({compiler.process(next(iter(element.clauses)), **named)} AS TEXT), '-', '')"


def word(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    text = plain_id(column) if isinstance(column.type, sa.Uuid) else column
    return sa.func.coalesce(text, sa.literal_column(f"'{NONE}'"))


def instant(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(micros(column), sa.literal_column(str(NEVER)))


def number(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(column, sa.literal_column("0"))


def whole_seconds(start: sa.ColumnElement[Any], end: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Wall time between two instants, cut off; nothing where it has no start."""
    million = sa.literal_column("1000000", sa.BigInteger())
    return number((micros(end) - micros(start)) // million)
