"""What other rooms and screens read of the customer store."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from customers.accounts import Account, Accounts, Role
from customers.assurance import Assurance, Level, require_contact, standing_of
from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind
from customers.tables import accounts, products
from storage.transaction import Insertion, Snapshot, insertion

KINDS = tuple(IdentityKind)


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
    """A contact as people read it: numbers to ring, newest first; `unproved_emails` are given, but not on file.

    `identities` is everything they are known by, kind by kind, newest first within a kind.
    """

    id: UUID
    name: str
    language: str
    identities: tuple[Identity, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    unproved_emails: tuple[str, ...]
    accounts: tuple[CardAccount, ...]


@dataclass(frozen=True, slots=True)
class Proved:
    """What a conversation has proved and still holds, for agents to read.

    Attributes:
        contact_id, proof, proved_at, expires_at: who it is, by what, since when, and until when if nothing more is
            said; None below `CHANNEL`.
        claimed: what was typed, kind of identity to normalised value.
    """

    level: Level
    contact_id: UUID | None
    proof: str | None
    proved_at: datetime | None
    expires_at: datetime | None
    claimed: Mapping[str, str]


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


async def proved_in(snapshot: Snapshot, conversation: UUID, *, at: datetime) -> Proved:
    """What of a conversation's proofs holds at `at`. Looking prolongs nothing."""
    standing = (await standing_of(snapshot, conversation)).settled(at)
    return Proved(
        level=standing.level,
        contact_id=standing.contact_id,
        proof=standing.proof or None,
        proved_at=standing.proved_at,
        expires_at=standing.expires_at,
        claimed=dict(standing.claimed),
    )


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


def add_product(product_id: str, name: str, aliases: tuple[str, ...]) -> Insertion:
    """The statement that makes a product known."""
    return insertion(products, id=product_id, name=name, aliases=list(aliases))


def change_product(product_id: str, name: str, aliases: tuple[str, ...]) -> sa.Update:
    """The statement that gives a product another name and aliases."""
    return sa.update(products).where(products.c.id == product_id).values(name=name, aliases=list(aliases))


async def _card(snapshot: Snapshot, contact: Contact) -> ContactCard:
    return ContactCard(
        id=contact.id,
        name=contact.name,
        language=contact.language,
        identities=tuple(sorted(contact.identities, key=_kind_then_newest)),
        emails=tuple(contact.on_file(IdentityKind.EMAIL)),
        phones=tuple(reversed([item.value for item in contact.identities if item.kind is IdentityKind.PHONE])),
        unproved_emails=tuple(contact.given(IdentityKind.EMAIL)),
        accounts=tuple([await _card_account(snapshot, account_id, role) for account_id, role in contact.roles]),
    )


def _kind_then_newest(identity: Identity) -> tuple[int, float]:
    return KINDS.index(identity.kind), -identity.since.timestamp()


async def _card_account(snapshot: Snapshot, account_id: UUID, role: Role) -> CardAccount:
    path: list[Account] = await Accounts(snapshot).path(account_id)
    names: Mapping[UUID, str] = {account.id: account.name for account in path}
    return CardAccount(account_id, path[-1].name, path[-1].number, role, tuple(names.values()))
