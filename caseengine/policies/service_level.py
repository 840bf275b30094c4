"""Which SLA policy a case gets: by entitlement, then tier, then type and priority, then the default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from caseengine.model.sla import Policy, Sla, Target


class Because(StrEnum):
    ENTITLEMENT = "entitlement"
    TIER = "tier"
    TYPE_AND_PRIORITY = "type_and_priority"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Choice:
    """`policy` is None where no SLA holds, which is a choice too."""

    policy: Policy | None
    because: Because


def choose(sla: Sla, entitlements: Sequence[str], tier: str | None, facts: Mapping[str, Any], priority: int) -> Choice:
    """
    Args:
        entitlements: those the customer has, nearest first; one the rulebook does not name says nothing.
        tier: "A", "B" or "C"; it never lowers a target: one whose policy would is passed over.
        facts: for the conditions on type and priority.
        priority: 1 (first) to 4.
    """
    covered = next((name for name in entitlements if name in sla.entitlements), None)
    if covered is not None:
        return Choice(sla.policy(sla.entitlements[covered]), Because.ENTITLEMENT)
    otherwise = _otherwise(sla, facts)
    if tier is not None and tier in sla.tiers:
        promised = sla.policy(sla.tiers[tier])
        if not _lowers(promised, otherwise.policy, priority):
            return Choice(promised, Because.TIER)
    return otherwise


def _otherwise(sla: Sla, facts: Mapping[str, Any]) -> Choice:
    for condition, name in sla.conditions:
        if condition.holds(facts):
            return Choice(sla.policy(name), Because.TYPE_AND_PRIORITY)
    return Choice(sla.policy(sla.default), Because.DEFAULT)


def _lowers(promised: Policy | None, otherwise: Policy | None, priority: int) -> bool:
    """Whether any target would be longer, or missing, in working time of whichever calendar."""
    if otherwise is None:
        return False
    for target in Target:
        before = otherwise.goal(target, priority)
        after = promised.goal(target, priority) if promised is not None else None
        if before is not None and (after is None or after > before):
            return True
    return False
