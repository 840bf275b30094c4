"""Whoever wrote first is a contact we know: the cases go with them."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.model.actor import Actor
from caseengine.model.lifecycle import Verb
from caseengine.operations.applying import judge_anew
from caseengine.tables import cases, customer_notices, surveys
from customers.contact import Contact
from customers.joining import join_newcomer
from customers.preferences import HolderKind
from storage.transaction import UnitOfWork


async def join_customer(
    work: UnitOfWork, newcomer: Contact, contact: Contact, *, account_id: UUID | None, by: Actor, at: datetime
) -> int:
    """Cases, conversations and proofs of a newcomer are the contact's from now on; how many cases.

    Args:
        account_id: whose matter their cases are, where they say nothing of it.

    Raises (at commit):
        Conflict: a turn of theirs, or a change of a case, was committed meanwhile; decide again.
    """
    rows = await work.rows(sa.select(cases.c.id).where(cases.c.contact_id == newcomer.id).order_by(cases.c.opened_at))
    await join_newcomer(work, newcomer, contact, by=by, at=at)
    for row in rows:
        case = await Cases(work).by_id(row.id)
        if case.can(Verb.IDENTIFY):  # one that was merged away goes where the other one goes
            case.identify(contact.id, case.account_id or account_id, by=by, at=at)
            await judge_anew(work, case, at=at)
    work.write(sa.update(surveys).where(surveys.c.contact_id == newcomer.id).values(contact_id=contact.id))
    held = customer_notices.c.holder_kind == str(HolderKind.CONTACT), customer_notices.c.holder_id == newcomer.id
    work.write(sa.update(customer_notices).where(*held).values(holder_id=contact.id))
    return len(rows)
