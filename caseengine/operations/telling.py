"""Customers are told of what happened to their cases: planned when it happens, judged when it is due.

A notice is settled in the unit of work that sends it on its way, so none goes twice and none is lost. What a way
cannot deliver is judged again, without that way. Source: docs/decisions/0023-notices-to-customers.md
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.activities import Activities, said
from caseengine.cases import Cases, histories
from caseengine.conversations import Conversations
from caseengine.mail_allowances import take
from caseengine.model.actor import BOT, SYSTEM, ActorKind
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation, Mode
from caseengine.model.events import AgentReplied, CaseEvent, CaseResolved, CustomerAsked, CustomerTold, PromiseMade
from caseengine.model.lifecycle import Status
from caseengine.operations.conversing import speak
from caseengine.operations.surveying import ask_survey, survey_rules
from caseengine.policies.noticing import (
    AWAY_AFTER,
    SAID_THERE,
    Drop,
    Fact,
    Since,
    Tell,
    WhyNot,
    due_at,
    goes_elsewhere,
    judge,
    notice_of,
)
from caseengine.reading.reach import Contactable, ReachedAlone, contactable, nobody_alone
from caseengine.tables import activities, case_conversations, conversations
from caseengine.telling import (
    CustomerNotice,
    drop,
    known,
    notices_about,
    plan,
    planned_for,
    postpone,
    told,
    travelled_in,
    try_another_way,
)
from customers.preferences import Holder, HolderKind, Preferences
from customers.wishes import NoticeKind, Way
from storage.outbox import Outbox
from storage.transaction import Snapshot, UnitOfWork

NOTICE_KEY = "notice:"
"""Begins the key of an activity that is a notice; its batch follows."""
TEMPLATE = "notice"
ANY_ZONE = "UTC"
"""Where it is not asked when."""
WAY_OF: Mapping[str, Way] = {"email": Way.EMAIL, "teams": Way.TEAMS}
"""The way that a channel of a conversation is."""


class AskHow(Protocol):
    """Asks the customer of a case in a conversation how it was."""

    async def __call__(
        self, work: UnitOfWork, conversation: Conversation, case: Case, survey: UUID, *, at: datetime
    ) -> None: ...


async def nobody_asks(work: UnitOfWork, conversation: Conversation, case: Case, survey: UUID, *, at: datetime) -> None:
    """A desk without a bot."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What telling needs that the case engine does not have.

    Attributes:
        zone: IANA name, of those who never named theirs.
        secret: the installation's own, for the links of surveys.
        seen: whether a conversation's customer has seen its log up to a place, or is looking at it now.
        words: what is said in a conversation about these items.
        ask: how a customer is asked in a conversation how it was.
        reached_alone: which conversations in Teams a notice may go to.
        an_hour: automatic mails to one address in an hour, at most; what is more waits.
        chat_url: page where customers find the chat; "" for none.
    """

    zone: str
    secret: bytes
    seen: Callable[[UUID, int], bool]
    words: Callable[[Sequence[Mapping[str, Any]], datetime], str]
    ask: AskHow = nobody_asks
    reached_alone: ReachedAlone = nobody_alone
    chat_url: str = ""
    an_hour: int = 5


@dataclass(slots=True)
class _Leaving:
    """A notice on its way, with what it is about."""

    notice: CustomerNotice
    case: Case
    item: dict[str, Any]


@dataclass(slots=True)
class _Desk:
    """What was read for one person."""

    at: datetime
    telling: Telling
    cases: Mapping[UUID, Case]
    histories: Mapping[UUID, Sequence[CaseEvent]]
    leaving: dict[tuple[Way, Holder], list[_Leaving]] = field(default_factory=lambda: defaultdict(list))


def holder_of(case: Case) -> Holder:
    """Who is told about a case: its contact, or whoever opened it."""
    if case.contact_id is not None:
        return Holder(HolderKind.CONTACT, case.contact_id)
    return Holder(HolderKind.CASE, case.id)


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
    if not wishes.want(kind) or await known(work, case_id, seq) or not await _is_news(work, case, kind, seq):
        return
    plan(work, case_id, seq, kind, holder, happened_at=happened_at, due_at=due_at(happened_at, wishes))


async def tell(work: UnitOfWork, holder: Holder, telling: Telling, *, at: datetime) -> None:
    """Tell somebody everything that is due, in as few pieces as there are ways.

    Raises (at commit):
        Conflict: another worker told them, or somebody is at one of the cases.
    """
    waiting = await planned_for(work, holder, before=at + AWAY_AFTER)
    if all(notice.due_at > at for notice in waiting):
        return
    ids = {notice.case_id for notice in waiting}
    await Cases(work).fetch(ids)
    desk = _Desk(at, telling, {one: await Cases(work).by_id(one) for one in ids}, await histories(work, ids))
    for notice in sorted(waiting, key=lambda one: one.due_at > at):
        if notice.due_at <= at or desk.leaving:
            await _judge(work, notice, desk, along=notice.due_at > at)
    for (way, whose), leaving in desk.leaving.items():
        await _send(work, whose, way, sorted(leaving, key=lambda one: one.notice.happened_at), desk)


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
    key = str(payload.get("key", ""))
    if topic == "mail" or key.startswith(NOTICE_KEY):
        batch = payload.get("batch") if topic == "mail" else key.removeprefix(NOTICE_KEY)
        if batch:
            await _came_back(work, UUID(batch), at)
        return False
    return await _reply_not_taken(work, payload, reached_alone, at)


async def mail_came_back(work: UnitOfWork, batch: UUID, *, at: datetime) -> None:
    """The mail of a batch was taken and bounced later."""
    await _came_back(work, batch, at)


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
    wishes = (await Preferences(work, zone=ANY_ZONE).of(holder_of(case))).wishes
    reached = await contactable(work, case, reached_alone=reached_alone)
    return goes_elsewhere(NoticeKind.REPLY, wishes, reached.reach(notice.tried if notice else tried))


async def _is_news(work: UnitOfWork, case: Case, kind: NoticeKind, seq: int) -> bool:
    """A step that leaves the case as it was is none; a survey nobody is asked for is not planned."""
    if kind is NoticeKind.SURVEY:
        return bool(await _asked_on(work, case, case.conversation_id))
    if kind is not NoticeKind.STATUS:
        return True
    events = (await histories(work, [case.id]))[case.id]
    return seq > 1 and Case.fold(events[: seq - 1]).status is not Case.fold(events[:seq]).status


async def _judge(work: UnitOfWork, notice: CustomerNotice, desk: _Desk, *, along: bool) -> None:
    case = desk.cases[notice.case_id]
    events = desk.histories[notice.case_id]
    # Whoever has proved by now who they are is told as they wish themselves.
    wishes = (await Preferences(work, zone=desk.telling.zone).of(holder_of(case))).wishes
    reached = await contactable(work, case, reached_alone=desk.telling.reached_alone)
    since = await _since(work, notice, case, events, desk.telling)
    reach = reached.reach(notice.tried)
    if notice.kind is NoticeKind.SURVEY:
        asks = await _asked_on(work, case, case.conversation_id, reached.teams)
        reach = replace(reach, asks=frozenset(asks))
    facts: dict[str, Any] = {"wishes": wishes, "since": since, "reach": reach}
    verdict = judge(notice.kind, notice.happened_at, **facts, now=desk.at, along=along)
    if isinstance(verdict, Drop):
        drop(work, notice, verdict.why, at=desk.at)
    elif isinstance(verdict, Tell):
        waits_until = await _full_until(work, notice, verdict.way, reached.address, desk)
        if waits_until is not None:
            postpone(work, notice, waits_until)
            return
        await _take_along(work, notice, case, verdict.way, desk)
    else:
        postpone(work, notice, verdict.until)


async def _full_until(
    work: UnitOfWork, notice: CustomerNotice, way: Way, address: str | None, desk: _Desk
) -> datetime | None:
    """Until when machines of ours have written to the address enough.

    What travels in a mail that goes is none more; what an agent says waits for no limit of machines, and fills none.
    """
    if way is not Way.EMAIL or not address or notice.kind is NoticeKind.REPLY:
        return None
    if (way, holder_of(desk.cases[notice.case_id])) in desk.leaving:
        return None
    return await take(work, address, desk.telling.an_hour, at=desk.at)


async def _take_along(work: UnitOfWork, notice: CustomerNotice, case: Case, way: Way, desk: _Desk) -> None:
    item = _item(notice, case, desk.histories[notice.case_id][notice.seq - 1])
    if notice.kind is NoticeKind.SURVEY:
        asks = await _asked_on(work, case, case.conversation_id)
        along = {one.notice.kind for one in desk.leaving[way, holder_of(case)]}
        two = way is not Way.EMAIL and NoticeKind.SURVEY in along  # one question at a time
        telling: dict[str, Any] = {"secret": desk.telling.secret, "by": SYSTEM, "at": desk.at}
        survey = None if two else await ask_survey(work, case, channel=asks[way], **telling)
        if survey is None:
            drop(work, notice, WhyNot.NOT_ASKED, at=desk.at)
            return
        item["survey_id"] = str(survey)
    desk.leaving[way, holder_of(case)].append(_Leaving(notice, case, item))


async def _asked_on(work: UnitOfWork, case: Case, chat: UUID | None, teams: UUID | None = None) -> dict[Way, str]:
    """The ways on which the company's rules ask about a case, with the channel each is.

    Nobody is asked where a person has the conversation, nor in the case's own unless it is a chat of one customer.
    """
    here = await Conversations(work).get(chat) if chat is not None else None
    found = {Way.EMAIL: "email", Way.TEAMS: "teams"}
    if here is not None and here.mode is Mode.BOT and here.channel not in WAY_OF:
        found[Way.CHAT] = here.channel
    if teams is not None and (await Conversations(work).get(teams)).mode is not Mode.BOT:
        del found[Way.TEAMS]
    rules = await survey_rules(work)
    return {way: name for way, name in found.items() if rules.asks(channel=name, department=case.department)}


async def _since(
    work: UnitOfWork, notice: CustomerNotice, case: Case, events: Sequence[CaseEvent], telling: Telling
) -> Since:
    event, then = events[notice.seq - 1], Case.fold(events[: notice.seq])
    return Since(
        status=case.status,
        later={type(one).__name__ for one in events[notice.seq :]},
        promised=case.due_at,
        promised_then=event.due_at if isinstance(event, PromiseMade) else None,
        status_then=then.status,
        read=await _was_read(work, then.conversation_id, notice.happened_at, telling),
    )


async def _was_read(work: UnitOfWork, conversation: UUID | None, at: datetime, telling: Telling) -> bool:
    """Whether they saw what the conversation's log held when it happened."""
    if conversation is None:
        return False
    place = sa.select(sa.func.max(activities.c.seq)).where(
        activities.c.conversation_id == conversation, activities.c.at <= at
    )
    return telling.seen(conversation, int(await work.scalar(place) or 0))


