"""Where conversations by mail stand: with whom, about what, and what the next mail has to name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.mail_tokens import token_hash
from caseengine.tables import mail_threads, sent_envelopes, sent_mails
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, Write, insertion

ANSWER = "answer"
"""The purpose of a mail that is something said in a conversation."""
REFERENCES_MAX = 20
"""Message-IDs a mail names; the first and the newest stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailThread:
    """See the table `mail_threads`."""

    conversation_id: UUID
    address: str
    name: str
    subject: str
    cc: tuple[str, ...]
    message_ids: tuple[str, ...]
    vouched: bool
    beside: UUID | None


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours; see the table `sent_mails`."""

    id: int
    message_id: str
    purpose: str
    key: str
    conversation_id: UUID | None
    case_id: UUID | None
    recipient: str
    others: tuple[str, ...]
    automatic: bool
    state: str
    proof: Any
    at: datetime

    @property
    def began(self) -> bool:
        """Some of its recipients have it, or what came of it is known."""
        return self.state != "planned" or bool(_had(self))


THREAD = [mail_threads.c[name] for name in MailThread.__dataclass_fields__]
SENT = [sent_mails.c[name] for name in SentMail.__dataclass_fields__]


class MailThreads:
    """What a unit of work changes about them."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def start(self, thread: MailThread, token: str) -> None:
        """A conversation that goes by mail from now on."""
        self._work.write(insertion(mail_threads, token_hash=token_hash(token), **_values(thread)), duplicate=Conflict())

    def heard(self, thread: MailThread) -> None:
        """How it stands now."""
        values = _values(thread)
        mine = mail_threads.c.conversation_id == values.pop("conversation_id")
        self._work.write(sa.update(mail_threads).where(mine).values(values), rows=1)

    def plan(
        self,
        *,
        purpose: str,
        key: str,
        message_id: str,
        token: str,
        conversation_id: UUID | None,
        case_id: UUID | None,
        recipient: str,
        others: Sequence[str] = (),
        envelopes: Mapping[str, str] | None = None,
        automatic: bool,
        state: str = "planned",
        at: datetime,
    ) -> Write:
        """A mail is about to go; written before it does. The same key twice is a conflict.

        Args:
            token: of the envelope of whom it is written to; of a forward or a notice, of the address for answers.
            envelopes: recipients with the tokens of their envelopes, where those are others.
        """
        statement = insertion(
            sent_mails,
            purpose=purpose,
            key=key,
            message_id=message_id,
            token_hash=token_hash(token),
            conversation_id=conversation_id,
            case_id=case_id,
            recipient=recipient,
            others=list(others),
            automatic=automatic,
            state=state,
            at=at,
        )
        planned = self._work.write(statement, duplicate=Conflict())
        if envelopes:
            rows = [
                {"token_hash": token_hash(of_copy), "message_id": message_id, "recipient": address}
                for address, of_copy in envelopes.items()
            ]
            self._work.write(insertion(sent_envelopes, rows), duplicate=Conflict())
        return planned

    def sent(self, message_id: str, state: str, proof: Any) -> None:
        """What came of it."""
        mine = sent_mails.c.message_id == message_id
        self._work.write(sa.update(sent_mails).where(mine).values(state=state, proof=proof))

    def begin_anew(self, mail: SentMail) -> None:
        """It goes again, to those who do not have it; to nobody else where all others have it from before."""
        had = _had(mail)
        mine = sent_mails.c.id == mail.id
        if had:
            self._work.write(sa.update(sent_mails).where(mine).values(state="planned", proof={"taken": had}))
        elif mail.state != "planned":
            self._work.write(sa.delete(sent_mails).where(mine))


def answer_key(conversation: UUID, key: str) -> str:
    """The key of the mail that an activity of a conversation is."""
    return f"{conversation}:{key}"[:200]


def capped(message_ids: Sequence[str]) -> tuple[str, ...]:
    """Each once, where it was named last; of many, the first and the newest."""
    once = list(dict.fromkeys(reversed(message_ids)))[::-1]
    return tuple(once if len(once) <= REFERENCES_MAX else [once[0], *once[1 - REFERENCES_MAX :]])


async def thread_of(snapshot: Snapshot, conversation: UUID) -> MailThread | None:
    row = await snapshot.first(sa.select(*THREAD).where(mail_threads.c.conversation_id == conversation))
    return _thread(row) if row else None


