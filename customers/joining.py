"""A newcomer whom a channel made turns out to be somebody else we know: what was proved and wished is that contact's.

A newcomer is known by nothing but what the channel vouched for. Whoever has more on file is somebody of their own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from customers.contact import Contact, contact_words
from customers.contacts import By, Contacts
from customers.identities import IdentityKind
from customers.preferences import Holder, HolderKind, wishes_from_json
from customers.search_words import change_words
from customers.tables import assurances, identities, notice_consents, notice_preferences, one_time_codes
from storage.errors import Conflict
from storage.transaction import UnitOfWork, insertion


def is_newcomer(contact: Contact, kind: IdentityKind) -> bool:
    """Made by a first message: on file is one identity of this kind, told by its own channel, and no account."""
    on_file = [known for known in contact.identities if known.on_file]
    return (
        len(on_file) == 1 and on_file[0].kind is kind and on_file[0].source.startswith(f"{kind}:") and not contact.roles
    )


async def join_newcomer(work: UnitOfWork, newcomer: Contact, contact: Contact, *, by: By, at: datetime) -> None:
    """What the newcomer proved, gave and wished is the contact's from now on; nothing is left to know them by.

    Their identity is free: whoever asked for this puts it on file at the contact in the same unit of work.

    Raises:
        Conflict: nothing of theirs is on file, somebody joined them before; at commit, a turn of theirs, or another
            change, was committed meanwhile. Decide again.
    """
    source = next((known.source for known in newcomer.identities if known.on_file), None)
    if source is None:
        raise Conflict
    bare = Contact(newcomer.id, newcomer.name, newcomer.language)
    Contacts(work).correct(newcomer, bare, by=by, source=source, at=at)
    _move_given(work, newcomer, contact)
    rows = await work.rows(
        sa.select(assurances.c.conversation, assurances.c.version).where(assurances.c.contact_id == newcomer.id)
    )
    for row in rows:  # a turn under way there loses, and is taken again as the contact's
        seen = assurances.c.conversation == row.conversation, assurances.c.version == row.version
        work.write(sa.update(assurances).where(*seen).values(contact_id=contact.id, version=row.version + 1), rows=1)
    codes = sa.update(one_time_codes).where(one_time_codes.c.contact_id == newcomer.id)
    work.write(codes.values(contact_id=contact.id))
    await join_wishes(work, [Holder(HolderKind.CONTACT, newcomer.id)], Holder(HolderKind.CONTACT, contact.id))


async def join_wishes(work: UnitOfWork, given: Sequence[Holder], taker: Holder) -> None:
    """What these wished is somebody else's wish from now on; what that one wished goes first, but for a later stop.

    Raises (at commit):
        Conflict: one of them wished something else meanwhile.
    """
    rows = [row for holder in given if (row := await _wished(work, holder)) is not None]
    for row in rows:
        same = notice_preferences.c.version == row.version, *_whose(notice_preferences, _holder(row))
        work.write(sa.delete(notice_preferences).where(*same), rows=1)
    if rows:
        await _take(work, max(rows, key=lambda row: (_stops(row), row.since)), taker)
    for holder in given:
        said = sa.update(notice_consents).where(*_whose(notice_consents, holder))
        work.write(said.values(holder_kind=str(taker.kind), holder_id=taker.id))


async def lend_wishes(work: UnitOfWork, giver: Holder, taker: Holder) -> None:
    """What one wished holds for the other as well, as `join_wishes` says. Raises as it does."""
    if (row := await _wished(work, giver)) is not None:
        await _take(work, row, taker)


async def _take(work: UnitOfWork, given: sa.Row[Any], taker: Holder) -> None:
    mine, table = await _wished(work, taker), notice_preferences
    news = {"wishes": given.wishes, "source": given.source, "since": given.since}
    if mine is None:
        whose = {"holder_kind": str(taker.kind), "holder_id": taker.id}
        work.write(insertion(table, **whose, **news, version=1), duplicate=Conflict())
    elif _stops(given) and given.since > mine.since:
        same = table.c.version == mine.version, *_whose(table, taker)
        work.write(sa.update(table).where(*same).values(**news, version=mine.version + 1), rows=1)


async def _wished(work: UnitOfWork, holder: Holder) -> sa.Row[Any] | None:
    return await work.first(sa.select(notice_preferences).where(*_whose(notice_preferences, holder)))


def _whose(table: sa.Table, holder: Holder) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.holder_kind == str(holder.kind), table.c.holder_id == holder.id


def _holder(row: sa.Row[Any]) -> Holder:
    return Holder(HolderKind(row.holder_kind), row.holder_id)


def _stops(row: sa.Row[Any]) -> bool:
    return wishes_from_json(row.wishes).way is None


def _move_given(work: UnitOfWork, newcomer: Contact, contact: Contact) -> None:
    """Addresses they gave and have not proved: they recognise nobody, there as here."""
    known = {(one.kind, one.value) for one in contact.identities}
    for given in newcomer.identities:
        if given.on_file:
            continue
        mine = identities.c.contact_id == newcomer.id, identities.c.kind == str(given.kind)
        same = (*mine, identities.c.value == given.value)
        if (given.kind, given.value) in known:
            work.write(sa.delete(identities).where(*same))
        else:
            work.write(sa.update(identities).where(*same).values(contact_id=contact.id))
            contact.identities = (*contact.identities, given)
    newcomer.identities = tuple(one for one in newcomer.identities if one.on_file)
    for changed in (newcomer, contact):
        change_words(work, changed.id, contact_words(changed))
