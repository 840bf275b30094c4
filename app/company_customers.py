"""A company's customers and what they buy: accounts in their tree, contacts, products."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from app.company_file import AccountRecord, CompanyFile, CompanyInvalid, ContactRecord, Problem
from app.company_newcomers import Join, but_teams, newcomer_of, twice_told
from app.company_summary import CompanySummary, company_id, outcome
from caseengine.model.actor import SYSTEM
from customers.accounts import Account, Accounts, Role
from customers.contact import Contact
from customers.contacts import Contacts
from customers.errors import AccountNotFound, ContactNotFound, IdentityInvalid
from customers.identities import Identity, IdentityKind, normalise
from customers.reading import add_product, change_product, product_names
from storage.transaction import UnitOfWork

SOURCE = "company"


async def bring_accounts(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> dict[str, UUID]:
    """Parents before their children; the ids of all accounts the file names, by number as written there."""
    known = {record.number: await _account_by_number(work, record.number) for record in company.accounts}
    ids = {number: found.id if found else company_id("account", number) for number, found in known.items()}
    for record in _parents_first(company.accounts):
        parent = await account_id(work, ids, record.parent, f"accounts: {record.number}") if record.parent else None
        number = normalise(IdentityKind.ACCOUNT, record.number)
        told = Account(ids[record.number], parent, record.kind, record.name, number, record.tier)
        before = known[record.number]
        if before is None:
            Accounts(work).add(told)
        elif before != told:
            Accounts(work).change(told)
        summary.count("accounts", outcome(before, told))
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


async def account_id(work: UnitOfWork, ids: dict[str, UUID], number: str, where: str) -> UUID:
    if number not in ids:
        found = await _account_by_number(work, number)
        if found is None:
            raise CompanyInvalid(Problem(where, "unknown_account", number))
        ids[number] = found.id
    return ids[number]


async def bring_contacts(
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
    roles = [(await account_id(work, accounts, number, where), role) for number, role in record.roles.items()]
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


async def bring_products(work: UnitOfWork, company: CompanyFile, summary: CompanySummary) -> None:
    known = {product_id: (name, aliases) for product_id, name, aliases in await product_names(work)}
    for record in company.products:
        told = (record.name, record.aliases)
        before = known.get(record.id)
        if before != told:
            statement = add_product if before is None else change_product
            work.write(statement(record.id, *told))
        summary.count("products", outcome(before, told))
