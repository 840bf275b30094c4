"""After what the rulebooks are asked again about a case: at work as in a backtest.

Whatever changes what they ask about most is here. Nobody chooses a policy or sets needs after anything else, so that
the past can be judged by a draft just where a desk under it would have judged.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Iterable

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
)
NEEDS_ARE_SET_AFTER = (*POLICY_IS_CHOSEN_AFTER, HandoverRequested, ConversationLinked)
"""Once the policy is chosen, which they may ask about; and where the conversation, its channel or language is new."""


def chooses_policy(events: Iterable[CaseEvent]) -> bool:
    """Whether a policy is chosen after any of these."""
    return any(isinstance(event, POLICY_IS_CHOSEN_AFTER) for event in events)


def sets_needs(events: Iterable[CaseEvent]) -> bool:
    """Whether it is asked what the case needs after any of these."""
    return any(isinstance(event, NEEDS_ARE_SET_AFTER) for event in events)
