"""The conversations of a unit of work."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseengine.facts import Conversed, Spoken
from caseengine.model.actor import ActorKind
from caseengine.model.conversation import CaseHere, Conversation, Mode, Outcome, Participant
from caseengine.model.errors import ConversationNotFound
from caseengine.model.events import CaseEvent, CaseOpened, ConversationLinked
from caseengine.model.happening import Happening
from caseengine.packing.touching import touches
from caseengine.tables import case_conversations, cases, conversations, participants
from storage.errors import Conflict
from storage.transaction import Insertion, Snapshot, Statement, UnitOfWork, Write, insertion

_PLAIN = [column.name for column in conversations.c]


class Conversations:
    """One row is one object, with its cases and participants; written at commit behind a check of its version."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def get(self, conversation: UUID) -> Conversation:
        """
        Raises:
            ConversationNotFound: there is none.
        """
        found = await self.find(conversation)
        if found is None:
            raise ConversationNotFound
        return found

    async def find(self, conversation: UUID) -> Conversation | None:
        kept: Conversation | None = self._work.kept(("conversation", conversation))
        if kept is not None:
            return kept
        rows = await self._work.rows(_WHOLE.where(conversations.c.id == conversation))
        return self._keep(entity(rows), rows[0].version) if rows else None

    async def spoken(self, conversation: UUID | None) -> Spoken:
        """How it is held; where there is none, in no way."""
        found = await self.find(conversation) if conversation is not None else None
        return Spoken(found.channel, found.locale) if found is not None else Spoken()

    def add(self, conversation: Conversation) -> Conversation:
        """A conversation that was just opened. Opened twice at once, the second is a conflict."""
        return self._keep(conversation, 0)

    def _keep(self, conversation: Conversation, saved_version: int) -> Conversation:
        known = dict(conversation.cases) if saved_version else {}
        people = conversation.participants if saved_version else ()
        outcome = conversation.outcome if saved_version else None
        self._work.keep(
            ("conversation", conversation.id),
            conversation,
            lambda: self._flush(conversation, saved_version, known, people, outcome),
        )
        return conversation

    def _flush(
        self,
        conversation: Conversation,
        saved_version: int,
        known: dict[UUID, CaseHere],
        people: tuple[Participant, ...],
        outcome: Outcome | None,
    ) -> Iterable[Write]:
        if saved_version and not conversation.changed:
            return []
        conversation.version = saved_version + 1
        for participant in conversation.participants[len(people) :]:
            self._work.write(_add_participant(conversation.id, participant))
        for case_id in known.keys() - conversation.cases.keys():
            self._work.write(_drop_case(conversation.id, case_id))
        for case_id, here in conversation.cases.items():
            if known.get(case_id) != here:
                self._work.write(_save_case_here(conversation.id, case_id, here, fresh=case_id not in known))
        came_to = [] if conversation.outcome == outcome else [(Happening.BEGUN, conversation.opened_at)]
        return [_save(conversation, saved_version), *touches(came_to)]


_WHOLE = (
    sa.select(
        conversations,
        case_conversations.c.case_id,
        case_conversations.c.opened,
        case_conversations.c.live,
        case_conversations.c.since,
        participants.c.kind,
        participants.c.id.label("participant_id"),
        participants.c.name,
        participants.c.joined_at,
    )
    .select_from(
        conversations.outerjoin(case_conversations, case_conversations.c.conversation_id == conversations.c.id)
        .outerjoin(cases, cases.c.id == case_conversations.c.case_id)
        .outerjoin(participants, participants.c.conversation_id == conversations.c.id)
    )
    .order_by(case_conversations.c.since, cases.c.number, participants.c.joined_at, participants.c.id)
)


async def find_conversation(snapshot: Snapshot, conversation: UUID) -> Conversation | None:
    """The conversation as it stands, to be looked at only."""
    rows = await snapshot.rows(_WHOLE.where(conversations.c.id == conversation))
    return entity(rows) if rows else None


def entity(rows: Sequence[sa.Row[Any]]) -> Conversation:
    """One conversation from the rows of the joined query."""
    first = rows[0]
    here = {row.case_id: CaseHere(bool(row.opened), bool(row.live), row.since) for row in rows if row.case_id}
    people = {
        (row.kind, row.participant_id): Participant(ActorKind(row.kind), row.participant_id, row.name, row.joined_at)
        for row in rows
        if row.kind
    }
    values = {name: getattr(first, name) for name in _PLAIN}
    values |= {"mode": Mode(first.mode), "outcome": Outcome(first.outcome)}
    return Conversation(**{**values, "cases": here, "participants": tuple(people.values())})


def _save(conversation: Conversation, saved_version: int) -> Write:
    values = {name: getattr(conversation, name) for name in _PLAIN}
    if saved_version == 0:
        return Write(insertion(conversations, values), duplicate=Conflict())
    same = (conversations.c.id == conversation.id, conversations.c.version == saved_version)
    return Write(sa.update(conversations).where(*same).values(values), rows=1)


def _add_participant(conversation: UUID, participant: Participant) -> Insertion:
    return insertion(
        participants,
        conversation_id=conversation,
        kind=participant.kind,
        id=participant.id,
        name=participant.name,
        joined_at=participant.joined_at,
    )


def _drop_case(conversation: UUID, case_id: UUID) -> sa.Executable:
    table = case_conversations
    return sa.delete(table).where(table.c.conversation_id == conversation, table.c.case_id == case_id)


def _save_case_here(conversation: UUID, case_id: UUID, here: CaseHere, *, fresh: bool) -> Statement:
    values = {"opened": here.opened, "live": here.live, "since": here.since}
    if fresh:
        return insertion(case_conversations, conversation_id=conversation, case_id=case_id, **values)
    table = case_conversations
    return sa.update(table).where(table.c.conversation_id == conversation, table.c.case_id == case_id).values(values)


async def conversed_in(snapshot: Snapshot, histories: Mapping[UUID, Sequence[CaseEvent]]) -> Mapping[UUID, Conversed]:
    """Of each case, the conversations that its replies ever went to."""
    ids = {case_id: set(_conversations(events)) for case_id, events in histories.items()}
    wanted: set[UUID] = set().union(*ids.values())
    columns = conversations.c.id, conversations.c.channel, conversations.c.locale
    rows = await snapshot.rows(sa.select(*columns).where(conversations.c.id.in_(wanted))) if wanted else ()
    spoken = {row.id: Spoken(row.channel, row.locale) for row in rows}
    return {case_id: {one: spoken[one] for one in theirs if one in spoken} for case_id, theirs in ids.items()}


def _conversations(events: Sequence[CaseEvent]) -> Iterator[UUID]:
    for event in events:
        if isinstance(event, (CaseOpened, ConversationLinked)) and event.conversation_id is not None:
            yield event.conversation_id
