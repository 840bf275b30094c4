"""Who holds a case."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.agents import Agent, Agents
from caseengine.departments import Departments
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.conversation import Mode
from caseengine.model.errors import AgentLocked, CaseTaken, NotPermitted
from caseengine.model.events import CaseAssigned
from caseengine.operations.applying import judge_anew
from caseengine.operations.conversing import speak, wait_again, worked_on_in
from caseengine.operations.offers import end_offer, note_offer, was_given
from caseengine.operations.permission import agent_of, permitted_case
from storage.transaction import UnitOfWork


async def take(
    work: UnitOfWork,
    number: str,
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    notice: Mapping[str, Any] | str | None = None,
) -> Case:
    """An agent takes a case that nobody holds, or joins the conversation that waits about their own.

    Args:
        notice: what the customer reads in a conversation that waited for a person, "Li has joined".

    Raises:
        CaseTaken: another agent holds it.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    if case.agent_id not in (None, agent.id):
        raise CaseTaken(case.number)
    if case.agent_id is None:
        await permitted_case(work, number, by=by, version=version)
    await hold(work, case, agent, by=by, at=at, notice=notice)
    return case


async def assign(
    work: UnitOfWork,
    number: str,
    agent_id: UUID,
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    notice: Mapping[str, Any] | str | None = None,
) -> Case:
    """Give a case to an agent of its department, whoever held it.

    Raises:
        AgentNotFound: there is no such agent.
        AgentLocked: nobody can sign in as them.
        NotPermitted: the one or the other does not work for its department.
        CaseNotFound, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    agent = await Agents(work).get(agent_id)
    if not agent.may_see(case.department):
        raise NotPermitted(case.department)
    if agent.is_locked:
        raise AgentLocked(agent.name)
    await hold(work, case, agent, by=by, at=at, notice=notice)
    return case


async def move(
    work: UnitOfWork, number: str, department: str, *, reason: str, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """To another department's queue. A conversation in an agent's hands waits for the next.

    Raises:
        DepartmentNotFound: there is no such department.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    await Departments(work).get(department)
    if department == case.department:
        return case
    note_offer(work, case, "withdrawn", at=at)
    left = case.agent_id
    case.move(department, reason, by=by, at=at)
    await judge_anew(work, case, by=by, at=at)
    await wait_again(work, case, left=left, by=by, at=at)
    return case


async def hold(
    work: UnitOfWork,
    case: Case,
    agent: Agent,
    *,
    by: Actor,
    at: datetime,
    notice: Mapping[str, Any] | str | None = None,
    assignment_id: UUID | None = None,
) -> None:
    """The agent holds the case from now on, and has the word where people work on it.

    An offer to somebody else ends. `assignment_id` is the record of the decision, where routing made it. `notice` is
    said where the customer waited for them, be it with a colleague who helped out.
    """
    was_nobodys = case.agent_id is None
    if case.offered_to not in (None, agent.id):
        await end_offer(work, case, "withdrawn", by=by, at=at)
    if case.agent_id != agent.id:
        if case.offered_to is not None:
            note_offer(work, case, "accepted", at=at)
        told: dict[str, Any] = {"agent_id": agent.id, "agent_name": agent.name, "assignment_id": assignment_id}
        case.record(CaseAssigned(case_id=case.id, actor=by, at=at, **told))
        was_given(work, agent.id, at=at)
    conversation = await worked_on_in(work, case)
    if conversation is None:
        return
    joins = conversation.agent_id != agent.id and (was_nobodys or conversation.mode is Mode.QUEUED)
    conversation.give_to(agent.actor, case.id, at=at)
    if notice is not None and joins:
        key = f"joined:{case.id}:{case.version}"
        await speak(work, case, notice, key=key, by=agent.actor, at=at, kind="notice")
