"""A case ends, and may begin again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.conversations import Conversations
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.events import CaseResolved
from caseengine.model.lifecycle import ENDED, Verb
from caseengine.model.resolution import Resolution
from caseengine.operations.conversing import let_go, speak
from caseengine.operations.filling import check_done
from caseengine.operations.handover import resume
from caseengine.operations.keeping import case_rules
from caseengine.operations.offers import note_offer
from caseengine.operations.opening import follow_up
from caseengine.operations.permission import permitted_case
from caseengine.operations.promising import make_promise
from caseengine.operations.routing import leave_the_gone
from storage.transaction import UnitOfWork


async def resolve(
    work: UnitOfWork,
    number: str,
    resolution: Resolution,
    *,
    closing: Mapping[str, Any] | str | None = None,
    by: Actor,
    at: datetime,
    version: int | None = None,
    with_parent: UUID | None = None,
) -> Case:
    """The desk says it is done. The conversation returns to the bot, unless people work on another case in it.

    Args:
        closing: what the customer reads in the conversation: a text, or the fields of an activity as a document
            ({"text": ..., "choices": [{"title": ..., "says": ...}]}); None where the bot says it in its own turn.
        with_parent: the case above it that ended.

    Raises:
        ChecklistOpen, FieldsInvalid: something is still to be done, and it is not the customer who wants no more.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has ended already.
    """
    case = await permitted_case(work, number, by=by, version=version)
    if case.can(Verb.RESOLVE):
        await check_done(work, case, by=by)
    was_offered = case.offered_to is not None
    case.record(CaseResolved(case_id=case.id, actor=by, at=at, resolution=resolution, with_parent=with_parent))
    if was_offered:
        note_offer(work, case, "withdrawn", at=at)
    if case.conversation_id is None:
        return case
    if closing is not None:
        speaker = by if by.kind is ActorKind.AGENT else SYSTEM
        await speak(work, case, closing, key=f"resolved:{case.id}:{case.version}", by=speaker, at=at)
    conversation = await Conversations(work).get(case.conversation_id)
    await let_go(work, case, conversation)
    return case


async def reopen(
    work: UnitOfWork,
    number: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
    conversation: UUID | None = None,
) -> Case:
    """It was not done after all: back to the agent who had it, or to the queue where they are gone (see
    `leave_the_gone`) or nobody had it; with a new promise.

    Where the customer says so, people go on in the conversation; an agent who reopens it writes there when ready. A
    customer reopens within the time the desk's rules give; later, a new case follows, and is returned. An agent may at
    any time.

    Args:
        conversation: where the customer says so; the case's own when left out.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it has not ended, or was merged.
    """
    case = await permitted_case(work, number, by=by, version=version)
    asked = by.kind is ActorKind.CUSTOMER and case.status in ENDED
    if asked and not (await case_rules(work)).reopens(case, at=at):
        case = await follow_up(work, case, reason, by=by, at=at, conversation=conversation)
        await resume(work, case, at=at)
        return case
    case.reopen(reason, by=by, at=at)
    await leave_the_gone(work, case, at=at)
    await make_promise(work, case, by=by, at=at)
    if by.kind is ActorKind.CUSTOMER:
        await resume(work, case, at=at)
    return case


async def close(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The customer agrees that it is done, or has said nothing for long enough.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: it is not resolved.
    """
    case = await permitted_case(work, number, by=by, version=version)
    case.close(by=by, at=at)
    return case
