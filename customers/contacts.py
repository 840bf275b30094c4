"""The people we know, with everything they can be known by, and where we have it from."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from customers.accounts import Role
from customers.contact import Contact, contact_words
from customers.contact_rows import Change, change_row, identity_values, inserted, updated
from customers.errors import ContactNotFound
from customers.identities import Identity, IdentityKind, normalise
from customers.search_words import change_words
from customers.tables import account_roles, contacts, identities
from storage.errors import Conflict
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork, insertion

CONTACT_CHANGED = "ContactChanged"


class By(Protocol):
    """Who did it; the case engine's Actor is one."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


class Contacts:
    """The contacts of one unit of work; a snapshot can read them too."""

    def __init__(self, work: UnitOfWork | Snapshot) -> None:
        self._work = work

    async def get(self, contact_id: UUID) -> Contact:
        """
        Raises:
            ContactNotFound: there is none.
        """
        kept = self._work.kept(("contact", contact_id)) if isinstance(self._work, UnitOfWork) else None
        if isinstance(kept, Contact):
            return kept
        row = await self._work.first(sa.select(contacts).where(contacts.c.id == contact_id))
        if row is None:
            raise ContactNotFound(contact_id)
        contact = await self._contact(row)
        if isinstance(self._work, UnitOfWork):
            self._work.keep(("contact", contact_id), contact, lambda: ())
        return contact

    async def by_identity(self, kind: IdentityKind | str, value: str) -> list[Contact]:
        """Everybody who has this on file; a shop's mailbox may belong to several.

        Raises:
            IdentityInvalid: it cannot be one of this kind.
        """
        rows = await self._work.rows(
            sa.select(identities.c.contact_id)
            .where(
                identities.c.kind == str(kind),
                identities.c.value == normalise(kind, value),
                identities.c.on_file.is_(True),
            )
            .order_by(identities.c.since, identities.c.contact_id)
        )
        return [await self.get(row.contact_id) for row in rows]

    def add(self, contact: Contact) -> None:
        """A new contact, with identities and roles. The accounts exist already or were added before."""
        writes = list(inserted(contact))
        self._writing.keep(("contact", contact.id), contact, lambda: writes)

    async def change(
        self,
        contact: Contact,
        *,
        by: By,
        source: str,
        at: datetime,
        name: str | None = None,
        phone: str | None = None,
        email: str | None = None,
    ) -> None:
        """New details as told by `source`. What contacts say of themselves is kept, but recognises nobody yet.

        An e-mail is on file once a code to it proved it, a telephone number when an agent wrote it down.

        Raises:
            IdentityInvalid: a telephone number or address that cannot be one; nothing was changed.
        """
        for kind, typed in ((IdentityKind.PHONE, phone), (IdentityKind.EMAIL, email)):
            if typed is not None:
                normalise(kind, typed)
        changes = [
            self._rename(contact, name, source, at),
            # Else a stranger's number in somebody's details would make its owner's number ambiguous.
            self._learn(contact, IdentityKind.PHONE, phone, source, at, on_file=str(by.kind) == "agent"),
            self._learn(contact, IdentityKind.EMAIL, email, source, at, on_file=False),
        ]
        self._record(contact, [change for change in changes if change is not None], by=by, source=source, at=at)

    async def confirm(
        self, contact: Contact, kind: IdentityKind | str, value: str, *, by: By, source: str, at: datetime
    ) -> None:
        """It was proved, or an agent vouches for it: from now on it is on file. The addresses before it are told."""
        fresh = Identity(IdentityKind(kind), normalise(kind, value), source, at)
        known = contact.on_file(fresh.kind)
        if fresh.value in known:
            return
        told = contact.on_file(IdentityKind.EMAIL) if fresh.kind is IdentityKind.EMAIL else []
        contact.identities = (*(item for item in contact.identities if not _same(item, fresh)), fresh)
        where = (identities.c.contact_id == contact.id, identities.c.kind == kind, identities.c.value == fresh.value)
        self._writing.write(sa.delete(identities).where(*where))
        self._writing.write(insertion(identities, contact_id=contact.id, **identity_values(fresh)))
        change = Change(fresh.kind, known[-1] if known else None, fresh.value)
        self._record(contact, [change], by=by, source=source, at=at)
        for address in told:
            self._mail(contact, address, at)

    def correct(self, contact: Contact, told: Contact, *, by: By, source: str, at: datetime) -> bool:
        """Make a contact what `source` tells of them now: name, roles, and the identities that came from it.

        What others told (agents, the contact, a token) stays. An identity that the source no longer names goes, so
        that nobody proves themselves by an address that was given up. Returns whether anything changed.
        """
        changes = [self._rename(contact, told.name, source, at), *self._resource(contact, told.identities, source)]
        changes += self._reassign(contact, told.roles)
        found = [change for change in changes if change is not None]
        if not found and told.language == contact.language:
            return False
        contact.language = told.language
        self._record(contact, found or [Change("language", None, told.language)], by=by, source=source, at=at)
        return True

    def _resource(self, contact: Contact, told: tuple[Identity, ...], source: str) -> list[Change]:
        known = [item for item in contact.identities if item.source == source]
        gone = [item for item in known if not any(_same(item, other) for other in told)]
        fresh = [item for item in told if not any(_same(item, other) for other in contact.identities if other.on_file)]
        kept = tuple(item for item in contact.identities if not any(_same(item, other) for other in (*gone, *fresh)))
        for item in (*gone, *fresh):
            mine = identities.c.contact_id == contact.id
            same = (identities.c.kind == str(item.kind), identities.c.value == item.value)
            self._writing.write(sa.delete(identities).where(mine, *same))
        for item in fresh:
            self._writing.write(insertion(identities, contact_id=contact.id, **identity_values(item)))
        contact.identities = (*kept, *fresh)
        return [Change(item.kind, item.value, None) for item in gone] + [
            Change(item.kind, None, item.value) for item in fresh
        ]

    def _reassign(self, contact: Contact, told: tuple[tuple[UUID, Role], ...]) -> list[Change]:
        before, after = set(contact.roles), set(told)
        if before == after:
            return []
        self._writing.write(sa.delete(account_roles).where(account_roles.c.contact_id == contact.id))
        for account_id, role in told:
            values = {"contact_id": contact.id, "account_id": account_id, "role": str(role)}
            self._writing.write(insertion(account_roles, values))
        contact.roles = told
        gone = [Change("role", f"{role} {account_id}", None) for account_id, role in sorted(before - after)]
        return gone + [Change("role", None, f"{role} {account_id}") for account_id, role in sorted(after - before)]

    async def _contact(self, row: sa.Row[Any]) -> Contact:
        known = await self._work.rows(
            sa.select(identities)
            .where(identities.c.contact_id == row.id)
            .order_by(identities.c.since, identities.c.kind, identities.c.value)
        )
        roles = await self._work.rows(
            sa.select(account_roles).where(account_roles.c.contact_id == row.id).order_by(account_roles.c.account_id)
        )
        return Contact(
            id=row.id,
            name=row.name,
            language=row.language,
            identities=tuple(
                Identity(IdentityKind(item.kind), item.value, item.source, item.since, item.on_file) for item in known
            ),
            roles=tuple((item.account_id, Role(item.role)) for item in roles),
            name_source=row.name_source,
            name_since=row.name_since,
            version=row.version,
        )

    def _rename(self, contact: Contact, name: str | None, source: str, at: datetime) -> Change | None:
        written = " ".join((name or "").split())[:200]
        if not written or written == contact.name:
            return None
        change = Change("name", contact.name, written)
        contact.name, contact.name_source, contact.name_since = written, source, at
        return change

    def _learn(
        self, contact: Contact, kind: IdentityKind, typed: str | None, source: str, at: datetime, *, on_file: bool
    ) -> Change | None:
        if typed is None:
            return None
        fresh = Identity(kind, normalise(kind, typed), source, at, on_file)
        if any(_same(known, fresh) for known in contact.identities):
            return None
        old = contact.on_file(kind)
        contact.identities = (*contact.identities, fresh)
        self._writing.write(
            insertion(identities, contact_id=contact.id, **identity_values(fresh)), duplicate=Conflict()
        )
        return Change(kind, old[-1] if old else None, fresh.value)

    def _record(self, contact: Contact, changes: list[Change], *, by: By, source: str, at: datetime) -> None:
        if not changes:
            return
        actor = {"kind": str(by.kind), "id": str(by.id), "name": by.name}
        self._writing.write(updated(contact), rows=1)
        contact.version += 1
        change_words(self._writing, contact.id, contact_words(contact))
        for change in changes:
            self._writing.write(change_row(contact, change, actor, source, at))
        # The event names the fields; the values stay in the customer store, out of every feed.
        data = {"contact_id": str(contact.id), "fields": [change.field for change in changes], "source": source}
        event = {"kind": CONTACT_CHANGED, "actor": actor, "at": at.isoformat(), "public": False, "data": data}
        Outbox(self._writing).publish("event", f"contact:{contact.id}", event, at=at)

    def _mail(self, contact: Contact, address: str, at: datetime) -> None:
        mail = {"template": "address_added", "to": address, "language": contact.language, "params": {}}
        Outbox(self._writing).deliver("mail", f"contact:{contact.id}", mail, at=at)

    @property
    def _writing(self) -> UnitOfWork:
        if not isinstance(self._work, UnitOfWork):
            raise TypeError("a snapshot cannot write")
        return self._work


def _same(one: Identity, other: Identity) -> bool:
    return (one.kind, one.value) == (other.kind, other.value)
