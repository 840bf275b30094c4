"""The bot gives a conversation to people, they are heard in it, and they give it back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.agents import Agents
from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation, Mode
from caseengine.model.lifecycle import ENDED, Status
from caseengine.operations.applying import judge_anew
from caseengine.operations.conversing import go_on_in, let_go
from caseengine.operations.filing import CHANNEL as MAIL
from caseengine.operations.keeping import case_rules
from caseengine.operations.opening import add_to_case, follow_up
from caseengine.operations.permission import permitted_case
from caseengine.operations.promising import make_promise
from caseengine.operations.routing import leave_the_gone
from storage.transaction import UnitOfWork


async def hand_over(
    work: UnitOfWork,
    conversation: UUID,
    case: Case,
    *,
    reason: str,
    summary: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> Case:
    """A person is wanted in this conversation, about this case; the bot waits with the customer.

    One that ended too long ago to be reopened is followed by a new one. Returns the case a person is wanted about.

    Args:
        reason: a code: why the bot gave up or was asked to.
        summary: what the agent gets to read; never shown to the customer.

    Raises:
        TransitionNotAllowed: the case is closed or merged.
    """
    found = await Conversations(work).get(conversation)
    if case.status is Status.RESOLVED and not (await case_rules(work)).reopens(case, at=at):
        case = await follow_up(work, case, case.description, by=by, at=at, conversation=conversation)
    elif case.status is Status.RESOLVED:
        case.reopen(reason, by=by, at=at)
    await leave_the_gone(work, case, soon=found.channel != MAIL, at=at)
    await go_on_in(work, case, found, by=by, at=at)
    case.hand_over(found.id, reason=reason, summary=summary, by=by, at=at)
    await judge_anew(work, case, at=at)
    if case.due_at is None:
        await make_promise(work, case, by=by, at=at)
    found.queue(case.id, at=at)
    return case


async def hear_customer(
    work: UnitOfWork,
    conversation: UUID,
    *,
    text: str,
    key: str,
    at: datetime,
    by: Actor | None = None,
    about: Case | None = None,
) -> list[Case]:
    """The customer wrote while people have, or had, the conversation: which cases heard it.

    The words go to the case of the agent who has the word here, and to every other case here that waits for the
    customer. Where no case is live, they reopen the one that ended last, for the agent who had it; when that is too
    long ago, a new case follows it.

    Args:
        by: who wrote; the conversation's visitor when left out.
        about: the case of this conversation that they wrote about, where they said so: it alone hears it.
    """
    found = await Conversations(work).get(conversation)
    speaker = by or Actor(ActorKind.CUSTOMER, found.visitor)
    hearing = [about] if about is not None else await _who_hears(work, found)
    heard = []
    for case in hearing:
        reopens = not case.is_live
        heard.append(await add_to_case(work, case, text, key=key, by=speaker, at=at, conversation=conversation))
        if reopens:
            await resume(work, heard[-1], at=at)
    return heard


async def hand_back(work: UnitOfWork, number: str, *, by: Actor, at: datetime, version: int | None = None) -> Case:
    """The bot may speak again; the case stays open and with its agent. What is with the bot already stays so.

    Raises:
        CaseNotFound, NotPermitted, CaseChanged: see `permitted_case`.
        TransitionNotAllowed: the case has ended.
    """
    case = await permitted_case(work, number, by=by, version=version)
    found = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
    if found is None or case.id not in found.live_cases:
        return case
    case.hand_back(found.id, by=by, at=at)
    await let_go(work, case, found)
    return case


async def resume(work: UnitOfWork, case: Case, *, at: datetime) -> None:
    """A reopened case goes on in its conversation, with the agent who had it or in the queue."""
    if case.conversation_id is None:
        return
    found = await Conversations(work).get(case.conversation_id)
    if case.agent_id is None:
        found.queue(case.id, at=at)
    else:
        found.give_to((await Agents(work).get(case.agent_id)).actor, case.id, at=at)


async def _who_hears(work: UnitOfWork, conversation: Conversation) -> list[Case]:
    here = [await Cases(work).by_id(case_id) for case_id in conversation.cases]
    if conversation.mode is not Mode.BOT:
        in_hand = [case for case in here if conversation.cases[case.id].live and case.is_live]
        hearing = sorted(in_hand, key=lambda case: case.agent_id != conversation.agent_id)[:1]
        hearing += [case for case in here if case.status is Status.WAITING_ON_CUSTOMER and case not in hearing]
        if hearing:
            return hearing
    ended = [case for case in here if case.status in ENDED]
    return sorted(ended, key=lambda case: (case.status is Status.RESOLVED, case.updated_at, case.number))[-1:]