async def threads_of(snapshot: Snapshot, conversations: Sequence[UUID]) -> list[MailThread]:
    rows = await snapshot.rows(sa.select(*THREAD).where(mail_threads.c.conversation_id.in_(conversations)))
    return [_thread(row) for row in rows]


async def conversation_of_token(snapshot: Snapshot, token: str) -> UUID | None:
    """The conversation whose answers come to this token."""
    found: UUID | None = await snapshot.scalar(
        sa.select(mail_threads.c.conversation_id).where(mail_threads.c.token_hash == token_hash(token))
    )
    return found


async def thread_beside(snapshot: Snapshot, address: str, case_id: UUID) -> UUID | None:
    """The conversation somebody got when they were not let into this case before; the newest of several."""
    mine = mail_threads.c.address == address, mail_threads.c.beside == case_id
    found: UUID | None = await snapshot.scalar(sa.select(mail_threads.c.conversation_id).where(*mine).limit(1))
    return found


async def sent_by_token(snapshot: Snapshot, token: str) -> SentMail | None:
    """The mail with this token in one of its envelopes."""
    found = await returned_by(snapshot, token)
    return found[0] if found else None


async def returned_by(snapshot: Snapshot, token: str) -> tuple[SentMail, str] | None:
    """The same, and from whom alone of its recipients something comes to this token; empty where others may know it.

    To copies that went before migration 0012 there were no envelopes of their own: all knew the one token.
    """
    row = await snapshot.first(sa.select(*SENT).where(sent_mails.c.token_hash == token_hash(token)))
    if row is not None:
        mail = _sent(row)
        return mail, mail.recipient if mail.purpose == ANSWER and not await _one_for_all(snapshot, mail) else ""
    copy = sent_envelopes.c.token_hash == token_hash(token)
    of_copy = sa.select(*SENT, sent_envelopes.c.recipient.label("returned_by")).join(
        sent_envelopes, sent_envelopes.c.message_id == sent_mails.c.message_id
    )
    row = await snapshot.first(of_copy.where(copy))
    return (_sent(row), row.returned_by) if row is not None else None


async def sent_by_key(snapshot: Snapshot, purpose: str, key: str) -> SentMail | None:
    row = await snapshot.first(sa.select(*SENT).where(sent_mails.c.purpose == purpose, sent_mails.c.key == key))
    return _sent(row) if row else None


async def sent_answer(snapshot: Snapshot, conversation: UUID, key: str) -> SentMail | None:
    """The mail that what was said under this key in a conversation is."""
    return await sent_by_key(snapshot, ANSWER, answer_key(conversation, key))


async def sent_by_ids(snapshot: Snapshot, message_ids: Sequence[str]) -> list[SentMail]:
    """Ours among these Message-IDs, the last named first."""
    if not message_ids:
        return []
    rows = await snapshot.rows(sa.select(*SENT).where(sent_mails.c.message_id.in_([one[:200] for one in message_ids])))
    found = {row.message_id: _sent(row) for row in rows}
    return [found[one] for one in reversed(message_ids) if one in found]


async def _one_for_all(snapshot: Snapshot, mail: SentMail) -> bool:
    """Whether it went to several in one envelope."""
    if not {one.lower() for one in mail.others} - {mail.recipient.lower()}:
        return False
    own = sa.select(sent_envelopes.c.recipient).where(sent_envelopes.c.message_id == mail.message_id).limit(1)
    return await snapshot.first(own) is None


def _had(mail: SentMail) -> list[str]:
    """Who certainly has it."""
    proof = mail.proof or {}
    had = set(proof.get("taken", ()))
    if mail.state == "sent":
        had |= {mail.recipient, *mail.others} - set(proof.get("refused", ()))
    return sorted(had)


def _values(thread: MailThread) -> dict[str, Any]:
    values = {name: getattr(thread, name) for name in MailThread.__dataclass_fields__}
    return values | {"cc": list(thread.cc), "message_ids": list(thread.message_ids)}


def _thread(row: sa.Row[Any]) -> MailThread:
    values = {name: getattr(row, name) for name in MailThread.__dataclass_fields__}
    return MailThread(**{**values, "cc": tuple(row.cc), "message_ids": tuple(row.message_ids)})


def _sent(row: sa.Row[Any]) -> SentMail:
    values = {name: getattr(row, name) for name in SentMail.__dataclass_fields__}
    return SentMail(**{**values, "others": tuple(row.others)})
