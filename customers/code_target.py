"""Whom a code would prove, and where it would go: decided by what is on file, never by what was typed."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from customers.assurance import Assurance, Level
from customers.errors import IdentityInvalid
from customers.identities import IdentityKind, normalise
from customers.tables import identities
from storage.transaction import Snapshot


@dataclass(frozen=True, slots=True)
class Target:
    """What the code will prove. Neither contact nor case: a decoy, with nobody to mail to.

    Attributes:
        mail_to: "" for a decoy.
        confirms: None for a code that says who somebody is. Else it confirms an address of `contact_id`, and that is
            all it does: the address it puts on file, "" when it may put none there.
    """

    contact_id: UUID | None = None
    case_id: UUID | None = None
    mail_to: str = ""
    confirms: str | None = None
    template: str = "one_time_code"


async def target_of(
    snapshot: Snapshot,
    kind: IdentityKind,
    value: str,
    *,
    case: UUID | None,
    case_address: str | None,
) -> Target:
    """Who would be identified, or which case. The same query whoever is meant."""
    owners = await _owners(snapshot, kind, value)
    owner = owners[0] if len(owners) == 1 else None
    proved_case = case if kind is IdentityKind.EMAIL and _is(case_address, value) else None
    if owner is not None:
        return Target(contact_id=owner[0], case_id=proved_case, mail_to=owner[1])
    if proved_case is not None:
        return Target(case_id=proved_case, mail_to=value)
    if owners and kind is IdentityKind.EMAIL:
        # A mailbox several people share proves none of them. Its readers are told so; the conversation is not.
        return Target(mail_to=value, template="address_shared")
    return Target()


async def confirmation_of(snapshot: Snapshot, value: str, current: Assurance) -> Target:
    """An e-mail that the contact of this conversation, verified now, gave as theirs. The same query whoever is meant.

    Where somebody else has it on file no code goes out; the mailbox is told, and the conversation is not.
    """
    held = await snapshot.rows(
        sa.select(identities.c.contact_id, identities.c.on_file).where(
            identities.c.kind == str(IdentityKind.EMAIL), identities.c.value == value
        )
    )
    on_file = {row.contact_id: row.on_file for row in held}
    mine = current.contact_id if current.level is Level.VERIFIED else None
    if mine is None or mine not in on_file:
        return Target(confirms="")
    if any(on_file.values()) and not on_file[mine]:
        return Target(contact_id=mine, mail_to=value, confirms="", template="address_taken")
    return Target(contact_id=mine, mail_to=value, confirms=value)


def decoy_of(target: Target) -> Target:
    """The same purpose, and it leads nowhere."""
    return Target(confirms=None if target.confirms is None else "")


async def _owners(snapshot: Snapshot, kind: IdentityKind, value: str) -> list[tuple[UUID, str]]:
    """Contacts with this on file, each with the e-mail that a code would go to."""
    mailbox = identities.alias("mailbox")
    mailable = sa.and_(
        mailbox.c.contact_id == identities.c.contact_id,
        mailbox.c.kind == str(IdentityKind.EMAIL),
        mailbox.c.on_file.is_(True),
    )
    if kind is IdentityKind.EMAIL:
        mailable = sa.and_(mailable, mailbox.c.value == identities.c.value)
    rows = await snapshot.rows(
        sa.select(identities.c.contact_id, mailbox.c.value)
        .join(mailbox, mailable)
        .where(identities.c.kind == str(kind), identities.c.value == value, identities.c.on_file.is_(True))
        .order_by(mailbox.c.since.desc(), mailbox.c.value.desc())
    )
    return list({row.contact_id: (row.contact_id, row.value) for row in rows}.values())


def _is(case_address: str | None, value: str) -> bool:
    try:
        return case_address is not None and normalise(IdentityKind.EMAIL, case_address) == value
    except IdentityInvalid:
        return False
