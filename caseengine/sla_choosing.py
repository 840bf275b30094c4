"""Which policy a draft would have chosen in the past, by what the log and the tables tell of then.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from caseengine.facts import Conversed, spoken_in
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import PolicyApplied
from caseengine.model.lifecycle import Verb
from caseengine.model.sla import Sla
from caseengine.operations.applying import applying, policy_for
from caseengine.policies.service_level import Because


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known today of a customer as they were at a moment: see `Chooser`."""

    entitlements: tuple[str, ...] = ()
    tier: str | None = None


class Chooser:
    """Chooses by a draft.

    The log tells the tier of then and what the choice of then came from. Agreements are known as they are today: where
    they no longer explain what was chosen, it is taken from the log, and `uncertain` says so.

    Args:
        sla: the draft, in the version it would have.
        past: the rulebooks that the case's policies were chosen by.
        customers: what is known today, by the moment it is about.
    """

    def __init__(
        self, sla: Sla, past: Mapping[int, Sla], customers: Mapping[datetime, Customer], conversed: Conversed
    ) -> None:
        self._sla = sla
        self._past = past
        self._customers = customers
        self._conversed = conversed
        self.uncertain = False

    def choose(self, case: Case, recorded: PolicyApplied | None, at: datetime) -> PolicyApplied | None:
        """
        Args:
            recorded: what was chosen then; None where nothing was, because nothing was decided yet.
        """
        if not case.can(Verb.APPLY_POLICY):
            return None
        known = self._customers.get(at, Customer())
        if recorded is None:
            tier, entitlements = known.tier, known.entitlements
        else:
            tier, entitlements = recorded.tier, self._then(recorded, known.entitlements)
        spoken = spoken_in(case, self._conversed)
        chosen = policy_for(self._sla, case, entitlements, tier, spoken)
        if recorded is None and chosen != policy_for(self._sla, case, entitlements, None, spoken):
            self.uncertain = True
        return applying(case, chosen, self._sla, tier, by=SYSTEM, at=at)

    def _then(self, recorded: PolicyApplied, today: tuple[str, ...]) -> tuple[str, ...]:
        """The entitlements that explain what was chosen."""
        sla = self._past.get(recorded.version)
        if sla is None:
            return today
        named = next((name for name in today if name in sla.entitlements), None)
        if recorded.because != Because.ENTITLEMENT:
            self.uncertain = self.uncertain or named is not None
            return tuple(name for name in today if name not in sla.entitlements)
        if named is not None and _policy(sla, named) == recorded.policy:
            return today
        self.uncertain = True
        return (*(name for name in sla.entitlements if _policy(sla, name) == recorded.policy), *today)


def _policy(sla: Sla, entitlement: str) -> str:
    """As the fact names it: empty where no SLA holds."""
    policy = sla.policy(sla.entitlements[entitlement])
    return policy.id if policy else ""