def _item(notice: CustomerNotice, case: Case, event: CaseEvent) -> dict[str, Any]:
    """What a notice says, as data: the words around it are the channels'."""
    item: dict[str, Any] = {"kind": str(notice.kind), "number": case.number, "status": str(case.status)}
    if isinstance(event, AgentReplied | CustomerAsked):
        item |= {"lines": event.text.splitlines(), "agent": event.actor.name}
    if isinstance(event, CaseResolved):
        item |= {"lines": event.resolution.text.splitlines()}
    if isinstance(event, PromiseMade):
        item |= {"next_update": event.due_at.isoformat()}
    return item


async def _send(work: UnitOfWork, holder: Holder, way: Way, leaving: Sequence[_Leaving], desk: _Desk) -> None:
    batch = uuid4()
    spoken = leaving
    if way is Way.EMAIL:
        await _mail(work, holder, batch, leaving, desk)
    elif way is Way.TEAMS:
        await _say_in_teams(work, batch, leaving, desk)
    else:
        spoken = [one for one in leaving if one.notice.kind not in SAID_THERE or one.notice.kind is NoticeKind.SURVEY]
        await _say_in_chat(work, spoken, desk)
    for one in leaving:
        told(work, one.notice, way, batch, at=desk.at)
    for case in {id(one.case): one.case for one in spoken}.values():
        kinds = tuple(str(one.notice.kind) for one in spoken if one.case is case)
        case.record(CustomerTold(case_id=case.id, actor=SYSTEM, at=desk.at, kinds=kinds, way=str(way)))


