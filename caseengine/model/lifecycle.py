"""Where a case can be, what can be done to it there, and where that leads. What is not in the table is refused."""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    NEW = "new"  # nobody holds it yet
    OPEN = "open"  # the desk works on it
    WAITING_ON_CUSTOMER = "waiting_on_customer"
    WAITING_ON_THIRD_PARTY = "waiting_on_third_party"
    RESOLVED = "resolved"  # the desk says it is done; a reply reopens it
    CLOSED = "closed"  # the customer agrees, or time has passed
    MERGED = "merged"  # it goes on in another case


class Verb(StrEnum):
    ASSIGN = "assign"
    REPLY = "reply"
    NOTE = "note"
    ASK_CUSTOMER = "ask_customer"
    HEAR_CUSTOMER = "hear_customer"
    ASK_THIRD_PARTY = "ask_third_party"
    HEAR_THIRD_PARTY = "hear_third_party"
    HAND_OVER = "hand_over"
    HAND_BACK = "hand_back"
    PROMISE = "promise"
    ESCALATE = "escalate"
    PRIORITISE = "prioritise"
    MOVE = "move"
    LINK = "link"
    IDENTIFY = "identify"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"
    MERGE = "merge"
    UNMERGE = "unmerge"
    ABSORB = "absorb"
    RELEASE = "release"
    SPLIT = "split"
    ATTACH = "attach"
    DETACH = "detach"
    CLASSIFY = "classify"
    FILL = "fill"
    TAG = "tag"
    WATCH = "watch"
    CHECK = "check"
    ANSWER_SCRIPT = "answer_script"
    APPLY_POLICY = "apply_policy"
    WARN = "warn"
    BREACH = "breach"
    CLIMB = "climb"
    REQUIRE = "require"
    OFFER = "offer"
    END_OFFER = "end_offer"
    RETURN = "return"
    BOOK = "book"
    END_CALL = "end_call"
    FIRE = "fire"
    SURVEY = "survey"
    TELL = "tell"
    LOSE = "lose"
    RESEND = "resend"


ASKED_BY_AGENTS = frozenset(Verb) - {
    Verb.HEAR_CUSTOMER,
    Verb.HAND_OVER,
    Verb.PROMISE,
    Verb.IDENTIFY,
    Verb.ABSORB,
    Verb.RELEASE,
    Verb.APPLY_POLICY,
    Verb.WARN,
    Verb.BREACH,
    Verb.CLIMB,
    Verb.OFFER,
    Verb.FIRE,
    Verb.SURVEY,
    Verb.TELL,
    Verb.LOSE,
}
"""What an agent can ask for; the rest happens by itself, or by the customer."""

LIVE = (Status.NEW, Status.OPEN, Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY)
"""The statuses in which the desk still owes something."""

AWAITING_AGENT = (Status.NEW, Status.OPEN, Status.WAITING_ON_THIRD_PARTY)
"""The statuses in which a case that nobody holds waits for an agent. What a customer is asked comes back by itself when
they write; what a third party is asked, when an agent records the answer."""

ENDED = (Status.RESOLVED, Status.CLOSED)

_WITHOUT_MOVING: Mapping[Verb, tuple[Status, ...]] = {
    Verb.REPLY: (Status.OPEN, Status.WAITING_ON_CUSTOMER, Status.WAITING_ON_THIRD_PARTY),
    Verb.HAND_BACK: LIVE,
    Verb.PROMISE: LIVE,
    Verb.ESCALATE: LIVE,
    Verb.PRIORITISE: LIVE,
    Verb.MOVE: LIVE,
    Verb.NOTE: tuple(Status),
    Verb.ABSORB: LIVE,
    Verb.RELEASE: LIVE + ENDED,
    Verb.SPLIT: LIVE + ENDED,
    Verb.ATTACH: LIVE,
    Verb.DETACH: LIVE + ENDED,
    Verb.CLASSIFY: LIVE,
    Verb.FILL: LIVE + ENDED,
    Verb.TAG: LIVE + ENDED,
    Verb.WATCH: LIVE + ENDED,
    Verb.CHECK: LIVE,
    Verb.ANSWER_SCRIPT: LIVE + ENDED,
    Verb.APPLY_POLICY: LIVE,
    Verb.WARN: LIVE,
    Verb.BREACH: LIVE,
    Verb.CLIMB: LIVE,
    Verb.REQUIRE: LIVE,
    Verb.OFFER: LIVE,
    Verb.END_OFFER: tuple(Status),
    Verb.RETURN: LIVE,
    Verb.BOOK: LIVE,
    Verb.END_CALL: LIVE + ENDED,
    Verb.FIRE: tuple(Status),
    Verb.SURVEY: LIVE + ENDED,
    Verb.TELL: tuple(Status),
    Verb.LOSE: tuple(Status),
    Verb.RESEND: tuple(Status),
    Verb.LINK: LIVE + ENDED,
    Verb.IDENTIFY: LIVE + ENDED,
}
"""Verbs that leave a fact and the status as it was."""

