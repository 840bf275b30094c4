"""Two cases are one problem of one customer: the one goes on in the other. And the way back.

The source keeps its history and its number; its status is merged until the merge is undone. What the customer writes
about it reaches the target. Source: docs/decisions/0013-cases-and-relations.md
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from caseengine.agents import Agents
from caseengine.cases import Cases, history
from caseengine.conversations import Conversations
from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.case import Case
from caseengine.model.case_errors import CaseItself, CustomersDiffer, MergeChained
from caseengine.model.conversation import Conversation
from caseengine.model.errors import TransitionNotAllowed
from caseengine.model.lifecycle import Verb
from caseengine.operations.absorbing import absorb, release
from caseengine.operations.applying import judge_anew
from caseengine.operations.assigning import hold
from caseengine.operations.conversing import go_on_in, let_go, speak, worked_on_in
from caseengine.operations.handover import resume
from caseengine.operations.offers import note_offer
from caseengine.operations.one_customer import of_one_customer
from caseengine.operations.permission import permitted_case
from caseengine.operations.promising import make_promise
from caseengine.operations.wishing import customer_goes_on, wishes_go_with
from caseengine.tables import case_conversations, cases
from storage.transaction import UnitOfWork


async def merge(
    work: UnitOfWork,
    number: str,
    into_number: str,
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    notice: str | None = None,
) -> Case:
    """The case goes on in another one of the same customer, with its conversations. Returns the case that was merged.

    The other one takes over whatever was owed: see `absorb`.

    Args:
        notice: what the customer reads in its conversation.

    Raises:
        CaseItself: the same case twice.
        CustomersDiffer: they are not of one customer: parent and children, then.
        MergeChained: other cases go on in it, or are below it.
        TransitionNotAllowed: one of them has ended or was merged away.
        ParentTooDeep, ParentCycle: it is part of a larger case that the other one cannot be part of.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of either case.
    """
    source = await permitted_case(work, number, by=by, version=version)
    target = await permitted_case(work, into_number, by=by)
    await _check(work, source, target)
    here = await worked_on_in(work, source)
    if notice is not None:
        await speak(work, source, notice, key=f"merged:{source.id}:{source.version}", by=by, at=at)
    await absorb(work, source, target, by=by, at=at)
    await customer_goes_on(work, source, target)
    was_offered = source.offered_to is not None
    left, shared = target.conversation_id, here is not None and target.id in here.live_cases
    brought = await _bring_conversations(work, source, target, at=at)
    source.record(
        happened.CaseMerged(
            case_id=source.id,
            actor=by,
            at=at,
            into_id=target.id,
            into_number=target.number,
            worked_in=here.id if here else None,
            target_worked_here=shared,
            target_left=left if here is not None and left != here.id else None,
            brought=tuple(brought),
        )
    )
    if was_offered:
        note_offer(work, source, "withdrawn", at=at)
    if here is not None:
        await _go_on_here(work, source, target, here, by=by, at=at)
    return source


async def unmerge(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The merge was a mistake: the case goes on by itself, where and as it was.

    What happened at the target meanwhile stays there. Where words were promised, they are promised anew.

    Raises:
        TransitionNotAllowed: it was not merged.
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`; of either case.
    """
    source = await permitted_case(work, number, by=by, version=version)
    if source.merged_into is None:
        raise TransitionNotAllowed(source.status, Verb.UNMERGE)
    target = await Cases(work).by_id(source.merged_into)
    await permitted_case(work, target.number, by=by)
    before, merged = await _until_merged(work, source)
    source.record(
        happened.CaseUnmerged(case_id=source.id, actor=by, at=at, from_id=target.id, from_number=target.number)
    )
    await release(work, source, target, by=by, at=at)
    if source.contact_id is None and source.account_id is None and target.contact_id is not None:
        # one conversation opened both, and its customer has proved meanwhile who they are
        source.identify(target.contact_id, target.account_id, by=by, at=at)
        await wishes_go_with(work, [source], target.contact_id)
    await judge_anew(work, source, at=at)
    if before.due_at is not None:
        await make_promise(work, source, by=by, at=at)
    if merged.worked_in is not None:
        await _go_back(work, source, target, merged, by=by, at=at)
    for conversation in merged.brought:
        await _forget_here(work, target, conversation)
    return source


async def _until_merged(work: UnitOfWork, source: Case) -> tuple[Case, happened.CaseMerged]:
    """The case as it was when it was merged, and that."""
    events = await history(work, source.id)
    place, merged = next(
        (place, event) for place, event in reversed(list(enumerate(events))) if isinstance(event, happened.CaseMerged)
    )
    return Case.fold(events[:place]), merged


async def _check(work: UnitOfWork, source: Case, target: Case) -> None:
    if source.id == target.id:
        raise CaseItself(source.number)
    for case, verb in ((source, Verb.MERGE), (target, Verb.ABSORB)):
        if not case.can(verb):
            raise TransitionNotAllowed(case.status, verb)
    if not await of_one_customer(work, source, target):
        raise CustomersDiffer(target.number)
    above = sa.or_(cases.c.merged_into == source.id, cases.c.parent_id == source.id)
    if await work.first(sa.select(cases.c.id).where(above).limit(1)) is not None:
        raise MergeChained(source.number)


async def _bring_conversations(work: UnitOfWork, source: Case, target: Case, *, at: datetime) -> list[UUID]:
    """The target is talked about wherever the source was; where it was not before."""
    table = case_conversations
    joined = await work.rows(sa.select(table.c.conversation_id).where(table.c.case_id == source.id))
    brought = []
    for row in joined:
        conversation = await Conversations(work).get(row.conversation_id)
        if target.id not in conversation.cases:
            conversation.add_case(target.id, opened=False, at=at)
            brought.append(conversation.id)
    return brought


async def _forget_here(work: UnitOfWork, target: Case, conversation: UUID) -> None:
    """The target is talked about there no more, unless it goes on there: later words there are not about it."""
    found = await Conversations(work).get(conversation)
    if target.conversation_id != conversation and target.id not in found.live_cases:
        found.drop_case(target.id)


async def _go_on_here(
    work: UnitOfWork, source: Case, target: Case, here: Conversation, *, by: Actor, at: datetime
) -> None:
    """The customer is with people here: they go on about the target, with whoever holds it or else held the source."""
    await go_on_in(work, target, here, by=by, at=at)
    await let_go(work, source, here)
    here.queue(target.id, at=at)
    if target.agent_id is None and source.agent_id is not None:
        agent = await Agents(work).get(source.agent_id)
        if agent.may_see(target.department):
            await hold(work, target, agent, by=by, at=at)
            return
    await resume(work, target, at=at)


async def _go_back(
    work: UnitOfWork, source: Case, target: Case, merged: happened.CaseMerged, *, by: Actor, at: datetime
) -> None:
    """People go on about the source where they worked on it; the target goes back to where it came from.

    Where the source was moved on meanwhile or the target has, that stays so.
    """
    if source.conversation_id is None or source.conversation_id != merged.worked_in:
        return
    here = await Conversations(work).get(source.conversation_id)
    if target.conversation_id == here.id and not merged.target_worked_here:
        was_live = target.id in here.live_cases
        await let_go(work, target, here)
        if merged.target_left is not None:
            await go_on_in(work, target, await Conversations(work).get(merged.target_left), by=by, at=at)
        if was_live and target.is_live and target.conversation_id != here.id:
            await resume(work, target, at=at)
    await resume(work, source, at=at)
