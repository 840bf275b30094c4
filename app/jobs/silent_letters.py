"""Letters that nobody is answered for: what machines write, what comes from outside, what its own domain disowns."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID, uuid4

from app.jobs.letter_at_hand import WORDS_MAX, FiledLetter, LetterAtHand, for_note
from app.jobs.machine_mail import REPORTS, learn, outcome_lines, vanishes
from bot.dialogs.report_problem import subject_of
from caseengine.case_mentions import TOPIC as CASE_NAMED
from caseengine.case_mentions import Mention, mention, number_of
from caseengine.cases import Cases
from caseengine.machine_mentions import worth_a_note
from caseengine.mail_threads import SentMail, returned_by
from caseengine.mail_tokens import TokenKind, tokens_in
from caseengine.mails import OUTSIDE
from caseengine.model.actor import BOT
from caseengine.model.case import Case
from caseengine.operations.coming_back import mail_came_back
from caseengine.operations.conversing import open_conversation
from caseengine.operations.filing import CHANNEL, plain_subject, pointed_at, speaker
from caseengine.operations.keeping import goes_on_as
from caseengine.operations.opening import Opening, open_case
from caseengine.policies.threading import UNGUESSABLE, Belief, Candidate, Decision, Reason
from channels.email.letter import Automatic


async def file_silently(here: LetterAtHand, decision: Decision) -> FiledLetter:
    """A conversation and a case that nobody is told of by mail: people decide."""
    conversation = await here.enter(decision)
    _, inline = here.put_files(conversation)
    text = here.words()[:WORDS_MAX]
    words = here.parts.words
    subject = subject_of(plain_subject(here.incoming.subject) or text) or words["mail.no_subject"]
    opening = Opening(
        subject=subject,
        description=text or subject,
        department=here.parts.fallback_department,
        conversation=conversation,
        reply_address=here.incoming.sender,
        case_type="question",
    )
    case = await open_case(here.work, opening, by=speaker(here.incoming), at=here.at)
    disowned = here.incoming.belief is Belief.REFUSED
    why = words["mail.note_disowned"] if disowned else words["mail.note_silent"]
    case.note(why.format(kind=str(here.letter.automatic) or "outside", mail=here.mail.id), by=BOT, at=here.at)
    verdict = "silent" if decision.reason is Reason.NEW else str(decision.reason)
    if decision.tell is not None and decision.reason is not Reason.NEW:
        await _tell_beside(here, case, decision.tell, verdict)
    here.filed(verdict, conversation=conversation, case_id=case.id, inline=inline)
    return FiledLetter(verdict)


async def file_from_machine(here: LetterAtHand) -> FiledLetter:
    """A machine's mail: a note on the case it is about, and what it tells of an address; nothing is reopened."""
    kind = here.letter.automatic
    sent = await here.sent_mail()
    came_from = await _returned_by(here, sent) if sent else set[str]()
    believed = here.incoming.belief is not Belief.REFUSED
    gone = await _learn(here, sent, came_from) if sent is not None and believed else set[str]()
    pointed = [one for one in await pointed_at(here.work, here.incoming) if one.pointer in UNGUESSABLE]
    case_id = (sent.case_id if sent else None) or next((one.case_id for one in pointed if one.case_id), None)
    conversation = pointed[0].conversation if pointed else None
    report = kind in REPORTS
    if case_id is not None:
        if await worth_a_note(here.work, case_id, here.incoming.sender or "", report=report, at=here.at):
            told = _told_by_machine(here, came_from or _recipients(sent), gone, pointed)
            files, lying_in = ("", None) if report else await _files_beside(here, case_id)
            case_id = (await here.note(case_id, f"{told}\n\n{files}".strip())).id
            conversation = lying_in or conversation
        else:
            here.work.after_commit_wake(CASE_NAMED)
    elif not vanishes(here.letter, here.mail.envelope.get("mail_from")):
        return await file_silently(here, Decision(None, Reason.NEW))
    here.filed(f"automatic_{kind}", conversation=conversation, case_id=case_id)
    return FiledLetter(f"automatic_{kind}")


