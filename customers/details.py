"""People change what we have on file about them: only those who proved who they are."""

from dataclasses import dataclass
from datetime import datetime

from customers.assurance import Assurance, Level, require_contact
from customers.contact import Contact
from customers.contacts import Contacts
from storage.transaction import UnitOfWork


@dataclass(frozen=True, slots=True)
class ContactActor:
    """The contact who acts on their own details."""

    id: str
    name: str
    kind: str = "customer"


async def change_own(
    work: UnitOfWork,
    assurance: Assurance,
    *,
    source: str,
    at: datetime,
    name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> Contact:
    """Keep the new details; a new e-mail waits for a code, by `OneTimeCodes.send_confirmation`, in this conversation.

    Raises:
        AssuranceTooLow: they have not proved who they are.
        IdentityInvalid: a number or address that cannot be one; nothing was changed.
    """
    contact = await Contacts(work).get(require_contact(assurance, Level.VERIFIED))
    actor = ContactActor(str(contact.id), contact.name)
    await Contacts(work).change(contact, by=actor, source=source, at=at, name=name, phone=phone, email=email)
    return contact
