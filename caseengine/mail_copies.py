"""Copies of one mail. The first that comes is filed; another one counts only where its sender is vouched for and that
of the first was not: an alias that breaks what a server checks, or somebody who was copied in, may be faster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.policies.threading import Belief
from caseengine.tables import mails
from storage.transaction import Snapshot, UnitOfWork


@dataclass(frozen=True, slots=True)
class FirstCopy:
    """What came of the first one; see `caseengine.mails.FiledAs`."""

    id: int
    state: str
    belief: str
    conversation_id: UUID | None
    case_id: UUID | None
    verdict: str
    original: Mapping[str, Any] | None

    @property
    def waits(self) -> bool:
        return self.state == "kept"

    @property
    def stays(self) -> bool:
        """No copy makes it more believable; before migration 0023 nobody wrote down how far it was believed."""
        return self.state == "filed" and self.belief not in (Belief.UNKNOWN, Belief.REFUSED)


FIRST = [mails.c[name] for name in FirstCopy.__dataclass_fields__]


async def first_copy(snapshot: Snapshot, mail_id: int) -> FirstCopy:
    """The mail that another one is a copy of."""
    (row,) = await snapshot.rows(sa.select(*FIRST).where(mails.c.id == mail_id))
    return FirstCopy(*tuple(row))


async def header_of(snapshot: Snapshot, mail_id: int, bytes_max: int) -> bytes:
    """The first bytes of a mail as it came; empty once they were dropped."""
    begun = sa.func.substr(mails.c.raw, 1, bytes_max)
    # To SQLite a part of no bytes is NULL.
    return bytes(await snapshot.scalar(sa.select(begun).where(mails.c.id == mail_id)) or b"")


def vouch_for_first(work: UnitOfWork, first: FirstCopy) -> None:
    """A copy of it is filed whose sender is vouched for; of two at once the other is a conflict, at commit."""
    as_read = mails.c.id == first.id, mails.c.state == first.state, mails.c.belief == first.belief
    work.write(sa.update(mails).where(*as_read).values(belief=str(Belief.VOUCHED)), rows=1)
