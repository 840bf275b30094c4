"""Where a mail belongs: to a conversation its sender takes part in, or to one of its own. Pure: facts to a decision.

What points at a conversation (a token, an id, a number) says where an answer is meant to go; only the sender's own
address, as far as it can be believed, lets the words in. So nobody's words land on somebody else's case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Pointer(StrEnum):
    """What in a mail points at a conversation, strongest first."""

    TOKEN = "token"  # the address it was sent to  # noqa: S105
    REFERENCE = "reference"  # a mail of ours that it answers
    OWN_MAIL = "own_mail"  # an earlier mail to us that it answers
    NUMBER = "number"  # a case number in its subject


UNGUESSABLE = frozenset({Pointer.TOKEN, Pointer.REFERENCE})
"""Who has these got a mail of ours, or was given one."""
NOTHING_UNSIGNED: frozenset[Pointer] = frozenset()


class Belief(StrEnum):
    """How far the address in From can be believed."""

    VOUCHED = "vouched"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why a mail went where it went."""

    TOKEN = "token"  # noqa: S105
    REFERENCE = "reference"
    OWN_MAIL = "own_mail"
    NUMBER = "number"
    NEW = "new"
    BESIDE_AGAIN = "beside_again"  # a conversation they got before, when they were not let in
    NOT_TAKING_PART = "not_taking_part"
    SENDER_UNCLEAR = "sender_unclear"
    SENDER_DISOWNED = "sender_disowned"
    SENDER_UNPROVED = "sender_unproved"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A conversation that the mail points at.

    Attributes:
        conversation: None where the mail points at a case alone.
        case_id: the case that is talked about there; None before there is one.
        taking_part: the addresses that may add to it.
    """

    pointer: Pointer
    conversation: UUID | None
    case_id: UUID | None
    taking_part: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class MailFacts:
    """
    Attributes:
        sender: the address in From; None where it cannot be told.
        candidates: strongest pointer first.
        unsigned: pointers that whoever vouches for the sender does not vouch for: anybody on the way may have put
            them there.
        beside: a conversation this sender got before, because they were not let into the case pointed at.
    """

    sender: str | None
    belief: Belief
    candidates: Sequence[Candidate] = ()
    beside: UUID | None = None
    unsigned: frozenset[Pointer] = NOTHING_UNSIGNED


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Attributes:
        joins: what it goes on with; None: it gets a conversation of its own.
        beside: that conversation, where the sender has one already.
        tell: the case whose agents are told that somebody pointed at it and was not let in.
    """

    joins: Candidate | None
    reason: Reason
    beside: UUID | None = None
    tell: UUID | None = None


def place(facts: MailFacts) -> Decision:
    """Where the mail goes."""
    refused = Reason.NEW
    for candidate in facts.candidates:
        doubt = _doubt(facts, candidate)
        if doubt is None:
            return Decision(candidate, Reason(candidate.pointer.value))
        refused = doubt if refused is Reason.NEW else refused
    tell = next((candidate.case_id for candidate in facts.candidates if candidate.case_id is not None), None)
    if facts.beside is not None and facts.sender is not None and facts.belief is Belief.VOUCHED:
        return Decision(None, Reason.BESIDE_AGAIN, beside=facts.beside)
    return Decision(None, refused, tell=tell)


def _doubt(facts: MailFacts, candidate: Candidate) -> Reason | None:
    """Why these words are not let in; None where they are."""
    if facts.sender is None:
        return Reason.SENDER_UNCLEAR
    if facts.belief is Belief.REFUSED:
        return Reason.SENDER_DISOWNED
    if facts.sender not in candidate.taking_part:
        return Reason.NOT_TAKING_PART
    proved = facts.belief is Belief.VOUCHED and candidate.pointer not in facts.unsigned
    return None if proved or candidate.pointer in UNGUESSABLE else Reason.SENDER_UNPROVED
