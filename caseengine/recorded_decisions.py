"""A recorded decision of routing made again by another rulebook, from what it was made from; pure.

Who was there, how busy they were and how long the case had waited is what was stored with the decision.

Source: docs/decisions/0017-rules.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from caseengine.model.needs import Needs
from caseengine.policies.routing import Candidate, Decision, Request, decide, relaxed
from caseengine.policies.routing_policy import Mode, RoutingPolicy
from caseengine.reading.waiting_cases import Refused


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


def made_again(
    recorded: Recorded, needs: Needs, refused: Sequence[Refused], draft: RoutingPolicy, today: Today
) -> Again:
    """
    Args:
        needs: of the case by then, after the draft.
        refused: who would not have it, whenever.
    """
    then = recorded.policy
    units, units_certain = _units(recorded.request, then, draft)
    declined = _declined(recorded, refused, then, draft)
    request = replace(recorded.request, needs=needs, units=units, declined=declined)
    candidates, certain = _candidates(recorded, request, then, draft, today)
    mode = _mode(recorded, then, draft)
    return Again(
        recorded=recorded,
        decision=decide(request, candidates, draft),
        mode=mode,
        runs_out=mode is Mode.OFFER and _runs_out(recorded, draft),
        uncertain=not (units_certain and certain and _stays(recorded, then, draft)),
    )


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
    if overflows(draft, department) == overflows(then, department):
        return True
    return not would.overflow or recorded.request.waited_s < would.overflow_s


def overflows(policy: RoutingPolicy, department: str) -> tuple[str, float]:
    """Where to a department overflows, and after how many seconds."""
    found = policy.of(department)
    return found.overflow, found.overflow_s
