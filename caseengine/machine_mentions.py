"""Machines that write to a case: the first mails are notes, those that come on and on are counted.

An out-of-office reply is worth a note. Two programs that answer each other are not worth six hundred, and nobody can
work on a case that is noted on without end. What is counted is filed all the same and kept with its bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseengine.tables import case_mentions
from storage.transaction import Snapshot, UnitOfWork, insertion

NOTED, COUNTED = "automatic", "automatic_more"
"""Reasons of a mention: this mail is a note of its own, or one more of a count."""
MACHINES = (NOTED, COUNTED)
OF_ONE_MAX = 3
"""Mails of one machine on one case that are notes, until it is forgotten."""
AN_HOUR_MAX = 30
"""Of all machines: more than there can be recipients of one mail of ours, each of which may come back."""
SENDERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """Mails of one machine that nobody was told of one by one.

    Attributes:
        sender: its address; empty where it cannot be told.
        last: the number of the newest mention.
    """

    sender: str
    mails: int
    last: int


async def worth_a_note(work: UnitOfWork, case_id: UUID, sender: str, *, report: bool, at: datetime) -> bool:
    """Whether this mail is a note; if not, it is counted.

    Args:
        report: a server tells of one of our mails: all of them come from one address, and each says something else.
    """
    noted = sa.select(case_mentions.c.id).where(case_mentions.c.case_id == case_id, case_mentions.c.reason == NOTED)
    lately = await work.rows(noted.where(case_mentions.c.noted_at > at - timedelta(hours=1)).limit(AN_HOUR_MAX))
    theirs = noted.where(case_mentions.c.noted_at.is_not(None), case_mentions.c.sender == sender[:320])
    known = [] if report else await work.rows(theirs.limit(OF_ONE_MAX))
    worth = len(lately) < AN_HOUR_MAX and len(known) < OF_ONE_MAX
    told = {"reason": NOTED, "noted_at": at} if worth else {"reason": COUNTED, "noted_at": None}
    work.write(insertion(case_mentions, case_id=case_id, sender=sender[:320], number="", at=at, **told))
    return worth


async def counted(snapshot: Snapshot, case_id: UUID) -> Sequence[Counted]:
    """What agents of a case have not been told of yet, by machine, the first first."""
    table = case_mentions.c
    last = sa.func.max(table.id)
    rows = await snapshot.rows(
        sa.select(table.sender, sa.func.count(), last)
        .where(table.case_id == case_id, table.noted_at.is_(None), table.reason == COUNTED)
        .group_by(table.sender)
        .order_by(sa.func.min(table.id))
        .limit(SENDERS_MAX)
    )
    return [Counted(*tuple(row)) for row in rows]


def told(work: UnitOfWork, case_id: UUID, counts: Sequence[Counted], *, at: datetime) -> None:
    """Agents were told: one mention of each machine stays, for when it was."""
    table = case_mentions.c
    lasts, senders = [one.last for one in counts], [one.sender for one in counts]
    work.write(sa.update(case_mentions).where(table.id.in_(lasts)).values(noted_at=at))
    these = table.case_id == case_id, table.noted_at.is_(None), table.reason == COUNTED, table.sender.in_(senders)
    work.write(sa.delete(case_mentions).where(*these, table.id < max(lasts), table.id.not_in(lasts)))
