"""Where somebody may be written to: addresses that were proved, and take what is sent to them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.reachability import reachable
from customers.tables import assurances, case_proofs
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion


async def mail_addresses(snapshot: Snapshot, contact_id: UUID) -> list[str]:
    """The e-mail addresses a contact has on file, newest first, without those that send back or complained."""
    contact = await Contacts(snapshot).get(contact_id)
    known = reversed(contact.on_file(IdentityKind.EMAIL))
    return [address for address in known if await reachable(snapshot, IdentityKind.EMAIL, address)]


async def case_address_proved(snapshot: Snapshot, case_id: UUID) -> bool:
    """Whether a code sent to the address given for this case came back; without that it is a claim."""
    return await _proved_at(snapshot, case_id) is not None


async def prove_case_address(work: UnitOfWork, case_id: UUID, *, at: datetime) -> None:
    """A code sent there came back; kept for as long as there is the case.

    Raises (at commit):
        Conflict: another one did at the same moment.
    """
    if await _proved_at(work, case_id) is None:
        work.write(insertion(case_proofs, case_id=case_id, proved_at=at), duplicate=Conflict())


async def carry_proof(work: UnitOfWork, before: UUID, after: UUID) -> None:
    """Another case with the same address of the same customer: what was proved holds there. Raises as above."""
    proved_at = await _proved_at(work, before)
    if proved_at is not None:
        await prove_case_address(work, after, at=proved_at)


async def _proved_at(snapshot: Snapshot, case_id: UUID) -> datetime | None:
    found: datetime | None = await snapshot.scalar(
        sa.select(case_proofs.c.proved_at).where(case_proofs.c.case_id == case_id)
    )
    return found


async def conversations_vouched(snapshot: Snapshot, contact_id: UUID) -> list[UUID]:
    """The conversations that were proved to be this contact's, the last touched first."""
    rows = await snapshot.rows(
        sa.select(assurances.c.conversation)
        .where(assurances.c.contact_id == contact_id)
        .order_by(assurances.c.touched_at.desc(), assurances.c.conversation)
    )
    return [row.conversation for row in rows]
