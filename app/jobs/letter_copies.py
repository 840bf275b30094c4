"""Further copies of a mail: one that is vouched for, where the first was not, tells whose words the first brought."""

from dataclasses import replace
from uuid import UUID

from app.jobs.letter_at_hand import FiledLetter, LetterAtHand
from app.jobs.letter_parts import answers_elsewhere, original
from app.reception import receive
from bot.activity import Kind
from caseengine.mail_copies import FirstCopy, first_copy, vouch_for_first
from caseengine.mail_threads import thread_of
from caseengine.mails import OUTSIDE
from caseengine.operations.filing import case_talked_about, place_mail
from caseengine.policies.threading import Belief, Decision, Pointer, Reason
from channels.email.letter import Automatic
from storage.errors import Conflict

COPY = "copy"
"""The verdict on a copy that changes nothing."""
VOUCHED_COPY = "vouched_copy"
"""On one that proves whose words the first one brought."""
JOINED = frozenset(map(str, Pointer))
"""Verdicts on mails that were let in."""
OPENED = frozenset({"silent", *map(str, Reason)}) - JOINED - {str(Reason.BESIDE_AGAIN)}
"""Verdicts on mails that got a conversation of their own."""
SAID = ("subject", "text", "quoted", "html")


async def file_copy(here: LetterAtHand, mail_id: int) -> FiledLetter | None:
    """
    Args:
        mail_id: of the first copy.

    Returns:
        None where it is filed as if it were the first: that one is with nobody, or does not say the same.

    Raises:
        Conflict: the first waits to be filed; or, at commit, another copy was faster.
    """
    first = await first_copy(here.work, mail_id)
    if first.waits:
        raise Conflict
    if here.incoming.belief is not Belief.VOUCHED or first.stays:
        return _changes_nothing(here)
    vouch_for_first(here.work, first)
    if await _tells_agents_the_same(here, first):
        return _changes_nothing(here)
    if await _says_the_same_here(here, first):
        return await _prove(here, first) if first.verdict in OPENED else _changes_nothing(here)
    if _was_silent(first) and first.case_id is not None:
        told = here.parts.words["mail.note_vouched_elsewhere"]
        await here.note(first.case_id, told.format(mail=first.id, copy=here.mail.id))
    return None


def _changes_nothing(here: LetterAtHand) -> FiledLetter:
    here.filed(COPY)
    return FiledLetter(COPY)


async def _tells_agents_the_same(here: LetterAtHand, first: FirstCopy) -> bool:
    """A machine's mail, or an answer from outside: it is noted once, whoever vouches for it."""
    if first.verdict == OUTSIDE:
        sent = await here.sent_mail()
        return sent is not None and sent.purpose == "forward"
    return first.verdict == f"automatic_{here.letter.automatic}"


async def _says_the_same_here(here: LetterAtHand, first: FirstCopy) -> bool:
    """Whether this one would have gone where the first one went, with the same words.

    The header of the first may be anybody's, and tells what of the body is read, what it is about and to whom it goes:
    nobody is vouched for with words that are not theirs.
    """
    if first.verdict not in (*OPENED, *JOINED) or first.conversation_id is None:
        return False
    thread = await thread_of(here.work, first.conversation_id)
    if thread is None or thread.address != here.incoming.sender or here.letter.automatic is not Automatic.NO:
        return False
    own, said = original(here.letter, {}), first.original or {}
    return all(own[name] == said.get(name) for name in SAID) and await _belongs_here(here, first, first.conversation_id)


async def _belongs_here(here: LetterAtHand, first: FirstCopy, conversation: UUID) -> bool:
    joins = (await place_mail(here.work, here.incoming)).joins
    if joins is None:
        return first.verdict in OPENED
    if joins.conversation == conversation:
        return True
    return joins.case_id is not None and joins.case_id == await case_talked_about(here.work, conversation)


async def _prove(here: LetterAtHand, first: FirstCopy) -> FiledLetter:
    """The bot hears of it after what the first one brought: who speaks, and whether they were answered."""
    conversation = await here.enter(Decision(None, Reason.NEW, beside=first.conversation_id))
    activity = replace(
        here.activity(Kind.PROVED, conversation),
        details={
            "mail": here.mail.id,
            "first": first.id,
            "silent": _was_silent(first),
            **({"unanswered": True} if answers_elsewhere(here.letter) else {}),
        },
    )
    receive(here.work, activity, raw=None, at=here.at)
    here.filed(VOUCHED_COPY, conversation=conversation)
    return FiledLetter(VOUCHED_COPY, str(conversation))


def _was_silent(first: FirstCopy) -> bool:
    """Whether its case was opened with it, for people alone, and not by the bot, which answers."""
    return first.verdict in OPENED and first.case_id is not None
