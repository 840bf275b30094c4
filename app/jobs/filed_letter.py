"""One letter into one unit of work: onto its conversation and into the inbox, or as a note on the case it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from app.jobs.letter_parts import answers_elsewhere, clean, original, usable_address, usable_id
from app.jobs.machine_mail import learn, outcome_lines, vanishes
from app.reception import receive
from bot.activity import NOT_VOUCHED, Activity, Attachment, Kind, Role, Sender
from bot.dialogs.report_problem import subject_of
from caseengine.files import Files
from caseengine.mail_threads import SentMail, sent_by_ids, sent_by_token
from caseengine.mail_tokens import TokenKind, tokens_in
from caseengine.mails import FiledAs, KeptMail, Mails
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.operations.filing import (
    CHANNEL,
    Incoming,
    enter,
    note_once,
    place_mail,
    pointed_at,
    speaker,
)
from caseengine.operations.opening import Opening, open_case
from caseengine.operations.telling import mail_came_back
from caseengine.policies.threading import UNGUESSABLE, Belief, Candidate, Decision, Reason
from channels.email.authentication import standing_of
from channels.email.letter import Automatic, Letter, shows_pictures_from_outside
from storage.transaction import UnitOfWork

if TYPE_CHECKING:
    from app.jobs.filing import FilingParts

WORDS_MAX = 20_000
"""Characters of new words that go into a conversation; the whole stays with the mail."""
NOTE_WORDS_MAX = 2_000
PROOF = "email_dmarc"
FROM_MANY = (Automatic.LIST, Automatic.BULK)
"""Ways that people's own words come by, too: a group address, a shop's list."""


@dataclass(frozen=True, slots=True)
class FiledLetter:
    """`waits_in`: the conversation in whose inbox something waits now; empty for none."""

    verdict: str
    waits_in: str = ""


async def file_letter(
    work: UnitOfWork, mail: KeptMail, letter: Letter, parts: "FilingParts", *, at: datetime
) -> FiledLetter:
    """Put it where it belongs; the mail is filed with it, or neither is.

    Raises (at commit):
        Conflict: somebody else filed it, or changed what it was going to.
    """
    incoming = incoming_of(letter, mail, parts)
    desk = _Filing(work, mail, letter, incoming, parts, at)
    if letter.automatic is not Automatic.NO:
        return await desk.automatic()
    outside = await desk.forwarded_mail()
    if outside is not None and outside.case_id is not None:
        return await desk.answer_from_outside(outside, outside.case_id)
    if incoming.belief is Belief.REFUSED:
        return await desk.disowned()
    answered = not answers_elsewhere(letter)
    return await desk.customer(await place_mail(work, incoming), answered=answered)


def incoming_of(letter: Letter, mail: KeptMail, parts: "FilingParts") -> Incoming:
    """What of a letter decides where it goes."""
    desk = parts.desk
    sender = usable_address(letter.sender.address) if letter.sender else None
    if sender is not None and desk.ours(sender):
        sender = None
    rcpt_to = mail.envelope.get("rcpt_to") or ()
    sent_to = [*rcpt_to, *letter.delivered_to, *(box.address for box in (*letter.to, *letter.cc))]
    domain = sender.rpartition("@")[2] if sender else ""
    standing = standing_of(letter.authentication, authserv=desk.authserv, domain=domain)
    return Incoming(
        message_id=usable_id(letter.message_id),
        sender=sender,
        name=clean(letter.sender.name)[:200] if letter.sender else "",
        belief=Belief(standing.value),
        tokens=[token for address in dict.fromkeys(sent_to) if desk.ours(address) for token in tokens_in(address)],
        answers=[one for one in map(usable_id, dict.fromkeys([*letter.references, *letter.in_reply_to])) if one],
        subject=clean(letter.subject),
        cc=desk.foreign(box.address.lower() for box in (*letter.to, *letter.cc))[:50],
        locale=letter.languages[0][:35] if letter.languages else "",
    )


@dataclass(slots=True)
class _Filing:
    """One letter, and all that is needed to file it."""

    work: UnitOfWork
    mail: KeptMail
    letter: Letter
    incoming: Incoming
    parts: "FilingParts"
    at: datetime

    async def customer(self, decision: Decision, *, answered: bool = True) -> FiledLetter:
        """Somebody's words: into the conversation they may add to, or one of their own.

        Args:
            answered: by the bot, where it has something to say.
        """
        conversation = await self._enter(decision)
        files, inline = self._put_files(conversation)
        activity = Activity(
            kind=Kind.MESSAGE,
            channel=CHANNEL,
            conversation=str(conversation),
            sender=Sender(Role.CUSTOMER, self.incoming.sender or "", self.incoming.name),
            key=f"mail:{self.mail.id}",
            text=self._words()[:WORDS_MAX],
            locale=self.incoming.locale,
            attachments=files,
            subject=self.incoming.subject[:400],
            details={
                "mail": self.mail.id,
                "cc": list(self.incoming.cc),
                "answers": self.letter.is_reply or bool(self.incoming.answers),
                **({"pictures": "outside"} if shows_pictures_from_outside(self.letter.html) else {}),
                **({} if answered else {"unanswered": True}),
                **({"beside": str(decision.tell), "reason": str(decision.reason)} if decision.tell else {}),
            },
            vouched=PROOF if self.incoming.belief is Belief.VOUCHED else NOT_VOUCHED,
        )
        receive(self.work, activity, raw=None, at=self.at)
        self._filed(str(decision.reason), conversation=conversation, inline=inline)
        return FiledLetter(str(decision.reason), str(conversation))

    async def disowned(self) -> FiledLetter:
        """Its sender's own domain says that it is not theirs: whoever they are would get our answer, so nobody does."""
        decision = await place_mail(self.work, self.incoming)
        return await self._silently(decision)

    async def automatic(self) -> FiledLetter:
        """A machine's mail: a note on the case it is about, and what it tells of an address; nothing is reopened."""
        kind = self.letter.automatic
        if kind in FROM_MANY and self.incoming.belief is Belief.VOUCHED:
            decision = await place_mail(self.work, self.incoming)
            if decision.joins is not None:
                return await self.customer(decision, answered=False)
        sent = await self._sent_mail()
        if sent is not None and self.incoming.belief is not Belief.REFUSED:
            await self._learn(sent)
        pointed = [one for one in await pointed_at(self.work, self.incoming) if one.pointer in UNGUESSABLE]
        case_id = (sent.case_id if sent else None) or next((one.case_id for one in pointed if one.case_id), None)
        conversation = pointed[0].conversation if pointed else None
        if case_id is not None:
            await self._note(case_id, self._told_by_machine(sent, pointed))
        elif not vanishes(self.letter, self.mail.envelope.get("mail_from")):
            return await self._silently(Decision(None, Reason.NEW))
        self._filed(f"automatic_{kind}", conversation=conversation, case_id=case_id)
        return FiledLetter(f"automatic_{kind}")

    async def forwarded_mail(self) -> SentMail | None:
        """The mail to somebody outside that this one answers."""
        sent = await self._sent_mail()
        return sent if sent is not None and sent.purpose == "forward" else None

    async def answer_from_outside(self, sent: SentMail, case_id: UUID) -> FiledLetter:
        """Whom an agent asked outside has answered: for agents alone."""
        known = self.incoming.sender in (sent.recipient, *sent.others) and self.incoming.belief is not Belief.REFUSED
        if not known:
            return await self._silently(Decision(None, Reason.NEW, tell=case_id))
        words = self.parts.words["mail.note_outside"]
        told = words.format(who=self.incoming.sender, text=_for_note(self._words()), mail=self.mail.id)
        await self._note(case_id, told)
        self._filed("outside_answer", case_id=case_id)
        return FiledLetter("outside_answer")

    async def _silently(self, decision: Decision) -> FiledLetter:
        """A conversation and a case that nobody is told of by mail: people decide."""
        conversation = await self._enter(decision)
        _, inline = self._put_files(conversation)
        text = self._words()[:WORDS_MAX]
        words = self.parts.words
        subject = subject_of(self.incoming.subject or text) or words["mail.no_subject"]
        opening = Opening(
            subject=subject,
            description=text or subject,
            department=self.parts.fallback_department,
            conversation=conversation,
            reply_address=self.incoming.sender,
            case_type="question",
        )
        case = await open_case(self.work, opening, by=speaker(self.incoming), at=self.at)
        disowned = self.incoming.belief is Belief.REFUSED
        why = words["mail.note_disowned"] if disowned else words["mail.note_silent"]
        case.note(why.format(kind=str(self.letter.automatic) or "outside", mail=self.mail.id), by=BOT, at=self.at)
        verdict = "silent" if decision.reason is Reason.NEW else str(decision.reason)
        if decision.tell is not None and decision.reason is not Reason.NEW:
            await self._tell_beside(case, decision.tell, verdict)
        self._filed(verdict, conversation=conversation, case_id=case.id, inline=inline)
        return FiledLetter(verdict)

    async def _tell_beside(self, case: Case, named: UUID, reason: str) -> None:
        """The agents of the case it pointed at, and of its own, are told of each other; once for each sender."""
        words, who = self.parts.words, self.incoming.sender or self.parts.words["mail.somebody"]
        there = words["mail.beside_there"].format(number=case.number, who=who, reason=reason)
        other = await note_once(self.work, named, there, key=f"beside:{who}"[:100], by=BOT, at=self.at)
        case.note(words["mail.beside_here"].format(number=other.number), by=BOT, at=self.at)

    async def _enter(self, decision: Decision) -> UUID:
        conversation = await enter(
            self.work,
            self.incoming,
            decision,
            secret=self.parts.secret,
            by=speaker(self.incoming),
            at=self.at,
        )
        return conversation.id

    async def _sent_mail(self) -> SentMail | None:
        """The mail of ours that this one is about: by the token it came to, else by a Message-ID it names."""
        for kind, token in self.incoming.tokens:
            if kind is not TokenKind.CONVERSATION and (found := await sent_by_token(self.work, token)) is not None:
                return found
        embedded = [usable_id(bounce.original_message_id) for bounce in self.letter.bounces]
        embedded.append(usable_id(self.letter.complaint_about))
        named = await sent_by_ids(self.work, [*self.incoming.answers, *(one for one in embedded if one)])
        return named[0] if named else None

    async def _learn(self, sent: SentMail) -> None:
        gone = learn(self.work, self.letter, sent, came_back=await self._came_back_to(sent), at=self.at)
        if sent.purpose == "notice" and sent.recipient.lower() in gone:
            await mail_came_back(self.work, UUID(sent.key), at=self.at)

    async def _came_back_to(self, sent: SentMail) -> bool:
        """Whether it came to the envelope address of this very mail, which only servers on its way have seen."""
        tokens = [token for kind, token in self.incoming.tokens if kind is TokenKind.BOUNCE]
        found = [await sent_by_token(self.work, token) for token in tokens]
        return any(one is not None and one.id == sent.id for one in found)

    def _told_by_machine(self, sent: SentMail | None, pointed: Sequence[Candidate]) -> str:
        """Of reports the bare outcome: their words may be anybody's. Of others the words of who takes part."""
        words, kind, sender = self.parts.words, self.letter.automatic, self.incoming.sender
        if kind is Automatic.BOUNCE and self.letter.bounces:
            lines = "\n".join(outcome_lines(self.letter.bounces, sent))
            return words["mail.note_bounce"].format(text=lines, mail=self.mail.id)
        takes_part = sender is not None and any(sender in one.taking_part for one in pointed)
        let_in = takes_part and self.incoming.belief is not Belief.REFUSED and kind is not Automatic.BOUNCE
        text = _for_note(self._words()) if let_in else ""
        return words["mail.note_automatic"].format(kind=kind, text=text, mail=self.mail.id).strip()

    async def _note(self, case_id: UUID, text: str) -> None:
        await note_once(self.work, case_id, text, key=f"mail:{self.mail.id}", by=BOT, at=self.at)

    def _words(self) -> str:
        text = clean(self.letter.text).strip()
        invited = clean(self.letter.calendar).strip()
        return f"{text}\n\n{invited}".strip() if invited else text

    def _put_files(self, conversation: UUID) -> tuple[tuple[Attachment, ...], dict[str, str]]:
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

    def _filed(
        self,
        verdict: str,
        *,
        conversation: UUID | None = None,
        case_id: UUID | None = None,
        inline: dict[str, str] | None = None,
    ) -> None:
        filed = FiledAs(
            verdict=verdict,
            message_id=self.incoming.message_id,
            sender=self.incoming.sender or "",
            conversation_id=conversation,
            case_id=case_id,
            original=original(self.letter, inline or {}),
        )
        Mails(self.work).filed(self.mail.id, filed, at=self.at)


def _for_note(text: str) -> str:
    """The words as far as a note takes them; that there are more is seen."""
    return text if len(text) <= NOTE_WORDS_MAX else f"{text[:NOTE_WORDS_MAX]} [...]"
