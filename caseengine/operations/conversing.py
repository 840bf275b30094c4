"""Conversations begin, and people speak in them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from caseengine.activities import Activities, said
from caseengine.agents import Agents
from caseengine.cases import Cases
from caseengine.conversations import Conversations
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation
from caseengine.operations.applying import judge_anew
from storage.errors import AlreadyReceived
from storage.transaction import UnitOfWork


async def open_conversation(
    work: UnitOfWork,
    *,
    id: UUID,  # noqa: A002 (the channel gives it)
    channel: str,
    visitor: str,
    locale: str,
    at: datetime,
) -> Conversation:
    """Make a conversation known to the desk; one that is known already is returned as it is."""
    known = await Conversations(work).find(id)
    if known is not None:
        return known
    conversation = Conversation(id=id, channel=channel, visitor=visitor, locale=locale, opened_at=at)
    conversation.join(Actor(ActorKind.CUSTOMER, visitor), at=at)
    return Conversations(work).add(conversation)


async def speak(
    work: UnitOfWork,
    case: Case,
    words: str | Mapping[str, Any],
    *,
    key: str,
    by: Actor,
    at: datetime,
    kind: str = "message",
) -> Conversation | None:
    """Say something in the conversation of a case, and have it delivered. None: the case has no conversation.

    Raises (at commit):
        AlreadyReceived: something was said under this key before.
    """
    if case.conversation_id is None:
        return None
    conversation = await Conversations(work).get(case.conversation_id)
    channel = conversation.channel
    body = said(words, conversation=conversation.id, channel=channel, key=key, by=by, kind=kind, about=case.id)
    Activities(work).append(
        conversation.id,
        key=key,
        body=body,
        at=at,
        channel=channel,
        deliver=True,
        fresh_only=AlreadyReceived("case", str(conversation.id), key),
    )
    return conversation


async def let_go(work: UnitOfWork, case: Case, conversation: Conversation) -> None:
    """People are done with the case in this conversation: the next case there goes on, or the bot."""
    conversation.let_go(case.id, others=await _other_holders(work, case, conversation))


async def wait_again(work: UnitOfWork, case: Case, *, left: UUID | None, by: Actor, at: datetime) -> None:
    """Nobody holds the case any more: its customer goes on with somebody who is there, or waits for the next person.

    Whoever else has the word, a colleague who said something there, keeps it while they are at their desk; but for who
    gives the case away, and so passes the customer on.

    Args:
        left: who held it.
    """
    conversation = await worked_on_in(work, case)
    if conversation is None or await _goes_on(work, case, conversation, left=left, by=by, at=at):
        return
    conversation.wait_again(others=await _other_holders(work, case, conversation))


async def worked_on_in(work: UnitOfWork, case: Case) -> Conversation | None:
    """The conversation in which people work on the case; None where the bot has the word, or there is none."""
    found = await Conversations(work).find(case.conversation_id) if case.conversation_id else None
    return found if found is not None and case.id in found.live_cases else None


async def go_on_in(work: UnitOfWork, case: Case, conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """The case goes on in this conversation; people are done with it in the one it was in before."""
    if case.conversation_id is not None and case.conversation_id != conversation.id:
        before = await Conversations(work).get(case.conversation_id)
        if case.id in before.live_cases:
            await let_go(work, case, before)
    conversation.add_case(case.id, opened=False, at=at)
    case.link_conversation(conversation.id, conversation.channel, by=by, at=at)
    await judge_anew(work, case, at=at)


async def _goes_on(
    work: UnitOfWork, case: Case, conversation: Conversation, *, left: UUID | None, by: Actor, at: datetime
) -> bool:
    speaker = conversation.agent_id
    if speaker is None or speaker == left or str(speaker) == by.id:
        return False
    agent = await Agents(work).get(speaker)
    return agent.may_see(case.department) and agent.can_be_reached(at)


async def _other_holders(work: UnitOfWork, case: Case, conversation: Conversation) -> dict[UUID, UUID | None]:
    """The other live cases of a conversation, and who holds each."""
    others = [await Cases(work).by_id(case_id) for case_id in conversation.live_cases if case_id != case.id]
    return {other.id: other.agent_id for other in others if other.is_live}
