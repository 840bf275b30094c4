"""What is told to customers about their cases leaves the desk: by mail, in Teams, in their chat."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from caseengine.activities import Activities, said
from caseengine.case_files import CaseFile, CaseFiles, said_files
from caseengine.conversations import Conversations
from caseengine.model.actor import BOT, SYSTEM
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation
from caseengine.model.events import (
    AgentReplied,
    CaseEvent,
    CaseOpened,
    CaseResolved,
    CustomerAsked,
    CustomerTold,
    PromiseMade,
)
from caseengine.operations.conversing import speak
from caseengine.operations.enclosing import go_together
from caseengine.policies.noticing import SAID_THERE
from caseengine.reading.reach import Contactable, ReachedAlone, WhoseCase, contactable, nobody_alone
from caseengine.telling import CustomerNotice, told
from customers.preferences import Holder, HolderKind, Preferences
from customers.wishes import NoticeKind, Way
from storage.outbox import Outbox
from storage.transaction import UnitOfWork

NOTICE_KEY = "notice:"
"""Begins the key of an activity that is a notice; its batch follows."""
TEMPLATE = "notice"
OPENED = "opened"
"""The kind of item that the promise is with which a case begins; it has words of its own."""
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
        stop_button: the card below them in Teams, as an activity holds it, by which they are told no more.
        notes: what agents read where words reach nobody, by why.
        ask: how a customer is asked in a conversation how it was.
        reached_alone: which conversations in Teams a notice may go to.
        an_hour: automatic mails to one address in an hour, at most; what is more waits.
        chat_url: page where customers find the chat; "" for none.
    """

    zone: str
    secret: bytes
    seen: Callable[[UUID, int], bool]
    words: Callable[[Sequence[Mapping[str, Any]], datetime], str]
    notes: Mapping[str, str]
    stop_button: Mapping[str, Any]
    ask: AskHow = nobody_asks
    reached_alone: ReachedAlone = nobody_alone
    chat_url: str = ""
    an_hour: int = 5


@dataclass(slots=True)
class Leaving:
    """A notice on its way, with what it is about.

    Attributes:
        files: those that are there still, as `AgentReplied.files`.
        said_in: the conversation they were said in.
    """

    notice: CustomerNotice
    case: Case
    item: dict[str, Any]
    files: Sequence[Mapping[str, Any]] = ()
    said_in: UUID | None = None


@dataclass(slots=True)
class TellingDesk:
    """What was read for one person."""

    at: datetime
    telling: Telling
    cases: Mapping[UUID, Case]
    histories: Mapping[UUID, Sequence[CaseEvent]]
    leaving: dict[tuple[Way, Holder], list[Leaving]] = field(default_factory=lambda: defaultdict(list))


def holder_of(case: WhoseCase) -> Holder:
    """Who is told about a case: its contact, or whoever opened it."""
    if case.contact_id is not None:
        return Holder(HolderKind.CONTACT, case.contact_id)
    return Holder(HolderKind.CASE, case.id)


def item_of(notice: CustomerNotice, case: Case, event: CaseEvent) -> dict[str, Any]:
    """What a notice says, as data: the words around it are the channels'."""
    item: dict[str, Any] = {"kind": str(notice.kind), "number": case.number, "status": str(case.status)}
    if isinstance(event, AgentReplied | CustomerAsked):
        item |= {"lines": event.text.splitlines(), "agent": event.actor.name}
    if isinstance(event, CaseResolved):
        item |= {"lines": event.resolution.text.splitlines()}
    if isinstance(event, CaseOpened) and case.due_at is not None:
        item |= {"kind": OPENED, "next_update": case.due_at.isoformat()}
    if isinstance(event, PromiseMade):
        item |= {"next_update": event.due_at.isoformat()}
    return item


async def packed(
    work: UnitOfWork, notice: CustomerNotice, case: Case, item: dict[str, Any], events: Sequence[CaseEvent]
) -> Leaving:
    """A notice with the files that were said with its words; of those that are gone, it names the names.

    Args:
        events: of the case.
    """
    event, said_in = events[notice.seq - 1], Case.fold(events[: notice.seq]).conversation_id
    said = event.files if isinstance(event, AgentReplied | CustomerAsked) else ()
    there = await said_files(work, case.id, [UUID(file["id"]) for file in said], said_in=said_in)
    files = [file for file in said if UUID(file["id"]) in there]
    if said:
        item |= {"files": [file["name"] for file in files]}
        item |= {"gone": [file["name"] for file in said if file not in files]}
    return Leaving(notice, case, item, files, said_in)


