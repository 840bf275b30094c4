"""What a company decided about routing: the rulebook of kind `routing`, read and found sound.

docs/reference/routing.md shows a whole document. An empty one means: agents take their cases themselves.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from caseengine.model.condition import Condition, read_condition
from caseengine.model.errors import RulebookInvalid
from caseengine.model.needs import LEVELS, Needs

LISTED_MAX = 200
DAY_S = 86_400.0
SKILLS, PREFERRED, LANGUAGE = "skills", "preferred", "language"
DROPS = frozenset({SKILLS, PREFERRED, LANGUAGE})
"""What waiting may drop besides single skills."""


class Mode(StrEnum):
    """How cases of a department find their agent."""

    PULL = "pull"  # agents take what they want
    OFFER = "offer"  # one agent is asked, and may decline
    ASSIGN = "assign"  # one agent has it


@dataclass(frozen=True, slots=True)
class DepartmentPolicy:
    """
    Attributes:
        offer_s: how long an offer stands.
        overflow: the department whose queue it goes to when nobody took it for `overflow_s`; "" for none.
        callbacks: customers may book a time to be called.
    """

    mode: Mode = Mode.PULL
    offer_s: float = 60.0
    overflow: str = ""
    overflow_s: float = 1_800.0
    callbacks: bool = False


@dataclass(frozen=True, slots=True)
class NeedRule:
    """A case of which `when` holds needs this. `language_of_customer`: it needs the language they speak."""

    when: Condition
    needs: Needs
    language_of_customer: bool = False


@dataclass(frozen=True, slots=True)
class Relaxation:
    """From `after_s` of waiting on: levels are `lower` lower (never below 1), what is in `drop` is not asked for.

    `drop` holds some of DROPS, or ids of skills.
    """

    after_s: float
    lower: int = 0
    drop: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Guessing:
    """What the classifier says counts from this probability: as a preference, or with a level as a requirement."""

    at_least: float = 0.6
    level: int = 0


@dataclass(frozen=True, slots=True)
class CallbackPolicy:
    """Lengths in seconds. `days`: how far ahead; `lead_s`: the soonest; `offered`: how many are named at once."""

    slot_s: float = 1_800.0
    days: int = 5
    lead_s: float = 1_800.0
    offered: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """
    Attributes:
        capacity: units of an agent of whom nothing else was said.
        costs: units of a work kind: "chat" (the customer is there now), a channel's name, "waiting" (it waits for
            somebody else), "default".
        sticky_units: how many units more than the least busy the agent who knows the case may hold and still come
            first.
        decline_again_s: who declined, or let an offer run out, is not asked again for this long.
        measured_days: how far back handling times are measured.
    """

    default: DepartmentPolicy = DepartmentPolicy()
    departments: Mapping[str, DepartmentPolicy] = field(default_factory=dict)
    capacity: int = 6
    costs: Mapping[str, int] = field(default_factory=lambda: {"chat": 3, "default": 1, "waiting": 0})
    needs: tuple[NeedRule, ...] = ()
    relax: tuple[Relaxation, ...] = ()
    sticky_units: int = 2
    decline_again_s: float = 900.0
    classifier: Guessing | None = None
    callbacks: CallbackPolicy = CallbackPolicy()
    measured_days: int = 30

    def of(self, department: str) -> DepartmentPolicy:
        return self.departments.get(department, self.default)

    def cost(self, *kinds: str) -> int:
        """Units of the first of these kinds that has a cost of its own."""
        return next((self.costs[kind] for kind in kinds if kind in self.costs), self.costs["default"])

    @property
    def least_units(self) -> int:
        """What a case that somebody works on costs at least."""
        return min(units for kind, units in self.costs.items() if kind not in ("waiting", "callback"))

    def steps(self, waited_s: float) -> list[Relaxation]:
        """Those that hold after so long."""
        return [step for step in self.relax if step.after_s <= waited_s]

    @property
    def is_on(self) -> bool:
        """Cases of at least one department are offered or assigned."""
        return any(one.mode is not Mode.PULL for one in (self.default, *self.departments.values()))


def read_routing(document: Mapping[str, Any], *, known: Collection[str] | None = None) -> RoutingPolicy:
    """
    Args:
        known: the facts that conditions may ask about; None for any.

    Raises:
        RulebookInvalid: it says something it cannot mean.
    """
    reader = _Reader("routing", document)
    default = _department(reader.inner("default"), DepartmentPolicy())
    named = reader.mapping("departments")
    departments = {name: _department(_Reader(f"departments.{name}", one), default) for name, one in named.items()}
    usual = RoutingPolicy()
    policy = RoutingPolicy(
        default=default,
        departments=departments,
        capacity=reader.whole("capacity", usual.capacity, 0, 1_000),
        costs={**usual.costs, **_costs(reader.mapping("costs"))},
        needs=tuple(_need(one, place, known) for place, one in enumerate(reader.listed("needs"))),
        relax=_relaxations(reader.listed("relax")),
        sticky_units=reader.whole("sticky_units", usual.sticky_units, 0, 1_000),
        decline_again_s=reader.number("decline_again_s", usual.decline_again_s, 0, 30 * DAY_S),
        classifier=_guessing(reader.inner("classifier")) if "classifier" in document else None,
        callbacks=_callbacks(reader.inner("callbacks")),
        measured_days=reader.whole("measured_days", usual.measured_days, 1, 366),
    )
    reader.done()
    return policy


def _department(reader: "_Reader", usual: DepartmentPolicy) -> DepartmentPolicy:
    overflow = reader.inner("overflow") if "overflow" in reader.document else None
    found = DepartmentPolicy(
        mode=reader.one_of("mode", usual.mode, Mode),
        offer_s=reader.number("offer_s", usual.offer_s, 5, DAY_S),
        overflow=overflow.text("to", usual.overflow) if overflow else usual.overflow,
        overflow_s=overflow.number("after_s", usual.overflow_s, 0, 30 * DAY_S) if overflow else usual.overflow_s,
        callbacks=reader.flag("callbacks", usual.callbacks),
    )
    reader.done()
    if overflow:
        overflow.done()
    return found


def _costs(document: Mapping[str, Any]) -> dict[str, int]:
    reader = _Reader("costs", document)
    return {kind: reader.whole(kind, 1, 0, 1_000) for kind in document}


def _need(document: Any, place: int, known: Collection[str] | None) -> NeedRule:
    reader = _Reader(f"needs[{place}]", document)
    wanted = reader.mapping("skills")
    required: dict[str, int] = {}
    preferred: dict[str, float] = {}
    for skill, want in wanted.items():
        one = _Reader(f"{reader.where}.skills.{skill}", {"least": want} if isinstance(want, int) else want)
        if set(one.document) == {"weight"}:
            preferred[skill] = one.number("weight", 1.0, 0.01, 1.0)
        else:
            required[skill] = one.whole("least", 1, LEVELS[0], LEVELS[-1])
            one.done()
    language = reader.text("language", "")
    theirs = language == "customer"
    when = read_condition(reader.document.get("when"), where=f"{reader.where}.when", known=known)
    reader.seen.add("when")
    reader.done()
    return NeedRule(when, Needs(required, preferred, "" if theirs else language), theirs)


def _relaxations(documents: list[Any]) -> tuple[Relaxation, ...]:
    found = []
    for place, document in enumerate(documents):
        reader = _Reader(f"relax[{place}]", document)
        drop = reader.listed("drop")
        if not all(isinstance(name, str) and name for name in drop):
            raise RulebookInvalid(f"{reader.where}.drop", "text")
        after_s = reader.number("after_s", -1.0, 0, 30 * DAY_S)
        found.append(Relaxation(after_s, reader.whole("lower", 0, 0, 4), frozenset(drop)))
        reader.done()
    if [step.after_s for step in found] != sorted(step.after_s for step in found):
        raise RulebookInvalid("relax", "order")
    return tuple(found)


def _guessing(reader: "_Reader") -> Guessing:
    found = Guessing(reader.number("at_least", 0.6, 0.05, 1.0), reader.whole("level", 0, 0, LEVELS[-1]))
    reader.done()
    return found


def _callbacks(reader: "_Reader") -> CallbackPolicy:
    usual = CallbackPolicy()
    found = CallbackPolicy(
        slot_s=reader.number("slot_s", usual.slot_s, 300, 4 * 3_600),
        days=reader.whole("days", usual.days, 1, 30),
        lead_s=reader.number("lead_s", usual.lead_s, 0, 7 * DAY_S),
        offered=reader.whole("offered", usual.offered, 1, 8),
    )
    reader.done()
    return found


class _Reader:
    """Takes the fields of one mapping, checked; what nobody asked for is refused at the end."""

    def __init__(self, where: str, document: Any) -> None:
        if not isinstance(document, Mapping):
            raise RulebookInvalid(where, "mapping")
        self.where, self.document, self.seen = where, document, set[str]()

    def done(self) -> None:
        if unknown := set(self.document) - self.seen:
            raise RulebookInvalid(f"{self.where}.{min(map(str, unknown))}", "unknown")

    def mapping(self, name: str) -> Mapping[str, Any]:
        found = self._get(name, {}, lambda value: isinstance(value, Mapping) and len(value) <= LISTED_MAX, "mapping")
        if not all(isinstance(key, str) for key in found):
            raise RulebookInvalid(f"{self.where}.{name}", "mapping")
        return found  # type: ignore[no-any-return]

    def inner(self, name: str) -> "_Reader":
        return _Reader(f"{self.where}.{name}", self.mapping(name))

    def listed(self, name: str) -> list[Any]:
        return list(
            self._get(name, [], lambda value: isinstance(value, (list, tuple)) and len(value) <= LISTED_MAX, "list")
        )

    def number(self, name: str, usual: float, least: float, most: float) -> float:
        return float(self._get(name, usual, lambda value: _is_number(value) and least <= value <= most, "number"))

    def whole(self, name: str, usual: int, least: int, most: int) -> int:
        def sound(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

        return int(self._get(name, usual, sound, "number"))

    def text(self, name: str, usual: str) -> str:
        return str(self._get(name, usual, lambda value: isinstance(value, str) and len(value) <= 100, "text"))

    def flag(self, name: str, usual: bool) -> bool:
        return bool(self._get(name, usual, lambda value: isinstance(value, bool), "flag"))

    def one_of(self, name: str, usual: Mode, kind: type[Mode]) -> Mode:
        return kind(self._get(name, usual, lambda value: isinstance(value, str) and value in set(kind), "choice"))

    def _get(self, name: str, usual: Any, sound: Callable[[Any], bool], problem: str) -> Any:
        self.seen.add(name)
        if name not in self.document and usual != -1.0:
            return usual
        if not sound(self.document.get(name)):
            raise RulebookInvalid(f"{self.where}.{name}", problem)
        return self.document[name]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
