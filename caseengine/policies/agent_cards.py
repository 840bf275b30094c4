"""What an agent is told of on a card, and what the card lets them do: pure decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from caseengine.model.actor import ActorKind
from caseengine.model.lifecycle import LIVE, Status, Verb

TOPIC = "agent_card"
"""The outbox's topic of cards that are to leave."""
CHANGED = "agent_card_changed"
"""The outbox's topic of cards that stand somewhere, and show what is not so any more."""


class Why(StrEnum):
    """Why an agent gets a card; those of notices have the notice's own kind."""

    ASSIGNED = "assigned"
    OFFERED = "offered"
    TARGET_WARNED = "target_warned"
    TARGET_BREACHED = "target_breached"
    LADDER_NOTIFY = "ladder_notify"
    LADDER_TELL_MANAGER = "ladder_tell_manager"
    DELIVERY_DOUBTED = "delivery_doubted"
    DELIVERY_GIVEN_UP = "delivery_given_up"
    CALLBACK_BOOKED = "callback_booked"
    CALLBACK_DUE = "callback_due"
    LADDER_CALLBACK = "ladder_callback"
    RULE_NOTIFY = "rule_notify"
    CUSTOMER_NOT_TOLD = "customer_not_told"


class Does(StrEnum):
    """A button of a card."""

    TAKE = "take"
    ACCEPT = "accept"
    DECLINE = "decline"
    REPLY = "reply"
    RESOLVE = "resolve"
    REACHED = "reached"
    UNREACHED = "unreached"
    SHOW = "show"


OF_A_CALL = frozenset({Why.CALLBACK_BOOKED, Why.CALLBACK_DUE})
"""Cards about an appointment, which is none any more once the call was made or is off."""
GIVEN = {"CaseAssigned": Why.ASSIGNED, "CaseOffered": Why.OFFERED}


@dataclass(frozen=True, slots=True)
class ToTell:
    """Whom to tell of a fact, and why: these agents, or all of a department."""

    why: Why
    agents: tuple[UUID, ...]
    department: str | None = None


def to_tell(fact: Mapping[str, Any]) -> ToTell | None:
    """Who gets a card because of a published fact; None: nobody. What agents did themselves they know.

    Args:
        fact: as `caseengine.cases.published` or `caseengine.notices.give_notice` tells it.
    """
    data: Mapping[str, Any] = fact.get("data") or {}
    if (why := GIVEN.get(str(fact.get("kind")))) is not None:
        agent_id = str(data["agent_id"])
        actor = fact["actor"]
        return None if (actor["kind"], actor["id"]) == (ActorKind.AGENT, agent_id) else ToTell(why, (UUID(agent_id),))
    if fact.get("kind") == "NoticeGiven" and data.get("notice") in set(Why):
        named = tuple(UUID(agent_id) for agent_id in data["agents"])
        return ToTell(Why(data["notice"]), named, data.get("department"))
    return None


def can_do(
    status: Status,
    allowed: Sequence[Verb],
    *,
    holder: UUID | None,
    me: UUID,
    asked: bool = False,
    calls: bool = False,
) -> tuple[Does, ...]:
    """The buttons of a card; the operation behind each decides anew.

    Args:
        allowed: what an agent may ask for in this status.
        holder: who holds the case.
        me: whose card it is.
        asked: it is offered to them.
        calls: the time to call its customer has come.
    """
    if status not in LIVE:
        return ()
    if holder is None:
        return (Does.ACCEPT, Does.DECLINE) if asked else (Does.TAKE,)
    if holder != me:
        return ()
    mine = {Does.REPLY: Verb.REPLY, Does.RESOLVE: Verb.RESOLVE}
    called = (Does.REACHED, Does.UNREACHED) if calls else ()
    return (*called, *(does for does, verb in mine.items() if verb in allowed))
