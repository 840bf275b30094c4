"""A second problem in a case goes on in a case of its own."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from caseengine.conversations import Conversations
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_type import CaseType
from caseengine.model.errors import TextMissing, TransitionNotAllowed
from caseengine.model.events import CaseSplit
from caseengine.model.lifecycle import Verb
from caseengine.operations.absorbing import wait_goes_on
from caseengine.operations.conversing import go_on_in
from caseengine.operations.linking import link_cases
from caseengine.operations.opening import Opening, open_case
from caseengine.operations.permission import permitted_case
from caseengine.operations.wishing import customer_goes_on
from storage.transaction import UnitOfWork


async def split(
    work: UnitOfWork,
    number: str,
    *,
    subject: str,
    text: str,
    department: str | None = None,
    case_type: CaseType | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Case:
    """Open a linked case of the same customer in the same conversation. Returns the new one.

    Args:
        text: the words that are about the second problem.
        department, case_type: those of the first when left out.

    Raises:
        TextMissing: no subject or no words.
        DepartmentNotFound: there is no such department.
        TransitionNotAllowed: it was merged away.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
    """
    first = await permitted_case(work, number, by=by, version=version)
    if not text.strip():
        raise TextMissing
    if not first.can(Verb.SPLIT):
        raise TransitionNotAllowed(first.status, Verb.SPLIT)
    opening = replace(
        await _opening(work, first),
        subject=subject,
        description=text,
        department=department or first.department,
        case_type=case_type or first.case_type,
    )
    second = await open_case(work, opening, by=by, at=at)
    await wait_goes_on(work, first, second, by=by, at=at)
    await customer_goes_on(work, first, second)
    if second.conversation_id is None and first.conversation_id is not None:
        await go_on_in(work, second, await Conversations(work).get(first.conversation_id), by=by, at=at)
    first.record(CaseSplit(case_id=first.id, actor=by, at=at, other_id=second.id, other_number=second.number))
    await link_cases(work, first, second, by=by, at=at)
    return second


async def _opening(work: UnitOfWork, first: Case) -> Opening:
    """What the second has from the first."""
    return Opening(
        subject=first.subject,
        description=first.description,
        department=first.department,
        conversation=await _opened_in(work, first),
        contact_id=first.contact_id,
        account_id=first.account_id,
        claimed=first.claimed,
        impact=first.impact,
        urgency=first.urgency,
        products=first.products,
        order_number=first.order_number,
        reply_address=first.reply_address,
        channel=first.channel,
        language=first.language,
    )


async def _opened_in(work: UnitOfWork, first: Case) -> UUID | None:
    """A conversation the first was only linked to may not read on about the second for ever, either."""
    found = await Conversations(work).find(first.conversation_id) if first.conversation_id else None
    here = found.cases.get(first.id) if found is not None else None
    return first.conversation_id if here is not None and here.opened else None
