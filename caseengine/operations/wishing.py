"""Customers say what they want to be told, and what stops goes for the addresses they read.

A mailbox has one word of its own: stop, or not. Who reads it said so, and it holds for whoever's case it is.
Source: docs/decisions/0023-notices-to-customers.md
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.tables import cases
from caseengine.telling import look_again
from customers.contacts import Contacts
from customers.identities import IdentityKind
from customers.joining import join_wishes, lend_wishes
from customers.preferences import Holder, HolderKind, Preferences, mailbox
from customers.proved import carry_proof
from customers.wishes import Way, Wishes
from storage.transaction import Snapshot, UnitOfWork


async def wish(
    work: UnitOfWork,
    holder: Holder,
    change: Callable[[Wishes], Wishes],
    *,
    zone: str,
    by: Actor,
    source: str,
    at: datetime,
    reads_mail: bool = True,
) -> None:
    """They wish something else: kept for them, and a stop for each address they read. What waits is judged anew.

    A stop of an address is lifted by who reads it, or by an agent whom they asked to be told again after a stop.

    Args:
        holder: as the link, or the agent, names them; see `known_as`.
        zone: of those who never named one.
        reads_mail: who says so came by a link that was sent to their address, or an agent says it for them. Else it
            says nothing about the address.

    Raises (at commit):
        Conflict: something of it was changed at the same moment.
    """
    holder, preferences = await known_as(work, holder), Preferences(work, zone=zone)
    before = (await preferences.of(holder)).wishes
    wishes = change(before)
    await preferences.change(holder, wishes, by=by, source=source, at=at)
    if reads_mail and (wishes.way is None or _lifts(before, wishes, by)):
        for address in await _read_by(work, holder):
            if await preferences.stopped(address) is not (wishes.way is None):
                theirs = Wishes(way=None if wishes.way is None else Way.EMAIL, zone=zone)
                await preferences.change(mailbox(address), theirs, by=by, source=source, at=at)
    look_again(work, holder, at=at)


async def known_as(snapshot: Snapshot, holder: Holder) -> Holder:
    """Whose wishes they are now: a case may have become a contact's who reads its address."""
    if holder.kind is not HolderKind.CASE:
        return holder
    row = await _case(snapshot, holder.id)
    if row is None or row.contact_id is None or not row.reply_address:
        return holder
    contact = Holder(HolderKind.CONTACT, row.contact_id)
    theirs = {mailbox(address) for address in await _read_by(snapshot, contact)}
    return contact if mailbox(row.reply_address) in theirs else holder


async def wishes_go_with(work: UnitOfWork, found: Sequence[Case], contact_id: UUID) -> None:
    """Cases became a contact's: so do the wishes of who opened them."""
    await join_wishes(
        work, [Holder(HolderKind.CASE, case.id) for case in found], Holder(HolderKind.CONTACT, contact_id)
    )


async def customer_goes_on(work: UnitOfWork, before: Case, case: Case) -> None:
    """What a newcomer proved and wished holds for a case that goes on from theirs, if it has the same address.

    Raises (at commit):
        Conflict: something of it was changed at the same moment.
    """
    if case.contact_id is None and case.reply_address and case.reply_address == before.reply_address:
        await carry_proof(work, before.id, case.id)
        await lend_wishes(work, Holder(HolderKind.CASE, before.id), Holder(HolderKind.CASE, case.id))


def _lifts(before: Wishes, wishes: Wishes, by: Actor) -> bool:
    wants_mail = wishes.way in (Way.EMAIL, Way.TEAMS)  # each falls back on the other
    return wants_mail and (by.kind is ActorKind.CUSTOMER or before.way is None)


async def _read_by(snapshot: Snapshot, holder: Holder) -> Sequence[str]:
    """The addresses that are theirs: on file, or given for their case, whose link went there."""
    if holder.kind is HolderKind.CONTACT:
        return (await Contacts(snapshot).get(holder.id)).on_file(IdentityKind.EMAIL)
    row = await _case(snapshot, holder.id)
    return [row.reply_address] if row is not None and row.reply_address else []


async def _case(snapshot: Snapshot, case_id: UUID) -> sa.Row[Any] | None:
    return await snapshot.first(sa.select(cases.c.contact_id, cases.c.reply_address).where(cases.c.id == case_id))
