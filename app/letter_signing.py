"""Who a mail is from, and what stands below it: an agent, as their department signs, or the company."""

from dataclasses import dataclass

from caseengine.departments import Departments, signature_of
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class Signed:
    """`name` is shown beside the desk's address ("Li Chen, Deliveries"); no signature where no person wrote."""

    name: str
    signature: str = ""


async def signed(work: UnitOfWork, agent: str, department: str | None, *, language: str, company: str) -> Signed:
    """
    Args:
        agent: their name; empty where no person wrote.
        department: of the case, None for none.
    """
    if not agent:
        return Signed(company)
    if department is None:
        return Signed(f"{agent}, {company}", agent)
    found = await Departments(work).get(department)
    return Signed(f"{agent}, {found.name}", signature_of(found, language, agent=agent, company=company))
