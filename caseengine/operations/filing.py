"""A mail finds its conversation: what it points at, who may add to that, and where it goes by the policy.

Source: docs/decisions/0021-mail.md
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from caseengine.cases import Cases, noted
from caseengine.conversations import Conversations
from caseengine.mail_threads import (
    MailThread,
    MailThreads,
    capped,
    conversation_of_token,
    sent_by_ids,
    sent_by_token,
    thread_beside,
    thread_of,
    threads_of,
)
from caseengine.mail_tokens import TokenKind, make_token
from caseengine.mails import conversations_of
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.case import Case
from caseengine.model.conversation import Conversation
from caseengine.model.lifecycle import LIVE
from caseengine.model.number import CaseNumber, read_number
from caseengine.operations.conversing import go_on_in, open_conversation
from caseengine.operations.keeping import goes_on_as
from caseengine.policies.threading import NOTHING_UNSIGNED, Belief, Candidate, Decision, MailFacts, Pointer, place
from caseengine.tables import case_conversations, cases, conversations
from customers.contacts import Contacts
from customers.identities import IdentityKind
from storage.transaction import Snapshot, UnitOfWork

CHANNEL = "email"
NUMBER = re.compile(r"\bCAS-[0-9]{5,12}-[0-9A-Z]{4}\b", re.IGNORECASE)
TAG = re.compile(r"\s*\[\s*CAS-[0-9]{5,12}-[0-9A-Z]{4}\s*\]\s*", re.IGNORECASE)
PREFIX = re.compile(
    r"^(?:\s*(?:re|aw|fw|fwd|wg|sv|vs|antw|rv|tr|odp|ynt|res|r|i|rif)\s*(?:\[\d{1,3}\])?\s*:)+", re.IGNORECASE
)
SUBJECT_MAX = 300
SUBJECT_READ_MAX = 1_000
NUMBERS_MAX = 3
ADDRESS_MAX = 200
"""Characters of an address that can take part in a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What of a mail decides where it goes.

    Attributes:
        sender: address in From, lower case; None where it cannot be told.
        tokens: those in the addresses it was sent to.
        answers: Message-IDs it names, oldest first.
        cc: who else got it, without addresses of ours.
        unsigned: see `MailFacts`.
    """

    message_id: str
    sender: str | None
    name: str
    belief: Belief
    tokens: Sequence[tuple[TokenKind, str]] = ()
    answers: Sequence[str] = ()
    subject: str = ""
    cc: Sequence[str] = ()
    locale: str = ""
    unsigned: frozenset[Pointer] = NOTHING_UNSIGNED


async def place_mail(work: Snapshot, mail: Incoming) -> Decision:
    """Where it goes; nothing is written."""
    candidates = await pointed_at(work, mail)
    first = next((one.case_id for one in candidates if one.case_id is not None), None)
    beside = await thread_beside(work, mail.sender, first) if mail.sender and first else None
    return place(MailFacts(mail.sender, mail.belief, candidates, beside, mail.unsigned))


async def pointed_at(work: Snapshot, mail: Incoming) -> list[Candidate]:
    """The conversations that the mail points at, strongest pointer first, each once."""
    found: dict[UUID, Pointer] = {}
    for pointer, conversation in [
        *[(Pointer.TOKEN, one) for one in await _by_tokens(work, mail.tokens)],
        *[(Pointer.REFERENCE, sent.conversation_id) for sent in await sent_by_ids(work, mail.answers)],
        *[(Pointer.OWN_MAIL, one) for one in await conversations_of(work, mail.answers)],
    ]:
        if conversation is not None:
            found.setdefault(conversation, pointer)
    candidates = [await _candidate(work, pointer, conversation) for conversation, pointer in found.items()]
    return [*candidates, *await _by_notices(work, mail), *await _by_numbers(work, mail.subject, set(found))]


async def enter(
    work: UnitOfWork, mail: Incoming, decision: Decision, *, secret: bytes, by: Actor, at: datetime
) -> Conversation:
    """The conversation that the mail goes on in, opened where there is none yet; its thread knows of the mail.

    Args:
        secret: the installation's own, from which the tokens are made.
    """
    known = decision.beside or (await _own_conversation(work, mail, decision.joins) if decision.joins else None)
    if known is not None:
        await _heard(work, known, mail)
        return await Conversations(work).get(known)
    conversation = await _opened(work, mail, secret, beside=decision.tell, at=at)
    if decision.joins is not None and decision.joins.case_id is not None:
        case = await goes_on_as(work, await Cases(work).by_id(decision.joins.case_id))
        await go_on_in(work, case, conversation, by=by, at=at)
    return conversation


async def note_once(work: UnitOfWork, case_id: UUID, text: str, *, key: str, by: Actor, at: datetime) -> Case:
    """Words for agents on a case, or on the one it goes on in; the same key is said once."""
    case = await goes_on_as(work, await Cases(work).by_id(case_id))
    if await noted(work, case.id, key) is None:
        case.note(text, key=key, by=by, at=at)
    return case


async def case_talked_about(work: Snapshot, conversation: UUID) -> UUID | None:
    """The case of a conversation: one the desk still owes something for before one that has ended, the newest first."""
    live = sa.case((cases.c.status.in_([str(status) for status in LIVE]), 0), else_=1)
    found: UUID | None = await work.scalar(
        sa.select(cases.c.id)
        .join(case_conversations, case_conversations.c.case_id == cases.c.id)
        .where(case_conversations.c.conversation_id == conversation)
        .order_by(live, case_conversations.c.since.desc(), cases.c.number.desc())
        .limit(1)
    )
    return found


def plain_subject(subject: str) -> str:
    """Without "Re:" and our own tag."""
    line = " ".join(subject[:SUBJECT_READ_MAX].split())
    return " ".join(PREFIX.sub("", TAG.sub(" ", line)).split())[:SUBJECT_MAX]


def answers_by_its_subject(subject: str) -> bool:
    """Whether it begins as subjects of answers do."""
    return PREFIX.match(subject) is not None


def numbers_in(subject: str) -> list[str]:
    """The case numbers without a slip among the first ones in a subject."""
    read = [read_number(found) for found in NUMBER.findall(subject)[:NUMBERS_MAX]]
    return [str(one) for one in read if isinstance(one, CaseNumber)]


def speaker(mail: Incoming) -> Actor:
    """Its sender, as far as they can be told."""
    return Actor(ActorKind.CUSTOMER, mail.sender or "", mail.name)


async def _by_tokens(work: Snapshot, tokens: Iterable[tuple[TokenKind, str]]) -> list[UUID]:
    found: list[UUID | None] = []
    for kind, token in tokens:
        if kind is TokenKind.CONVERSATION:
            found.append(await conversation_of_token(work, token))
        elif (sent := await sent_by_token(work, token)) is not None:
            found.append(sent.conversation_id)
    return [one for one in found if one is not None]


async def _candidate(work: Snapshot, pointer: Pointer, conversation: UUID) -> Candidate:
    case_id = await case_talked_about(work, conversation)
    thread = await thread_of(work, conversation)
    own = {thread.address} if thread and thread.address else set()
    others = await taking_part(work, case_id) if case_id else set()
    return Candidate(pointer, conversation, case_id, frozenset(own | others))


async def _by_notices(work: Snapshot, mail: Incoming) -> list[Candidate]:
    """The cases that notices were about, by whichever way their customers follow them: a notice has no conversation."""
    tokens = [await sent_by_token(work, token) for kind, token in mail.tokens if kind is not TokenKind.CONVERSATION]
    pointing = [
        *[(Pointer.TOKEN, sent) for sent in tokens if sent is not None],
        *[(Pointer.REFERENCE, sent) for sent in await sent_by_ids(work, mail.answers)],
    ]
    found: dict[UUID, Pointer] = {}
    for pointer, sent in pointing:
        if sent.purpose == "notice" and sent.case_id is not None:
            found.setdefault(sent.case_id, pointer)
    return [
        Candidate(pointer, None, case_id, frozenset(await taking_part(work, case_id)))
        for case_id, pointer in found.items()
    ]


async def _by_numbers(work: Snapshot, subject: str, known: set[UUID]) -> list[Candidate]:
    numbers = numbers_in(subject)
    if not numbers:
        return []
    rows = await work.rows(sa.select(cases.c.id, cases.c.conversation_id).where(cases.c.number.in_(numbers)))
    return [
        # A case that came in by telephone has no conversation: the pointer then is to the case alone.
        Candidate(Pointer.NUMBER, row.conversation_id, row.id, frozenset(await taking_part(work, row.id)))
        for row in rows
        if row.conversation_id not in known
    ]


async def taking_part(work: Snapshot, case_id: UUID) -> set[str]:
    """The addresses that may add to a case: whose it is, who opened it by mail or was let in, and its own address."""
    row = await work.first(sa.select(cases.c.contact_id, cases.c.reply_address).where(cases.c.id == case_id))
    found = {row.reply_address.lower()} if row and row.reply_address else set()
    if row is not None and row.contact_id is not None:
        found |= set((await Contacts(work).get(row.contact_id)).on_file(IdentityKind.EMAIL))
    here = await _conversations_of(work, case_id)
    found |= {thread.address for thread in await threads_of(work, here) if thread.address}
    return found


async def _conversations_of(work: Snapshot, case_id: UUID) -> list[UUID]:
    rows = await work.rows(
        sa.select(case_conversations.c.conversation_id).where(case_conversations.c.case_id == case_id)
    )
    return [row.conversation_id for row in rows]


async def _own_conversation(work: Snapshot, mail: Incoming, joined: Candidate) -> UUID | None:
    """The conversation this sender has about the case by mail: the one pointed at, or another of the case."""
    of_case = await _conversations_of(work, joined.case_id) if joined.case_id else []
    here = [joined.conversation, *of_case] if joined.conversation else of_case
    by_mail = await work.rows(
        sa.select(conversations.c.id).where(conversations.c.id.in_(here), conversations.c.channel == CHANNEL)
    )
    threads = await threads_of(work, [row.id for row in by_mail])
    mine = [thread.conversation_id for thread in threads if thread.address == mail.sender]
    return joined.conversation if joined.conversation in mine else next(iter(sorted(mine)), None)


async def _heard(work: UnitOfWork, conversation: UUID, mail: Incoming) -> None:
    thread = await thread_of(work, conversation)
    if thread is None:
        return
    MailThreads(work).heard(
        MailThread(
            conversation_id=conversation,
            address=thread.address,
            name=mail.name or thread.name,
            subject=thread.subject,
            cc=tuple(mail.cc),
            message_ids=capped([*thread.message_ids, *mail.answers, *([mail.message_id] if mail.message_id else [])]),
            vouched=mail.belief is Belief.VOUCHED,
            beside=thread.beside,
        )
    )


async def _opened(
    work: UnitOfWork, mail: Incoming, secret: bytes, *, beside: UUID | None, at: datetime
) -> Conversation:
    conversation = await open_conversation(
        work, id=uuid4(), channel=CHANNEL, visitor=mail.sender or "", locale=mail.locale, at=at
    )
    thread = MailThread(
        conversation_id=conversation.id,
        address=mail.sender or "",
        name=mail.name,
        subject=plain_subject(mail.subject),
        cc=tuple(mail.cc),
        message_ids=capped([*mail.answers, *([mail.message_id] if mail.message_id else [])]),
        vouched=mail.belief is Belief.VOUCHED,
        beside=beside,
    )
    MailThreads(work).start(thread, make_token(secret, TokenKind.CONVERSATION, str(conversation.id)))
    return conversation