async def _mail(work: UnitOfWork, holder: Holder, batch: UUID, leaving: Sequence[_Leaving], desk: _Desk) -> None:
    case = leaving[0].case
    reached = await contactable(work, case, reached_alone=desk.telling.reached_alone)
    language = await _language(work, case, reached, desk.telling)
    cases = {one.case.id for one in leaving}
    params = {
        "items": [one.item for one in leaving],
        "number": case.number,
        "cases": len(cases),
        "zone": (await Preferences(work, zone=desk.telling.zone).of(holder)).wishes.zone,
        "chat_url": desk.telling.chat_url,
        "holder": holder.to_json(),
    }
    mail = {"template": TEMPLATE, "to": reached.address, "language": language, "params": params, "batch": str(batch)}
    mail |= {"case_id": str(case.id)} if len(cases) == 1 else {}
    Outbox(work).deliver("mail", f"notice:{holder.id}", mail, at=desk.at)


async def _say_in_teams(work: UnitOfWork, batch: UUID, leaving: Sequence[_Leaving], desk: _Desk) -> None:
    case = leaving[0].case
    reached = await contactable(work, case, reached_alone=desk.telling.reached_alone)
    if reached.teams is None:
        return
    conversation = await Conversations(work).get(reached.teams)
    for one in leaving:  # so that what they answer there finds its case
        conversation.add_case(one.case.id, opened=False, at=desk.at)
    rest = await _ask(work, conversation, leaving, desk)
    if not rest:
        return
    words = desk.telling.words([one.item for one in rest], desk.at)
    key = f"{NOTICE_KEY}{batch}"
    body = said(words, conversation=conversation.id, channel=conversation.channel, key=key, by=BOT)
    Activities(work).append(conversation.id, key=key, body=body, at=desk.at, channel=conversation.channel, deliver=True)


