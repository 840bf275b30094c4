"""Bring one's own company into the desk: what is new is added, what differs is changed, nothing is taken away.

A part the file does not speak of stays as it is; so does a department, agent or contact that it no longer names.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid5

import sqlalchemy as sa

from app.company_departments import bring_departments
from app.company_file import (
    AccountRecord,
    AgentRecord,
    CompanyFile,
    CompanyInvalid,
    ContactRecord,
    Problem,
)
from app.company_levels import all_hours, bring_hours, bring_levels
from app.company_newcomers import Join, Joined, bring_together, but_teams, newcomer_of, twice_told
from app.company_routing import bring_skills, bring_work, slips
from app.company_rulebooks import bring_rulebooks, rulebooks_told
from app.tables import agent_sessions
from caseengine.agents import LOCKED, Agent, AgentRole, Agents, Presence, all_agents
from caseengine.model.actor import SYSTEM
from caseengine.operations.routing import return_all
from caseengine.rulebooks import Newcomers
from caseengine.skills import skill_tree
from customers.accounts import Account, Accounts, Role
from customers.contacts import Contact, Contacts
from customers.errors import AccountNotFound, ContactNotFound, IdentityInvalid
from customers.identities import Identity, IdentityKind, normalise
from customers.reading import add_product, change_product, product_names
from storage.engine import Database
from storage.transaction import Snapshot, UnitOfWork

SOURCE = "company"
NAMESPACE = UUID("0b8a5c0e-5b0a-5d6e-8f0c-6f75726f776e")
"""Ids are uuid5 of this and `<kind>:<key>`: bringing a file in again finds what it brought before."""
PASSWORD_BYTES = 12

HashPassword = Callable[[str], str]


@dataclass(slots=True)
class Tally:
    """How many of a kind were added, changed, or as told already."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class CompanySummary:
    """What was done, by kind, and the first passwords of new agents by e-mail: they are kept nowhere in words.

    Attributes:
        joined: how many had written in Teams before, and are the contacts of the file now.
        not_joined: names of those who did, and are not yet.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    joined: int = 0
    not_joined: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    departments: tuple[str, ...] = ()

    def count(self, kind: str, what: str) -> None:
        tally = self.tallies.setdefault(kind, Tally())
        setattr(tally, what, getattr(tally, what) + 1)


def company_id(kind: str, key: str) -> UUID:
    """The id of a record. `kind`: account, contact or agent."""
    return uuid5(NAMESPACE, f"{kind}:{key}")


async def import_company(
    database: Database, company: CompanyFile, *, at: datetime, hash_password: HashPassword
) -> CompanySummary:
    """All of the file in one unit of work, or nothing; then whoever wrote in Teams before becomes the contact told of.

    Raises:
        CompanyInvalid: the file names what there is not, or an e-mail that cannot be one.
        Conflict: somebody brings in a file at this moment; nothing was changed.
    """
    hours = all_hours(company, at=at)
    async with database.snapshot() as snapshot:
        missing = await _new_agents(snapshot, company)
    passwords = {record.key: secrets.token_urlsafe(PASSWORD_BYTES) for record in missing}
    hashes = {key: await asyncio.to_thread(hash_password, typed) for key, typed in passwords.items()}
    summary = CompanySummary(passwords={record.email: passwords[record.key] for record in missing})
    async with database.unit_of_work() as work:
        summary.departments = await bring_departments(work, company.departments, count=summary.count)
        await _skills(work, company, summary)
        await _agents(work, company, hashes, summary, at)
        await bring_hours(work, hours, at=at, count=summary.count)
        accounts = await _accounts(work, company, summary)
        joins = await _contacts(work, company, accounts, at, summary)
        await bring_levels(work, company, await _ids(work, company, accounts), count=summary.count)
        await _products(work, company, summary)
        told, newcomers = rulebooks_told(company), _newcomers(company)
        await bring_rulebooks(work, told, at=at, newcomers=newcomers, count=summary.count)
    for join in joins:
        joined = await bring_together(database, join, source=SOURCE, at=at)
        summary.joined += joined is Joined.NOW
        summary.not_joined += [join.told.name] if joined is Joined.NOT_YET else []
    return summary


async def _ids(work: UnitOfWork, company: CompanyFile, accounts: dict[str, UUID]) -> dict[tuple[str, str], UUID]:
    """Ids of what service levels hang on, by kind and key."""
    ids = {("agreement", record.key): company_id("agreement", record.key) for record in company.agreements}
    ids |= {("contact", record.key): company_id("contact", record.key) for record in company.contacts}
    for record in company.agreements:
        where = f"agreements: {record.key}"
        ids["account", record.account] = await _account_id(work, accounts, record.account, where)
    return ids


async def new_password(database: Database, email: str, *, hash_password: HashPassword) -> str:
    """Give an agent another password and end their sessions; the password, which is kept nowhere in words.

    Raises:
        AgentNotFound: nobody has this address.
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    await _set_password(database, email, await asyncio.to_thread(hash_password, password))
    return password


