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
from caseengine.model.errors import TextMissing
from caseengine.model.events import CaseOpened
from caseengine.model.number import RANDOM_MAX, format_number
from caseengine.operations.applying import apply_policy
from caseengine.operations.promising import make_promise
from caseengine.policies.priority import priority
from storage.transaction import UnitOfWork

SUBJECT_CHARACTERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a case begins with.

    Attributes:
        contact_id, account_id: as proved; leave them out otherwise, and put what was said into `claimed`.
        impact, urgency: 1 high, 2 medium, 3 low.
        reply_address: on file for this case alone.
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
    case = Cases(work).add(Case.open(_opened(opening, number, by, at)))
    if conversation is not None:
        conversation.add_case(case.id, opened=True, at=at)
    await apply_policy(work, case, by=SYSTEM, at=at)
    await make_promise(work, case, by=by, at=at)
    return case


async def add_to_case(work: UnitOfWork, case: Case, text: str, *, key: str = "", by: Actor, at: datetime) -> Case:
    """The customer's words, from wherever they came; they reopen a resolved case and renew a kept promise.

    Raises:
        TransitionNotAllowed: the case is closed or merged.
    """
    case.hear_customer(text, key=key, by=by, at=at)
    if case.due_at is None:
        await make_promise(work, case, by=by, at=at)
    return case


def _opened(opening: Opening, number: str, by: Actor, at: datetime) -> CaseOpened:
    return CaseOpened(
        case_id=uuid4(),
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
        contact_id=opening.contact_id,
        account_id=opening.account_id,
        claimed=dict(opening.claimed),
        reply_address=opening.reply_address,
    )
