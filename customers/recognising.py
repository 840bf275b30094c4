"""Somebody a channel vouches for: known by what an outside system calls them, or a newcomer with that name alone.

An address or a name never finds anybody here: only the identity itself does. Source: docs/decisions/0008-assurance.md
"""

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from customers.contact import Contact
from customers.contacts import Contacts
from customers.identities import Identity, IdentityKind, normalise
from customers.tables import identities
from storage.transaction import UnitOfWork


async def recognise(
    work: UnitOfWork, kind: IdentityKind, value: str, *, name: str, language: str, source: str, at: datetime
) -> UUID:
    """The contact whose identity this is; a person never seen becomes a contact.

    Raises:
        IdentityInvalid: it cannot be one of this kind.
        Conflict (at commit): somebody else met them at the same moment; decide again.
    """
    written = normalise(kind, value)
    known = await work.first(
        sa.select(identities.c.contact_id)
        .where(identities.c.kind == str(kind), identities.c.value == written, identities.c.on_file.is_(True))
        .order_by(identities.c.since, identities.c.contact_id)
    )
    if known is not None:
        found: UUID = known.contact_id
        return found
    newcomer = Contact(uuid4(), name, language, (Identity(kind, written, source, at),), (), source, at)
    Contacts(work).add(newcomer)
    return newcomer.id
