"""Who gets a case: a pure function from facts to a decision with its reasons.

Nobody who is not there, off shift, on leave, full or not permitted is ever chosen, however much is relaxed; but for the
one who is full and has kept an hour free, who gets the call of that hour. Of the
rest, in this order: who knows the case, who meets most of what it needs, who fits best, who has most room, who has
waited longest, and the id.

Source: docs/decisions/0016-routing.md
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from caseengine.model.needs import LEVELS, Needs
from caseengine.policies.routing_policy import LANGUAGE, PREFERRED, SKILLS, Relaxation, RoutingPolicy

PRESENCE_LAPSES_S = 120.0
"""An agent who was not seen for longer than this is not there, whatever they said."""
NEVER_S = 1e9
"""As long ago as never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be given.

    Attributes:
        units: what it costs whoever gets it.
        waited_s: since it began to wait for an agent, in working time of the desk.
        declined: ids of the agents who would not have it lately.
        sticky: id of the agent who had it, or the case it goes on from; "" for nobody.
        kept: id of the agent who has kept this time free for it; "" for nobody. Other work is no reason why not.
    """

    department: str
    channel: str = ""
    units: int = 1
    needs: Needs = field(default_factory=Needs)
    waited_s: float = 0.0
    declined: frozenset[str] = frozenset()
    sticky: str = ""
    kept: str = ""

    @property
    def document(self) -> dict[str, Any]:
        return {**asdict(self), "declined": sorted(self.declined)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        told = {**document, "needs": Needs(**document["needs"]), "declined": frozenset(document["declined"])}
        return cls(**told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may be asked.

    Attributes:
        permitted: they work for the department.
        channels: those they may write on; None for all.
        skills: of those the case needs, with what follows from the skills below them.
        seen_s: since their screen was last heard of.
        load: units they hold, are offered, or keep free for an appointment.
        idle_s: since they were last given anything.
    """

    id: str
    permitted: bool = True
    channels: tuple[str, ...] | None = None
    languages: tuple[str, ...] = ()
    skills: Mapping[str, int] = field(default_factory=dict)
    presence: str = "available"
    seen_s: float = 0.0
    on_leave: bool = False
    on_shift: bool = True
    capacity: int = 6
    load: int = 0
    idle_s: float = NEVER_S

    @property
    def document(self) -> list[Any]:
        """Short, for there are many: the fields in order."""
        return [getattr(self, name) for name in _CANDIDATE]

    @classmethod
    def read(cls, document: Iterable[Any]) -> Self:
        told = dict(zip(_CANDIDATE, document, strict=True))
        channels = None if told["channels"] is None else tuple(told["channels"])
        return cls(**{**told, "channels": channels, "languages": tuple(told["languages"])})


