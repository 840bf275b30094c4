"""Further copies of a mail: one that is vouched for, where the first was not, tells whose words the first brought."""

from app.jobs.letter_at_hand import PROOF, FiledLetter, LetterAtHand
from app.jobs.letter_parts import answers_elsewhere, original
from app.reception import receive
from bot.activity import Activity, Kind, Role, Sender
from caseengine.mail_copies import FirstCopy, first_copy, vouch_for_first
from caseengine.mail_threads import thread_of
from caseengine.mails import OUTSIDE
from caseengine.operations.filing import CHANNEL, place_mail
from caseengine.policies.threading import Belief, Decision, Pointer, Reason
from channels.email.letter import Automatic
from storage.errors import Conflict

COPY = "copy"
"""The verdict on a copy that changes nothing."""
VOUCHED_COPY = "vouched_copy"
"""On one that proves whose words the first one brought."""
JOINED = frozenset(map(str, Pointer))
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
    if first.verdict in (*JOINED, str(Reason.BESIDE_AGAIN), OUTSIDE, f"automatic_{here.letter.automatic}"):
        return _changes_nothing(here)
    if await _says_the_same_here(here, first):
        return await _prove(here, first)
    if _was_silent(first) and first.case_id is not None:
        told = here.parts.words["mail.note_vouched_elsewhere"]
        await here.note(first.case_id, told.format(mail=first.id, copy=here.mail.id))
    return None


def _changes_nothing(here: LetterAtHand) -> FiledLetter:
    here.filed(COPY)
    return FiledLetter(COPY)


async def _says_the_same_here(here: LetterAtHand, first: FirstCopy) -> bool:
    """Whether what the first one opened is what this one would have opened.

    The header of the first may be anybody's, and tells what of the body is read, what it is about and to whom it goes:
    nobody is vouched for with words that are not theirs.
    """
    if first.verdict not in OPENED or first.conversation_id is None or here.letter.automatic is not Automatic.NO:
        return False
    thread = await thread_of(here.work, first.conversation_id)
    decision = await place_mail(here.work, here.incoming)
    joins = decision.joins.conversation if decision.joins is not None else first.conversation_id
    own, said = original(here.letter, {}), first.original or {}
    return (
        thread is not None
        and thread.address == here.incoming.sender
        and joins == first.conversation_id
        and all(own[name] == said.get(name) for name in SAID)
    )


async def _prove(here: LetterAtHand, first: FirstCopy) -> FiledLetter:
    """The bot hears of it after what the first one brought: who speaks, and whether they were answered."""
    conversation = await here.enter(Decision(None, Reason.NEW, beside=first.conversation_id))
    activity = Activity(
        kind=Kind.PROVED,
        channel=CHANNEL,
        conversation=str(conversation),
        sender=Sender(Role.CUSTOMER, here.incoming.sender or "", here.incoming.name),
        key=f"mail:{here.mail.id}",
        locale=here.incoming.locale,
        details={
            "mail": here.mail.id,
            "first": first.id,
            "silent": _was_silent(first),
            **({"unanswered": True} if answers_elsewhere(here.letter) else {}),
        },
        vouched=PROOF,
    )
    receive(here.work, activity, raw=None, at=here.at)
    here.filed(VOUCHED_COPY, conversation=conversation)
    return FiledLetter(VOUCHED_COPY, str(conversation))


def _was_silent(first: FirstCopy) -> bool:
    """Whether its case was opened with it, for people alone, and not by the bot, which answers."""
    return first.verdict in OPENED and first.case_id is not None
