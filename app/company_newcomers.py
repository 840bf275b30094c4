"""People who wrote in Teams before the company file spoke of them: what they have becomes their contact's."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

import structlog

from app.company_file import CompanyInvalid, Problem
from caseengine.model.actor import SYSTEM
from caseengine.operations.joining import join_customer
from customers.contact import Contact
from customers.contact_rows import ONE_OWNER
from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.joining import is_newcomer
from storage.engine import Database
from storage.errors import Conflict
from storage.transaction import UnitOfWork

log = structlog.get_logger()
TRIES_MAX = 5
"""Whoever it is may be writing at this moment."""


class Joined(Enum):
    """What came of a joining."""

    NOW = auto()
    BEFORE = auto()
    NOT_YET = auto()


@dataclass(frozen=True, slots=True)
class Join:
    """The newcomer who is the contact `told` of."""

    newcomer: UUID
    told: Contact


async def newcomer_of(contacts: Contacts, told: Contact, where: str) -> UUID | None:
    """The newcomer in Teams who is this contact; None where nobody else has what the contact is known by.

    Raises:
        CompanyInvalid: somebody else has it, of whom more is known.
    """
    found: UUID | None = None
    for known in told.identities:
        owners = await contacts.by_identity(known.kind, known.value) if known.kind in ONE_OWNER else []
        for owner in (one for one in owners if one.id != told.id):
            if known.kind is not IdentityKind.TEAMS or not is_newcomer(owner, known.kind):
                raise CompanyInvalid(Problem(where, f"{known.kind}_taken", known.value))
            found = owner.id
    return found


def twice_told(told: Contact, where: str, owners: dict[tuple[IdentityKind, str], UUID]) -> None:
    """
    Args:
        owners: of what the file told so far; this contact's is put down.

    Raises:
        CompanyInvalid: the file tells of two people who would be the same one there.
    """
    for known in told.identities:
        if known.kind in ONE_OWNER and owners.setdefault((known.kind, known.value), told.id) != told.id:
            raise CompanyInvalid(Problem(where, f"{known.kind}_taken", known.value))


def but_teams(told: Contact) -> Contact:
    """What can be put on file while the newcomer still has the rest."""
    kept = tuple(known for known in told.identities if known.kind is not IdentityKind.TEAMS)
    return replace(told, identities=kept)


async def bring_together(database: Database, join: Join, *, source: str, at: datetime) -> Joined:
    """In a commit of its own; broken off before it, the next import of the same file does it.

    Nothing is raised: what the import has done before is told in any case.
    """
    for _ in range(TRIES_MAX):
        try:
            async with database.unit_of_work() as work:
                return await _join(work, join, source=source, at=at)
        except Conflict:
            continue
        except Exception:
            log.exception("newcomer_not_joined", contact=str(join.told.id))
            break
    return Joined.NOT_YET


async def _join(work: UnitOfWork, join: Join, *, source: str, at: datetime) -> Joined:
    """Whoever is no newcomer any more was joined by another import, or has shown since who they are."""
    contacts = Contacts(work)
    newcomer, contact = await contacts.get(join.newcomer), await contacts.get(join.told.id)
    if not is_newcomer(newcomer, IdentityKind.TEAMS):
        return Joined.NOT_YET if any(known.on_file for known in newcomer.identities) else Joined.BEFORE
    account = next((account for account, _ in join.told.roles), None)
    await join_customer(work, newcomer, contact, account_id=account, by=SYSTEM, at=at)
    contacts.correct(contact, join.told, by=SYSTEM, source=source, at=at)
    return Joined.NOW
