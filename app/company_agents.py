"""A company's agents: who they are, what they can, where they work."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from app.company_file import AgentRecord, CompanyFile, CompanyInvalid, Problem
from app.company_routing import bring_skills, bring_work, slips
from app.company_summary import CompanySummary, company_id, outcome
from caseengine.agents import LOCKED, Agent, AgentRole, Agents, all_agents
from caseengine.operations.routing import return_all
from caseengine.skills import skill_tree
from customers.errors import IdentityInvalid
from customers.identities import IdentityKind, normalise
from storage.transaction import Snapshot, UnitOfWork


async def new_agents(snapshot: Snapshot, company: CompanyFile) -> list[AgentRecord]:
    known = await all_agents(snapshot)
    ids, emails = {agent.id for agent in known}, {agent.email: agent.id for agent in known}
    taken = [
        Problem(f"agents: {record.key}", "email_taken", record.email)
        for record in company.agents
        if emails.get(record.email.strip().lower(), company_id("agent", record.key)) != company_id("agent", record.key)
    ]
    if taken:
        raise CompanyInvalid(*taken)
    return [record for record in company.agents if company_id("agent", record.key) not in ids]


async def bring_named_skills(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> None:
    """The skills there are; what the file says of agents' work is checked with them."""
    people = {record.key: record.work for record in company.agents if record.work is not None}
    wrong = list(slips((await skill_tree(work)).skills, company.skills, people))
    if wrong:
        raise CompanyInvalid(*(Problem(*slip) for slip in wrong))
    if company.skills:
        for what in await bring_skills(work, company.skills):
            summary.count("skills", what)


async def bring_agents(
    work: UnitOfWork, company: CompanyFile, hashes: dict[str, str], summary: CompanySummary, at: datetime
) -> None:
    known = {agent.id: agent for agent in await all_agents(work)}
    problems = list(_strange_departments(company.agents, summary.departments))
    problems += _teams_taken(company.agents, known.values())
    if problems:
        raise CompanyInvalid(*problems)
    for record in company.agents:
        before = known.get(company_id("agent", record.key))
        told = _agent(record, before or Agent(company_id("agent", record.key), "", "", hashes.get(record.key, LOCKED)))
        if before is None:
            Agents(work).add(told)
        elif before != told:
            Agents(work).change(told)
            await _put_back(work, before, told, at)
        differs = record.work is not None and await bring_work(work, told.id, record.work, new=before is None)
        summary.count("agents", "changed" if before == told and differs else outcome(before, told))


async def _put_back(work: UnitOfWork, before: Agent, told: Agent, at: datetime) -> None:
    """What they hold of departments they do not work for any more waits there again."""
    if told.role is not AgentRole.SUPERVISOR and not before.departments <= told.departments:
        await return_all(work, told.id, "agent_left", keep=told.departments, at=at)


def _agent(record: AgentRecord, before: Agent) -> Agent:
    return replace(
        before,
        name=record.name,
        email=record.email.strip().lower(),
        departments=frozenset(record.departments),
        role=AgentRole(record.role),
        teams=before.teams if record.teams is None else _in_teams(record),
    )


def _in_teams(record: AgentRecord) -> str | None:
    """By what Teams knows an agent; None where the file says that there is nothing.

    Raises:
        CompanyInvalid: it cannot be that.
    """
    for tenant, object_id in (record.teams or {}).items():
        try:
            return normalise(IdentityKind.TEAMS, f"{tenant}|{object_id}")
        except IdentityInvalid as error:
            raise CompanyInvalid(Problem(f"agents: {record.key}", "bad_teams", f"{tenant}|{object_id}")) from error
    return None


def _teams_taken(agents: Iterable[AgentRecord], known: Iterable[Agent]) -> Iterator[Problem]:
    """Somebody in Teams is one agent: whoever pressed a button there must not be two people."""
    told = {company_id("agent", record.key): record for record in agents}
    owners = {agent.teams: agent.id for agent in known if agent.teams and _keeps_teams(told.get(agent.id))}
    for agent_id, record in told.items():
        identity = _in_teams(record)
        if identity is not None and owners.setdefault(identity, agent_id) != agent_id:
            yield Problem(f"agents: {record.key}", "teams_of_another", identity)


def _keeps_teams(record: AgentRecord | None) -> bool:
    return record is None or record.teams is None


def _strange_departments(agents: Iterable[AgentRecord], known: Iterable[str]) -> Iterator[Problem]:
    there = set(known)
    for record in agents:
        for department in record.departments:
            if department not in there:
                yield Problem(f"agents: {record.key}", "unknown_department", department)
