"""Who may read which figures: a supervisor all, an agent those of their own departments."""

from uuid import UUID

from caseengine.agents import Agent, AgentRole
from caseengine.departments import all_departments
from caseengine.model.errors import DepartmentNotFound
from caseengine.reading.boards.figures import Whose
from storage.transaction import Snapshot


async def whose_for(
    snapshot: Snapshot,
    agent: Agent,
    *,
    department: str | None = None,
    agent_id: UUID | None = None,
    case_type: str | None = None,
    priority: int | None = None,
    policy: str | None = None,
) -> Whose:
    """The filter as far as this agent may look: their own work is theirs to see wherever it was done.

    Raises:
        DepartmentNotFound: there is no such department, or it is not theirs to see: one answer.
    """
    if department is not None:
        known = {found.id for found in await all_departments(snapshot)}
        if department not in known or not agent.may_see(department):
            raise DepartmentNotFound
    seen = None if agent.role is AgentRole.SUPERVISOR or agent_id == agent.id else agent.departments
    return Whose(seen, department, agent_id, case_type, priority, policy)
