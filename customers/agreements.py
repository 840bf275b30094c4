"""What cover an account has: agreements with their entitlements, and the tier of its value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from customers.accounts import upwards
from customers.tables import accounts, agreements, contacts
from storage.transaction import Snapshot, UnitOfWork, insertion


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cover that an account, and every account below it, has for a time.

    Attributes:
        entitlement: its name, by which a service level is chosen.
        starts_on, ends_on: both days belong to it; no end where it goes on.
        cases_max: cases it covers; None for any number.
    """

    id: UUID
    account_id: UUID
    entitlement: str
    starts_on: date
    ends_on: date | None = None
    cases_max: int | None = None


COLUMNS = [agreements.c[name] for name in Agreement.__dataclass_fields__]


async def agreements_of(snapshot: Snapshot, account_id: UUID, *, on: date) -> list[Agreement]:
    """The agreements that cover an account on a day, its own first, then those of the accounts above it, nearest first.

    Of several with one account, the one that began last comes first.
    """
    path = [row.id for row in await snapshot.rows(upwards(account_id))][::-1]
    if not path:
        return []
    rows = await snapshot.rows(
        sa.select(*COLUMNS)
        .where(agreements.c.account_id.in_(path), agreements.c.starts_on <= on)
        .where(agreements.c.ends_on.is_(None) | (agreements.c.ends_on >= on))
        .order_by(agreements.c.starts_on.desc(), agreements.c.id)
    )
    return sorted((_agreement(row) for row in rows), key=lambda one: path.index(one.account_id))


async def tier_of(snapshot: Snapshot, contact_id: UUID | None, account_id: UUID | None) -> str | None:
    """ "A", "B" or "C": the contact's own, else that of the nearest account up the tree that has one."""
    if contact_id is not None:
        own: str | None = await snapshot.scalar(sa.select(contacts.c.tier).where(contacts.c.id == contact_id))
        if own is not None:
            return own
    path = await snapshot.rows(upwards(account_id)) if account_id is not None else []
    return next((row.tier for row in reversed(path) if row.tier is not None), None)


async def all_agreements(snapshot: Snapshot) -> Sequence[Agreement]:
    return [_agreement(row) for row in await snapshot.rows(sa.select(*COLUMNS).order_by(agreements.c.id))]


def put_agreement(work: UnitOfWork, agreement: Agreement, *, known: bool) -> None:
    """A new agreement, or one that reads differently now."""
    values = {name: getattr(agreement, name) for name in Agreement.__dataclass_fields__}
    if known:
        work.write(sa.update(agreements).where(agreements.c.id == agreement.id).values(values), rows=1)
    else:
        work.write(insertion(agreements, values))


def set_tier(
    work: UnitOfWork, *, contact_id: UUID | None = None, account_id: UUID | None = None, tier: str | None
) -> None:
    """The tier of a contact or of an account; None for the one above it."""
    if contact_id is not None:
        work.write(sa.update(contacts).where(contacts.c.id == contact_id).values(tier=tier), rows=1)
    if account_id is not None:
        work.write(sa.update(accounts).where(accounts.c.id == account_id).values(tier=tier), rows=1)


def _agreement(row: sa.Row[Any]) -> Agreement:
    return Agreement(*(getattr(row, name) for name in Agreement.__dataclass_fields__))
