"""Contacts as rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from customers.contact import Contact, contact_words
from customers.identities import Identity, IdentityKind, normalise
from customers.search_words import added_words
from customers.tables import account_roles, contact_changes, contacts, identities
from storage.errors import Conflict
from storage.transaction import Insertion, Write, insertion

ONE_OWNER = frozenset({IdentityKind.WEB, IdentityKind.TEAMS})


@dataclass(frozen=True, slots=True)
class Change:
    """One field that became another value."""

    field: str
    old: str | None
    new: str | None


def identity_values(known: Identity) -> Mapping[str, Any]:
    return {
        "kind": str(known.kind),
        "value": normalise(known.kind, known.value),
        "source": known.source,
        "since": known.since,
        "on_file": known.on_file,
    }


def inserted(contact: Contact) -> Iterable[Write]:
    yield Write(
        insertion(
            contacts,
            id=contact.id,
            name=contact.name,
            name_source=contact.name_source,
            name_since=contact.name_since,
            language=contact.language,
            version=contact.version,
        )
    )
    for known in contact.identities:
        values = identity_values(known)
        # An outside id that two people start to use at the same moment is decided again with the first one in sight.
        duplicate = Conflict() if known.kind in ONE_OWNER else None
        yield Write(insertion(identities, contact_id=contact.id, **values), duplicate=duplicate)
    for account_id, role in contact.roles:
        yield Write(insertion(account_roles, contact_id=contact.id, account_id=account_id, role=str(role)))
    yield from added_words(contact.id, contact_words(contact))


def updated(contact: Contact) -> sa.Update:
    return (
        sa.update(contacts)
        .where(contacts.c.id == contact.id, contacts.c.version == contact.version)
        .values(
            name=contact.name,
            name_source=contact.name_source,
            name_since=contact.name_since,
            language=contact.language,
            version=contact.version + 1,
        )
    )


def change_row(contact: Contact, change: Change, actor: Mapping[str, str], source: str, at: datetime) -> Insertion:
    return insertion(
        contact_changes,
        id=uuid4(),
        contact_id=contact.id,
        field=change.field,
        old=change.old,
        new=change.new,
        source=source,
        actor=actor,
        at=at,
    )
