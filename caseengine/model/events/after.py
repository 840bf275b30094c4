"""What rules did, what the customer was told of or not, and how it was for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from caseengine.model.events.fact import INTERNAL, CaseEvent, Was
from caseengine.model.lifecycle import Verb


@dataclass(frozen=True, kw_only=True)
class RuleFired(CaseEvent):
    """A rule of the desk met this case.

    Attributes:
        rule, version: which, of which rulebook.
        cause: the `seq` of the event that made it fire; 0 for a rule of time.
        actions: what it did, as written in the rule, each with its `outcome`: "done", "unchanged", or the code of a
            refusal. Empty where it was held back.
        guard: why it was held back: "circle", "depth" or "rate"; empty when it was not.
        chain: the rules that led to its cause, the first of them first.
        reasons: the comparisons that decided, with what they found.
    """

    public = False
    verb = Verb.FIRE
    rule: str
    version: int
    cause: int
    actions: tuple[Mapping[str, Any], ...]
    guard: str = ""
    chain: tuple[str, ...] = field(default=(), metadata=INTERNAL)
    reasons: tuple[Mapping[str, Any], ...] = field(default=(), metadata=INTERNAL)


@dataclass(frozen=True, kw_only=True)
class SurveyAsked(CaseEvent):
    """The customer was asked how it was."""

    public = False
    verb = Verb.SURVEY
    survey_id: UUID
    channel: str


@dataclass(frozen=True, kw_only=True)
class CaseRated(CaseEvent):
    """The customer's answer: `csat` 1 (very unhappy) to 5, `effort` 1 (very easy) to 5, or None; words or none."""

    verb = Verb.SURVEY
    survey_id: UUID
    csat: int
    effort: int | None = None
    comment: str = ""

    def sets(self, case: Was) -> dict[str, Any]:
        return {"csat": self.csat, "effort": self.effort}


@dataclass(frozen=True, kw_only=True)
class CustomerTold(CaseEvent):
    """A notice left for the customer.

    Attributes:
        kinds: what it was about: "reply", "promise", "resolved", "status", "survey".
        way: where it went: "email", "teams" or "chat".
    """

    public = False
    verb = Verb.TELL
    kinds: tuple[str, ...]
    way: str


@dataclass(frozen=True, kw_only=True)
class NoticeWithheld(CaseEvent):
    """A notice that was on its way did not leave: what it says, or where it was to go, had become otherwise.

    Attributes:
        kinds, way: as `CustomerTold`.
    """

    public = False
    verb = Verb.TELL
    kinds: tuple[str, ...]
    way: str