async def file_from_outside(here: LetterAtHand, sent: SentMail, case_id: UUID) -> FiledLetter:
    """Whom an agent asked outside has answered: for agents alone."""
    known = here.incoming.sender in (sent.recipient, *sent.others) and here.incoming.belief is not Belief.REFUSED
    if not known:
        return await file_silently(here, Decision(None, Reason.NEW, tell=case_id))
    files, conversation = await _files_beside(here, case_id)
    words = here.parts.words["mail.note_outside"]
    told = words.format(who=here.incoming.sender, text=for_note(here.words()), mail=here.mail.id)
    case = await here.note(case_id, f"{told}\n\n{files}".strip())
    here.filed(OUTSIDE, conversation=conversation, case_id=case.id)
    return FiledLetter(OUTSIDE)


async def _files_beside(here: LetterAtHand, case_id: UUID) -> tuple[str, UUID | None]:
    """What a note says of the files, and where they lie: not in a conversation of the case, which is a customer's."""
    if not here.letter.enclosures:
        return "", None
    case = await goes_on_as(here.work, await Cases(here.work).by_id(case_id))
    named = {"channel": CHANNEL, "visitor": here.incoming.sender or "", "locale": here.incoming.locale}
    conversation = await open_conversation(here.work, id=uuid4(), **named, at=here.at)
    attached, _ = here.put_files(conversation.id)
    disowned = here.incoming.belief is Belief.REFUSED  # a file's name is words, too
    lines = [f"{'' if disowned else file.name} (/api/cases/{case.number}/files/{file.id})".strip() for file in attached]
    return here.parts.words["mail.note_files"].format(files="\n".join(lines)), conversation.id


async def _tell_beside(here: LetterAtHand, case: Case, named: UUID, reason: str) -> None:
    """The agents of the case it pointed at, and of its own, are told of each other."""
    number = await number_of(here.work, named)
    case.note(here.parts.words["mail.beside_here"].format(number=number), by=BOT, at=here.at)
    mention(here.work, named, Mention(here.incoming.sender or "", case.number, reason), at=here.at)


async def _learn(here: LetterAtHand, sent: SentMail, came_from: AbstractSet[str]) -> set[str]:
    gone = learn(here.work, here.letter, came_from, at=here.at)
    came_back = here.letter.automatic is Automatic.BOUNCE
    if came_back and sent.purpose == "notice" and sent.recipient.lower() in gone:
        await mail_came_back(here.work, UUID(sent.key), at=here.at)
    return gone


async def _returned_by(here: LetterAtHand, sent: SentMail) -> set[str]:
    """Whose envelope of this very mail it came back to: nobody but them and the servers on the way has seen that."""
    paths = [*here.incoming.tokens]
    if here.parts.desk.ours(here.letter.complaint_path):
        paths += tokens_in(here.letter.complaint_path)
    found = [await returned_by(here.work, token) for kind, token in paths if kind is TokenKind.BOUNCE]
    return {one[1].lower() for one in found if one is not None and one[0].id == sent.id and one[1]}


def _recipients(sent: SentMail | None) -> set[str]:
    return {address.lower() for address in (sent.recipient, *sent.others)} if sent else set()


def _told_by_machine(
    here: LetterAtHand, to: AbstractSet[str], gone: AbstractSet[str], pointed: Sequence[Candidate]
) -> str:
    """Of reports the bare outcome: their words may be anybody's. Of others the words of who takes part."""
    words, kind, sender = here.parts.words, here.letter.automatic, here.incoming.sender
    ended = words["mail.note_nothing_more"].format(addresses=", ".join(sorted(gone))) if gone else ""
    if kind is Automatic.BOUNCE and here.letter.bounces:
        lines = "\n".join(outcome_lines(here.letter.bounces, to))
        return f"{words['mail.note_bounce'].format(text=lines, mail=here.mail.id)}\n\n{ended}".strip()
    if kind is Automatic.COMPLAINT:
        told = words["mail.note_complaint"].format(mail=here.mail.id)
        return f"{told} {ended or words['mail.note_complaint_unclear']}"
    if kind is Automatic.FEEDBACK:
        return words["mail.note_feedback"].format(mail=here.mail.id)
    takes_part = sender is not None and any(sender in one.taking_part for one in pointed)
    let_in = takes_part and here.incoming.belief is not Belief.REFUSED and kind is not Automatic.BOUNCE
    text = for_note(here.words()) if let_in else ""
    return words["mail.note_automatic"].format(kind=kind, text=text, mail=here.mail.id).strip()
