"""After what the rulebooks are asked again about a case: at work as in a backtest.

Whatever changes what they may ask about is here. Nobody chooses a policy or sets needs after anything else, so that
the past can be judged by a draft just where a desk under it would have judged. What only happens to a case (its status,
who has it, that it was raised or reopened) they may not ask about: rules are for that, which hear every event.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Iterable

from caseengine.facts import KNOWN
from caseengine.model.events import (
    CaseAbsorbed,
    CaseAssessed,
    CaseClassified,
    CaseEvent,
    CaseMoved,
    CaseOpened,
    CasePrioritised,
    CaseTagged,
    CaseUnmerged,
    ConversationLinked,
    CustomerIdentified,
    FieldsFilled,
    HandoverRequested,
)

POLICY_IS_CHOSEN_AFTER = (
    CaseOpened,
    CustomerIdentified,
    CaseClassified,
    CaseAssessed,
    CasePrioritised,
    CaseMoved,
    CaseTagged,
    FieldsFilled,
    CaseAbsorbed,
    CaseUnmerged,
    ConversationLinked,
)
NEEDS_ARE_SET_AFTER = (*POLICY_IS_CHOSEN_AFTER, HandoverRequested)
"""Once the policy is chosen, which they may ask about."""
JUDGED_FACTS = tuple(
    fact for fact in KNOWN if fact not in {"status", "agent", "parent", "escalation_level", "reopened"}
)
"""What conditions of service levels and of needs may ask about."""


def chooses_policy(events: Iterable[CaseEvent]) -> bool:
    """Whether a policy is chosen after any of these."""
    return any(isinstance(event, POLICY_IS_CHOSEN_AFTER) for event in events)


def sets_needs(events: Iterable[CaseEvent]) -> bool:
    """Whether it is asked what the case needs after any of these."""
    return any(isinstance(event, NEEDS_ARE_SET_AFTER) for event in events)
