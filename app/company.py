"""Bring one's own company into the desk: what is new is added, what differs is changed, nothing is taken away.

A part the file does not speak of stays as it is; so does a department, agent or contact that it no longer names.
"""

import asyncio
from datetime import datetime
from uuid import UUID

from app.agent_access import HashPassword, made_password
from app.company_agents import bring_agents, bring_named_skills, new_agents
from app.company_customers import SOURCE, account_id, bring_accounts, bring_contacts, bring_products
from app.company_departments import bring_departments
from app.company_file import CompanyFile
from app.company_levels import all_hours, bring_hours, bring_levels
from app.company_newcomers import Joined, bring_together
from app.company_rulebooks import bring_rulebooks, rulebooks_told
from app.company_summary import CompanySummary, company_id
from caseengine.rulebooks import Newcomers
from storage.engine import Database
from storage.transaction import UnitOfWork


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
        missing = await new_agents(snapshot, company)
    passwords = {record.key: made_password() for record in missing}
    hashes = {key: await asyncio.to_thread(hash_password, typed) for key, typed in passwords.items()}
    summary = CompanySummary(passwords={record.email: passwords[record.key] for record in missing})
    async with database.unit_of_work() as work:
        summary.departments = await bring_departments(work, company.departments, count=summary.count)
        await bring_named_skills(work, company, summary)
        await bring_agents(work, company, hashes, summary, at)
        await bring_hours(work, hours, at=at, count=summary.count)
        accounts = await bring_accounts(work, company, summary)
        joins = await bring_contacts(work, company, accounts, at, summary)
        await bring_levels(work, company, await _ids(work, company, accounts), count=summary.count)
        await bring_products(work, company, summary)
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
        ids["account", record.account] = await account_id(work, accounts, record.account, where)
    return ids


def _newcomers(company: CompanyFile) -> Newcomers:
    """What rulebooks may name though no query sees it yet."""
    return Newcomers(
        frozenset(record.id for record in company.departments),
        frozenset(record.email.strip().lower() for record in company.agents),
        frozenset(record.id for record in company.skills),
    )
