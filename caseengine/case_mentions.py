"""Who named a case by mail and was not let in: kept apart from the case, and told to its agents now and then.

Anybody can name a case, as often as they like. So what they do is never written to the case they named: a flood of it
stands in nobody's way who works there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseengine import machine_mentions
from caseengine.cases import Cases
from caseengine.machine_mentions import MACHINES, NOTED, Counted
from caseengine.model.actor import Actor
from caseengine.model.errors import CaseNotFound
from caseengine.operations.keeping import goes_on_as
from caseengine.tables import case_mentions, cases
from storage.transaction import Snapshot, UnitOfWork, insertion

TOPIC = "case_named"
"""Woken when a case was named."""
PAUSE = timedelta(hours=1)
"""Agents of a case are told no more often than this, of all who named it meanwhile."""
AT_ONCE_MAX = 500
"""Mentions one note is about, at most."""
CASES_MAX = 100


@dataclass(frozen=True, slots=True)
class Mention:
    """
    Attributes:
        sender: their address; empty where it cannot be told.
        number: of the case that their words are on.
        reason: why they were not let in, as a code.
    """

    sender: str
    number: str
    reason: str


def mention(work: UnitOfWork, case_id: UUID, by: Mention, *, at: datetime) -> None:
    """The case was named."""
    values = {"sender": by.sender[:320], "number": by.number, "reason": by.reason[:40]}
    work.write(insertion(case_mentions, case_id=case_id, at=at, **values))
    work.after_commit_wake(TOPIC)


async def number_of(snapshot: Snapshot, case_id: UUID) -> str:
    """The number of a case, or of the one it was merged into; it is read only, so nobody is in anybody's way.

    Raises:
        CaseNotFound: there is none.
    """
    named = sa.select(sa.func.coalesce(cases.c.merged_into, cases.c.id)).where(cases.c.id == case_id).scalar_subquery()
    found: str | None = await snapshot.scalar(sa.select(cases.c.number).where(cases.c.id == named))
    if found is None:
        raise CaseNotFound
    return found


async def cases_named(snapshot: Snapshot, at: datetime, *, after: UUID | None = None) -> Sequence[UUID]:
    """The cases whose agents may be told now that somebody named them, in an order of their own."""
    told = case_mentions.alias()
    by_the_job = told.c.noted_at > at - PAUSE, told.c.reason != NOTED
    lately = sa.exists().where(told.c.case_id == case_mentions.c.case_id, *by_the_job)
    asked = [case_mentions.c.case_id > after] if after is not None else []
    rows = await snapshot.rows(
        sa.select(case_mentions.c.case_id)
        .where(case_mentions.c.noted_at.is_(None), ~lately, *asked)
        .distinct()
        .order_by(case_mentions.c.case_id)
        .limit(CASES_MAX)
    )
    return [row.case_id for row in rows]


async def note_mentions(
    work: UnitOfWork,
    case_id: UUID,
    words: Callable[[Sequence[Mention], Sequence[Counted]], str],
    *,
    by: Actor,
    at: datetime,
) -> None:
    """One note about everybody who named it and of whom its agents have not heard yet, and of machines' mails.

    Args:
        words: of the note; there is one mention for each sender.
    """
    here = case_mentions.c.case_id == case_id, case_mentions.c.reason.not_in(MACHINES)
    waiting = await work.rows(
        sa.select(case_mentions).where(*here, case_mentions.c.noted_at.is_(None)).order_by("id").limit(AT_ONCE_MAX)
    )
    heard_of = await work.rows(
        sa.select(case_mentions.c.sender).where(*here, case_mentions.c.noted_at.is_not(None)).distinct()
    )
    counts = await machine_mentions.counted(work, case_id)
    known = {row.sender for row in heard_of}
    news = {row.sender: row for row in reversed(waiting) if row.sender not in known}
    told = [row.id for row in news.values()]
    again = [row.id for row in waiting if row.id not in set(told)]
    if news or counts:
        case = await goes_on_as(work, await Cases(work).by_id(case_id))
        firsts = sorted(news.values(), key=lambda row: int(row.id))
        case.note(words([Mention(row.sender, row.number, row.reason) for row in firsts], counts), by=by, at=at)
        work.write(sa.update(case_mentions).where(case_mentions.c.id.in_(told)).values(noted_at=at))
    if counts:
        machine_mentions.told(work, case_id, counts, at=at)
    if again:
        work.write(sa.delete(case_mentions).where(case_mentions.c.id.in_(again)))


def forget_mentions(work: UnitOfWork, *, before: datetime) -> None:
    """Drop what agents were told before an instant; who names the case again is told of anew."""
    work.write(sa.delete(case_mentions).where(case_mentions.c.noted_at < before))
