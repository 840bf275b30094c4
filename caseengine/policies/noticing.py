"""What a customer is told of, when and where, or why not: pure decisions about one fact of a case.

A fact becomes a notice once, or never. A notice waits until the customer may be told, and is judged again then: by that
time it may have been read, be untrue, or be unwanted. Source: docs/decisions/0023-notices-to-customers.md
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from caseengine.model.actor import ActorKind
from caseengine.model.lifecycle import Status
from customers.wishes import NoticeKind, Way, Wishes

AWAY_AFTER = timedelta(minutes=2)
"""A customer is given so long to see in the chat what is said there. What else happens meanwhile is told with it."""
LOOKED_AT = frozenset({"webchat", ""})
"""Where customers have to come and look. Every other channel brings them what is said."""
STEPS = frozenset({"CaseAssigned", "CaseReopened", "CaseClosed", "CaseMerged", "ThirdPartyAsked", "ThirdPartyAnswered"})
"""Facts by which a case goes another step."""
SAID_THERE = frozenset({NoticeKind.REPLY, NoticeKind.PROMISE, NoticeKind.RESOLVED, NoticeKind.SURVEY})
"""What is said in the conversation anyhow."""
FALLS_BACK: dict[Way, tuple[Way, ...]] = {
    Way.EMAIL: (Way.EMAIL, Way.TEAMS),
    Way.TEAMS: (Way.TEAMS, Way.EMAIL),
    Way.CHAT: (Way.CHAT,),  # who chose it wants no mail
}
"""In which order the ways are tried, by the one they like best."""


class WhyNot(StrEnum):
    """Why a customer is not told."""

    OPTED_OUT = "opted_out"
    UNWANTED = "unwanted"  # they want others, not this kind
    UNTRUE = "untrue"  # it has become otherwise
    ANSWERED = "answered"
    READ = "read"
    NOT_ASKED = "not_asked"  # the rules about surveys ask nobody, or not yet again
    UNPROVED = "unproved"  # there is no address they proved
    UNREACHABLE = "unreachable"  # every way there is has failed
    FAULT = "fault"  # of ours, for a day


@dataclass(frozen=True, slots=True)
class Fact:
    """A published fact of a case.

    Attributes:
        status: the case's, after it.
        channel: of the conversation the case is in; "" for none.
    """

    kind: str
    actor: ActorKind
    status: Status
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """What has become of a case since the fact.

    Attributes:
        later: the kinds of the facts after it.
        promised, promised_then: when the customer hears from the desk now, and when the fact said.
        status_then: the case's after the fact.
        read: they have seen the words in the chat, or are looking at it now.
    """

    status: Status
    later: Collection[str] = ()
    promised: datetime | None = None
    promised_then: datetime | None = None
    status_then: Status | None = None
    read: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """The ways to a customer.

    Attributes:
        open: those that lead to a place they proved and that takes what is sent.
        proved: there is such a place at all, whether it takes anything or not.
        stopped: mail would reach them, and whoever reads it said stop.
        failed: tried for this notice, in vain.
        asks: on which the company asks how it was, at this moment.
    """

    open: frozenset[Way] = frozenset()
    proved: bool = False
    stopped: bool = False
    failed: frozenset[Way] = field(default=frozenset())
    asks: frozenset[Way] = frozenset(Way)


@dataclass(frozen=True, slots=True)
class Tell:
    way: Way


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    why: WhyNot


Verdict = Tell | Wait | Drop


def notice_of(fact: Fact) -> NoticeKind | None:
    """What the customer could be told because of a fact; None: nothing.

    Nobody is told what they did themselves, nor what their channel brings them anyhow.
    """
    if fact.actor is ActorKind.CUSTOMER:
        return None
    if fact.kind == "CaseOpened" and fact.actor is ActorKind.AGENT and not fact.channel:
        return NoticeKind.PROMISE  # they rang: nothing else tells them its number
    if fact.kind == "CaseClosed" and fact.actor in (ActorKind.SYSTEM, ActorKind.AGENT):
        return NoticeKind.SURVEY  # a customer who closes it in the chat is asked there
    if fact.kind in STEPS:
        return NoticeKind.STATUS
    if fact.channel not in LOOKED_AT:
        return None
    if fact.kind in ("AgentReplied", "CustomerAsked"):
        return NoticeKind.REPLY
    if fact.kind == "PromiseMade" and fact.actor is ActorKind.SYSTEM:
        return NoticeKind.PROMISE
    return NoticeKind.RESOLVED if fact.kind == "CaseResolved" else None


def due_at(happened_at: datetime, wishes: Wishes) -> datetime:
    """When a customer may be told of what happened.

    Returns:
        At least `AWAY_AFTER` later, at their digest's time, never in their quiet hours; at most two days later.
    """
    return wishes.earliest(happened_at + AWAY_AFTER)


def judge(
    kind: NoticeKind,
    happened_at: datetime,
    *,
    wishes: Wishes,
    since: Since,
    reach: Reach,
    now: datetime,
    along: bool = False,
) -> Verdict:
    """Whether the customer is told now, later or never. Why never comes before when.

    Args:
        along: something else is on its way to them at this moment, so this need not wait to be seen in the chat.
    """
    if wishes.way is None:
        return Drop(WhyNot.OPTED_OUT)
    if kind not in wishes.kinds:
        return Drop(WhyNot.UNWANTED)
    if (why := _over(kind, since)) is not None:
        return Drop(why)
    # One that was held up (the desk was down) keeps their quiet hours, and does not wait for another digest.
    due = wishes.earliest(happened_at) if along else due_at(happened_at, wishes)
    free = wishes.after_quiet(max(due, now))
    return Wait(free) if free > now else _by_which(kind, wishes.way, reach)


def _over(kind: NoticeKind, since: Since) -> WhyNot | None:
    """Why there is nothing to tell any more."""
    if since.read and kind in SAID_THERE and kind is not NoticeKind.SURVEY:
        return WhyNot.READ
    if kind is NoticeKind.REPLY:
        return WhyNot.ANSWERED if "CustomerWrote" in since.later else None
    return None if _holds(kind, since) else WhyNot.UNTRUE


def _holds(kind: NoticeKind, since: Since) -> bool:
    if kind is NoticeKind.PROMISE:
        return since.promised is not None and since.promised == since.promised_then
    if kind is NoticeKind.STATUS:
        return since.status is since.status_then
    return since.status in (Status.RESOLVED, Status.CLOSED)


def goes_elsewhere(kind: NoticeKind, wishes: Wishes, reach: Reach) -> bool:
    """Whether a customer who wishes this is told, whenever that is, and not in the conversation itself."""
    if wishes.way is None or kind not in wishes.kinds:
        return False
    verdict = _by_which(kind, wishes.way, reach)
    return isinstance(verdict, Tell) and verdict.way is not Way.CHAT


def _by_which(kind: NoticeKind, liked: Way, reach: Reach) -> Verdict:
    there = reach.open - reach.failed
    tried = FALLS_BACK[liked]
    if kind is NoticeKind.SURVEY:  # the chat asks whoever is reached nowhere else, for when they come back
        tried = (*tried, Way.CHAT)
        if there and not there & reach.asks:
            return Drop(WhyNot.NOT_ASKED)
        there &= reach.asks
    ways = [way for way in tried if way in there]
    if ways:
        return Tell(ways[0])
    if reach.stopped:
        return Drop(WhyNot.OPTED_OUT)
    return Drop(WhyNot.UNREACHABLE if reach.proved or reach.failed else WhyNot.UNPROVED)
