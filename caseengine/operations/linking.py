"""What belongs together: cases, conversations, and the contact who has proved to be behind them."""

from datetime import datetime
from uuid import UUID

from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.lifecycle import Verb
from caseengine.operations.applying import judge_anew
from caseengine.operations.conversing import go_on_in
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