TRANSITIONS: Mapping[tuple[Status, Verb], Status] = {
    (Status.NEW, Verb.ASSIGN): Status.OPEN,
    (Status.OPEN, Verb.ASSIGN): Status.OPEN,
    (Status.WAITING_ON_CUSTOMER, Verb.ASSIGN): Status.WAITING_ON_CUSTOMER,
    (Status.WAITING_ON_THIRD_PARTY, Verb.ASSIGN): Status.WAITING_ON_THIRD_PARTY,
    (Status.OPEN, Verb.ASK_CUSTOMER): Status.WAITING_ON_CUSTOMER,
    (Status.WAITING_ON_CUSTOMER, Verb.ASK_CUSTOMER): Status.WAITING_ON_CUSTOMER,
    (Status.WAITING_ON_THIRD_PARTY, Verb.ASK_CUSTOMER): Status.WAITING_ON_CUSTOMER,
    (Status.NEW, Verb.HEAR_CUSTOMER): Status.NEW,
    (Status.OPEN, Verb.HEAR_CUSTOMER): Status.OPEN,
    (Status.WAITING_ON_CUSTOMER, Verb.HEAR_CUSTOMER): Status.OPEN,
    (Status.WAITING_ON_THIRD_PARTY, Verb.HEAR_CUSTOMER): Status.WAITING_ON_THIRD_PARTY,
    (Status.RESOLVED, Verb.HEAR_CUSTOMER): Status.OPEN,  # a reply reopens
    (Status.OPEN, Verb.ASK_THIRD_PARTY): Status.WAITING_ON_THIRD_PARTY,
    (Status.WAITING_ON_CUSTOMER, Verb.ASK_THIRD_PARTY): Status.WAITING_ON_THIRD_PARTY,
    (Status.WAITING_ON_THIRD_PARTY, Verb.HEAR_THIRD_PARTY): Status.OPEN,
    (Status.NEW, Verb.HAND_OVER): Status.NEW,
    (Status.OPEN, Verb.HAND_OVER): Status.OPEN,
    (Status.WAITING_ON_CUSTOMER, Verb.HAND_OVER): Status.OPEN,  # they are here and want somebody
    (Status.WAITING_ON_THIRD_PARTY, Verb.HAND_OVER): Status.OPEN,
    (Status.NEW, Verb.RESOLVE): Status.RESOLVED,  # withdrawn before anybody came, for one
    (Status.OPEN, Verb.RESOLVE): Status.RESOLVED,
    (Status.WAITING_ON_CUSTOMER, Verb.RESOLVE): Status.RESOLVED,
    (Status.WAITING_ON_THIRD_PARTY, Verb.RESOLVE): Status.RESOLVED,
    (Status.RESOLVED, Verb.REOPEN): Status.OPEN,
    (Status.CLOSED, Verb.REOPEN): Status.OPEN,  # asked for, or by a reply soon enough
    (Status.RESOLVED, Verb.CLOSE): Status.CLOSED,
    (Status.NEW, Verb.MERGE): Status.MERGED,
    (Status.OPEN, Verb.MERGE): Status.MERGED,
    (Status.WAITING_ON_CUSTOMER, Verb.MERGE): Status.MERGED,
    (Status.WAITING_ON_THIRD_PARTY, Verb.MERGE): Status.MERGED,
    (Status.MERGED, Verb.UNMERGE): Status.OPEN,  # or the live status it had: the event says which
    **{(status, verb): status for verb, statuses in _WITHOUT_MOVING.items() for status in statuses},
}


def asked_from(status: Status) -> tuple[Verb, ...]:
    """What an agent may ask for in this status."""
    return tuple(verb for verb in verbs_from(status) if verb in ASKED_BY_AGENTS)


def verbs_from(status: Status) -> tuple[Verb, ...]:
    """What can be done to a case in this status."""
    return tuple(verb for verb in Verb if (status, verb) in TRANSITIONS)
