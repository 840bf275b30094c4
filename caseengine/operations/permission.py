"""What every agent's operation asks first: is it their department, and did they look at the newest version."""

from uuid import UUID

from caseengine.agents import Agent, Agents
from caseengine.cases import Cases
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.errors import AgentNotFound, CaseChanged, NotPermitted
from storage.transaction import UnitOfWork


async def permitted_case(work: UnitOfWork, number: str, *, by: Actor, version: int | None = None) -> Case:
    """The case, for an agent who may see its department; other actors were let in by `access.case_for`.

    Args:
        version: what the caller looked at; None when it does not matter.

    Raises:
        CaseNotFound: there is none.
        NotPermitted: the agent does not work for its department.
        CaseChanged: it is not at that version any more.
    """
    case = await Cases(work).get(number)
    await permit(work, by, case.department)
    if version is not None and version != case.version:
        raise CaseChanged(version, case.version)
    return case


async def permit(work: UnitOfWork, by: Actor, department: str) -> None:
    """
    Raises:
        NotPermitted: an agent who does not work for the department.
    """
    if by.kind is ActorKind.AGENT and not (await agent_of(work, by)).may_see(department):
        raise NotPermitted(department)


async def agent_of(work: UnitOfWork, by: Actor) -> Agent:
    """The agent behind an actor.

    Raises:
        AgentNotFound: the actor is none.
    """
    if by.kind is not ActorKind.AGENT:
        raise AgentNotFound
    return await Agents(work).get(UUID(by.id))
