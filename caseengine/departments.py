"""The departments: whose cases they are."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from caseengine.model.errors import DepartmentNotFound
from caseengine.tables import departments
from storage.transaction import Snapshot, UnitOfWork, insertion

PLACEHOLDERS = ("agent", "department", "company")
PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Department:
    """Whose cases are alike.

    Attributes:
        id: a slug.
        examples: sentences of customers whose cases belong here.
        signatures: below what its agents write by mail, by language; `PLACEHOLDERS` stand in braces.
    """

    id: str
    name: str
    examples: tuple[str, ...] = ()
    signatures: Mapping[str, str] = field(default_factory=dict, hash=False)


def signature_of(department: Department, language: str, *, agent: str, company: str) -> str:
    """What stands below an agent's mail: in this language (`de` for `de-AT`), else in English, else their name."""
    told = department.signatures
    text = told.get(re.split("[-_]", language.lower())[0]) or told.get(FALLBACK_LANGUAGE) or "{agent}"
    names = {"agent": agent, "department": department.name, "company": company}
    return PLACEHOLDER.sub(lambda found: names[found[1]], text).strip()


def strange_placeholders(text: str) -> list[str]:
    """Those in a signature that nothing stands for."""
    return [name for name in PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]


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
        self._work.write(insertion(departments, id=department.id, **_values(department)))

    def change(self, department: Department) -> None:
        """All but the id of a department that exists."""
        known = departments.c.id == department.id
        self._work.write(sa.update(departments).where(known).values(**_values(department)), rows=1)


async def all_departments(snapshot: Snapshot) -> list[Department]:
    """By name."""
    return [_department(row) for row in await snapshot.rows(sa.select(departments).order_by(departments.c.name))]


def _department(row: sa.Row[Any]) -> Department:
    return Department(row.id, row.name, tuple(row.examples), row.signatures)


def _values(department: Department) -> dict[str, Any]:
    return {
        "name": department.name,
        "examples": list(department.examples),
        "signatures": dict(department.signatures),
    }
