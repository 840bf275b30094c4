"""Customers are told of what happened to their cases: planned when it happens, judged when it is due.

A notice is settled in the unit of work that sends it on its way, so none goes twice and none is lost.
Source: docs/decisions/0023-notices-to-customers.md
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.cases import Cases, histories
from caseengine.mail_allowances import take
from caseengine.model.actor import SYSTEM, ActorKind
from caseengine.model.case import Case
from caseengine.model.lifecycle import Status
from caseengine.operations.judging import asked_on, judge_now
from caseengine.operations.sending import (
    Telling,
    TellingDesk,
    holder_of,
    item_of,
    packed,
    parcels,
    send,
)
from caseengine.operations.surveying import ask_elsewhere, ask_survey
from caseengine.operations.untold import went_nowhere
from caseengine.policies.noticing import (
    AWAY_AFTER,
    Drop,
    Fact,
    Tell,
    WhyNot,
    due_at,
    notice_of,
)
from caseengine.tables import conversations
from caseengine.telling import (
    CustomerNotice,
    drop,
    known,
    plan,
    planned_for,
    postpone,
)
from customers.preferences import Holder, Preferences
from customers.wishes import NoticeKind, Way
from storage.transaction import Snapshot, UnitOfWork


async def plan_notice(work: UnitOfWork, told_of: Mapping[str, Any], happened_at: datetime, *, zone: str) -> None:
    """A published fact of a case becomes a notice, where its customer wants one.

    Args:
        told_of: as `caseengine.cases.published` made it.
    """
    fact = Fact(
        kind=str(told_of["kind"]),
        actor=ActorKind(told_of["actor"]["kind"]),
        status=Status(told_of["status"]),
        channel=await _channel(work, told_of["conversation_id"]),
    )
    kind = notice_of(fact)
    if kind is None:
        return
    case_id, seq = UUID(told_of["case_id"]), int(told_of["seq"])
    case = await Cases(work).by_id(case_id)
    holder = holder_of(case)
    wishes = (await Preferences(work, zone=zone).of(holder)).wishes
    wanted = wishes.want(kind) or (kind is NoticeKind.REPLY and not fact.channel)  # else nobody learns they are unread
    if not wanted or await known(work, case_id, seq) or not await _is_news(work, case, kind, seq):
        return
    plan(work, case_id, seq, kind, holder, happened_at=happened_at, due_at=due_at(happened_at, wishes))


async def tell(work: UnitOfWork, holder: Holder, telling: Telling, *, at: datetime, alone: UUID | None = None) -> None:
    """Tell somebody everything that is due, in as few pieces as there are ways.

    Args:
        alone: of one notice only.

    Raises (at commit):
        Conflict: another worker told them, or somebody is at one of the cases.
    """
    waiting = await planned_for(work, holder, before=at + AWAY_AFTER)
    waiting = [notice for notice in waiting if alone in (None, notice.id)]
    if all(notice.due_at > at for notice in waiting):
        return
    ids = {notice.case_id for notice in waiting}
    await Cases(work).fetch(ids)
    desk = TellingDesk(at, telling, {one: await Cases(work).by_id(one) for one in ids}, await histories(work, ids))
    for notice in sorted(waiting, key=lambda one: one.due_at > at):
        if notice.due_at <= at or desk.leaving:
            await _judge(work, notice, desk, along=notice.due_at > at)
    for (way, whose), leaving in desk.leaving.items():
        for together in parcels(way, sorted(leaving, key=lambda one: one.notice.happened_at)):
            await send(work, whose, way, together, desk)


async def _is_news(work: UnitOfWork, case: Case, kind: NoticeKind, seq: int) -> bool:
    """A step that leaves the case as it was is none; a survey nobody is asked for is not planned."""
    if kind is NoticeKind.SURVEY:
        return bool(await asked_on(work, case, case.conversation_id))
    if kind is not NoticeKind.STATUS:
        return True
    events = (await histories(work, [case.id]))[case.id]
    return seq > 1 and Case.fold(events[: seq - 1]).status is not Case.fold(events[:seq]).status


async def _judge(work: UnitOfWork, notice: CustomerNotice, desk: TellingDesk, *, along: bool) -> None:
    case, events = desk.cases[notice.case_id], desk.histories[notice.case_id]
    judged = await judge_now(work, notice, case, events, desk.telling, at=desk.at, along=along)
    verdict = judged.verdict
    if isinstance(verdict, Drop):
        drop(work, notice, verdict.why, at=desk.at)
        stands = Case.fold(events[: notice.seq]).conversation_id is not None
        await went_nowhere(work, case, notice.kind, verdict.why, desk.telling.notes, stands=stands, at=desk.at)
    elif isinstance(verdict, Tell):
        waits_until = await _full_until(work, notice, verdict.way, judged.reached.address, desk)
        if waits_until is not None:
            postpone(work, notice, waits_until)
            return
        await _take_along(work, notice, case, verdict.way, desk)
    else:
        postpone(work, notice, verdict.until)


async def _full_until(
    work: UnitOfWork, notice: CustomerNotice, way: Way, address: str | None, desk: TellingDesk
) -> datetime | None:
    """Until when machines of ours have written to the address enough.

    What travels in a mail that goes is none more; what an agent says waits for no limit of machines, and fills none.
    """
    if way is not Way.EMAIL or not address or notice.kind is NoticeKind.REPLY:
        return None
    if (way, holder_of(desk.cases[notice.case_id])) in desk.leaving:
        return None
    return await take(work, address, desk.telling.an_hour, at=desk.at)


async def _take_along(work: UnitOfWork, notice: CustomerNotice, case: Case, way: Way, desk: TellingDesk) -> None:
    events = desk.histories[notice.case_id]
    item = item_of(notice, case, events[notice.seq - 1])
    if notice.kind is NoticeKind.SURVEY:
        asks = await asked_on(work, case, case.conversation_id)
        along = {one.notice.kind for one in desk.leaving[way, holder_of(case)]}
        two = way is not Way.EMAIL and NoticeKind.SURVEY in along  # one question at a time
        survey = None if two else await _survey(work, case, asks[way], desk)
        if survey is None:
            drop(work, notice, WhyNot.NOT_ASKED, at=desk.at)
            return
        item["survey_id"] = str(survey)
    desk.leaving[way, holder_of(case)].append(await packed(work, notice, case, item, events))


async def _survey(work: UnitOfWork, case: Case, channel: str, desk: TellingDesk) -> UUID | None:
    """What they are asked by; the one that was on its way before, and did not leave, goes on."""
    asked = await ask_survey(work, case, channel=channel, secret=desk.telling.secret, by=SYSTEM, at=desk.at)
    return asked or await ask_elsewhere(work, case, channel=channel, at=desk.at)


async def _channel(snapshot: Snapshot, conversation: str | None) -> str:
    if conversation is None:
        return ""
    mine = conversations.c.id == UUID(conversation)
    return str(await snapshot.scalar(sa.select(conversations.c.channel).where(mine)) or "")
