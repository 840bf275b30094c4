"""What another rulebook of routing would have decided: recorded decisions made again from what they were made from.

What a case needs is set anew at the moments when rules set it; who was there, how busy they were and how long the case
had waited is what was stored with the decision. Nothing is read here, and nothing comes of it.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
from caseengine.policies.routing import Candidate, Decision, Request, decide, relaxed
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.reading.waiting_cases import OVERFLOW, Refused
from caseengine.rule_replay import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision as it was stored. `mode`: an offer, or an assignment; `policy`: by which it was made."""

    id: UUID
    at: datetime
    ended_at: datetime | None
    state: str
    mode: Mode
    policy: RoutingPolicy
    request: Request
    candidates: Sequence[Candidate]
    agent_id: str
    excluded: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Today:
    """What decisions do not tell, as it is now: levels and capacities of agents by id (None: the rulebook's)."""

    skills: Mapping[str, Mapping[str, int]]
    capacities: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Again:
    """The decision made again.

    Attributes:
        mode: as its department would have it; PULL where nothing would have been decided.
        runs_out: it was accepted later than the offer would have stood.
        uncertain: it rests on what is known today alone, on loads counted by other costs, or on what came before.
    """

    recorded: Recorded
    decision: Decision
    mode: Mode
    runs_out: bool
    uncertain: bool

    @property
    def agent_id(self) -> str | None:
        return None if self.mode is Mode.PULL else self.decision.agent_id


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
            self._uncertain = self._uncertain or _overflows(self._draft, left) != _overflows(self._then(event.at), left)

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
        then, draft = recorded.policy, self._draft
        if self._said is None and not self._is_in_force(then):
            self._is_guessed_about(case, then, recorded.at)
        units, units_certain = _units(recorded.request, then, draft)
        request = replace(
            recorded.request,
            needs=Needs.read(case.needs),
            units=units,
            declined=_declined(recorded, refused, then, draft),
        )
        candidates, certain = _candidates(recorded, request, then, draft, self._today)
        mode = _mode(recorded, then, draft)
        return Again(
            recorded=recorded,
            decision=decide(request, candidates, draft),
            mode=mode,
            runs_out=mode is Mode.OFFER and _runs_out(recorded, draft),
            uncertain=self._uncertain or not (units_certain and certain and _stays(recorded, then, draft)),
        )


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


def _units(request: Request, then: RoutingPolicy, draft: RoutingPolicy) -> tuple[int, bool]:
    """What it costs by the draft. Whether it was a chat is told by what it cost, where that tells chats apart."""
    if then.costs == draft.costs:
        return request.units, True
    kinds = ("chat", request.channel) if request.channel else ("",)
    costs = {draft.cost(kind) for kind in kinds if then.cost(kind) == request.units}
    return max(costs, default=request.units), len(costs) == 1


def _declined(
    recorded: Recorded, refused: Sequence[Refused], then: RoutingPolicy, draft: RoutingPolicy
) -> frozenset[str]:
    if then.decline_again_s == draft.decline_again_s:
        return recorded.request.declined
    since = recorded.at - timedelta(seconds=draft.decline_again_s)
    return frozenset(one.agent_id for one in refused if since <= one.at <= recorded.at)


def _candidates(
    recorded: Recorded, request: Request, then: RoutingPolicy, draft: RoutingPolicy, today: Today
) -> tuple[list[Candidate], bool]:
    """Those who were looked at, as the draft sees them, and whether it would have looked at nobody else."""
    known = {*recorded.request.needs.required, *recorded.request.needs.preferred}
    unknown = sorted({*request.needs.required, *request.needs.preferred} - known)
    certain = not unknown and _same_pool(recorded, request, then, draft)
    found = []
    for one in recorded.candidates:
        theirs = today.skills.get(one.id, {})
        capacity, told = _capacity(one, then, draft, today)
        certain = certain and told and (then.costs == draft.costs or one.load == 0)
        skills = {**one.skills, **{skill: theirs[skill] for skill in unknown if skill in theirs}}
        found.append(replace(one, skills=skills, capacity=capacity))
    return found, certain


def _same_pool(recorded: Recorded, request: Request, then: RoutingPolicy, draft: RoutingPolicy) -> bool:
    """Those looked at had one of the skills asked for: whoever the draft could choose has to be among them."""
    asked, asks = _asked(recorded.request, then), _asked(request, draft)
    return not asked or asked <= asks


def _asked(request: Request, policy: RoutingPolicy) -> set[str]:
    return set(relaxed(request.needs, [one for one in policy.relax if one.after_s <= request.waited_s]).required)


def _capacity(one: Candidate, then: RoutingPolicy, draft: RoutingPolicy, today: Today) -> tuple[int, bool]:
    """The rulebook's, unless an agent has one of their own."""
    if then.capacity == draft.capacity:
        return one.capacity, True
    own = today.capacities.get(one.id)
    if own is None and one.capacity == then.capacity:
        return draft.capacity, True
    return one.capacity, own == one.capacity


def _mode(recorded: Recorded, then: RoutingPolicy, draft: RoutingPolicy) -> Mode:
    """As the department has it; an appointment is kept whatever its department does."""
    department = recorded.request.department
    if then.of(department).mode is not recorded.mode:
        return recorded.mode
    return draft.of(department).mode


def _runs_out(recorded: Recorded, draft: RoutingPolicy) -> bool:
    if recorded.mode is not Mode.OFFER or recorded.state != "accepted" or recorded.ended_at is None:
        return False
    return (recorded.ended_at - recorded.at).total_seconds() > draft.of(recorded.request.department).offer_s


def _stays(recorded: Recorded, then: RoutingPolicy, draft: RoutingPolicy) -> bool:
    """Whether it would still have been in this queue by then."""
    department = recorded.request.department
    would = draft.of(department)
    if _overflows(draft, department) == _overflows(then, department):
        return True
    return not would.overflow or recorded.request.waited_s < would.overflow_s


def _overflows(policy: RoutingPolicy, department: str) -> tuple[str, float]:
    found = policy.of(department)
    return found.overflow, found.overflow_s
