"""What the clocks say: each target told as a short story, and the rules that hold whatever happens."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseengine.clocks import clock_of, row_of
from caseengine.model import events as happened
from caseengine.model.actor import BOT, SYSTEM, Actor, ActorKind
from caseengine.model.calendar import Calendar, Window, due_at, working_time
from caseengine.model.case import Case
from caseengine.model.errors import RulebookInvalid, TransitionNotAllowed
from caseengine.model.priority import Priority
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.model.sla import (
    DEFAULT,
    Book,
    Clock,
    Clocks,
    ClockState,
    SpanKind,
    StepKind,
    Target,
    advance,
    clock,
    fold,
    read_sla,
    why,
)
from caseengine.model.sla.fold import begin
from tests.caseengine.office import CALENDAR, CUSTOMER, when

HOUR = timedelta(hours=1)
LI = Actor(ActorKind.AGENT, str(uuid4()), "Li")
SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
ROUND = Calendar(ZoneInfo("Europe/London"), ((Window(time(0), time(0)),),) * 7)
SLA = read_sla(
    {
        "policies": {
            "gold": {
                "targets": {"first_response": "1h", "next_response": "2h", "resolution": {"1": "4h", "default": "8h"}},
                "warn_at": [0.5, 0.8],
                "ladder": [
                    {"target": "resolution", "after": "1h", "do": "raise"},
                    {"target": "resolution", "share": 0.9, "do": "notify"},
                ],
            },
            "round": {
                "calendar": "round",
                "targets": {"first_response": "2h", "resolution": "48h"},
                "pauses_in": ["waiting_on_customer", "waiting_on_third_party"],
            },
            "patient": {
                "targets": {"next_response": "2h", "resolution": "8h"},
                "pauses_in": {"next_response": ["waiting_on_third_party"]},
            },
        }
    },
    version=3,
)
BOOK = Book(
    {(name, policy.version): policy for name, policy in SLA.policies.items()} | {("default", 0): DEFAULT},
    {"desk": CALENDAR, "round": ROUND},
)
FIRST, NEXT, RESOLUTION = Target


OTHER: dict[str, Any] = {"other_id": uuid4(), "other_number": "CAS-2"}


def _ago(at: str, ran: Mapping[str, tuple[int, int] | None]) -> dict[str, Any]:
    def instant(minutes: int) -> datetime:
        return when(at) - timedelta(minutes=minutes)

    return {name: ((instant(one[0]), instant(one[1])),) if one else () for name, one in ran.items()}


class Told:
    """A case that lives through a few days, and what its clocks say."""

    def __init__(self, policy: str | None = "gold", at: str = "Mon 09:00") -> None:
        opening: dict[str, Any] = {"number": "CAS-1", "subject": "It jams", "description": "", "case_type": "incident"}
        opened = happened.CaseOpened(
            case_id=uuid4(), actor=CUSTOMER, at=when(at), department="tills", impact=2, urgency=2, priority=Priority.P3,
            **opening,
        )  # fmt: skip
        self.case = Case.open(opened)
        if policy is not None:
            self.policy(policy, at)

    def policy(self, name: str, at: str) -> "Told":
        told: dict[str, Any] = {"policy": name, "version": 3 if name else 0, "because": "default"}
        return self.fact(happened.PolicyApplied, at, **told)

    def does(self, verb: str, at: str, *args: Any, by: Actor = LI, **named: Any) -> "Told":
        getattr(self.case, verb)(*args, by=by, at=when(at), **named)
        return self

    def takes(self, at: str) -> "Told":
        return self.does("assign", at, uuid4(), "Li")

    def says(self, at: str) -> "Told":
        return self.does("reply", at, "Hello", key="k")

    def asks(self, at: str) -> "Told":
        return self.does("ask_customer", at, "Which?", key="k")

    def hears(self, at: str) -> "Told":
        return self.does("hear_customer", at, "It jams", by=CUSTOMER)

    def ends(self, at: str, by: Actor = LI) -> "Told":
        return self.does("resolve", at, SOLVED, by=by)

    def fact(self, kind: type[happened.CaseEvent], at: str, **named: Any) -> "Told":
        self.case.record(kind(case_id=self.case.id, actor=SYSTEM, at=when(at), **named))
        return self

    def takes_over(self, at: str, **ran: tuple[int, int]) -> "Told":
        """Another case goes on here, whose clocks ran from so many minutes ago until so many."""
        return self.fact(happened.CaseAbsorbed, at, **OTHER, customer_waits=True, **_ago(at, ran))

    def gives_back(self, at: str, waits: bool, **ran: tuple[int, int] | None) -> "Told":
        return self.fact(happened.CaseReleased, at, **OTHER, customer_waits=waits, **_ago(at, ran))

    def clocks(self, now: str = "Mon 09:00") -> dict[tuple[Target, int], Clock]:
        return {(one.target, one.cycle): one for one in clock(self.case.unsaved, BOOK, when(now))}

    def one(self, target: Target, now: str = "Mon 09:00", cycle: int = 1) -> tuple[ClockState, datetime | None]:
        found = self.clocks(now)[target, cycle]
        return found.state, found.due_at


def test_the_first_answer_of_a_person_is_counted_from_the_opening() -> None:
    told = Told()
    assert told.one(FIRST) == (ClockState.RUNNING, when("Mon 10:00"))
    assert told.one(FIRST, "Mon 10:01") == (ClockState.BREACHED, when("Mon 10:00"))
    told.takes("Mon 09:30").says("Mon 10:00")
    assert told.one(FIRST, "Tue 10:00") == (ClockState.MET, when("Mon 10:00"))  # just when it was due


def test_a_late_answer_stays_late() -> None:
    told = Told().takes("Mon 09:30").says("Mon 10:01")
    assert told.one(FIRST)[0] is ClockState.BREACHED
    assert told.clocks()[FIRST, 1].breached_at == when("Mon 10:00")


def test_the_bots_words_never_count() -> None:
    told = Told().takes("Mon 09:01").does("reply", "Mon 09:02", "Hello", key="k", by=BOT)
    assert told.one(FIRST)[0] is ClockState.RUNNING


def test_a_question_or_the_end_answers_too() -> None:
    assert Told().takes("Mon 09:01").asks("Mon 09:30").one(FIRST)[0] is ClockState.MET
    assert Told().ends("Mon 09:30").one(FIRST)[0] is ClockState.MET


def test_what_the_customer_withdraws_is_neither_met_nor_missed() -> None:
    told = Told().ends("Mon 09:30", by=CUSTOMER)
    assert set(told.clocks("Tue 09:00")) == {(RESOLUTION, 1)}


def test_the_next_answer_is_counted_from_the_customers_words() -> None:
    told = Told().takes("Mon 09:01").says("Mon 09:10")
    assert (NEXT, 1) not in told.clocks()
    told.hears("Mon 11:00")
    assert told.one(NEXT) == (ClockState.RUNNING, when("Mon 14:00"))  # two hours, over lunch
    told.hears("Mon 12:00")  # who asks twice does not wait longer
    assert told.one(NEXT) == (ClockState.RUNNING, when("Mon 14:00"))
    told.says("Mon 13:40").hears("Mon 15:00")
    assert told.one(NEXT)[0] is ClockState.MET
    assert told.one(NEXT, cycle=2) == (ClockState.RUNNING, when("Mon 17:00"))


def test_words_before_the_first_answer_start_nothing() -> None:
    assert (NEXT, 1) not in Told().hears("Mon 09:20").clocks()


def test_asking_for_a_person_again_waits_for_the_next_answer() -> None:
    told = Told().takes("Mon 09:01").says("Mon 09:10")
    told.does("hand_over", "Mon 11:00", uuid4(), reason="asked", summary={}, by=BOT)
    assert told.one(NEXT) == (ClockState.RUNNING, when("Mon 14:00"))


def test_the_solution_waits_while_the_customer_is_asked() -> None:
    told = Told()
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Tue 09:30"))
    told.takes("Mon 09:01").asks("Mon 11:00")
    assert told.one(RESOLUTION, "Fri 10:00") == (ClockState.PAUSED, None)
    assert told.clocks()[RESOLUTION, 1].spent == 2 * HOUR
    told.hears("Tue 10:00")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Tue 17:00"))  # six hours are left


def test_a_pause_over_closing_time_costs_nothing_that_was_closed() -> None:
    told = Told().takes("Mon 09:01").asks("Mon 20:00").hears("Tue 08:00")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Tue 09:30"))


def test_reopening_begins_a_new_cycle_and_keeps_the_old_verdict() -> None:
    told = Told().takes("Mon 09:01").ends("Wed 10:00")
    assert told.one(RESOLUTION)[0] is ClockState.BREACHED
    told.hears("Fri 16:30")
    assert told.one(RESOLUTION)[0] is ClockState.BREACHED
    assert told.one(RESOLUTION, cycle=2, now="Fri 16:30")[0] is ClockState.RUNNING
    assert told.clocks()[RESOLUTION, 2].spent == timedelta(0)
    assert told.one(NEXT, now="Fri 16:30")[0] is ClockState.RUNNING


def test_an_agent_who_reopens_owes_no_answer() -> None:
    told = Told().takes("Mon 09:01").ends("Mon 10:00").does("reopen", "Mon 11:00", "Not done")
    assert (NEXT, 1) not in told.clocks()
    assert (RESOLUTION, 2) in told.clocks()


def test_a_merged_case_stands_still_and_goes_on_when_it_is_taken_apart() -> None:
    told = Told().fact(happened.CaseMerged, "Mon 09:30", into_id=uuid4())
    assert told.one(FIRST, "Fri 09:00") == (ClockState.PAUSED, None)
    told.fact(happened.CaseUnmerged, "Tue 09:00", from_id=uuid4(), from_number="CAS-2")
    assert told.one(FIRST) == (ClockState.RUNNING, when("Tue 09:30"))


def test_another_priority_measures_what_runs_and_keeps_what_was_spent() -> None:
    told = Told().takes("Mon 09:01").does("prioritise", "Mon 11:00", Priority.P1, "All tills")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Mon 14:00"))  # 4 h from 09:00
    told.does("prioritise", "Mon 13:30", Priority.P3, "One till")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Tue 09:30"))  # as at first


def test_what_was_missed_stays_missed_whatever_holds_later() -> None:
    told = Told().takes("Mon 09:01").does("prioritise", "Mon 11:00", Priority.P1, "All tills")
    told.does("prioritise", "Mon 16:00", Priority.P4, "Spare till").policy("round", "Mon 16:10")
    missed = told.clocks("Mon 16:10")[RESOLUTION, 1]
    assert (missed.state, missed.due_at) == (ClockState.BREACHED, when("Mon 14:00"))
    assert (missed.policy, missed.goal) == ("gold", 4 * HOUR)  # what it missed
    told.ends("Mon 16:20")
    assert told.one(RESOLUTION, "Fri 09:00") == (ClockState.BREACHED, when("Mon 14:00"))
    assert told.one(FIRST, "Fri 09:00") == (ClockState.BREACHED, when("Mon 10:00"))
    assert len(told.clocks()) == 2


def test_what_was_missed_stays_missed_where_no_sla_holds() -> None:
    told = Told().takes("Mon 09:01").policy("", "Tue 10:00").policy("gold", "Tue 11:00")
    assert told.one(RESOLUTION, "Tue 11:00") == (ClockState.BREACHED, when("Tue 09:30"))
    told.policy("", "Tue 12:00").ends("Tue 13:00")
    assert {key: one.state for key, one in told.clocks("Fri 09:00").items()} == {
        (FIRST, 1): ClockState.BREACHED,
        (RESOLUTION, 1): ClockState.BREACHED,
    }


def test_a_late_answer_that_nobody_wants_any_more_was_late() -> None:
    told = Told().ends("Mon 10:30", by=CUSTOMER)
    assert told.one(FIRST, "Tue 09:00") == (ClockState.BREACHED, when("Mon 10:00"))


def test_whoever_comes_back_from_no_sla_has_spent_what_they_spent() -> None:
    told = Told().takes("Mon 09:01").says("Mon 09:30").policy("", "Mon 12:00")
    assert told.one(RESOLUTION, "Thu 09:00") == (ClockState.PAUSED, None)
    aside = why(told.case.unsaved, RESOLUTION, 1, BOOK, when("Mon 14:00"))[-1]
    assert (aside.kind, aside.because) == (SpanKind.PAUSED, "none")
    told.policy("gold", "Tue 09:00")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Tue 15:00"))  # five of eight hours are left, over lunch


def test_what_nobody_promised_in_the_end_has_no_verdict() -> None:
    told = Told().takes("Mon 09:01").says("Mon 09:30").policy("", "Mon 12:00").ends("Mon 13:00")
    assert {key: one.state for key, one in told.clocks().items()} == {(FIRST, 1): ClockState.MET}


def test_a_shorter_target_that_has_passed_is_due_when_it_comes_into_force() -> None:
    told = Told().takes("Mon 09:01").does("prioritise", "Mon 16:00", Priority.P1, "All tills")
    assert told.one(RESOLUTION, "Mon 16:00") == (ClockState.RUNNING, when("Mon 16:00"))
    assert told.one(RESOLUTION, "Mon 16:01") == (ClockState.BREACHED, when("Mon 16:00"))


def test_another_policy_counts_by_its_own_calendar_from_then_on() -> None:
    told = Told().takes("Mon 09:01")
    told.policy("round", "Mon 17:30")
    assert told.one(RESOLUTION) == (ClockState.RUNNING, when("Mon 17:30") + 48 * HOUR - 7.5 * HOUR)
    assert told.clocks()[RESOLUTION, 1].policy == "round"


def test_no_sla_is_a_policy_too() -> None:
    told = Told().takes("Mon 09:01").says("Mon 09:30")
    told.policy("", "Mon 10:00").hears("Mon 10:30")
    assert {key: one.state for key, one in told.clocks().items()} == {
        (FIRST, 1): ClockState.MET,
        (RESOLUTION, 1): ClockState.PAUSED,
    }
    told.policy("gold", "Tue 09:00")
    assert told.one(NEXT) == (ClockState.RUNNING, when("Tue 11:00"))  # nobody had promised an answer before


def test_a_policy_says_for_each_target_when_it_stands_still() -> None:
    told = Told("patient").takes("Mon 09:01").says("Mon 09:10").hears("Mon 10:00")
    told.does("ask_third_party", "Mon 10:30", "A part")
    assert told.one(NEXT, "Fri 09:00") == (ClockState.PAUSED, None)
    told.does("hear_third_party", "Tue 09:00", "It is sent")
    assert told.one(NEXT) == (ClockState.RUNNING, when("Tue 10:30"))
    told.asks("Tue 09:10")
    assert told.one(RESOLUTION, "Fri 09:00")[0] is ClockState.PAUSED  # as where nothing is said


def test_a_desk_that_decided_nothing_counts_too() -> None:
    told = Told(policy=None)
    assert told.one(FIRST) == (ClockState.RUNNING, when("Mon 14:00"))
    assert told.one(RESOLUTION)[1] == due_at(when("Mon 09:00"), 24 * HOUR, CALENDAR)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=3653)])
def test_a_clock_on_the_wall_that_jumps_spoils_nothing(jump: timedelta) -> None:
    told = Told().takes("Mon 10:00").asks("Mon 11:00")
    told.case.hear_customer("Hm", by=CUSTOMER, at=when("Mon 11:30") + jump)
    told.asks("Mon 11:40").hears("Mon 11:50")
    for one in told.clocks().values():
        assert one.spent >= timedelta(0)
        assert one.ended_at is None or one.ended_at >= one.started_at
    states = {one.state for one in clock(told.case.unsaved, BOOK, when("Mon 12:00") + timedelta(days=4000))}
    assert states <= set(ClockState)


def test_why_tells_every_hour_until_it_is_due() -> None:
    told = Told().takes("Mon 09:01").asks("Mon 11:00").hears("Mon 15:00")
    spans = why(told.case.unsaved, RESOLUTION, 1, BOOK, when("Mon 15:00"))
    assert [(span.begins, span.ends, span.kind.value, span.because) for span in spans] == [
        (when("Mon 09:00"), when("Mon 11:00"), "open", "desk"),
        (when("Mon 11:00"), when("Mon 15:00"), "paused", "waiting_on_customer"),
        (when("Mon 15:00"), when("Mon 17:30"), "open", "desk"),
        (when("Mon 17:30"), when("Tue 09:00"), "closed", "desk"),
        (when("Tue 09:00"), when("Tue 12:30"), "open", "desk"),
    ]


def test_steps_are_taken_in_their_order_whatever_the_target_is() -> None:
    steps = SLA.policies["gold"].steps_for(RESOLUTION, "tills")
    told = [(step.kind, step.share, step.after) for step in steps]
    assert told == [
        (StepKind.WARN, 0.5, timedelta(0)),
        (StepKind.WARN, 0.8, timedelta(0)),
        (StepKind.LADDER, 0.9, timedelta(0)),
        (StepKind.BREACH, None, timedelta(0)),
        (StepKind.LADDER, None, HOUR),
    ]
    fresh = Told()
    assert fresh.clocks()[RESOLUTION, 1].next_at == when("Mon 14:00")  # half of eight hours
    due = when("Tue 09:30")
    fresh.fact(happened.TargetWarned, "Mon 14:01", target="resolution", cycle=1, share=0.5, due_at=due)
    assert fresh.clocks()[RESOLUTION, 1].next_at == when("Mon 16:24")
    fresh.fact(
        happened.TargetBreached, "Tue 09:31", target="resolution", cycle=1, due_at=due
    )  # those before are behind
    assert fresh.clocks()[RESOLUTION, 1].next_at == when("Tue 10:30")
    taken = {"target": "resolution", "cycle": 1, "step": 4, "action": "raise", "did": {}}
    fresh.fact(happened.LadderStepTaken, "Tue 10:31", **taken)
    assert fresh.clocks()[RESOLUTION, 1].next_at is None


@pytest.mark.parametrize(
    ("document", "where", "problem"),
    [
        ({"policies": {"g": {"targets": {"resolution": "-4h"}}}}, "policies.g.targets.resolution", "not_positive"),
        ({"policies": {"g": {"targets": {"resolution": "0h"}}}}, "policies.g.targets.resolution", "not_positive"),
        ({"policies": {"g": {"targets": {"resolution": "soon"}}}}, "policies.g.targets.resolution", "duration"),
        ({"policies": {"gold": {"targets": {"resolution": {"9": "1h"}}}}}, "policies.gold.targets.resolution.9",
         "unknown_field"),
        ({"policies": {"gold": {"targets": {"applause": "1h"}}}}, "policies.gold", "unknown_target"),
        ({"policies": {"gold": {"pauses_in": ["asleep"]}}}, "policies.gold.pauses_in", "unknown_status"),
        ({"policies": {"gold": {"pauses_in": ["closed"]}}}, "policies.gold.pauses_in", "unknown_status"),
        ({"policies": {"gold": {"pauses_in": {"applause": []}}}}, "policies.gold.pauses_in", "unknown_target"),
        ({"policies": {"gold": {"pauses_in": {"resolution": "open"}}}}, "policies.gold.pauses_in", "list"),
        ({"policies": {"gold": {"warn_at": [1.5]}}}, "policies.gold.warn_at", "share"),
        ({"policies": {"gold": {"ladder": [{"target": "resolution", "after": "1h", "do": "shout"}]}}},
         "policies.gold.ladder[0]", "unknown_action"),
        ({"policies": {"gold": {"ladder": [{"target": "resolution", "do": "raise"}]}}},
         "policies.gold.ladder[0]", "share_or_after"),
        ({"policies": {"none": {}}}, "policies.none", "reserved"),
        ({"choose": {"default": "gold"}}, "choose.default", "unknown_policy"),
        ({"choose": {"default": ["gold"]}}, "choose.default", "unknown_policy"),
        ({"choose": {"tier": {"Z": "none"}}}, "choose.tier", "unknown_tier"),
        ({"choose": {"type_and_priority": [{"when": {"fact": "mood", "is": 1}, "policy": "none"}]}},
         "choose.type_and_priority[0].when.mood", "unknown_fact"),
        ({"policies": []}, "policies", "mapping"),
        ({"policies": {"a\0b": {}}}, "policies", "name"),
        ({"goals": {}}, "sla.goals", "unknown_field"),
    ],
)  # fmt: skip
def test_a_rulebook_that_makes_no_sense_says_where(document: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_sla(document, known=("priority",))
    assert (refused.value.where, refused.value.problem) == (where, problem)


ACTS: list[Callable[[Told, str], object]] = [
    lambda told, at: told.takes(at),
    lambda told, at: told.says(at),
    lambda told, at: told.asks(at),
    lambda told, at: told.hears(at),
    lambda told, at: told.does("ask_third_party", at, "A part"),
    lambda told, at: told.does("hear_third_party", at, "It is sent"),
    lambda told, at: told.ends(at),
    lambda told, at: told.ends(at, by=CUSTOMER),
    lambda told, at: told.does("reopen", at, "Again"),
    lambda told, at: told.does("prioritise", at, Priority.P1, "All tills"),
    lambda told, at: told.does("prioritise", at, Priority.P4, "Spare till"),
    lambda told, at: told.does("move", at, "deliveries", "Not ours"),
    lambda told, at: told.fact(happened.CaseMerged, at, into_id=uuid4()),
    lambda told, at: told.fact(happened.CaseUnmerged, at, from_id=uuid4(), from_number="CAS-2"),
    lambda told, at: told.takes_over(at, first_response=(150, 30)),
    lambda told, at: told.takes_over(at, next_response=(90, 0), resolution=(900, 0)),
    lambda told, at: told.gives_back(at, waits=False, first_response=None, next_response=None),
    lambda told, at: told.gives_back(at, waits=True, next_response=(45, 0), resolution=(60, 0)),
    lambda told, at: told.policy("gold", at),
    lambda told, at: told.policy("round", at),
    lambda told, at: told.policy("patient", at),
    lambda told, at: told.policy("", at),
]
SPRING = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)
"""The Friday before the clocks go forward."""
LIVES = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(-60, 2_000)), max_size=14)


def lived(steps: list[tuple[Callable[[Told, str], object], int]], monkey: pytest.MonkeyPatch) -> Told:
    """A case that went through as many of the steps as the table allows, minutes apart."""
    instants = {"start": SPRING}
    monkey.setattr(f"{__name__}.when", instants.__getitem__)
    told, at = Told(at="start"), SPRING
    for place, (act, minutes) in enumerate(steps):
        at += timedelta(minutes=minutes)
        instants[str(place)] = at
        try:
            act(told, str(place))
        except TransitionNotAllowed:
            continue
    monkey.undo()
    return told


@settings(max_examples=120, deadline=None)
@given(LIVES)
def test_going_on_from_the_rows_is_counting_it_all_anew(
    steps: list[tuple[Callable[[Told, str], object], int]],
) -> None:
    with pytest.MonkeyPatch.context() as monkey:
        events = lived(steps, monkey).case.unsaved
    opened = events[0]
    assert isinstance(opened, happened.CaseOpened)
    going = begin(opened, BOOK)
    for place, event in enumerate(events[1:], start=2):
        going = advance(through_rows(going), event, BOOK)
        whole = fold(events[:place], BOOK)
        assert newest_of(going) == newest_of(whole)
        assert (going.awaits, going.status) == (whole.awaits, whole.status)


def newest_of(clocks: Clocks) -> dict[Target, Clock]:
    """The newest cycle of each target that was not taken back."""
    return {one.target: one for one in sorted(clocks.every, key=lambda one: one.cycle)}


def through_rows(clocks: Clocks) -> Clocks:
    """As they come back from the database."""
    newest = tuple(newest_of(clocks).values())
    back = tuple(clock_of(_Row(row_of(one))) for one in newest)  # type: ignore[arg-type]
    assert back == newest
    return Clocks(
        status=clocks.status,
        merged_from=clocks.merged_from,
        priority=clocks.priority,
        department=clocks.department,
        policy=clocks.policy,
        awaits=clocks.awaits,
        clocks=back,
    )


class _Row:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def test_time_that_was_set_back_is_told_once() -> None:
    """Closed for a minute by the policy before, and then, at a minute earlier, under one that never closes."""
    events = Told(at="Fri 15:00").takes("Fri 17:31").policy("round", "Fri 17:30").case.unsaved
    spans = why(events, Target.RESOLUTION, 1, BOOK, when("Fri 17:31"))
    assert {span.kind for span in spans} == {SpanKind.OPEN}
    assert sum((span.ends - span.begins for span in spans), timedelta(0)) == timedelta(days=2)


@settings(max_examples=120, deadline=None)
@given(LIVES, st.integers(0, 40_000))
def test_whatever_happens_the_clocks_make_sense(
    steps: list[tuple[Callable[[Told, str], object], int]], later: int
) -> None:
    with pytest.MonkeyPatch.context() as monkey:
        events = lived(steps, monkey).case.unsaved
    now = max(event.at for event in events) + timedelta(minutes=later)
    for one in clock(events, BOOK, now):
        assert one.spent >= timedelta(0)
        assert one.started_at <= one.touched_at
        assert one.breached_at is None or one.breached_at == one.due_at
        if one.running_since is not None and one.due_at is not None:
            spans = why(events, one.target, one.cycle, BOOK, now)
            counted = sum((span.ends - span.begins for span in spans if span.kind is SpanKind.OPEN), timedelta(0))
            assert one.state is ClockState.BREACHED or counted == max(one.goal, one.spent)
            assert spans[-1].ends <= one.due_at if spans else one.due_at == one.started_at
        if (one.state is ClockState.BREACHED) and one.is_open:
            assert now > one.due_at  # type: ignore[operator]


@settings(max_examples=120, deadline=None)
@given(LIVES)
def test_a_miss_is_never_taken_back(steps: list[tuple[Callable[[Told, str], object], int]]) -> None:
    with pytest.MonkeyPatch.context() as monkey:
        events = lived(steps, monkey).case.unsaved
    missed: dict[tuple[Target, int], datetime | None] = {}
    for place in range(1, len(events) + 1):
        now = {(one.target, one.cycle): one.breached_at for one in fold(events[:place], BOOK).every}
        assert missed.items() <= now.items()
        missed = {key: at for key, at in now.items() if at is not None}


@settings(max_examples=80, deadline=None)
@given(LIVES)
def test_reopening_never_breaches_at_once(steps: list[tuple[Callable[[Told, str], object], int]]) -> None:
    with pytest.MonkeyPatch.context() as monkey:
        told = lived(steps, monkey)
    if not told.case.is_live:
        return
    at = max(event.at for event in told.case.unsaved) + timedelta(days=30)
    told.case.resolve(SOLVED, by=LI, at=at)
    told.case.hear_customer("Again", by=CUSTOMER, at=at + timedelta(days=30))
    now = at + timedelta(days=30)
    fresh = [one for one in clock(told.case.unsaved, BOOK, now) if one.is_open]
    assert {one.state for one in fresh} <= {ClockState.RUNNING}
    for one in fresh:
        assert one.due_at is None or one.due_at > now


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 900), st.integers(1, 9_000))
def test_a_pause_never_makes_it_due_earlier(before: int, pause: int) -> None:
    """And what is counted before and after it adds up to the target."""
    instants = {"start": SPRING, "ask": SPRING + timedelta(minutes=before)}
    instants["hear"] = instants["ask"] + timedelta(minutes=pause)
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(f"{__name__}.when", instants.__getitem__)
        plain = Told(at="start").takes("start")
        paused = Told(at="start").takes("start").asks("ask").hears("hear")
    straight = fold(plain.case.unsaved, BOOK).running(RESOLUTION)[0].due_at
    held = fold(paused.case.unsaved, BOOK).running(RESOLUTION)[0]
    assert held.due_at is not None
    assert straight is not None
    assert held.due_at >= straight
    if held.breached_at is None:
        assert held.spent + working_time(instants["hear"], held.due_at, CALENDAR) == held.goal
