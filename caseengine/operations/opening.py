"""A case begins, and the customer adds to it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.departments import Departments
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.conversation import Conversation
from caseengine.model.errors import TextMissing
from caseengine.model.events import CaseOpened, CaseReopened, CaseTagged, FollowUpOpened
from caseengine.model.lifecycle import ENDED, Status
from caseengine.model.needs import Needs
from caseengine.model.number import RANDOM_MAX, format_number
from caseengine.operations.applying import chosen_policy, judge_anew
from caseengine.operations.keeping import begin_checklist, case_rules, goes_on_as
from caseengine.operations.needing import ruled_for
from caseengine.operations.promising import make_promise
from caseengine.operations.routing import leave_the_gone
from caseengine.operations.wishing import customer_goes_on
from caseengine.policies.priority import priority
from storage.transaction import UnitOfWork

SUBJECT_CHARACTERS_MAX = 200
FOLLOWED = "followed_case"
"""The reason that a follow-up has the priority of the case before."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a case begins with.

    Attributes:
        contact_id, account_id: as proved; leave them out otherwise, and put what was said into `claimed`.
        impact, urgency: 1 high, 2 medium, 3 low.
        reply_address: on file for this case alone.
        follows: the ended case that it goes on from.
        fields: custom fields of its type, as they were filled in there.
        channel, language: how it came in, and what the customer speaks, where there is no conversation to tell.
        case_id: made when left out.
    """

    subject: str
    description: str
    department: str
    conversation: UUID | None = None
    contact_id: UUID | None = None
    account_id: UUID | None = None
    claimed: Mapping[str, Any] = field(default_factory=dict)
    case_type: CaseType | str = CaseType.INCIDENT
    impact: int = 2
    urgency: int = 2
    products: tuple[str, ...] = ()
    order_number: str | None = None
    reply_address: str | None = None
    follows: UUID | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    channel: str = ""
    language: str = ""
    case_id: UUID | None = None


async def open_case(work: UnitOfWork, opening: Opening, *, by: Actor, at: datetime, random: int | None = None) -> Case:
    """Open a case, and promise by when the customer hears of us: `case.due_at`.

    Args:
        random: the random part of its number; drawn when left out.

    Raises:
        TextMissing: it has no subject.
        DepartmentNotFound: there is no such department.
        ConversationNotFound: there is no such conversation.
    """
    if not opening.subject.strip():
        raise TextMissing
    await Departments(work).get(opening.department)
    conversation = await Conversations(work).get(opening.conversation) if opening.conversation else None
    number = format_number(await work.reserve("case"), secrets.randbelow(RANDOM_MAX) if random is None else random)
    case = Cases(work).add(Case.open(_opened(opening, number, _locale(opening, conversation), by, at)))
    if conversation is not None:
        conversation.add_case(case.id, opened=True, at=at)
    await begin_checklist(work, case, by=by, at=at)
    await judge_anew(work, case, at=at)
    await make_promise(work, case, by=by, at=at)
    return case


async def would_need(work: UnitOfWork, opening: Opening, *, by: Actor, at: datetime) -> Needs:
    """What such a case would need of whoever works on it, if it were opened; nothing is."""
    conversation = await Conversations(work).get(opening.conversation) if opening.conversation else None
    case = Case.open(_opened(opening, "", _locale(opening, conversation), by, at))
    _, applied = await chosen_policy(work, case, by=SYSTEM, at=at)
    if applied is not None:
        case.record(applied)
    return await ruled_for(work, case)


async def add_to_case(
    work: UnitOfWork, case: Case, text: str, *, key: str = "", by: Actor, at: datetime, conversation: UUID | None = None
) -> Case:
    """The customer's words, from wherever they came; they reopen an ended case and renew a kept promise.

    Args:
        conversation: where they were said; the case's own when left out.

    Returns:
        The case that has them now: the one it was merged into, or one that follows it when it ended long ago.
    """
    case = await goes_on_as(work, case)
    if case.status in ENDED and not (await case_rules(work)).reopens(case, at=at):
        return await follow_up(work, case, text, key=key, by=by, at=at, conversation=conversation)
    if case.status is Status.CLOSED:
        case.record(CaseReopened(case_id=case.id, actor=by, at=at, reason=text, key=key))
    else:
        case.hear_customer(text, key=key, by=by, at=at)
    await leave_the_gone(work, case, at=at)
    if case.due_at is None:
        await make_promise(work, case, by=by, at=at)
    return case


async def follow_up(
    work: UnitOfWork,
    ended: Case,
    text: str,
    *,
    key: str = "",
    by: Actor,
    at: datetime,
    conversation: UUID | None = None,
) -> Case:
    """A new case that goes on from one that ended too long ago to be reopened; the two are linked.

    Where one goes on from it already, the words are about that one.

    Args:
        conversation: where it goes on; the ended case's own when left out.
    """
    going_on = await _going_on(work, ended)
    if going_on is not None:
        return await add_to_case(work, going_on, text, key=key, by=by, at=at, conversation=conversation)
    case = await open_case(work, _follow_up(ended, text, conversation), by=by, at=at)
    await customer_goes_on(work, ended, case)
    await _as_before(work, ended, case, by=by, at=at)
    ended.record(FollowUpOpened(case_id=ended.id, actor=by, at=at, other_id=case.id, other_number=case.number))
    ended.link(case.id, case.number, by=by, at=at)
    case.link(ended.id, ended.number, by=by, at=at)
    return case


async def _as_before(work: UnitOfWork, ended: Case, case: Case, *, by: Actor, at: datetime) -> None:
    """Tags and a priority that somebody had set go with it."""
    if ended.tags:
        case.record(CaseTagged(case_id=case.id, actor=by, at=at, added=ended.tags))
    if ended.priority != case.priority:
        case.prioritise(ended.priority, FOLLOWED, by=by, at=at)
    await judge_anew(work, case, at=at)


async def _going_on(work: UnitOfWork, ended: Case) -> Case | None:
    """The newest case that follows one; each is linked with it."""
    for case_id in reversed(ended.links):
        case = await Cases(work).by_id(case_id)
        if case.follows == ended.id:
            return case
    return None


def _follow_up(ended: Case, text: str, conversation: UUID | None) -> Opening:
    return Opening(
        subject=ended.subject,
        description=text,
        department=ended.department,
        conversation=conversation or ended.conversation_id,
        contact_id=ended.contact_id,
        account_id=ended.account_id,
        claimed=ended.claimed,
        case_type=ended.case_type,
        impact=ended.impact,
        urgency=ended.urgency,
        products=ended.products,
        order_number=ended.order_number,
        reply_address=ended.reply_address,
        follows=ended.id,
        fields=ended.fields,
        channel=ended.channel,
        language=ended.language,
    )


def _locale(opening: Opening, conversation: Conversation | None) -> str:
    return conversation.locale if conversation is not None else opening.language


def _opened(opening: Opening, number: str, locale: str, by: Actor, at: datetime) -> CaseOpened:
    return CaseOpened(
        case_id=opening.case_id or uuid4(),
        actor=by,
        at=at,
        number=number,
        subject=opening.subject.strip()[:SUBJECT_CHARACTERS_MAX],
        description=opening.description,
        case_type=CaseType(opening.case_type),
        department=opening.department,
        impact=opening.impact,
        urgency=opening.urgency,
        priority=priority(opening.impact, opening.urgency),
        products=tuple(opening.products),
        order_number=opening.order_number,
        conversation_id=opening.conversation,
        channel=opening.channel if opening.conversation is None else "",
        contact_id=opening.contact_id,
        account_id=opening.account_id,
        claimed=dict(opening.claimed),
        reply_address=opening.reply_address,
        follows=opening.follows,
        fields=dict(opening.fields),
        language=locale.partition("-")[0].lower(),
    )
