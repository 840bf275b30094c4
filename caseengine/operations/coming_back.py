"""What a way could not deliver is judged again, without that way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.cases import Cases, histories
from caseengine.model.case import Case
from caseengine.model.events import AgentReplied, CustomerAsked
from caseengine.operations.reaching import told_elsewhere
from caseengine.operations.sending import NOTICE_KEY, WAY_OF, holder_of
from caseengine.reading.reach import ReachedAlone, nobody_alone
from caseengine.tables import case_conversations
from caseengine.telling import CustomerNotice, notices_about, plan, travelled_in, try_alone, try_another_way
from customers.wishes import NoticeKind, Way
from storage.transaction import UnitOfWork


async def could_not_deliver(
    work: UnitOfWork,
    topic: str,
    payload: Mapping[str, Any],
    *,
    at: datetime,
    reached_alone: ReachedAlone = nobody_alone,
) -> bool:
    """A delivery of the outbox was given up and was certainly not taken: it goes another way, where there is one.

    Returns:
        Whether an agent's words go another way, or went one.
    """
    if batch := _batch(topic, payload):
        await _came_back(work, batch, at)
    if topic == "mail" or batch:
        return False
    return await _reply_not_taken(work, payload, reached_alone, at)


async def goes_apart(work: UnitOfWork, topic: str, payload: Mapping[str, Any], *, at: datetime) -> bool:
    """Of several notices that failed for good together each is tried alone: one of them may be what failed.

    Returns:
        Whether there are several; one alone has failed itself.
    """
    batch = _batch(topic, payload)
    failed = [one for one in await travelled_in(work, batch) if one.state == "told"] if batch else []
    if len(failed) < 2:
        return False
    for notice in failed:
        try_alone(work, notice, at=at)
    return True


async def mail_came_back(work: UnitOfWork, batch: UUID, *, at: datetime) -> None:
    """The mail of a batch was taken and bounced later."""
    await _came_back(work, batch, at)


def _batch(topic: str, payload: Mapping[str, Any]) -> UUID | None:
    """Of the notices that it is, if it is any."""
    if topic == "mail":
        return UUID(payload["batch"]) if payload.get("batch") else None
    key = str(payload.get("key", ""))
    return UUID(key.removeprefix(NOTICE_KEY)) if key.startswith(NOTICE_KEY) else None


async def _came_back(work: UnitOfWork, batch: UUID, at: datetime) -> None:
    for notice in await travelled_in(work, batch):
        if notice.state == "told":
            try_another_way(work, notice, at=at)


async def _reply_not_taken(
    work: UnitOfWork, payload: Mapping[str, Any], reached_alone: ReachedAlone, at: datetime
) -> bool:
    """An agent's words that the customer's own channel did not take."""
    mine = case_conversations.c.conversation_id == UUID(payload["conversation"])
    rows = await work.rows(sa.select(case_conversations.c.case_id).where(mine))
    tried = [WAY_OF[channel]] if (channel := str(payload["channel"])) in WAY_OF else []
    goes_on = False
    for case_id, events in (await histories(work, [row.case_id for row in rows])).items():
        for seq, event in enumerate(events, start=1):
            if not isinstance(event, AgentReplied | CustomerAsked) or event.key != payload["key"]:
                continue
            case = await Cases(work).by_id(case_id)
            notice = next((one for one in await notices_about(work, case_id) if one.seq == seq), None)
            if notice is None:
                holder = holder_of(case)
                plan(work, case_id, seq, NoticeKind.REPLY, holder, happened_at=event.at, due_at=at, tried=tried)
            goes_on |= await _goes_on(work, notice, case, reached_alone, tried)
    return goes_on


async def _goes_on(
    work: UnitOfWork, notice: CustomerNotice | None, case: Case, reached_alone: ReachedAlone, tried: Sequence[Way]
) -> bool:
    """Whether a notice of an agent's words went elsewhere, or waits and can; None: it is planned at this moment."""
    if notice is not None and notice.state != "planned":
        return notice.state == "told" and notice.way != Way.CHAT
    failed = notice.tried if notice else tried
    return await told_elsewhere(work, case, reached_alone=reached_alone, failed=failed)
