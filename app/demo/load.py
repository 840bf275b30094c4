"""Bring the demo company into an installation: again and again, and only what is missing is added."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.demo.desk_hours import desk_hours
from app.demo.files import ARTICLES, AgentRecord, Company, ContactRecord, demo_id, read_company
from app.demo.history import Past, add_past_cases, past_resolutions
from app.demo.rulebooks import add_rulebooks
from app.demo.skills import load_skills
from caseengine.agents import Agent, AgentRole, Agents, all_agents
from caseengine.calendars import desk_calendar, set_desk_calendar
from caseengine.departments import Department, Departments, all_departments
from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.errors import AccountNotFound, ContactNotFound
from customers.identities import Identity, IdentityKind
from customers.reading import add_product, product_names
from knowledge.articles import ImportSummary, import_articles
from knowledge.ingest.folder import read_folder
from knowledge.resolutions import add_resolutions
from storage.engine import Database
from storage.transaction import UnitOfWork

SOURCE = "demo"
DEMO_PASSWORD = "larder-and-lane"  # noqa: S105 (public: the demo is for the loopback only, and the docs print it)


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """How much one loading added; all nought when everything was there."""

    accounts: int
    contacts: int
    products: int
    departments: int
    agents: int
    cases: int
    resolutions: int
    articles: ImportSummary

    @property
    def changed(self) -> bool:
        counts = (
            self.accounts,
            self.contacts,
            self.products,
            self.departments,
            self.agents,
            self.cases,
            self.resolutions,
        )
        articles = self.articles
        return any(counts) or bool(articles.added or articles.changed or articles.retired)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody a visitor of the demo can be. `password` is None for contacts: they prove themselves by a code."""

    name: str
    email: str
    role: str
    of: tuple[str, ...]
    password: str | None


def demo_sign_ins() -> list[SignIn]:
    """Agents with their departments, then contacts with the names of their accounts, as the files list them."""
    company = read_company()
    names = {account.number: account.name for account in company.accounts}
    agents = [SignIn(who.name, who.email, who.role, who.departments, DEMO_PASSWORD) for who in company.agents]
    return agents + [_contact_sign_in(contact, names) for contact in company.contacts]


async def load_demo(database: Database, *, at: datetime, hash_password: Callable[[str], str]) -> DemoSummary:
    """Add what is missing of the demo company. Past cases are placed before `at`.

    Args:
        at: aware instant; the same one gives the same desk, to the number and the minute.
        hash_password: called off the event loop, once for each agent that is not there yet.
    """
    company = read_company()
    hashes = await _hashes(database, company, hash_password)
    async with database.unit_of_work() as work:
        accounts = await _add_accounts(work, company)
        contacts = await _add_contacts(work, company, at)
        products = await _add_products(work, company)
        departments = await _add_departments(work, company)
        agents = _add_agents(work, company, hashes)
        await load_skills(work, hashes.keys())
        await _set_hours(work, company, at)
    async with database.unit_of_work() as work:
        await add_rulebooks(work, at=at)
    async with database.unit_of_work() as work:
        cases = await add_past_cases(work, Past(company, await desk_calendar(work), at))
    async with database.unit_of_work() as work:
        found, skipped = read_folder(ARTICLES)
        articles = await import_articles(work, found, at=at, source=SOURCE, skipped=skipped)
        resolutions = await add_resolutions(work, await past_resolutions(work, company), at=at)
    return DemoSummary(accounts, contacts, products, departments, agents, len(cases), resolutions, articles)


async def _hashes(database: Database, company: Company, hash_password: Callable[[str], str]) -> dict[str, str]:
    """A hash for each agent who is not there yet, by key."""
    async with database.snapshot() as snapshot:
        known = {agent.id for agent in await all_agents(snapshot)}
    missing = [agent.key for agent in company.agents if demo_id("agent", agent.key) not in known]
    return {key: await asyncio.to_thread(hash_password, DEMO_PASSWORD) for key in missing}


async def _add_accounts(work: UnitOfWork, company: Company) -> int:
    added = 0
    for record in company.accounts:
        parent = demo_id("account", record.parent) if record.parent else None
        account = Account(demo_id("account", record.number), parent, record.kind, record.name, record.number)
        if not await _has_account(work, account.id):
            Accounts(work).add(account)
            added += 1
    return added


async def _add_contacts(work: UnitOfWork, company: Company, at: datetime) -> int:
    added = 0
    for record in company.contacts:
        if not await _has_contact(work, demo_id("contact", record.key)):
            Contacts(work).add(_contact(record, at))
            added += 1
    return added


async def _add_products(work: UnitOfWork, company: Company) -> int:
    known = {product_id for product_id, _, _ in await product_names(work)}
    missing = [product for product in company.products if product.id not in known]
    for product in missing:
        work.write(add_product(product.id, product.name, product.aliases))
    return len(missing)


async def _add_departments(work: UnitOfWork, company: Company) -> int:
    known = {department.id for department in await all_departments(work)}
    missing = [department for department in company.departments if department.id not in known]
    for department in missing:
        Departments(work).add(Department(department.id, department.name, department.examples))
    return len(missing)


def _add_agents(work: UnitOfWork, company: Company, hashes: dict[str, str]) -> int:
    for record in company.agents:
        if record.key in hashes:
            Agents(work).add(_agent(record, hashes[record.key]))
    return len(hashes)


async def _set_hours(work: UnitOfWork, company: Company, at: datetime) -> None:
    hours = desk_hours(company.calendar, at=at)
    if await desk_calendar(work) != hours:
        set_desk_calendar(work, hours, at=at)


async def _has_account(work: UnitOfWork, account_id: UUID) -> bool:
    try:
        await Accounts(work).get(account_id)
    except AccountNotFound:
        return False
    return True


async def _has_contact(work: UnitOfWork, contact_id: UUID) -> bool:
    try:
        await Contacts(work).get(contact_id)
    except ContactNotFound:
        return False
    return True


def _contact(record: ContactRecord, at: datetime) -> Contact:
    return Contact(
        id=demo_id("contact", record.key),
        name=record.name,
        language=record.language,
        identities=tuple(Identity(kind, value, SOURCE, at) for kind, value in _known_by(record)),
        roles=tuple((demo_id("account", number), role) for number, role in record.roles.items()),
        name_source=SOURCE,
        name_since=at,
    )


def _known_by(record: ContactRecord) -> Iterable[tuple[IdentityKind, str]]:
    yield IdentityKind.EMAIL, record.email
    yield IdentityKind.PHONE, record.phone
    if record.loyalty is not None:
        yield IdentityKind.LOYALTY, record.loyalty
    for number, role in record.roles.items():
        if role is Role.MANAGER:  # whoever gives an account's number is asked for a code sent to its manager
            yield IdentityKind.ACCOUNT, number


def _agent(record: AgentRecord, password_hash: str) -> Agent:
    return Agent(
        id=demo_id("agent", record.key),
        name=record.name,
        email=record.email,
        password_hash=password_hash,
        departments=frozenset(record.departments),
        role=AgentRole(record.role),
    )


def _contact_sign_in(contact: ContactRecord, names: dict[str, str]) -> SignIn:
    role = "manager" if Role.MANAGER in contact.roles.values() else "member"
    return SignIn(contact.name, contact.email, role, tuple(names[number] for number in contact.roles), None)
