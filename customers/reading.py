"""What other rooms and screens read of the customer store."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from customers.accounts import Account, Accounts, Role
from customers.assurance import Assurance, Level, require_contact
from customers.contacts import Contact, Contacts
from customers.identities import IdentityKind
from customers.tables import accounts, products
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class CardAccount:
    """An account on a contact's card; `path` are the names from the root to it."""

    id: UUID
    name: str
    number: str
    role: Role
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContactCard:
    """A contact as people read it: numbers to ring, newest first; `unproved_emails` are given, but not on file."""

    id: UUID
    name: str
    language: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    unproved_emails: tuple[str, ...]
    accounts: tuple[CardAccount, ...]


async def contact_card(snapshot: Snapshot, contact_id: UUID) -> ContactCard:
    """A contact for agents, who are signed in. For the contact's own eyes there is `own_card`.

    Raises:
        ContactNotFound: there is none.
    """
    return await _card(snapshot, await Contacts(snapshot).get(contact_id))


async def own_card(snapshot: Snapshot, assurance: Assurance) -> ContactCard:
    """What we have on file about whoever speaks.

    Raises:
        AssuranceTooLow: they have not proved who they are.
    """
    contact_id = require_contact(assurance, Level.VERIFIED)
    return await _card(snapshot, await Contacts(snapshot).get(contact_id))


async def greeting_name(snapshot: Snapshot, assurance: Assurance) -> str:
    """The name to greet with.

    Raises:
        AssuranceTooLow: they have not proved who they are.
    """
    return (await Contacts(snapshot).get(require_contact(assurance, Level.CHANNEL))).name


async def account_names(snapshot: Snapshot) -> list[tuple[UUID, str]]:
    """All accounts by name: for recognising what a text mentions, never for showing."""
    rows = await snapshot.rows(sa.select(accounts.c.id, accounts.c.name).order_by(accounts.c.id))
    return [(row.id, row.name) for row in rows]


async def product_names(snapshot: Snapshot) -> list[tuple[str, str, tuple[str, ...]]]:
    """All products: id, name, other names people use."""
    rows = await snapshot.rows(sa.select(products).order_by(products.c.id))
    return [(row.id, row.name, tuple(row.aliases)) for row in rows]


def add_product(product_id: str, name: str, aliases: tuple[str, ...]) -> sa.Insert:
    """The statement that makes a product known."""
    return sa.insert(products).values(id=product_id, name=name, aliases=list(aliases))


def change_product(product_id: str, name: str, aliases: tuple[str, ...]) -> sa.Update:
    """The statement that gives a product another name and aliases."""
    return sa.update(products).where(products.c.id == product_id).values(name=name, aliases=list(aliases))


async def _card(snapshot: Snapshot, contact: Contact) -> ContactCard:
    return ContactCard(
        id=contact.id,
        name=contact.name,
        language=contact.language,
        emails=tuple(contact.on_file(IdentityKind.EMAIL)),
        phones=tuple(reversed([item.value for item in contact.identities if item.kind is IdentityKind.PHONE])),
        unproved_emails=tuple(contact.given(IdentityKind.EMAIL)),
        accounts=tuple([await _card_account(snapshot, account_id, role) for account_id, role in contact.roles]),
    )


async def _card_account(snapshot: Snapshot, account_id: UUID, role: Role) -> CardAccount:
    path: list[Account] = await Accounts(snapshot).path(account_id)
    names: Mapping[UUID, str] = {account.id: account.name for account in path}
    return CardAccount(account_id, path[-1].name, path[-1].number, role, tuple(names.values()))
