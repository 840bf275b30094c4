"""Mails as they came in: kept before anybody looked into them, then filed once, or set aside for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.tables import case_conversations, mail_threads, mails
from storage.errors import AlreadyReceived
from storage.transaction import Insertion, Snapshot, UnitOfWork

TRIES_MAX = 5
RETRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (1, 5, 30, 120))
TOPIC = "mail_in"
"""Woken when a mail was kept."""
ERROR_MAX = 500
SENDER_MAX = 320
OUTSIDE = "outside_answer"
"""The verdict on an answer of somebody whom an agent asked outside."""
DROPPED_AT_ONCE_MAX = 200


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail without its bytes."""

    id: int
    state: str
    size: int
    tries: int
    last_error: str | None
    received_at: datetime
    done_at: datetime | None
    message_id: str
    sender: str
    conversation_id: UUID | None
    case_id: UUID | None
    verdict: str


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail that waits to be filed; `copy_of`: see `caseengine.mail_copies`."""

    id: int
    raw: bytes
    envelope: Mapping[str, Any]
    tries: int
    received_at: datetime
    copy_of: int | None


@dataclass(frozen=True, slots=True)
class FiledAs:
    """Where a mail went.

    Attributes:
        verdict: why it went there, as a code.
        belief: how far its sender was believed.
        original: what the agent may want to see beside the new words: html, quoted, subject, addresses.
    """

    verdict: str
    belief: str
    message_id: str = ""
    sender: str = ""
    conversation_id: UUID | None = None
    case_id: UUID | None = None
    original: Mapping[str, Any] | None = None


ROW = [mails.c[name] for name in MailRow.__dataclass_fields__]
NEW_ROW = sa.insert(mails).returning(mails.c.id)
KEPT = [mails.c[name] for name in KeptMail.__dataclass_fields__]


class Mails:
    """The mails of one unit of work."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def keep(
        self, digest: str, raw: bytes, envelope: Mapping[str, Any], *, copy_of: int | None = None, at: datetime
    ) -> Any:
        """Keep a mail. After commit the write's `result.id` is its number.

        Raises (at commit):
            AlreadyReceived: the same mail was kept before.
        """
        values = {"digest": digest, "raw": raw, "size": len(raw), "envelope": dict(envelope), "received_at": at}
        values["copy_of"] = copy_of
        self._work.after_commit_wake(TOPIC)
        return self._work.write(Insertion(NEW_ROW, values), duplicate=AlreadyReceived("mail", "in", digest))

    def filed(self, mail_id: int, as_: FiledAs, *, at: datetime) -> None:
        """It is where it belongs; a second worker that filed it too gets a conflict instead of a second effect."""
        values = {name: getattr(as_, name) for name in FiledAs.__dataclass_fields__}
        waiting = mails.c.id == mail_id, mails.c.state == "kept"
        self._work.write(sa.update(mails).where(*waiting).values(state="filed", done_at=at, **values), rows=1)

    def failed(self, mail: KeptMail, error: str, *, at: datetime) -> None:
        """One more failed try; it is tried again later."""
        later = at + RETRY_AFTER[min(mail.tries, len(RETRY_AFTER) - 1)]
        values = {"tries": mail.tries + 1, "last_error": error[:ERROR_MAX], "next_try_at": later}
        self._work.write(sa.update(mails).where(mails.c.id == mail.id, mails.c.state == "kept").values(values))

    def later(self, mail: KeptMail, sender: str, *, until: datetime) -> None:
        """Others were at the same case: that is no fault of the mail's and costs it no try.

        Args:
            sender: whose later mails wait behind it.
        """
        waiting = mails.c.id == mail.id, mails.c.state == "kept"
        self._work.write(sa.update(mails).where(*waiting).values(next_try_at=until, sender=sender[:SENDER_MAX]))

    def quarantine(self, mail: KeptMail, error: str, case_id: UUID | None, *, at: datetime) -> None:
        """Set it aside with its bytes, so that its neighbours go on."""
        values = {"state": "quarantined", "tries": mail.tries + 1, "last_error": error[:ERROR_MAX], "done_at": at}
        waiting = mails.c.id == mail.id, mails.c.state == "kept"
        self._work.write(sa.update(mails).where(*waiting).values(**values, case_id=case_id), rows=1)

    def retry(self, mail_id: int) -> None:
        """Take up one that was set aside. Raises `Conflict` at commit where there is none, or a copy was filed."""
        values = {"state": "kept", "tries": 0, "next_try_at": None, "done_at": None}
        aside = mails.c.id == mail_id, mails.c.state == "quarantined", mails.c.dropped_at.is_(None)
        self._work.write(sa.update(mails).where(*aside, mails.c.belief == "").values(values), rows=1)
        self._work.after_commit_wake(TOPIC)


