"""One letter into one unit of work: onto its conversation and into the inbox, or as a note on the case it is about."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.jobs.letter_at_hand import WORDS_MAX, FiledLetter, LetterAtHand
from app.jobs.letter_belief import belief_in
from app.jobs.letter_copies import file_copy
from app.jobs.letter_parts import answers_elsewhere, clean, usable_address, usable_id
from app.jobs.silent_letters import file_from_machine, file_from_outside, file_silently
from app.reception import receive
from bot.activity import Kind
from caseengine.mail_threads import sent_by_ids
from caseengine.mail_tokens import tokens_in
from caseengine.mails import KeptMail
from caseengine.operations.filing import Incoming, answers_by_its_subject, place_mail
from caseengine.operations.pointing import case_pointed_at
from caseengine.policies.threading import Belief, Decision
from channels.email.letter import Automatic, Letter, shows_pictures_from_outside
from storage.transaction import UnitOfWork

if TYPE_CHECKING:
    from app.jobs.filing import FilingParts

SUBJECT_MAX = 400
FROM_MANY = (Automatic.LIST, Automatic.BULK)
"""Ways that people's own words come by, too: a group address, a shop's list."""


async def file_letter(
    work: UnitOfWork, mail: KeptMail, letter: Letter, parts: "FilingParts", *, at: datetime
) -> FiledLetter:
    """Put it where it belongs; the mail is filed with it, or neither is.

    Raises (at commit):
        Conflict: somebody else filed it, or changed what it was going to; at once, where the first copy of it waits.
    """
    here = LetterAtHand(work, mail, letter, incoming_of(letter, mail, parts), parts, at)
    if mail.copy_of is not None and (filed := await file_copy(here, mail.copy_of)) is not None:
        return filed
    if letter.automatic is not Automatic.NO:
        return await _file_automatic(here)
    sent = await here.sent_mail()
    if sent is not None and sent.purpose == "forward" and sent.case_id is not None:
        return await file_from_outside(here, sent, sent.case_id)
    decision = await place_mail(work, here.incoming)
    if here.incoming.belief is Belief.REFUSED:
        # Its sender's own domain says that it is not theirs: whoever they are would get our answer, so nobody does.
        return await file_silently(here, decision)
    return await _file_words(here, decision, answered=not answers_elsewhere(letter))


async def _file_automatic(here: LetterAtHand) -> FiledLetter:
    if here.letter.automatic in FROM_MANY and here.incoming.belief is Belief.VOUCHED:
        decision = await place_mail(here.work, here.incoming)
        if decision.joins is not None:
            return await _file_words(here, decision, answered=False)
    return await file_from_machine(here)


def incoming_of(letter: Letter, mail: KeptMail, parts: "FilingParts") -> Incoming:
    """What of a letter decides where it goes."""
    desk = parts.desk
    sender = usable_address(letter.sender.address) if letter.sender else None
    if sender is not None and desk.ours(sender):
        sender = None
    rcpt_to = mail.envelope.get("rcpt_to") or ()
    sent_to = [*rcpt_to, *letter.delivered_to, *(box.address for box in (*letter.to, *letter.cc))]
    belief, unsigned = belief_in(letter, sender, desk)
    return Incoming(
        message_id=usable_id(letter.message_id),
        sender=sender,
        name=clean(letter.sender.name)[:200] if letter.sender else "",
        belief=belief,
        tokens=[token for address in dict.fromkeys(sent_to) if desk.ours(address) for token in tokens_in(address)],
        answers=[one for one in map(usable_id, dict.fromkeys([*letter.references, *letter.in_reply_to])) if one],
        subject=clean(letter.subject),
        cc=desk.foreign(box.address.lower() for box in (*letter.to, *letter.cc))[:50],
        locale=letter.languages[0][:35] if letter.languages else "",
        unsigned=unsigned,
    )


async def _file_words(here: LetterAtHand, decision: Decision, *, answered: bool) -> FiledLetter:
    """Somebody's words: into the conversation they may add to, or one of their own.

    Args:
        answered: by the bot, where it has something to say.
    """
    conversation = await here.enter(decision)
    files, inline = here.put_files(conversation)
    about = await case_pointed_at(here.work, here.incoming, conversation)
    activity = replace(
        here.activity(Kind.MESSAGE, conversation),
        text=_said(here, decision)[:WORDS_MAX],
        attachments=files,
        subject=here.incoming.subject[:SUBJECT_MAX],
        details={
            "mail": here.mail.id,
            "cc": list(here.incoming.cc),
            "answers": _answers(here),
            **({"pictures": "outside"} if shows_pictures_from_outside(here.letter.html) else {}),
            **(await _reaction(here) if here.letter.reaction else {}),
            **({} if answered else {"unanswered": True}),
            **({"beside": str(decision.tell), "reason": str(decision.reason)} if decision.tell else {}),
        },
        about=str(about) if about is not None else "",
    )
    receive(here.work, activity, raw=None, at=here.at)
    here.filed(str(decision.reason), conversation=conversation, inline=inline)
    return FiledLetter(str(decision.reason), str(conversation))


async def _reaction(here: LetterAtHand) -> dict[str, str]:
    """The sign, and when we wrote the mail that it is under, where that is known."""
    under = await sent_by_ids(here.work, [one for one in map(usable_id, here.letter.in_reply_to) if one])
    written = {"answered_at": max(mail.at for mail in under).isoformat()} if under else {}
    return {"reaction": here.letter.reaction, **written}


def _said(here: LetterAtHand, decision: Decision) -> str:
    """Its words. Where there are none, its subject is, unless that is of the mail it answers."""
    words, subject = here.words(), here.incoming.subject
    answers = _answers(here) or (decision.joins is not None and answers_by_its_subject(subject))
    return words if words or answers else subject[:SUBJECT_MAX]


def _answers(here: LetterAtHand) -> bool:
    return here.letter.is_reply or bool(here.incoming.answers)
