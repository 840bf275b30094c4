"""What another rulebook of routing would have decided: recorded decisions made again from what they were made from.

What a case needs is set anew at the moments when rules set it; who was there, how busy they were and how long the case
had waited is what was stored with the decision. Nothing is read here, and nothing comes of it.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from caseengine.facts import Conversed, spoken_in
from caseengine.model.actor import SYSTEM
from caseengine.model.case import Case
from caseengine.model.events import (
    CaseAssigned,
    CaseEvent,
    CaseMoved,
    CaseOffered,
    CaseOpened,
    NeedsSet,
)
from caseengine.model.lifecycle import Verb
from caseengine.model.needs import Needs
from caseengine.operations.needing import asked_for, guessed, needing, ruled
from caseengine.policies.judging import sets_needs
from caseengine.policies.routing_policy import RoutingPolicy
from caseengine.reading.waiting_cases import OVERFLOW, Refused
from caseengine.recorded_decisions import Again, Recorded, Today, made_again, overflows
from caseengine.rule_replay import Period

PolicyAt = Callable[[datetime], RoutingPolicy]


class Replay:
    """One case on its way through a period.

    Args:
        draft: in force from the beginning of the period on.
        then: the policy that was in force at an instant.
    """

    def __init__(
        self, draft: RoutingPolicy, then: PolicyAt, period: Period, today: Today, conversed: Conversed
    ) -> None:
        self._draft = draft
        self._then = then
        self._period = period
        self._today = today
        self._conversed = conversed
        self._case: Case | None = None  # needing what the draft makes it need
        self._said: NeedsSet | None = None
        self._recorded: NeedsSet | None = None
        self._to_set: datetime | None = None
        self._uncertain = False

    def decisions(
        self, history: Sequence[CaseEvent], recorded: Mapping[UUID, Recorded], refused: Sequence[Refused]
    ) -> Iterator[Again]:
        """
        Args:
            history: all events of the case, in order.
            recorded: its decisions of the period, by id.
            refused: who would not have it, whenever.
        """
        left: dict[UUID | None, Recorded] = dict(recorded.items())
        for event in history:
            if event.at >= self._period.end:
                return
            decided = left.pop(_decision(event), None)
            if decided is not None or event.at != self._to_set:
                self._set_needs()
            if decided is not None and self._case is not None:
                again = self._decide(self._case, decided, refused)
                yield again
                # Whoever would have had it instead, what followed would hardly have been the same.
                self._uncertain = self._uncertain or again.agent_id != again.recorded.agent_id
            self._hears(event)

    def _hears(self, event: CaseEvent) -> None:
        if isinstance(event, CaseOpened):
            self._case = Case.open(event)
        elif self._case is None:
            return
        elif isinstance(event, NeedsSet):
            self._needs_were_set(self._case, event)
            return
        else:
            self._case.follow(event)
        if event.at < self._period.start:
            return
        if sets_needs([event]):
            self._to_set = event.at
        if isinstance(event, CaseMoved) and event.reason == OVERFLOW:
            left = event.left or ""
            self._uncertain = self._uncertain or overflows(self._draft, left) != overflows(self._then(event.at), left)

    def _needs_were_set(self, case: Case, event: NeedsSet) -> None:
        """What was asked for is asked for under any rulebook; what a rulebook said is said anew, and so is a guess."""
        self._recorded = event
        then = self._then(event.at)
        if asked_for(event) or event.at < self._period.start or self._is_in_force(then):
            self._say(case, event)
        elif beyond := _beyond(_needs(event), self._ruled(then, case)):
            self._guess(case, beyond, then, event.at)

    def _set_needs(self) -> None:
        """Once all that happened at one moment is told, or when it is decided who has the case."""
        at, self._to_set = self._to_set, None
        if self._case is None or at is None:
            return
        if not self._is_in_force(self._then(at)):
            self._rules(self._case, None, at)
        elif self._recorded is not None and self._recorded is not self._said and self._case.can(Verb.REQUIRE):
            self._say(self._case, self._recorded)

    def _guess(self, case: Case, beyond: Needs, then: RoutingPolicy, at: datetime) -> None:
        """Past cases are asked about one of which nothing was said; what they told is as far known as it counted."""
        self._set_needs()
        if case.needs or self._draft.classifier is None:
            return
        likely, certain = _guessed(beyond, then, self._draft)
        self._uncertain = self._uncertain or not certain
        if likely:
            self._rules(case, likely, at)

    def _rules(self, case: Case, by_guess: Needs | None, at: datetime) -> None:
        by_rule = self._ruled(self._draft, case)
        fact = needing(self._draft, case, self._said, by_rule, by_guess, by=SYSTEM, at=at)
        if fact is not None:
            self._say(case, fact)

    def _ruled(self, policy: RoutingPolicy, case: Case) -> Needs:
        return ruled(policy, case, spoken_in(case, self._conversed))

    def _is_guessed_about(self, case: Case, then: RoutingPolicy, at: datetime) -> None:
        """Nothing is said of it by now: past cases would be asked. Where they were not then, nobody knows."""
        self._guess(case, Needs(), then, at)
        if self._recorded is not None and self._draft.classifier is not None:
            self._uncertain = True

    def _say(self, case: Case, fact: NeedsSet) -> None:
        self._said = fact
        case.follow(fact)

    def _is_in_force(self, then: RoutingPolicy) -> bool:
        """As far as needs go."""
        return (self._draft.needs, self._draft.classifier) == (then.needs, then.classifier)

    def _decide(self, case: Case, recorded: Recorded, refused: Sequence[Refused]) -> Again:
        if self._said is None and not self._is_in_force(recorded.policy):
            self._is_guessed_about(case, recorded.policy, recorded.at)
        again = made_again(recorded, Needs.read(case.needs), refused, self._draft, self._today)
        return replace(again, uncertain=again.uncertain or self._uncertain)


def _decision(event: CaseEvent) -> UUID | None:
    """What it was decided by; None where a person did it, or it is no matter of routing."""
    return event.assignment_id if isinstance(event, (CaseOffered, CaseAssigned)) else None


def _needs(event: NeedsSet) -> Needs:
    return Needs.read({"skills": event.skills, "language": event.language})


def _beyond(needs: Needs, by_rule: Needs) -> Needs:
    """What is asked for that the rules did not say: the classifier did."""
    required = {skill: least for skill, least in needs.required.items() if least > by_rule.required.get(skill, 0)}
    preferred = {skill: weight for skill, weight in needs.preferred.items() if weight > by_rule.preferred.get(skill, 0)}
    return Needs(required, preferred)


def _guessed(beyond: Needs, then: RoutingPolicy, draft: RoutingPolicy) -> tuple[Needs, bool]:
    """What would count of a guess, and whether all of it is known: one that did not count then was not kept."""
    if draft.classifier is None or draft.classifier == then.classifier:
        return (beyond if draft.classifier else Needs()), True
    if then.classifier is None or then.classifier.level:
        return beyond, False
    return guessed(draft, beyond.preferred), draft.classifier.at_least >= then.classifier.at_least
