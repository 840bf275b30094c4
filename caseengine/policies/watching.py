"""What whoever watches a case is told of it: a pure decision about one fact.

They hear what changes what they would do: the customer wrote, colleagues noted something, a target was missed, it ended
or goes on. What the desk says to the customer they find when they look. Source: docs/reference/cases.md
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from caseengine.model.actor import ActorKind
from caseengine.model.notice import AgentNotice

TOLD: Mapping[str, AgentNotice] = {
    "CustomerWrote": AgentNotice.WATCHED_WROTE,
    "NoteAdded": AgentNotice.WATCHED_NOTED,
    "TargetBreached": AgentNotice.WATCHED_BREACHED,
    "CaseResolved": AgentNotice.WATCHED_RESOLVED,
    "CaseReopened": AgentNotice.WATCHED_REOPENED,
    "CaseClosed": AgentNotice.WATCHED_CLOSED,
}
BY_AGENTS = frozenset({AgentNotice.WATCHED_NOTED})
"""Of these only what a colleague did: the desk's own notes say what another fact says as well."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """Of a case.

    Attributes:
        watching: who watches it.
        holder: who holds it, and sees all of this at work.
        told: who was told of the same in another way, or has not read yet what they were told last.
    """

    watching: Collection[UUID]
    holder: UUID | None = None
    told: Collection[UUID] = ()


def is_for_watchers(fact: Mapping[str, Any]) -> bool:
    """Whether a published fact is one that somebody who watches its case is told of."""
    return bool(fact.get("watchers")) and notice_of(fact) is not None


def notice_of(fact: Mapping[str, Any]) -> AgentNotice | None:
    """What watchers are told because of a published fact; None: nothing."""
    notice = TOLD.get(fact["kind"])
    return None if notice in BY_AGENTS and fact["actor"]["kind"] != ActorKind.AGENT else notice


def to_tell(watchers: Watchers, actor_id: str) -> list[UUID]:
    """Nobody is told what they did, what they see as its holder, or what they were told."""
    spared = {watchers.holder, *watchers.told}
    return sorted(one for one in watchers.watching if one not in spared and str(one) != actor_id)
