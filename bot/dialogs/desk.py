"""What a dialog step may use within one turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from bot.dialogs.state import DialogState
from bot.understanding import Understanding
from caseengine.model.actor import Actor, ActorKind
from caseengine.model.conversation import Conversation
from caseengine.operations.access import Viewer
from customers.assurance import Assurance, Level
from knowledge.answer import Answer, Passage
from knowledge.article import Audience
from storage.transaction import UnitOfWork

AUDIENCES = {
    Level.ANONYMOUS: Audience.PUBLIC,
    Level.CLAIMED: Audience.PUBLIC,
    Level.CHANNEL: Audience.CUSTOMER,
    Level.VERIFIED: Audience.CUSTOMER,
}

BOT = Actor(ActorKind.BOT)


class Answers(Protocol):
    """What a step needs of the knowledge room: never raises, never waits longer than it may."""

    async def answer(self, question: str, *, audience: Audience) -> Answer: ...

    async def passage_of(self, slug: str, question: str, *, audience: Audience) -> Passage | None: ...


@dataclass(slots=True)
class Desk:
    """One turn's facts and means.

    Attributes:
        received_at: when the message came in, which may be before something that has happened since.
        said: the customer's own words of this turn, untouched.
        pressed: catalogue key of the button that was pressed, "" for typed words.
        files: names of the files that came with the message.
        parts: when the message holds two problems, what was understood of each.
        departments: names by slug.
        fallback_department: who takes what nobody could sort.
        retailer: this person acts for an account.
        source: network address of the customer, for limits.
        secret: key of the one-time codes.
        subject: what the customer says it is about, where the channel asks for that.
        details: what the channel tells beside the words; see `Activity.details`.
        origin: scheme and host of our own pages.
        words: the catalogue, for what agents read.
        shared: others than the customer read along: only what everybody may know is said.
        speaker, speaker_name: who says this, by the channel's own name and as they are called; where it is shared, not
            always who began the conversation.
        about: the case that this turn is about: as the channel found it, then as it is answered; None for none.
    """

    work: UnitOfWork
    conversation: Conversation
    assurance: Assurance
    state: DialogState
    answers: Answers
    at: datetime
    received_at: datetime
    key: str
    said: str
    departments: dict[str, str]
    secret: bytes
    fallback_department: str
    source: str = ""
    language: str = "en"
    parts: tuple[Understanding, ...] = ()
    pressed: str = ""
    files: tuple[str, ...] = ()
    retailer: bool = False
    subject: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    shared: bool = False
    speaker: str = ""
    speaker_name: str = ""
    about: UUID | None = None

    @property
    def proved(self) -> bool:
        """Something was proved in this conversation: a person, or at least a case."""
        return self.assurance.level >= Level.CHANNEL or bool(self.assurance.cases)

    @property
    def proved_as(self) -> str:
        """Who has been proved, to compare with later: a contact, some cases alone, or nobody ("")."""
        if self.assurance.contact_id is not None:
            return str(self.assurance.contact_id)
        return "cases" if self.assurance.cases else ""

    async def look_up(self, question: str) -> Answer:
        """Ask the knowledge room, without holding on to a reader of the database meanwhile."""
        await self.work.let_go()
        return await self.answers.answer(question, audience=self.audience)

    @property
    def viewer(self) -> Viewer:
        """Who is asking, as the operations want to know it."""
        return Viewer(self.conversation.id, self.assurance)

    @property
    def customer(self) -> Actor:
        """The customer as an actor: by contact once known, else by the channel's own name."""
        contact: UUID | None = self.assurance.contact_id
        if self.shared:
            return Actor(ActorKind.CUSTOMER, self.speaker, self.speaker_name)
        return Actor(ActorKind.CUSTOMER, str(contact or self.conversation.visitor))

    @property
    def audience(self) -> Audience:
        """The articles this person may be told of."""
        if self.assurance.level >= Level.CHANNEL and self.retailer:
            return Audience.RETAILER
        return AUDIENCES[self.assurance.level]
