"""Where somebody may be written to: addresses that were proved, and take what is sent to them."""

from uuid import UUID

import sqlalchemy as sa

from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.reachability import reachable
from customers.tables import assurances, one_time_codes
from storage.transaction import Snapshot


async def mail_addresses(snapshot: Snapshot, contact_id: UUID) -> list[str]:
    """The e-mail addresses a contact has on file, newest first, without those that send back or complained."""
    contact = await Contacts(snapshot).get(contact_id)
    known = reversed(contact.on_file(IdentityKind.EMAIL))
    return [address for address in known if await reachable(snapshot, IdentityKind.EMAIL, address)]


async def case_address_proved(snapshot: Snapshot, case_id: UUID) -> bool:
    """Whether a code sent to the address given for this case came back; without that it is a claim."""
    used = one_time_codes.c.case_id == case_id, one_time_codes.c.used_at.is_not(None)
    return await snapshot.first(sa.select(one_time_codes.c.id).where(*used).limit(1)) is not None


async def conversations_vouched(snapshot: Snapshot, contact_id: UUID) -> list[UUID]:
    """The conversations that were proved to be this contact's, the last touched first."""
    rows = await snapshot.rows(
        sa.select(assurances.c.conversation)
        .where(assurances.c.contact_id == contact_id)
        .order_by(assurances.c.touched_at.desc(), assurances.c.conversation)
    )
    return [row.conversation for row in rows]
