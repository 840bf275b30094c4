"""What belongs together: cases, conversations, and the contact who has proved to be behind them."""

from datetime import datetime
from uuid import UUID

from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_errors import CaseFollows, CaseItself, CustomersDiffer, NoConversation
from caseengine.model.lifecycle import Verb
from caseengine.operations.applying import judge_anew
from caseengine.operations.conversing import go_on_in
from caseengine.operations.one_customer import of_one_customer
from caseengine.operations.permission import permitted_case
from caseengine.operations.wishing import wishes_go_with
from storage.transaction import UnitOfWork


async def link_cases(
    work: UnitOfWork,  # noqa: ARG001 (as every operation; both cases are kept in it already)
    a: Case,
    b: Case,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Two cases have to do with each other; linked from both sides, once.

    Raises:
        TransitionNotAllowed: one of them was merged away.
    """
    a.link(b.id, b.number, by=by, at=at)
    b.link(a.id, a.number, by=by, at=at)


async def relate(
    work: UnitOfWork, number: str, other_number: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """An agent says that two cases have to do with each other. No customer sees more of either by it.

    Raises:
        CaseItself: the same case twice.
        TransitionNotAllowed: one of them was merged away.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of either case.
    """
    case, other = await _both(work, number, other_number, by=by, version=version)
    await link_cases(work, case, other, by=by, at=at)
    return case


async def unrelate(
    work: UnitOfWork, number: str, other_number: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """They have nothing to do with each other after all.

    Raises:
        CaseFollows: one of them goes on from the other: by that link later words find their case.
        CaseItself, TransitionNotAllowed, CaseNotFound, NotPermitted, CaseChanged: see `relate`.
    """
    case, other = await _both(work, number, other_number, by=by, version=version)
    if case.follows == other.id or other.follows == case.id:
        raise CaseFollows(other.number)
    case.unlink(other.id, other.number, by=by, at=at)
    other.unlink(case.id, case.number, by=by, at=at)
    return case


async def go_on_where(
    work: UnitOfWork, number: str, other_number: str, *, by: Actor, at: datetime, version: int | None = None
) -> Case:
    """The case goes on in the conversation of another case of the same customer: replies go there from now on.

    Nobody may read more by it: a conversation that a case was only linked to shows what its proof allows.

    Raises:
        CaseItself: the same case twice.
        NoConversation: the other case is in none.
        CustomersDiffer: they are not known to be of one customer.
        TransitionNotAllowed: it was merged away.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of either case.
    """
    case, other = await _both(work, number, other_number, by=by, version=version)
    if other.conversation_id is None:
        raise NoConversation(other.number)
    if not await of_one_customer(work, case, other):
        raise CustomersDiffer(other.number)
    return await link_conversation(work, case, other.conversation_id, by=by, at=at)


async def _both(
    work: UnitOfWork, number: str, other_number: str, *, by: Actor, version: int | None
) -> tuple[Case, Case]:
    case = await permitted_case(work, number, by=by, version=version)
    other = await permitted_case(work, other_number, by=by)
    if case.id == other.id:
        raise CaseItself(case.number)
    return case, other


async def link_conversation(work: UnitOfWork, case: Case, conversation: UUID, *, by: Actor, at: datetime) -> Case:
    """The case goes on in this conversation: replies go there. The caller has proved that it may.

    A conversation it was only linked to may not read on about it once its proof has expired.

    Raises:
        ConversationNotFound: there is no such conversation.
    """
    found = await Conversations(work).get(conversation)
    await go_on_in(work, case, found, by=by, at=at)
    return case


async def identify_customer(
    work: UnitOfWork, conversation: UUID, *, contact_id: UUID, account_id: UUID | None, by: Actor, at: datetime
) -> list[Case]:
    """Somebody proved who they are: the cases they opened in this conversation are theirs from now on.

    So is what they wished to be told. A case that belongs to a contact already is left alone.
    """
    found = await Conversations(work).get(conversation)
    cases = [await Cases(work).by_id(case_id) for case_id, here in found.cases.items() if here.opened]
    theirs = [case for case in cases if case.contact_id is None and case.can(Verb.IDENTIFY)]
    for case in theirs:
        case.identify(contact_id, account_id, by=by, at=at)
        await judge_anew(work, case, at=at)
    await wishes_go_with(work, theirs, contact_id)
    return theirs
