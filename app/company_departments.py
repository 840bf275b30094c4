"""The departments of the company's file."""

from collections.abc import Callable, Iterable

from app.company_file import CompanyInvalid, DepartmentRecord, Problem
from caseengine.departments import Department, Departments, all_departments, strange_placeholders
from storage.transaction import UnitOfWork

Count = Callable[[str, str], None]


async def bring_departments(work: UnitOfWork, records: Iterable[DepartmentRecord], *, count: Count) -> tuple[str, ...]:
    """The slugs of all there are then.

    Raises:
        CompanyInvalid: a signature with a placeholder that nothing stands for.
    """
    told = [Department(record.id, record.name, record.examples, record.signature) for record in records]
    if wrong := [problem for department in told for problem in _slips(department)]:
        raise CompanyInvalid(*wrong)
    known = {department.id: department for department in await all_departments(work)}
    for department in told:
        before = known.get(department.id)
        if before is None:
            Departments(work).add(department)
        elif before != department:
            Departments(work).change(department)
        count("departments", "added" if before is None else "unchanged" if before == department else "changed")
    return tuple(sorted({*known, *(department.id for department in told)}))


def _slips(department: Department) -> list[Problem]:
    return [
        Problem(f"departments: {department.id}: signature: {language}", "unknown_placeholder", name)
        for language, text in department.signatures.items()
        for name in strange_placeholders(text)
    ]
