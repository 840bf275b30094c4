"""A newcomer whom a channel made turns out to be somebody else we know: what was proved and wished is that contact's.

A newcomer is known by nothing but what the channel vouched for. Whoever has more on file is somebody of their own.
"""

from datetime import datetime

import sqlalchemy as sa

from customers.contacts import By, Contact, Contacts
from customers.identities import IdentityKind
from customers.preferences import HolderKind
from customers.tables import assurances, identities, notice_consents, notice_preferences, one_time_codes
from storage.errors import Conflict
from storage.transaction import UnitOfWork


def is_newcomer(contact: Contact, kind: IdentityKind) -> bool:
    """Made by a first message: on file is one identity of this kind, told by its own channel, and no account."""
    on_file = [known for known in contact.identities if known.on_file]
    return (
        len(on_file) == 1 and on_file[0].kind is kind and on_file[0].source.startswith(f"{kind}:") and not contact.roles
    )


async def join_newcomer(work: UnitOfWork, newcomer: Contact, contact: Contact, *, by: By, at: datetime) -> None:
    """What the newcomer proved, gave and wished is the contact's from now on; nothing is left to know them by.

    Their identity is free: whoever asked for this puts it on file at the contact in the same unit of work.

    Raises:
        Conflict: nothing of theirs is on file, somebody joined them before; at commit, a turn of theirs, or another
            change, was committed meanwhile. Decide again.
    """
    source = next((known.source for known in newcomer.identities if known.on_file), None)
    if source is None:
        raise Conflict
    bare = Contact(newcomer.id, newcomer.name, newcomer.language)
    Contacts(work).correct(newcomer, bare, by=by, source=source, at=at)
    _move_given(work, newcomer, contact)
    rows = await work.rows(
        sa.select(assurances.c.conversation, assurances.c.version).where(assurances.c.contact_id == newcomer.id)
    )
    for row in rows:  # a turn under way there loses, and is taken again as the contact's
        seen = assurances.c.conversation == row.conversation, assurances.c.version == row.version
        work.write(sa.update(assurances).where(*seen).values(contact_id=contact.id, version=row.version + 1), rows=1)
    codes = sa.update(one_time_codes).where(one_time_codes.c.contact_id == newcomer.id)
    work.write(codes.values(contact_id=contact.id))
    await _move_wishes(work, newcomer, contact)


def _move_given(work: UnitOfWork, newcomer: Contact, contact: Contact) -> None:
    """Addresses they gave and have not proved: they recognise nobody, there as here."""
    known = {(one.kind, one.value) for one in contact.identities}
    for given in newcomer.identities:
        if given.on_file:
            continue
        mine = identities.c.contact_id == newcomer.id, identities.c.kind == str(given.kind)
        same = (*mine, identities.c.value == given.value)
        if (given.kind, given.value) in known:
            work.write(sa.delete(identities).where(*same))
        else:
            work.write(sa.update(identities).where(*same).values(contact_id=contact.id))
            contact.identities = (*contact.identities, given)


async def _move_wishes(work: UnitOfWork, newcomer: Contact, contact: Contact) -> None:
    """What the contact wished before goes first."""
    table, kind = notice_preferences, str(HolderKind.CONTACT)
    wished = sa.select(table.c.holder_id).where(table.c.holder_kind == kind, table.c.holder_id == contact.id)
    theirs = table.c.holder_kind == kind, table.c.holder_id == newcomer.id
    if await work.first(wished) is None:
        work.write(sa.update(table).where(*theirs).values(holder_id=contact.id))
    else:
        work.write(sa.delete(table).where(*theirs))
    said = notice_consents.c.holder_kind == kind, notice_consents.c.holder_id == newcomer.id
    work.write(sa.update(notice_consents).where(*said).values(holder_id=contact.id))
