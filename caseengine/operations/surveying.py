"""Asking the customer how it was, and taking the answer: one for each time somebody was asked.

Source: docs/decisions/0019-satisfaction.md
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.cases import Cases
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.errors import ScoreInvalid, SurveyAnswered, SurveyExpired, SurveyNotFound
from caseengine.model.events import CaseRated, SurveyAsked
from caseengine.model.happening import Happening
from caseengine.model.survey import SurveyRules, read_surveys
from caseengine.packing.touching import touches
from caseengine.rulebooks import Rulebook, rulebook
from caseengine.tables import conversations, surveys
from storage.errors import Conflict
from storage.transaction import Snapshot, UnitOfWork, insertion

SCORES = range(1, 6)
COMMENT_MAX = 2_000
NO_CHANNEL = "none"
"""Of a case without a conversation, as after a call."""


async def survey_rules(snapshot: Snapshot) -> SurveyRules:
    """What is in force."""
    return read_surveys((await rulebook(snapshot, Rulebook.SURVEYS)).document)


async def ask_survey(
    work: UnitOfWork, case: Case, *, channel: str, secret: bytes, by: Actor, at: datetime
) -> UUID | None:
    """Note that the customer is asked, where the company's rules say so; None where nobody is to be asked.

    Nobody is asked twice about one resolution, nor a contact again within the time the rules name.

    Args:
        channel: where they are asked; where the case is may be another, and is kept beside it.
        secret: the installation's own, from which `survey_token` is made.
    """
    rules = await survey_rules(work)
    if not rules.asks(channel=channel, department=case.department) or await _asked_lately(work, case, rules, at):
        return None
    survey_id = uuid4()
    case.record(SurveyAsked(case_id=case.id, actor=by, at=at, survey_id=survey_id, channel=channel))
    values: dict[str, Any] = {"id": survey_id, "case_id": case.id, "cycle": case.reopened + 1, "channel": channel}
    values |= {"case_channel": await _channel_of(work, case)}
    values |= {"contact_id": case.contact_id, "token_hash": _hash(survey_token(secret, survey_id))}
    values |= {"asked_at": at, "expires_at": at + rules.valid, "department": case.department, "agent_id": case.agent_id}
    values |= {"case_type": str(case.case_type), "priority": int(case.priority), "policy": case.policy}
    work.write(insertion(surveys, values), duplicate=Conflict())
    _touch(work, (Happening.ASKED, at))
    return survey_id


async def ask_elsewhere(work: UnitOfWork, case: Case, *, channel: str, at: datetime) -> UUID | None:
    """The customer was to be asked and was not, or did not answer: the same survey, on another channel.

    None where nobody was asked about this resolution, or they answered.
    """
    mine = surveys.c.case_id == case.id, surveys.c.cycle == case.reopened + 1
    still = surveys.c.answered_at.is_(None), surveys.c.expires_at > at
    survey_id: UUID | None = await work.scalar(sa.select(surveys.c.id).where(*mine, *still))
    if survey_id is not None:
        work.write(sa.update(surveys).where(surveys.c.id == survey_id, *still).values(channel=channel), rows=1)
    return survey_id


def survey_token(secret: bytes, survey_id: UUID) -> str:
    """What a link to a survey carries: 256 bits that nobody can guess, made anew whenever the link is written."""
    return base64.urlsafe_b64encode(hmac.digest(secret, b"survey" + survey_id.bytes, "sha256")).decode().rstrip("=")


async def survey_of(snapshot: Snapshot, token: str) -> sa.Row[Any]:
    """The survey a link leads to, answered or not.

    Raises:
        SurveyNotFound: none; a token of another desk and no token at all are the same.
    """
    digest = _hash(token)
    row = await snapshot.first(sa.select(surveys).where(surveys.c.token_hash == digest))
    if row is None or not hmac.compare_digest(row.token_hash, digest):
        raise SurveyNotFound
    return row


async def answer_survey(
    work: UnitOfWork, survey_id: UUID, *, csat: int, effort: int | None = None, comment: str = "", at: datetime
) -> None:
    """The customer's answer.

    Args:
        csat: 1 (very unhappy) to 5 (very happy).
        effort: 1 (very easy) to 5 (very hard); None where they would not say.

    Raises:
        ScoreInvalid: another number.
        SurveyNotFound: there is none.
        SurveyAnswered: it has its answer.
        SurveyExpired: too late.
    """
    row = await _open_survey(work, survey_id, at)
    if row.answered_at is not None:
        raise SurveyAnswered
    values = {"csat": _score(csat), "effort": None if effort is None else _score(effort)}
    words = comment[:COMMENT_MAX]
    mine = surveys.c.id == survey_id, surveys.c.answered_at.is_(None)
    work.write(sa.update(surveys).where(*mine).values(answered_at=at, comment=words, **values), rows=1)
    _touch(work, (Happening.ASKED, row.asked_at), (Happening.ANSWERED, at))
    await _rate(work, row, comment=words, at=at, **values)


async def add_effort(work: UnitOfWork, survey_id: UUID, *, effort: int, at: datetime) -> None:
    """The second question, answered after the first.

    Raises:
        ScoreInvalid, SurveyNotFound, SurveyExpired: as above; not found also where the first has no answer.
        SurveyAnswered: it has its answer.
    """
    row = await _open_survey(work, survey_id, at)
    if row.csat is None:
        raise SurveyNotFound
    if row.effort is not None:
        raise SurveyAnswered
    mine = surveys.c.id == survey_id, surveys.c.effort.is_(None)
    work.write(sa.update(surveys).where(*mine).values(effort=_score(effort)), rows=1)
    _touch(work, (Happening.ANSWERED, row.answered_at))
    await _rate(work, row, csat=row.csat, effort=effort, at=at)


async def _open_survey(work: UnitOfWork, survey_id: UUID, at: datetime) -> sa.Row[Any]:
    row = await work.first(sa.select(surveys).where(surveys.c.id == survey_id))
    if row is None:
        raise SurveyNotFound
    if at > row.expires_at:
        raise SurveyExpired
    return row


async def _rate(
    work: UnitOfWork, row: sa.Row[Any], *, csat: int | None, effort: int | None, comment: str = "", at: datetime
) -> None:
    """On the case; of one that went on in another, the answer and its words stand in the survey alone."""
    case = await Cases(work).by_id(row.case_id)
    who = Actor(ActorKind.CUSTOMER, str(row.contact_id or ""))
    said = CaseRated(
        case_id=case.id,
        actor=who,
        at=at,
        survey_id=row.id,
        csat=csat or 0,
        effort=effort,
        comment=comment,
    )
    if case.can(said.verb):
        case.record(said)


async def _channel_of(work: UnitOfWork, case: Case) -> str:
    """Of the conversation the case is in, else how it came in."""
    mine = conversations.c.id == case.conversation_id
    return await work.scalar(sa.select(conversations.c.channel).where(mine)) or case.channel or NO_CHANNEL


async def _asked_lately(work: UnitOfWork, case: Case, rules: SurveyRules, at: datetime) -> bool:
    mine = [(surveys.c.case_id == case.id) & (surveys.c.cycle == case.reopened + 1)]
    if case.contact_id is not None:
        mine.append((surveys.c.contact_id == case.contact_id) & (surveys.c.asked_at > at - rules.not_again))
    return await work.first(sa.select(surveys.c.id).where(sa.or_(*mine)).limit(1)) is not None


def _touch(work: UnitOfWork, *happened: tuple[Happening, datetime | None]) -> None:
    for write in touches(happened):
        work.write(write.statement)


def _score(given: int) -> int:
    if given not in SCORES:
        raise ScoreInvalid(given)
    return given


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
