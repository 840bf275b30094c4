"""The departments: whose cases they are."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from caseengine.model.errors import DepartmentNotFound
from caseengine.tables import departments
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class Department:
    """`id` is a slug; `examples` are sentences of customers whose cases belong here."""

    id: str
    name: str
    examples: tuple[str, ...] = ()


class Departments:
    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def get(self, department: str) -> Department:
        """
        Raises:
            DepartmentNotFound: there is none.
        """
        kept: Department | None = self._work.kept(("department", department))
        if kept is not None:
            return kept
        row = await self._work.first(sa.select(departments).where(departments.c.id == department))
        if row is None:
            raise DepartmentNotFound
        return _department(row)

    def add(self, department: Department) -> None:
        self._work.keep(("department", department.id), department, tuple)
        self._work.write(
            insertion(departments, id=department.id, name=department.name, examples=list(department.examples))
        )

    def change(self, department: Department) -> None:
        """New name and examples of a department that exists."""
        values = {"name": department.name, "examples": list(department.examples)}
        self._work.write(sa.update(departments).where(departments.c.id == department.id).values(values), rows=1)


async def all_departments(snapshot: Snapshot) -> list[Department]:
    """By name."""
    return [_department(row) for row in await snapshot.rows(sa.select(departments).order_by(departments.c.name))]


def _department(row: sa.Row[Any]) -> Department:
    return Department(row.id, row.name, tuple(row.examples))
