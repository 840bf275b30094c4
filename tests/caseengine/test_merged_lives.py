"""Cases that are merged and taken apart in any order: what their clocks say, whatever happens meanwhile."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from caseengine.model import events as happened
from caseengine.model.actor import Actor
from caseengine.model.events import CaseEvent
from caseengine.model.lifecycle import LIVE, TRANSITIONS, Status
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.sla import Book, Clocks, SpanKind, Target, advance, fold, owed, owed_without, read_sla, why
from caseengine.model.standing import standing
from tests.caseengine.office import CALENDAR, CUSTOMER, Office
from tests.caseengine.test_sla_clocks import newest_of, through_rows

LI = Office.li.actor
SLA = read_sla(
    {
        "policies": {
            "p": {
                "targets": {
                    "first_response": {"1": "20h", "default": "200h"},
                    "next_response": {"1": "30h", "default": "400h"},
                    "resolution": {"1": "40h", "default": "800h"},
                },
                "warn_at": [0.05, 0.1],
                "pauses_in": {
                    "next_response": ["waiting_on_third_party"],
                    "resolution": ["waiting_on_customer"],
                },
            }
        }
    },
    version=1,
)
BOOK = Book({("p", 1): SLA.policies["p"]}, {"desk": CALENDAR})
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT: dict[str, Any] = {"text": "Hm", "key": "k"}
SOLVED = {"resolution": Resolution(ResolutionCode.SOLVED, "Done")}
ACTS: dict[str, tuple[type[CaseEvent], Actor, dict[str, Any]]] = {
    "take": (happened.CaseAssigned, LI, {"agent_id": uuid4(), "agent_name": "Li"}),
    "reply": (happened.AgentReplied, LI, TEXT),
    "ask": (happened.CustomerAsked, LI, TEXT),
    "hear": (happened.CustomerWrote, CUSTOMER, TEXT),
    "ask_outside": (happened.ThirdPartyAsked, LI, {"text": "Hm"}),
    "hear_outside": (happened.ThirdPartyAnswered, LI, {"text": "Hm"}),
    "raise": (happened.CasePrioritised, LI, {"priority": Priority(1), "reason": "x"}),
    "lower": (happened.CasePrioritised, LI, {"priority": Priority(3), "reason": "x"}),
    "resolve": (happened.CaseResolved, LI, SOLVED),
}


@dataclass
class Life:
    """One case's history, told without a database."""

    at: datetime
    id: UUID = field(default_factory=uuid4)
    events: list[CaseEvent] = field(default_factory=list)
    clocks: Clocks | None = None
    merged: bool = False

    def __post_init__(self) -> None:
        named: dict[str, Any] = {"number": "CAS-1", "subject": "s", "description": "", "department": "tills"}
        told = {**named, "case_type": "incident", "impact": 2, "urgency": 2, "priority": Priority(3)}
        self.adds(happened.CaseOpened, self.at, CUSTOMER, **told)
        self.adds(happened.PolicyApplied, self.at, policy="p", version=1, because="default")

    def adds(self, kind: type[CaseEvent], at: datetime, actor: Actor = LI, **named: Any) -> None:
        event = kind(case_id=self.id, actor=actor, at=at, **named)
        self.clocks = advance(self.clocks, event, BOOK) if self.clocks is not None else fold([event], BOOK)
        self.events.append(event)

    def does(self, act: str, at: datetime) -> None:
        kind, actor, named = ACTS[act]
        if (self.status, kind.verb) in TRANSITIONS:
            self.adds(kind, at, actor, **named)

    @property
    def status(self) -> Status:
        assert self.clocks is not None
        return self.clocks.status


def merge(source: Life, target: Life, at: datetime) -> None:
    if source.merged:
        left = owed_without(target.events, source.id, BOOK, at)
        told = {"customer_waits": left.customer_waits, "status": left.status, **left.carried}
        target.adds(happened.CaseReleased, at, other_id=source.id, other_number="", **told)
        source.adds(happened.CaseUnmerged, at, from_id=target.id, from_number="")
    elif source.status in LIVE and target.status in LIVE:
        left = owed(source.events, BOOK, at)
        told = {"customer_waits": left.customer_waits, **left.carried}
        target.adds(happened.CaseAbsorbed, at, other_id=source.id, other_number="", **told)
        source.adds(happened.CaseMerged, at, into_id=target.id)
    else:
        return
    source.merged = not source.merged


STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", *ACTS]), st.integers(0, 2), st.integers(1, 600)), max_size=16
)


def lived(steps: Sequence[tuple[str, int, int]], opened: Sequence[int]) -> tuple[Life, list[Life], datetime]:
    """The target, the others, and when it is; each act is of one of them, minutes after the last."""
    target, *others = [Life(START + timedelta(minutes=minutes)) for minutes in opened]
    at = START + timedelta(minutes=max(opened))
    for act, which, minutes in steps:
        at += timedelta(minutes=minutes)
        one = (target, *others)[which]
        if act != "merge":
            one.does(act, at)
        elif one is not target:
            merge(one, target, at)
    return target, others, at


OPENED = st.lists(st.sampled_from([0, 0, 10, 45, 120]), min_size=3, max_size=3)


@settings(max_examples=150, deadline=None)
@given(STEPS, OPENED)
def test_all_undone_the_clocks_are_those_of_a_case_that_was_never_merged(
    steps: list[tuple[str, int, int]], opened: list[int]
) -> None:
    target, others, at = lived(steps, opened)
    for other in others:
        if other.merged:
            merge(other, target, at)
    now, alone = fold(target.events, BOOK), fold(standing(target.events), BOOK)
    assert (now.status, now.awaits) == (alone.status, alone.awaits)
    assert _counted(now, at) == _counted(alone, at)
    missed = {(one.target, one.cycle) for one in now.past if one.breached_at is not None}
    assert all(one.ended_at is not None for one in now.past if (one.target, one.cycle) in missed)


@settings(max_examples=100, deadline=None)
@given(STEPS, OPENED)
def test_going_on_from_the_rows_is_counting_it_all_anew(steps: list[tuple[str, int, int]], opened: list[int]) -> None:
    target, others, _ = lived(steps, opened)
    for case in (target, *others):
        going = fold(case.events[:1], BOOK)
        for place, event in enumerate(case.events[1:], start=2):
            going = advance(through_rows(going), event, BOOK)
            assert newest_of(going) == newest_of(fold(case.events[:place], BOOK))


def _counted(clocks: Clocks, at: datetime) -> dict[Target, Any]:
    measure, found = clocks.measure(BOOK), {}
    for clock in clocks.running():
        told = (clock.spent_at(measure, at), clock.goal, clock.running_since is not None, clock.steps)
        found[clock.target] = clock.late(at).breached_at is not None or told
    return found


@settings(max_examples=150, deadline=None)
@given(STEPS, OPENED)
def test_the_open_spans_of_every_clock_are_what_it_spent(steps: list[tuple[str, int, int]], opened: list[int]) -> None:
    target, others, at = lived(steps, opened)
    for case in (target, *others):
        clocks = fold(case.events, BOOK)
        for clock in clocks.every:
            spans = why(case.events, clock.target, clock.cycle, BOOK, at)
            assert all(one.ends == other.begins for one, other in pairwise(spans))
            told = [span for span in spans if span.kind is SpanKind.OPEN and span.begins < at]
            counted = sum((min(span.ends, at) - span.begins for span in told), timedelta())
            spent = clock.spent_at(clocks.measure(BOOK), at)
            late = clock.is_open and clock.due_at is not None and clock.due_at < at
            assert clock.goal <= counted <= spent if late else counted == spent


def test_what_a_case_owes_is_told_in_time_that_grows_with_its_history() -> None:
    few, many = _calls(100), _calls(400)
    assert many < few * 4.4


def _calls(answers: int) -> int:
    """How often anything is called to tell what is owed after so many words to and fro."""
    case, at = Life(START), START
    for place in range(answers * 2):
        at += timedelta(minutes=7)
        case.does(("take", "reply", "hear")[0 if place == 0 else 1 + place % 2], at)
    calls = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        owed_without(case.events, uuid4(), BOOK, at)
    finally:
        sys.setprofile(None)
    return calls