def parcels(way: Way, leaving: Sequence[Leaving]) -> Iterator[list[Leaving]]:
    """In their order, as many together as can go: what failed together before goes alone.

    So does in the chat each, for it is said in the conversation of its own case.
    """
    together: list[Leaving] = []
    for one in leaving:
        if together and (way is Way.CHAT or not _fits(one, together)):
            yield together
            together = []
        together.append(one)
    yield together


def _fits(one: Leaving, together: Sequence[Leaving]) -> bool:
    failed = one.notice.batch is not None and one.notice.batch in {other.notice.batch for other in together}
    return not failed and go_together([*(file for other in together for file in other.files), *one.files])


async def send(work: UnitOfWork, holder: Holder, way: Way, leaving: Sequence[Leaving], desk: TellingDesk) -> None:
    batch = uuid4()
    spoken = leaving
    if way is Way.EMAIL:
        await _mail(work, holder, batch, leaving, desk)
    elif way is Way.TEAMS:
        await _say_in_teams(work, batch, leaving, desk)
    else:
        spoken = [one for one in leaving if one.notice.kind not in SAID_THERE or one.notice.kind is NoticeKind.SURVEY]
        await _say_in_chat(work, batch, spoken, desk)
    for one in leaving:
        told(work, one.notice, way, batch, at=desk.at)
    for case in {id(one.case): one.case for one in spoken}.values():
        kinds = tuple(str(one.notice.kind) for one in spoken if one.case is case)
        case.record(CustomerTold(case_id=case.id, actor=SYSTEM, at=desk.at, kinds=kinds, way=str(way)))


async def _mail(work: UnitOfWork, holder: Holder, batch: UUID, leaving: Sequence[Leaving], desk: TellingDesk) -> None:
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
    mail: dict[str, Any] = {
        "template": TEMPLATE,
        "to": reached.address,
        "language": language,
        "params": params,
        "batch": str(batch),
    }
    mail |= {"case_id": str(case.id)} if len(cases) == 1 else {}
    mail["files"] = [
        {"case_id": str(one.case.id), "id": file["id"], "said_in": str(one.said_in or "")}
        for one in leaving
        for file in one.files
    ]
    Outbox(work).deliver("mail", f"notice:{holder.id}", mail, at=desk.at)


async def _say_in_teams(work: UnitOfWork, batch: UUID, leaving: Sequence[Leaving], desk: TellingDesk) -> None:
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
    words: dict[str, Any] = {"text": desk.telling.words([one.item for one in rest], desk.at)}
    words["card"] = desk.telling.stop_button
    if files := await _files_there(work, rest, conversation.id, desk.at):
        words["attachments"] = files
    key = f"{NOTICE_KEY}{batch}"
    body = said(words, conversation=conversation.id, channel=conversation.channel, key=key, by=BOT)
    Activities(work).append(conversation.id, key=key, body=body, at=desk.at, channel=conversation.channel, deliver=True)


async def _files_there(
    work: UnitOfWork, leaving: Sequence[Leaving], conversation: UUID, at: datetime
) -> list[dict[str, Any]]:
    """Where those of the conversation can fetch them; of each that is named twice one."""
    copies: dict[UUID, CaseFile] = {}
    for one in leaving:
        named = [UUID(file["id"]) for file in one.files]
        there = await said_files(work, one.case.id, named, said_in=one.said_in)
        for file in (there[name] for name in named if name not in copies):
            copies[file.id] = await CaseFiles(work).copy(one.case.id, file, conversation, at=at, said_in=one.said_in)
    return [copy.document for copy in copies.values()]


async def _ask(
    work: UnitOfWork, conversation: Conversation, leaving: Sequence[Leaving], desk: TellingDesk
) -> list[Leaving]:
    """Ask how it was where that is among what leaves; returns what else there is to say."""
    for one in leaving:
        if one.notice.kind is NoticeKind.SURVEY:
            await desk.telling.ask(work, conversation, one.case, UUID(one.item["survey_id"]), at=desk.at)
    return [one for one in leaving if one.notice.kind is not NoticeKind.SURVEY]


async def _say_in_chat(work: UnitOfWork, batch: UUID, leaving: Sequence[Leaving], desk: TellingDesk) -> None:
    """One alone, as `parcels` makes them: a log says what has the same key once."""
    for one in leaving:
        if one.notice.kind is NoticeKind.SURVEY and one.case.conversation_id is not None:
            await _ask(work, await Conversations(work).get(one.case.conversation_id), [one], desk)
            continue
        words = desk.telling.words([one.item], desk.at)
        await speak(work, one.case, words, key=f"{NOTICE_KEY}{batch}", by=BOT, at=desk.at, kind="notice")


async def _language(work: UnitOfWork, case: Case, reached: Contactable, telling: Telling) -> str:
    wishes = (await Preferences(work, zone=telling.zone).of(holder_of(case))).wishes
    return wishes.language or reached.language or case.language or "en"
