"""How PostgreSQL would answer, where it has to take an index if there is one."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from storage.transaction import Snapshot


class Step(NamedTuple):
    """One look at a table.

    Attributes:
        by: its index; empty where the table itself is read.
        bounded: a piece of the index, not all of it.
    """

    table: str
    by: str
    bounded: bool


class ExplainingPostgres(Snapshot):
    """A snapshot that asks for the plan before it answers.

    A handful of rows is read whole whatever indexes there are, so reading whole is made dear.
    """

    def __init__(self, real: Snapshot) -> None:
        super().__init__(real._store)
        self._real = real
        self.steps: list[Step] = []

    async def first(self, statement: sa.Executable) -> Any:
        return next(iter(await self.rows(statement)), None)

    async def rows(self, statement: sa.Executable) -> Any:
        assert isinstance(statement, sa.ClauseElement)
        text = str(statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
        await self._real.scalar(sa.text("SELECT set_config('enable_seqscan', 'off', true)"))
        plan = await self._real.scalar(sa.text("EXPLAIN (FORMAT JSON) " + text.replace(":", "\\:").replace("%%", "%")))
        self.steps += _steps(plan[0]["Plan"])
        return await self._real.rows(statement)


def _steps(node: dict[str, Any], table: str = "") -> Iterator[Step]:
    table = node.get("Relation Name", table)
    if node["Node Type"] == "Seq Scan":
        yield Step(table, "", bounded=False)
    elif "Index Name" in node:
        yield Step(table, node["Index Name"], "Index Cond" in node)
    for part in node.get("Plans", ()):
        yield from _steps(part, table)
