"""Did an answer sent by letter help? Two links say so, once. The desk keeps the hash of the token, not the token."""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bot.dialogs.desk import Desk
from bot.tables import answer_checks, answer_outcomes
from caseengine.cases import Cases
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations.ending import close, resolve
from storage.refusal import Refusal
from storage.transaction import Snapshot, UnitOfWork, insertion

GOOD_FOR = timedelta(days=30)
PATH = "/answered"


@dataclass(eq=False)
class CheckNotFound(Refusal):
    """There is no such link; one of another desk and none at all are the same."""

    code = "answer_check.not_found"


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """`state`: "open", "answered" or "expired"."""

    id: UUID
    case_id: UUID
    conversation_id: UUID
    article: str
    question: str
    state: str


def ask_whether_it_helped(desk: Desk, case: Case, article: str) -> str:
    """Note that it is asked; the address that answers it, to which "/yes" or "/no" is added."""
    check = uuid4()
    token = _token(desk.secret, check)
    desk.work.write(
        insertion(
            answer_checks,
            id=check,
            conversation_id=desk.conversation.id,
            case_id=case.id,
            article=article,
            question=desk.said,
            token_hash=_hash(token),
            asked_at=desk.at,
            expires_at=desk.at + GOOD_FOR,
        )
    )
    return f"{desk.origin}{PATH}/{token}"


async def check_of(snapshot: Snapshot, token: str, *, at: datetime) -> AnswerCheck:
    """
    Raises:
        CheckNotFound: no link of ours.
    """
    row = await snapshot.first(sa.select(answer_checks).where(answer_checks.c.token_hash == _hash(token)))
    if row is None:
        raise CheckNotFound
    return AnswerCheck(row.id, row.case_id, row.conversation_id, row.article, row.question, _state(row, at))


async def take_check(work: UnitOfWork, token: str, *, solved: bool, words: str, at: datetime) -> AnswerCheck:
    """The customer's answer, once: yes ends the case, no leaves it with people. Later ones change nothing.

    Args:
        words: how it ended, or that it did not help, as agents read it.

    Raises:
        CheckNotFound: no link of ours.
        Conflict (at commit): it was answered at the same moment.
    """
    check = await check_of(work, token, at=at)
    if check.state != "open":
        return check
    mine = answer_checks.c.id == check.id, answer_checks.c.answered_at.is_(None)
    work.write(sa.update(answer_checks).where(*mine).values(answered_at=at, solved=solved), rows=1)
    values = {"conversation_id": check.conversation_id, "article": check.article, "question": check.question, "at": at}
    work.write(insertion(answer_outcomes, outcome="solved" if solved else "not_solved", **values))
    case = await Cases(work).by_id(check.case_id)
    customer = Actor(ActorKind.CUSTOMER, str(case.contact_id or case.reply_address or ""))
    if solved and case.is_live:
        await resolve(work, case.number, Resolution(ResolutionCode.SOLVED, words), by=customer, at=at)
    if solved and case.status is Status.RESOLVED:
        await close(work, case.number, by=customer, at=at)
    if not solved:
        case.note(words, by=customer, at=at)
    return check


def _state(row: sa.Row[Any], at: datetime) -> str:
    if row.answered_at is not None:
        return "answered"
    return "expired" if at > row.expires_at else "open"


def _token(secret: bytes, check: UUID) -> str:
    return base64.urlsafe_b64encode(hmac.digest(secret, b"answered" + check.bytes, "sha256")).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