async def lock(database: Database, email: str, *, at: datetime) -> None:
    """Nobody can sign in as this agent any more, their sessions end, and their work goes back to its queues.

    Raises:
        AgentNotFound: nobody has this address.
    """
    await _set_password(database, email, LOCKED)
    async with database.unit_of_work() as work:
        agent = await Agents(work).by_email(email)
        Agents(work).seen(agent.id, Presence.OFFLINE, at=at)
        await return_all(work, agent.id, "agent_locked", at=at)


async def _set_password(database: Database, email: str, password_hash: str) -> None:
    async with database.unit_of_work() as work:
        agent = await Agents(work).by_email(email)
        Agents(work).set_password(agent.id, password_hash)
        work.write(sa.delete(agent_sessions).where(agent_sessions.c.agent_id == agent.id))


async def _new_agents(snapshot: Snapshot, company: CompanyFile) -> list[AgentRecord]:
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


async def _skills(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> None:
    """The skills there are; what the file says of agents' work is checked with them."""
    people = {record.key: record.work for record in company.agents if record.work is not None}
    wrong = list(slips((await skill_tree(work)).skills, company.skills, people))
    if wrong:
        raise CompanyInvalid(*(Problem(*slip) for slip in wrong))
    if company.skills:
        for what in await bring_skills(work, company.skills):
            summary.count("skills", what)


async def _agents(
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
        summary.count("agents", "changed" if before == told and differs else _what(before, told))


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


async def _accounts(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> dict[str, UUID]:
    """Parents before their children; the ids of all accounts the file names, by number as written there."""
    known = {record.number: await _account_by_number(work, record.number) for record in company.accounts}
    ids = {number: found.id if found else company_id("account", number) for number, found in known.items()}
    for record in _parents_first(company.accounts):
        parent = await _account_id(work, ids, record.parent, f"accounts: {record.number}") if record.parent else None
        number = normalise(IdentityKind.ACCOUNT, record.number)
        told = Account(ids[record.number], parent, record.kind, record.name, number, record.tier)
        before = known[record.number]
        if before is None:
            Accounts(work).add(told)
        elif before != told:
            Accounts(work).change(told)
        summary.count("accounts", _what(before, told))
    return ids


def _parents_first(accounts: Iterable[AccountRecord]) -> Iterator[AccountRecord]:
    """
    Raises:
        CompanyInvalid: accounts that are each above the other.
    """
    waiting = {record.number: record for record in accounts}
    while waiting:
        ready = [record for record in waiting.values() if record.parent not in waiting]
        if not ready:
            raise CompanyInvalid(*(Problem(f"accounts: {number}", "circle") for number in sorted(waiting)))
        for record in ready:
            del waiting[record.number]
            yield record


async def _account_by_number(work: UnitOfWork, number: str) -> Account | None:
    try:
        return await Accounts(work).by_number(number)
    except AccountNotFound:
        return None
    except IdentityInvalid as error:
        raise CompanyInvalid(Problem("accounts", "bad_number", number)) from error


async def _account_id(work: UnitOfWork, ids: dict[str, UUID], number: str, where: str) -> UUID:
    if number not in ids:
        found = await _account_by_number(work, number)
        if found is None:
            raise CompanyInvalid(Problem(where, "unknown_account", number))
        ids[number] = found.id
    return ids[number]


async def _contacts(
    work: UnitOfWork, company: CompanyFile, accounts: dict[str, UUID], at: datetime, summary: CompanySummary
) -> list[Join]:
    """An id at a site or in Teams is one contact's; in Teams it may have made one before the file spoke of them."""
    contacts, joins, owners = Contacts(work), list[Join](), dict[tuple[IdentityKind, str], UUID]()
    for record in company.contacts:
        where = f"contacts: {record.key}"
        whole = await _contact(work, record, accounts, at)
        twice_told(whole, where, owners)
        newcomer = await newcomer_of(contacts, whole, where)
        joins += [Join(newcomer, whole)] if newcomer is not None else []
        told = whole if newcomer is None else but_teams(whole)
        try:
            before = await contacts.get(told.id)
        except ContactNotFound:
            contacts.add(told)
            summary.count("contacts", "added")
        else:
            changed = contacts.correct(before, told, by=SYSTEM, source=SOURCE, at=at) or newcomer is not None
            summary.count("contacts", "changed" if changed else "unchanged")
    return joins


async def _contact(work: UnitOfWork, record: ContactRecord, accounts: dict[str, UUID], at: datetime) -> Contact:
    where = f"contacts: {record.key}"
    roles = [(await _account_id(work, accounts, number, where), role) for number, role in record.roles.items()]
    return Contact(
        id=company_id("contact", record.key),
        name=" ".join(record.name.split()),
        language=record.language,
        identities=tuple(_identity(kind, typed, where, at) for kind, typed in _known_by(record)),
        roles=tuple(sorted(roles)),
        name_source=SOURCE,
        name_since=at,
    )


def _known_by(record: ContactRecord) -> Iterator[tuple[IdentityKind, str]]:
    told = {IdentityKind.EMAIL: record.email, IdentityKind.PHONE: record.phone, IdentityKind.LOYALTY: record.loyalty}
    yield from ((kind, typed) for kind, typed in told.items() if typed)
    yield from ((IdentityKind.WEB, f"{issuer}|{subject}") for issuer, subject in record.web.items())
    yield from ((IdentityKind.TEAMS, f"{tenant}|{object_id}") for tenant, object_id in record.teams.items())
    for number, role in record.roles.items():
        if role is Role.MANAGER:  # whoever gives an account's number is asked for a code sent to its manager
            yield IdentityKind.ACCOUNT, number


def _identity(kind: IdentityKind, typed: str, where: str, at: datetime) -> Identity:
    try:
        return Identity(kind, normalise(kind, typed), SOURCE, at)
    except IdentityInvalid as error:
        raise CompanyInvalid(Problem(where, f"bad_{kind}", typed)) from error


async def _products(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> None:
    known = {product_id: (name, aliases) for product_id, name, aliases in await product_names(work)}
    for record in company.products:
        told = (record.name, record.aliases)
        before = known.get(record.id)
        if before != told:
            statement = add_product if before is None else change_product
            work.write(statement(record.id, *told))
        summary.count("products", _what(before, told))


def _newcomers(company: CompanyFile) -> Newcomers:
    """What rulebooks may name though no query sees it yet."""
    return Newcomers(
        frozenset(record.id for record in company.departments),
        frozenset(record.email.strip().lower() for record in company.agents),
        frozenset(record.id for record in company.skills),
    )


def _what(before: object, told: object) -> str:
    if before is None:
        return "added"
    return "unchanged" if before == told else "changed"