async def _ask(
    work: UnitOfWork, conversation: Conversation, leaving: Sequence[_Leaving], desk: _Desk
) -> list[_Leaving]:
    """Ask how it was where that is among what leaves; returns what else there is to say."""
    for one in leaving:
        if one.notice.kind is NoticeKind.SURVEY:
            await desk.telling.ask(work, conversation, one.case, UUID(one.item["survey_id"]), at=desk.at)
    return [one for one in leaving if one.notice.kind is not NoticeKind.SURVEY]


async def _say_in_chat(work: UnitOfWork, leaving: Sequence[_Leaving], desk: _Desk) -> None:
    for one in leaving:
        if one.notice.kind is NoticeKind.SURVEY and one.case.conversation_id is not None:
            await _ask(work, await Conversations(work).get(one.case.conversation_id), [one], desk)
            continue
        words = desk.telling.words([one.item], desk.at)
        await speak(work, one.case, words, key=f"{NOTICE_KEY}{one.notice.id}", by=BOT, at=desk.at, kind="notice")


async def _language(work: UnitOfWork, case: Case, reached: Contactable, telling: Telling) -> str:
    wishes = (await Preferences(work, zone=telling.zone).of(holder_of(case))).wishes
    return wishes.language or reached.language or case.language or "en"


async def _channel(snapshot: Snapshot, conversation: str | None) -> str:
    if conversation is None:
        return ""
    mine = conversations.c.id == UUID(conversation)
    return str(await snapshot.scalar(sa.select(conversations.c.channel).where(mine)) or "")
