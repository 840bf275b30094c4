"""Machines' mails: which of them nobody has to see, and what they tell of an address."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from channels.email.letter import Automatic, Bounce, Letter
from customers.reachability import Reach, mark, written
from storage.transaction import UnitOfWork

REPORTS = (Automatic.BOUNCE, Automatic.COMPLAINT, Automatic.FEEDBACK, Automatic.RECEIPT)
LINES_MAX = 10


def vanishes(letter: Letter, mail_from: str | None) -> bool:
    """Whether no person has to see it where it belongs to no case: a report, our own mail, a true automatic reply.

    Programs mark what they send first, an order or an alarm, by the same fields: that is somebody's mail.

    Args:
        mail_from: of the envelope, empty for the null sender; None where the way in does not tell.
    """
    if letter.automatic in (*REPORTS, Automatic.SELF):
        return True
    if letter.automatic is not Automatic.REPLY:
        return False
    null_sender = letter.headers.get("return-path") == "<>" if mail_from is None else mail_from.strip(" <>") == ""
    replied = letter.headers.get("auto-submitted", "").strip().lower().startswith("auto-replied")
    return null_sender or (replied and bool(letter.in_reply_to))


def learn(work: UnitOfWork, letter: Letter, returned_by: AbstractSet[str], *, at: datetime) -> set[str]:
    """What a report tells of an address; it can tell of no other than whose envelope it came back to.

    A bounce has to name that address as well. An address of several people passes every mail on, and one of them who is
    gone sends a report to the same envelope: the others still read.

    Returns:
        The addresses that take no mail any more.

    Args:
        returned_by: the recipients of ours whose own envelope's sender it came to, or names: they alone saw that.
    """
    if letter.automatic is Automatic.COMPLAINT:
        for address in returned_by:
            mark(work, "email", address, Reach.COMPLAINED, "complaint", at=at)
        return set(returned_by)
    if letter.automatic is not Automatic.BOUNCE:
        return set()
    gone = {
        address: bounce.status for bounce in letter.bounces if bounce.hard for address in _whom(bounce, returned_by)
    }
    for address, status in gone.items():
        mark(work, "email", address, Reach.BOUNCED, f"bounce {status}", at=at)
    return set(gone)


def outcome_lines(bounces: Sequence[Bounce], to: AbstractSet[str]) -> Iterator[str]:
    """ "ana@corner.example: failed 5.1.1", without anybody's own words: no address that the mail did not go to."""
    for bounce in bounces[:LINES_MAX]:
        whom = ", ".join(sorted(_whom(bounce, to) or (to if len(to) == 1 else ())))
        yield f"{whom}: {bounce.action} {bounce.status}".removeprefix(": ").strip()


def _whom(bounce: Bounce, to: AbstractSet[str]) -> AbstractSet[str]:
    """Which of the recipients it names, as the one it did not reach or as the one we wrote to."""
    named = {written("email", one) for one in (bounce.recipient, bounce.original_recipient) if one}
    return {one for one in to if written("email", one) in named}
