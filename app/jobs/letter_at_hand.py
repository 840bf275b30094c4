"""One letter on its way into one unit of work, and what is done with every letter."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from app.jobs.letter_parts import clean, original, usable_id
from bot.activity import NOT_VOUCHED, Activity, Attachment, Kind, Role, Sender
from caseengine.files import Files
from caseengine.mail_threads import SentMail, sent_by_ids, sent_by_token
from caseengine.mail_tokens import TokenKind, tokens_in
from caseengine.mails import FiledAs, KeptMail, Mails
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.operations.filing import CHANNEL, Incoming, enter, note_once, speaker
from caseengine.policies.threading import Belief, Decision
from channels.email.letter import Letter
from storage.transaction import UnitOfWork

if TYPE_CHECKING:
    from app.jobs.filing import FilingParts

WORDS_MAX = 20_000
"""Characters of new words that go into a conversation; the whole stays with the mail."""
NOTE_WORDS_MAX = 2_000
PROOF = "email_dmarc"
"""How a contact is known by their mail."""


@dataclass(frozen=True, slots=True)
class FiledLetter:
    """`waits_in`: the conversation in whose inbox something waits now; empty for none."""

    verdict: str
    waits_in: str = ""


@dataclass(slots=True)
class LetterAtHand:
    """One letter, and all that is needed to file it."""

    work: UnitOfWork
    mail: KeptMail
    letter: Letter
    incoming: Incoming
    parts: "FilingParts"
    at: datetime

    async def enter(self, decision: Decision) -> UUID:
        conversation = await enter(
            self.work,
            self.incoming,
            decision,
            secret=self.parts.secret,
            by=speaker(self.incoming),
            at=self.at,
        )
        return conversation.id

    async def sent_mail(self) -> SentMail | None:
        """The mail of ours that this one is about: by the token it came to, else by a Message-ID it names."""
        for kind, token in (*self.incoming.tokens, *tokens_in(self.letter.complaint_path)):
            if kind is not TokenKind.CONVERSATION and (found := await sent_by_token(self.work, token)) is not None:
                return found
        embedded = [usable_id(bounce.original_message_id) for bounce in self.letter.bounces]
        embedded.append(usable_id(self.letter.complaint_about))
        named = await sent_by_ids(self.work, [*self.incoming.answers, *(one for one in embedded if one)])
        return named[0] if named else None

    def activity(self, kind: Kind, conversation: UUID) -> Activity:
        """What its sender does in a conversation, and how far it is believed to be them; what it says comes to it."""
        return Activity(
            kind=kind,
            channel=CHANNEL,
            conversation=str(conversation),
            sender=Sender(Role.CUSTOMER, self.incoming.sender or "", self.incoming.name),
            key=f"mail:{self.mail.id}",
            locale=self.incoming.locale,
            vouched=PROOF if self.incoming.belief is Belief.VOUCHED else NOT_VOUCHED,
        )

    async def note(self, case_id: UUID, text: str) -> Case:
        return await note_once(self.work, case_id, text, key=f"mail:{self.mail.id}", by=BOT, at=self.at)

    def words(self) -> str:
        """What it says; of a reaction alone the sign."""
        if self.letter.reaction:
            return self.letter.reaction
        text = clean(self.letter.text).strip()
        invited = clean(self.letter.calendar).strip()
        return f"{text}\n\n{invited}".strip() if invited else text

    def put_files(self, conversation: UUID) -> tuple[tuple[Attachment, ...], dict[str, str]]:
        """The files, and by which id the HTML of the mail names those that it shows."""
        inline: dict[str, str] = {}
        attached: list[Attachment] = []
        for enclosure in self.letter.enclosures:
            name, kind = clean(enclosure.name)[:255] or "file", clean(enclosure.content_type)[:100]
            put = Files(self.work).put(
                conversation, name=name, content_type=kind, content=enclosure.content, at=self.at
            )
            attached.append(Attachment(str(put.id), name, kind, put.size))
            if enclosure.content_id:
                inline[clean(enclosure.content_id)] = str(put.id)
        return tuple(attached), inline

    def filed(
        self,
        verdict: str,
        *,
        conversation: UUID | None = None,
        case_id: UUID | None = None,
        inline: dict[str, str] | None = None,
    ) -> None:
        filed = FiledAs(
            verdict=verdict,
            belief=str(self.incoming.belief),
            message_id=self.incoming.message_id,
            sender=self.incoming.sender or "",
            conversation_id=conversation,
            case_id=case_id,
            original=original(self.letter, inline or {}),
        )
        Mails(self.work).filed(self.mail.id, filed, at=self.at)


def for_note(text: str) -> str:
    """The words as far as a note takes them; that there are more is seen."""
    return text if len(text) <= NOTE_WORDS_MAX else f"{text[:NOTE_WORDS_MAX]} [...]"
