"""SLA: which policy, and what came of its targets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caseengine.model.events.fact import CaseEvent, Was
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class PolicyApplied(CaseEvent):
    """Which SLA policy holds from now on.

    Attributes:
        policy: its id; empty where none applies, which is a policy too.
        version: of the rulebook it stands in.
        because: what chose it: "entitlement", "tier", "type_and_priority" or "default".
        tier: the customer's, as it was then.
    """

    public = False
    verb = Verb.APPLY_POLICY
    policy: str
    version: int
    because: str
    tier: str | None = None

    def sets(self, case: Was) -> dict[str, Any]:
        return {"policy": self.policy, "policy_version": self.version, "tier": self.tier}


@dataclass(frozen=True, kw_only=True)
class TargetWarned(CaseEvent):
    """A share of a target's working time has passed. `cycle` counts the clocks of a target from 1."""

    public = False
    verb = Verb.WARN
    target: str
    cycle: int
    share: float
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class TargetBreached(CaseEvent):
    """`elsewhere`: how many steps after it were taken for the same wait in the case that wait came from."""

    public = False
    verb = Verb.BREACH
    target: str
    cycle: int
    due_at: datetime
    elsewhere: int = 0


@dataclass(frozen=True, kw_only=True)
class LadderStepTaken(CaseEvent):
    """One step of an escalation ladder; `did` says to whom or what, in JSON's own types."""

    public = False
    verb = Verb.CLIMB
    target: str
    cycle: int
    step: int
    action: str
    did: Mapping[str, Any]