_CANDIDATE = tuple(Candidate.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Scores:
    """In the order they count: more is better."""

    sticky: int
    met: int
    fit: float
    spare: float
    idle_s: float

    @property
    def document(self) -> list[float]:
        return [self.sticky, self.met, self.fit, self.spare, self.idle_s]


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate: why not (a code, with what it is about after a colon), or how they scored."""

    id: str
    excluded: str = ""
    scores: Scores | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Attributes:
        agent_id: the chosen; None when there is nobody.
        relaxed: how many steps of relaxation held.
        judged: every candidate, by id.
    """

    agent_id: str | None
    relaxed: int
    judged: tuple[Judged, ...]

    @property
    def document(self) -> dict[str, Any]:
        judged = [[one.id, one.excluded, one.scores.document if one.scores else []] for one in self.judged]
        return {"agent_id": self.agent_id, "relaxed": self.relaxed, "judged": judged}


def decide(request: Request, candidates: Iterable[Candidate], policy: RoutingPolicy) -> Decision:
    """Choose among the candidates, or nobody. The order they come in does not matter."""
    steps = policy.steps(request.waited_s)
    wanted = relaxed(request.needs, steps)
    by_id = sorted(candidates, key=lambda one: one.id)
    reasons = [exclusion(one, request, wanted) for one in by_id]
    least = min((one.load for one, why in zip(by_id, reasons, strict=True) if not why), default=0)
    bound = least + policy.sticky_units
    judged = tuple(
        Judged(one.id, why) if why else Judged(one.id, scores=_scores(one, request, wanted, bound))
        for one, why in zip(by_id, reasons, strict=True)
    )
    best: Judged | None = None
    for one in judged:
        if one.scores is not None and (best is None or best.scores is None or _rank(one.scores) > _rank(best.scores)):
            best = one
    return Decision(best.id if best else None, len(steps), judged)


def why_chosen(request: Request, chosen: Candidate, scores: Scores) -> list[tuple[str, str]]:
    """Why the chosen and not another, the weightiest first: a code, and the skill or language it is about.

    "knows_it", "skill", "language"; "room" where nothing but that they have room, and have waited longest, told.
    """
    needs = request.needs
    why = [("knows_it", "")] if scores.sticky else []
    why += [("skill", skill) for skill, least in sorted(needs.required.items()) if chosen.skills.get(skill, 0) >= least]
    if needs.language and needs.language in chosen.languages:
        why.append(("language", needs.language))
    return why or [("room", "")]


def relaxed(needs: Needs, steps: Iterable[Relaxation]) -> Needs:
    """What is still asked for after these steps."""
    required, preferred, language = dict(needs.required), dict(needs.preferred), needs.language
    for step in steps:
        required = {skill: max(least - step.lower, LEVELS[0]) for skill, least in required.items()}
        if SKILLS in step.drop:
            required = {}
        if PREFERRED in step.drop:
            preferred = {}
        if LANGUAGE in step.drop:
            language = ""
        required = {skill: least for skill, least in required.items() if skill not in step.drop}
    return Needs(required, preferred, language)


def exclusion(one: Candidate, request: Request, wanted: Needs) -> str:
    """Why this agent cannot have it; "" when they can."""
    return _not_to_be_had(one, request) or _not_able(one, request, wanted)


def _not_to_be_had(one: Candidate, request: Request) -> str:
    """What no waiting relaxes."""
    if not one.permitted:
        return f"not_permitted:{request.department}"
    if one.channels is not None and request.channel and request.channel not in one.channels:
        return f"channel:{request.channel}"
    if one.presence != "available":
        return one.presence
    if one.seen_s > PRESENCE_LAPSES_S:
        return "presence_lost"
    if one.on_leave:
        return "on_leave"
    if not one.on_shift:
        return "off_shift"
    if one.load + request.units > one.capacity and one.id != request.kept:
        return "over_capacity"
    return ""


def _not_able(one: Candidate, request: Request, wanted: Needs) -> str:
    if one.id in request.declined:
        return "declined"
    if wanted.language and wanted.language not in one.languages:
        return f"language:{wanted.language}"
    for skill, least in sorted(wanted.required.items()):
        if one.skills.get(skill, 0) < least:
            return f"skill:{skill}:{least}"
    return ""


def _scores(one: Candidate, request: Request, wanted: Needs, bound: int) -> Scores:
    needs = request.needs
    met = sum(one.skills.get(skill, 0) >= least for skill, least in needs.required.items())
    met += bool(needs.language) and needs.language in one.languages
    return Scores(
        sticky=int(one.id == request.kept or (one.id == request.sticky and one.load <= bound)),
        met=met,
        fit=_fit(one, needs, wanted),
        spare=round((one.capacity - one.load) / max(one.capacity, 1), 6),
        idle_s=round(one.idle_s, 3),
    )


def _fit(one: Candidate, needs: Needs, wanted: Needs) -> float:
    """More for what is preferred; less the further a level is from the one asked for, above (others need the expert)
    or below (it was relaxed). From -1 for each required skill to the sum of the weights."""
    liked = sum(weight * one.skills.get(skill, 0) / LEVELS[-1] for skill, weight in wanted.preferred.items())
    off = sum(abs(one.skills.get(skill, 0) - least) / LEVELS[-1] for skill, least in needs.required.items())
    return round(liked - off, 6)


def _rank(scores: Scores) -> tuple[float, ...]:
    """Greater is better; equals leave the lower id in place."""
    return (scores.sticky, scores.met, scores.fit, scores.spare, scores.idle_s)