async def due_mails(snapshot: Snapshot, *, at: datetime, limit: int, bytes_max: int) -> Sequence[KeptMail]:
    """Those that wait and are due, in order of arrival; together at most so many bytes, but always one."""
    due = mails.c.state == "kept", sa.or_(mails.c.next_try_at.is_(None), mails.c.next_try_at <= at)
    sizes = await snapshot.rows(sa.select(mails.c.id, mails.c.size).where(*due).order_by(mails.c.id).limit(limit))
    sums = accumulate(row.size for row in sizes)
    fit = [
        row.id for place, (row, total) in enumerate(zip(sizes, sums, strict=True)) if not place or total <= bytes_max
    ]
    rows = await snapshot.rows(sa.select(*KEPT).where(mails.c.id.in_(fit)).order_by(mails.c.id))
    return [KeptMail(*tuple(row)) for row in rows]


async def held_until(snapshot: Snapshot, sender: str, *, before: int, at: datetime) -> datetime | None:
    """Until when a mail that came before this one, from the same sender, gives way to others; None where none does."""
    table = mails
    ahead = table.c.state == "kept", table.c.id < before, table.c.tries == 0
    theirs = table.c.sender == sender[:SENDER_MAX], table.c.next_try_at > at
    found: datetime | None = await snapshot.scalar(sa.select(sa.func.max(table.c.next_try_at)).where(*ahead, *theirs))
    return found


async def mail_by_digest(snapshot: Snapshot, digest: str) -> int | None:
    """The number of the mail that was kept under this digest."""
    found = await snapshot.scalar(sa.select(mails.c.id).where(mails.c.digest == digest))
    return None if found is None else int(found)


async def mail_rows(
    snapshot: Snapshot, *, state: str | None = None, before: int | None = None, limit: int = 50
) -> Sequence[MailRow]:
    """Mails without their bytes, newest first."""
    asked = [mails.c.state == state] if state else []
    asked += [mails.c.id < before] if before is not None else []
    rows = await snapshot.rows(sa.select(*ROW).where(*asked).order_by(mails.c.id.desc()).limit(limit))
    return [MailRow(*tuple(row)) for row in rows]


async def mail_row(snapshot: Snapshot, mail_id: int) -> MailRow | None:
    row = await snapshot.first(sa.select(*ROW).where(mails.c.id == mail_id))
    return MailRow(*tuple(row)) if row else None


async def mail_raw(snapshot: Snapshot, mail_id: int) -> bytes | None:
    """As it came; None where there is none, or its bytes were dropped."""
    here = mails.c.id == mail_id, mails.c.dropped_at.is_(None)
    found: bytes | None = await snapshot.scalar(sa.select(mails.c.raw).where(*here))
    return found


async def drop_raw(work: UnitOfWork, *, filed_before: datetime, aside_before: datetime, at: datetime) -> bool:
    """Drop the bytes of mails that came before an instant; whether there may be more of them.

    What a mail said is in its conversation and in `original`, and stays. One that waits to be filed keeps its bytes
    however old it is.

    Args:
        aside_before: of those set aside: nothing else is left of them, until somebody has looked.
    """
    old = sa.or_(
        sa.and_(mails.c.state == "filed", mails.c.received_at < filed_before),
        sa.and_(mails.c.state == "quarantined", mails.c.received_at < aside_before),
    )
    rows = await work.rows(sa.select(mails.c.id).where(mails.c.dropped_at.is_(None), old).limit(DROPPED_AT_ONCE_MAX))
    ids = [row.id for row in rows]
    if ids:
        waiting = mails.c.id.in_(ids), mails.c.state != "kept"  # somebody may have it filed again at this moment
        work.write(sa.update(mails).where(*waiting).values(raw=b"", dropped_at=at))
    return len(ids) == DROPPED_AT_ONCE_MAX


async def original_of(snapshot: Snapshot, mail_id: int, *, case_id: UUID, conversations: Sequence[UUID]) -> Any:
    """What was kept of a mail beside its new words, if it belongs to this case or these conversations; else None."""
    mine = sa.or_(mails.c.case_id == case_id, mails.c.conversation_id.in_(conversations))
    return await snapshot.scalar(sa.select(mails.c.original).where(mails.c.id == mail_id, mine))


async def conversations_of(snapshot: Snapshot, message_ids: Sequence[str]) -> Sequence[UUID]:
    """The conversations that mails with these ids, sent to us, were filed in; the last named first."""
    named = mails.c.message_id.in_([one[:400] for one in message_ids])
    by_mail, about_cases = sa.select(mail_threads.c.conversation_id), sa.select(case_conversations.c.conversation_id)
    # What holds the files of a note is neither, and nobody talks there.
    talked = sa.or_(mails.c.conversation_id.in_(by_mail), mails.c.conversation_id.in_(about_cases))
    rows = await snapshot.rows(sa.select(mails.c.message_id, mails.c.conversation_id).where(named, talked))
    found = {row.message_id: row.conversation_id for row in rows}
    return list(dict.fromkeys(found[one] for one in reversed(message_ids) if one in found))
