"""Somebody rings, or stands at the counter: an agent takes down what they say, and it becomes a case."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.event_rows import from_row
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.events import CaseOpened, FieldsFilled
from caseengine.model.fields import same
from caseengine.operations.filling import fill_in
from caseengine.operations.opening import Opening, open_case
from caseengine.operations.permission import permit
from caseengine.tables import case_events
from customers.contact import Contact
from customers.contacts import Contacts
from customers.errors import AccountNotFound
from customers.identities import IdentityKind, normalise
from storage.transaction import Snapshot, UnitOfWork

WRITTEN_ONE_WAY = (IdentityKind.EMAIL, IdentityKind.PHONE)
"""What of a claim is kept as contacts have it, so that the two can be compared."""
KEPT_AS_TOLD = (
    *("description", "department", "contact_id", "channel", "case_type", "impact", "urgency"),
    *("products", "order_number"),
)


async def take_down(work: UnitOfWork, opening: Opening, *, key: str, by: Actor, at: datetime) -> Case:
    """Open a case for whom the agent knows it to be, or for somebody who only claims to be somebody.

    A claim stays one: it is kept on the case, and an e-mail address among it is on file for this case alone. The same
    key of the same agent opens one case, however often it is asked for.

    Args:
        opening: without an account, it is a known contact's first.

    Raises:
        NotPermitted: the agent does not work for its department.
        DepartmentNotFound, ContactNotFound: there is none.
        AccountNotFound: it is none of the contact's.
        IdentityInvalid: what they claim cannot be an address or number.
        TextMissing: it has no subject.
        FieldsInvalid: its form does not take these fields.
    """
    case_id = _id_under(by, key)
    if await opened_before(work, by=by, key=key) is not None:
        return await Cases(work).by_id(case_id)
    await permit(work, by, opening.department)
    told = replace(opening, case_id=case_id, fields={}, **await _whose(work, opening))
    case = await open_case(work, told, by=by, at=at)
    await fill_in(work, case, opening.fields, by=by, at=at)
    return case


async def opened_before(snapshot: Snapshot, *, by: Actor, key: str) -> CaseOpened | None:
    """How the case began that the agent opened under this key; None while there is none."""
    first = case_events.c.case_id == _id_under(by, key), case_events.c.seq == 1
    row = await snapshot.first(sa.select(case_events).where(*first))
    event = from_row(row) if row is not None else None
    return event if isinstance(event, CaseOpened) else None


async def is_asked_again(snapshot: Snapshot, before: CaseOpened, opening: Opening) -> bool:
    """Whether this asks for what was opened before. What it leaves to the desk (language, account) is as that chose.

    Raises:
        IdentityInvalid: what they claim cannot be an address or number.
    """
    asked = {
        **{name: getattr(opening, name) for name in KEPT_AS_TOLD},
        "subject": opening.subject.strip(),
        "claimed": _claimed(opening),
        "account_id": opening.account_id or before.account_id,
        "language": opening.language or before.language,
    }
    told = {name: getattr(before, name) for name in asked}
    given = {name: value for name, value in opening.fields.items() if value is not None}
    return told == asked and same(await _filled_at_once(snapshot, before), given)


async def _filled_at_once(snapshot: Snapshot, opened: CaseOpened) -> dict[str, Any]:
    """The fields the case began with."""
    kind = case_events.c.kind == FieldsFilled.__name__
    of_it = case_events.c.case_id == opened.case_id, case_events.c.at == opened.at
    row = await snapshot.first(sa.select(case_events).where(kind, *of_it).order_by(case_events.c.seq).limit(1))
    event = from_row(row) if row is not None else None
    return dict(event.values) if isinstance(event, FieldsFilled) else {}


def _id_under(by: Actor, key: str) -> UUID:
    """Nobody's key stands for somebody else's case."""
    return uuid5(UUID(by.id), key)


async def _whose(work: UnitOfWork, opening: Opening) -> dict[str, Any]:
    claimed = _claimed(opening)
    if opening.contact_id is None:
        return {"claimed": claimed, "account_id": None, "reply_address": claimed.get(IdentityKind.EMAIL)}
    contact = await Contacts(work).get(opening.contact_id)
    account_id = _account_of(contact, opening.account_id)
    return {"claimed": claimed, "account_id": account_id, "language": opening.language or contact.language}


def _claimed(opening: Opening) -> dict[str, Any]:
    return {kind: _written(kind, value) for kind, value in opening.claimed.items() if value.strip()}


def _written(kind: str, value: str) -> str:
    return normalise(kind, value) if kind in WRITTEN_ONE_WAY else " ".join(value.split())


def _account_of(contact: Contact, wanted: UUID | None) -> UUID | None:
    theirs = [account_id for account_id, _ in contact.roles]
    if wanted is not None and wanted not in theirs:
        raise AccountNotFound(wanted)
    return wanted or next(iter(theirs), None)
