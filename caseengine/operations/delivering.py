"""Words that did not arrive, or may not have: that becomes a fact of their case, and a person may send them again.

Source: docs/decisions/0025-what-did-not-arrive.md
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.activities import by_key
from caseengine.cases import Cases, history
from caseengine.model.actor import SYSTEM, Actor
from caseengine.model.case import Case
from caseengine.model.errors import LossNotFound, SentBefore
from caseengine.model.events import DeliveryDoubted, DeliveryGivenUp, SentAgain
from caseengine.model.notice import AgentNotice
from caseengine.notices import give_notice
from caseengine.operations.filing import case_talked_about
from caseengine.operations.keeping import goes_on_as
from caseengine.operations.permission import agent_of, permitted_case
from caseengine.tables import case_conversations, case_events
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork

Lost = DeliveryDoubted | DeliveryGivenUp
SAID = ("AgentReplied", "CustomerAsked")


async def delivery_lost(
    work: UnitOfWork,
    payload: Mapping[str, Any],
    *,
    why: str,
    doubtful: bool,
    at: datetime,
    another_way: bool = False,
) -> Case | None:
    """Nobody tries to deliver these words any more: their case says so, and so is told whoever has it.

    Told twice of the same delivery is told once. None, and nothing done, where the words belong to no case, or are a
    line about the conversation itself.

    Args:
        payload: of the outbox: "channel", "conversation", "key", and how often they were sent "again".
        why: as `DeliveryLost.why`.
        doubtful: they may have arrived.
        another_way: as `DeliveryLost.another_way`.
    """
    conversation, key, again = UUID(payload["conversation"]), str(payload["key"]), int(payload.get("again", 0))
    said = await by_key(work, conversation, key)
    if said is None or said.body["kind"] != "message":
        return None
    case = await _case_of(work, conversation, key)
    if case is None or _lost(await history(work, case.id), key, again):
        return None
    kind, channel = (DeliveryDoubted if doubtful else DeliveryGivenUp), str(payload["channel"])
    lost = kind(
        case_id=case.id,
        actor=SYSTEM,
        at=at,
        conversation_id=conversation,
        key=key,
        channel=channel,
        why=why,
        again=again,
        another_way=another_way,
    )
    case.record(lost)
    if case.agent_id is not None:
        told = {"channel": channel, "why": why}
        notice = AgentNotice.DELIVERY_DOUBTED if doubtful else AgentNotice.DELIVERY_GIVEN_UP
        give_notice(work, case, [case.agent_id], notice, told, at=at)
    return case


async def case_of_words(work: Snapshot, conversation: UUID, key: str) -> UUID | None:
    """The case about which they were said; where nothing says so, the one that is talked about there."""
    said = await by_key(work, conversation, key)
    if said is not None and said.body.get("about"):
        return UUID(said.body["about"])
    return await _case_that_tells(work, conversation, key) or await case_talked_about(work, conversation)


async def _case_that_tells(work: Snapshot, conversation: UUID, key: str) -> UUID | None:
    """Whose history has them: of words that do not say themselves what they are about."""
    mine = sa.select(case_conversations.c.case_id).where(case_conversations.c.conversation_id == conversation)
    rows = await work.rows(
        sa.select(case_events.c.case_id, case_events.c.data).where(
            case_events.c.case_id.in_(mine), case_events.c.kind.in_(SAID)
        )
    )
    return next((row.case_id for row in rows if row.data.get("key") == key), None)


async def send_again(work: UnitOfWork, number: str, lost: int, *, by: Actor, at: datetime) -> SentAgain:
    """Words that were lost are sent once more, as they were; each loss is answered once, whoever is asked.

    Args:
        lost: `seq` of the line in the case's history that tells of it.

    Raises:
        AgentNotFound: `by` is no agent.
        CaseNotFound, NotPermitted: see `permitted_case`.
        LossNotFound: that line tells of no loss.
        SentBefore: somebody did that already.
        Conflict (at commit): somebody is doing something else with the case; decide again.
    """
    agent = await agent_of(work, by)
    case = await permitted_case(work, number, by=by)
    events = await history(work, case.id)
    loss = events[lost - 1] if 0 < lost <= len(events) else None
    if not isinstance(loss, Lost):
        raise LossNotFound
    if any(isinstance(one, SentAgain) and one.key == loss.key and one.again > loss.again for one in events):
        raise SentBefore
    sent = SentAgain(
        case_id=case.id,
        actor=agent.actor,
        at=at,
        conversation_id=loss.conversation_id,
        key=loss.key,
        channel=loss.channel,
        again=loss.again + 1,
    )
    case.record(sent)
    payload = {"channel": sent.channel, "conversation": str(sent.conversation_id), "key": sent.key, "again": sent.again}
    Outbox(work).deliver("deliver", str(sent.conversation_id), payload, at=at)
    return sent


async def _case_of(work: UnitOfWork, conversation: UUID, key: str) -> Case | None:
    case_id = await case_of_words(work, conversation, key)
    return await goes_on_as(work, await Cases(work).by_id(case_id)) if case_id is not None else None


def _lost(events: Any, key: str, again: int) -> bool:
    return any(isinstance(one, Lost) and one.key == key and one.again == again for one in events)
