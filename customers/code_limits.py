"""How many codes may be sent: per conversation, per address typed, per contact, per source; in sliding windows.

A source that has proved an address before is not held back by what strangers ask for that address: who knows a
victim's address cannot lock the victim out. Source: docs/decisions/0008-assurance.md
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import sqlalchemy as sa

from customers.tables import one_time_codes as codes
from storage.transaction import Snapshot

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RECOGNISED_FOR = timedelta(days=90)
PER_CONTACT = ((HOUR, 3), (DAY, 10))
PER_CONVERSATION = ((HOUR, 5), (DAY, 15))
PER_SOURCE = ((HOUR, 20), (DAY, 100))


@dataclass(frozen=True, slots=True)
class Sending:
    """One request for a code. `subject` and `source` are digests; `contact_id` is None for a decoy."""

    conversation: UUID
    subject: bytes
    source: bytes
    contact_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` codes among `which` in any `window`."""

    which: sa.ColumnElement[bool]
    window: timedelta
    most: int

    def room(self, at: datetime) -> sa.ColumnElement[bool]:
        """True while one more fits; to be asked in the statement that writes the code."""
        sent = sa.select(sa.func.count()).select_from(codes).where(self.which, codes.c.sent_at > at - self.window)
        return sent.scalar_subquery() < self.most

    async def wait(self, snapshot: Snapshot, at: datetime) -> int:
        """Whole seconds until one more fits, 0 when it fits now."""
        newest = (
            sa.select(codes.c.sent_at)
            .where(self.which, codes.c.sent_at > at - self.window)
            .order_by(codes.c.sent_at.desc())
            .limit(self.most)
        )
        sent = await snapshot.rows(newest)
        if len(sent) < self.most:
            return 0
        ends_at: datetime = sent[-1].sent_at + self.window
        return max(1, ceil((ends_at - at).total_seconds()))


def room_left(sending: Sending) -> sa.ColumnElement[bool]:
    """True while no limit is reached, those of the contact included."""
    return sa.and_(*(limit.room(sending.at) for limit in (*_open_limits(sending), *_contact_limits(sending))))


async def seconds_to_wait(snapshot: Snapshot, sending: Sending) -> int:
    """How long until a request would pass the limits that are the same for everybody."""
    return max([await limit.wait(snapshot, sending.at) for limit in _open_limits(sending)])


async def contact_reached(snapshot: Snapshot, sending: Sending) -> bool:
    """True when the contact got as many codes as they may, perhaps by another address.

    Never told: it would say which addresses belong together.
    """
    return max([await limit.wait(snapshot, sending.at) for limit in _contact_limits(sending)]) > 0


def _open_limits(sending: Sending) -> list[Limit]:
    address = _unless_strangers(codes.c.subject == sending.subject, sending)
    groups = (
        (address, PER_CONTACT),
        (codes.c.conversation == sending.conversation, PER_CONVERSATION),
        (codes.c.source == sending.source, PER_SOURCE),
    )
    return [Limit(which, window, most) for which, limits in groups for window, most in limits]


def _contact_limits(sending: Sending) -> list[Limit]:
    # A decoy asks about an id nobody has, so that it costs the same.
    contact = _unless_strangers(codes.c.contact_id == (sending.contact_id or sending.conversation), sending)
    return [Limit(contact, window, most) for window, most in PER_CONTACT]


def _unless_strangers(which: sa.ColumnElement[bool], sending: Sending) -> sa.ColumnElement[bool]:
    """All of these; or only the source's own, when the source has proved this address before."""
    known = codes.alias("known")
    recognised = sa.exists().where(
        known.c.subject == sending.subject,
        known.c.source == sending.source,
        known.c.used_at > sending.at - RECOGNISED_FOR,
    )
    return sa.and_(which, sa.or_(codes.c.source == sending.source, ~recognised))
