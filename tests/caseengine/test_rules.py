"""Rules: what is refused when they are written, which fire and why, when time is up, and that they always end."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseengine.calendars import DEFAULT_CALENDAR
from caseengine.model.actions import REQUIRED, read_action, words_for
from caseengine.model.actor import SYSTEM, Actor, ActorKind
from caseengine.model.anchors import Anchors, rule_actor, rule_behind
from caseengine.model.calendar import Calendar
from caseengine.model.errors import RulebookInvalid
from caseengine.model.events import CaseAssigned, CaseEvent, CaseOpened, CaseReturned, CaseTagged, CustomerWrote
from caseengine.model.lifecycle import Status
from caseengine.model.priority import Priority
from caseengine.model.rule import RuleSet, Since, Wait
from caseengine.model.rule_document import EVENT_KINDS, RULES_MAX, read_rules
from caseengine.policies.effects import Colleague, House
from caseengine.policies.rules import (
    CHAIN_MAX,
    FIRINGS_MAX,
    Guard,
    Timer,
    due,
    evaluate,
    guard,
    next_change,
    strangers_in,
    timer,
)
from caseengine.rule_facts import RULE_FACTS
from caseengine.rule_replay import Draft, Period, replay
from tests.caseengine.office import CALENDAR, CUSTOMER, when

TAG = [{"do": "tag", "tags": ["x"]}]
LI = Actor(ActorKind.AGENT, str(uuid4()), "Li")


def rules(*written: dict[str, Any]) -> RuleSet:
    return read_rules({"rules": list(written)}, known=RULE_FACTS)


def on_opening(rule_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": rule_id, "events": ["CaseOpened"], "then": TAG, **more}


def opened(**told: Any) -> CaseOpened:
    plain = {"number": "CAS-00001-0000", "subject": "It jams", "description": "The till", "case_type": "incident"}
    known = {"department": "tills", "impact": 2, "urgency": 2, "priority": Priority.P3, "case_id": uuid4()}
    return CaseOpened(actor=CUSTOMER, at=when("Mon 09:00"), **{**plain, **known, **told})


def test_an_empty_document_has_no_rules() -> None:
    assert read_rules({}).rules == ()


@pytest.mark.parametrize(
    ("changes", "where", "problem"),
    [
        ({"id": "Not A Slug"}, "rules[0].id", "id"),
        ({"id": None}, "rules[0].name", "text"),
        ({"events": ["CaseExploded"]}, "rules[0].events[0]", "unknown_event"),
        ({"events": ["RuleFired"]}, "rules[0].events[0]", "unknown_event"),
        ({"events": []}, "rules[0].events", "list"),
        ({"every": {"for": {"hours": 1}}}, "rules[0]", "events_or_every"),
        ({"when": {"fact": "colour", "is": 1}}, "rules[0].when.colour", "unknown_fact"),
        ({"when": {"fact": "priority", "like": 1}}, "rules[0].when", "comparison"),
        ({"then": []}, "rules[0].then", "list"),
        ({"then": TAG * 21}, "rules[0].then", "list"),
        ({"then": ["tag"]}, "rules[0].then[0].do", "unknown_action"),
        ({"then": [{"do": "tag"}]}, "rules[0].then[0].tags", "missing"),
        ({"then": [{"do": "tag", "tags": ["x"], "colour": 1}]}, "rules[0].then[0].colour", "unknown_field"),
        ({"stop": "yes"}, "rules[0].stop", "truth"),
        ({"colour": 1}, "rules[0].colour", "unknown_field"),
    ],
)
def test_nonsense_is_refused_with_its_place(changes: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        rules({**on_opening(), **changes})
    assert (refused.value.where, refused.value.problem) == (where, problem)


@pytest.mark.parametrize(
    ("every", "where", "problem"),
    [
        ({}, "for", "duration"),
        ({"for": {"hours": 0}}, "for", "duration"),
        ({"for": {"hours": -1}}, "for", "duration"),
        ({"for": {"hours": float("nan")}}, "for", "duration"),
        ({"for": {"days": 400}}, "for", "duration"),
        ({"for": {"weeks": 1}}, "for.weeks", "unknown_field"),
        ({"for": {"hours": True}}, "for", "duration"),
        ({"for": {"hours": 1}, "status": ["closed"]}, "status", "unknown_status"),
        ({"for": {"hours": 1}, "time": "lunch"}, "time", "value"),
        ({"for": {"hours": 1}, "since": "yesterday"}, "since", "value"),
    ],
)
def test_a_wait_that_cannot_be_is_refused(every: dict[str, Any], where: str, problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        rules({"id": "a", "every": every, "then": TAG})
    assert (refused.value.where, refused.value.problem) == (f"rules[0].every.{where}", problem)


@pytest.mark.parametrize(
    "action",
    [
        {"do": "set_priority", "priority": 5},
        {"do": "set_priority", "priority": True},
        {"do": "tag", "tags": ["x" * 41]},
        {"do": "tag", "tags": [" "]},
        {"do": "fill", "values": {"a": [1]}},
        {"do": "note", "text": " "},
        {"do": "note", "text": "{number.__class__}"},
        {"do": "note", "text": "{password}"},
        {"do": "note", "text": "{number!r}"},
        {"do": "note", "text": "{number:>99999999}"},
        {"do": "note", "text": "{"},
        {"do": "reply", "words": {}},
        {"do": "reply", "words": {"en": ""}},
        {"do": "notify", "who": "everybody", "text": "Hello"},
        {"do": "require", "skills": {"tills": {"least": 6}}},
        {"do": "require", "skills": {"tills": 3}},
    ],
)
def test_an_action_that_cannot_be_is_refused(action: dict[str, Any]) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_action(action, where="then")
    assert refused.value.problem == "value"


def test_too_many_rules_and_two_of_one_name_are_refused() -> None:
    with pytest.raises(RulebookInvalid, match=r"rulebook\.invalid"):
        rules(*(on_opening(f"r{number}") for number in range(RULES_MAX + 1)))
    with pytest.raises(RulebookInvalid) as refused:
        rules(on_opening("a"), on_opening("a"))
    assert refused.value.where == "rules[1].id"


def test_what_rules_name_and_nobody_knows_is_found() -> None:
    found = rules(
        on_opening("a", then=[{"do": "move", "department": "Tills"}, {"do": "move", "department": "moon"}]),
        on_opening("b", then=[{"do": "assign", "agent": "LI@desk.example"}, {"do": "assign", "agent": "x@y"}]),
        on_opening("c", then=[{"do": "require", "skills": {"refunds": {"least": 1}, "magic": {"least": 1}}}]),
    )
    assert strangers_in(found, departments={"tills"}, agents={"li@desk.example"}, skills={"refunds"}) == [
        ("rules[0].then[0].department", "unknown_department"),
        ("rules[0].then[1].department", "unknown_department"),
        ("rules[1].then[1].agent", "unknown_agent"),
        ("rules[2].then[0].skills.magic", "unknown_skill"),
    ]


def test_words_are_chosen_by_language() -> None:
    words = {"de": "Hallo", "en": "Hello", "fr": "Salut"}
    assert [words_for(words, asked) for asked in ("de-AT", "FR", "es", "")] == ["Hallo", "Salut", "Hello", "Hello"]
    assert words_for({"de": "Hallo"}, "es") == "Hallo"


def test_a_rule_fires_with_the_comparisons_that_decided() -> None:
    condition = {
        "all": [
            {"any": [{"fact": "tier", "is": "A"}, {"fact": "priority", "at_most": 2}]},
            {"not": {"fact": "department", "is": "tills"}},
            {"fact": "event.text", "contains": "fire"},
        ]
    }
    told = {"tier": "B", "priority": 2, "department": "deliveries", "event.text": "fire! " * 40}
    (firing,) = evaluate(rules(on_opening(when=condition)), told, "CaseOpened")
    assert firing.reasons[:2] == (
        {"fact": "priority", "at_most": 2, "found": 2},
        {"not": {"fact": "department", "is": "tills", "found": "deliveries"}},
    )
    assert len(firing.reasons[2]["found"]) == 80


def test_order_stop_kind_and_switch_decide_which_fire() -> None:
    found = rules(
        on_opening("off", enabled=False),
        on_opening("not-this", when={"fact": "priority", "is": 1}, stop=True),
        on_opening("first"),
        {"id": "other", "events": ["CaseClosed"], "then": TAG},
        on_opening("last", stop=True),
        on_opening("never"),
    )
    fired = [firing.rule.id for firing in evaluate(found, {"priority": 3}, "CaseOpened")]
    assert fired == ["first", "last"]


def test_the_guard_holds_back_circles_long_chains_and_floods() -> None:
    at = when("Mon 10:00")
    full = [at - timedelta(minutes=1)] * FIRINGS_MAX
    assert guard("a", (), [], at=at) is None
    assert guard("a", ("b", "a"), [], at=at) is Guard.CIRCLE
    assert guard("z", tuple(f"r{number}" for number in range(CHAIN_MAX)), [], at=at) is Guard.DEPTH
    assert guard("a", (), full, at=at) is Guard.RATE
    assert guard("a", (), full, at=at + timedelta(hours=1)) is None
    assert guard("a", (), full, at=at - timedelta(hours=2)) is None  # a clock that jumped back stops nobody


def test_anchors_are_kept_up_with_what_happens() -> None:
    story = opened()
    case: dict[str, Any] = {"case_id": story.case_id}
    events: list[CaseEvent] = [
        story,
        CaseAssigned(actor=LI, at=when("Mon 10:00"), agent_id=uuid4(), agent_name="Li", **case),
        CustomerWrote(actor=CUSTOMER, at=when("Mon 11:00"), text="?", **case),
        CaseAssigned(actor=LI, at=when("Mon 12:00"), agent_id=uuid4(), agent_name="Mo", **case),
        CaseTagged(actor=rule_actor("a", "A"), at=when("Mon 13:00"), added=("x",), **case),
    ]
    found = Anchors(events)
    assert found.status is Status.OPEN
    assert found.at == {
        Since.OPENED: when("Mon 09:00"),
        Since.STATUS: when("Mon 10:00"),
        Since.CUSTOMER: when("Mon 11:00"),
        Since.CHANGE: when("Mon 12:00"),
    }
    assert [rule_behind(event.actor) for event in events[-2:]] == [None, "a"]


def test_a_timer_counts_from_the_rule_where_that_is_younger_and_begins_anew_with_its_anchor() -> None:
    wait = Wait(frozenset({Status.NEW}), timedelta(hours=2), working=True, since=Since.STATUS)
    anchors = {Since.STATUS: when("Mon 09:00")}
    young = timer(wait, Status.NEW, anchors, None, in_force_since=when("Mon 12:00"))
    assert young == Timer(when("Mon 09:00"), when("Mon 12:00"))
    assert due(wait, young, CALENDAR) == when("Mon 15:00")  # half an hour, then lunch
    spent = Timer(young.anchor, young.counts_from, fired=True)
    assert timer(wait, Status.NEW, anchors, spent, in_force_since=when("Mon 08:00")) == spent
    assert due(wait, spent, CALENDAR) is None
    again = timer(wait, Status.NEW, {Since.STATUS: when("Tue 09:00")}, spent, in_force_since=when("Mon 08:00"))
    assert again == Timer(when("Tue 09:00"), when("Tue 09:00"))
    assert timer(wait, Status.OPEN, anchors, spent, in_force_since=when("Mon 08:00")) is None
    assert timer(wait, Status.NEW, {}, spent, in_force_since=when("Mon 08:00")) is None


@pytest.mark.parametrize("fired", [False, True])
def test_a_timer_begins_anew_when_its_rule_waits_for_something_else_than_before(fired: bool) -> None:
    wait = Wait(frozenset({Status.NEW}), timedelta(hours=2), working=False, since=Since.STATUS)
    before = Timer(when("Mon 09:00"), when("Mon 09:00"), fired)
    now = {
        since: timer(wait, Status.NEW, {Since.STATUS: before.anchor}, before, in_force_since=when(since))
        for since in ("Sun 09:00", "Mon 09:00", "Mon 10:00")
    }
    assert now["Mon 09:00"] == before
    assert now["Mon 10:00"] == Timer(when("Mon 09:00"), when("Mon 10:00"))


def test_a_desk_that_never_opens_is_never_due() -> None:
    wait = Wait(frozenset({Status.NEW}), timedelta(hours=2), working=True, since=Since.OPENED)
    shut = Calendar(CALENDAR.zone, ((),) * 7)
    assert due(wait, Timer(when("Mon 09:00"), when("Mon 09:00")), shut) is None
    assert next_change(when("Mon 09:00"), shut) is None


@pytest.mark.parametrize(
    ("at", "change"),
    [("Mon 08:00", "Mon 09:00"), ("Mon 09:00", "Mon 12:30"), ("Mon 12:30", "Mon 13:30"), ("Mon 18:00", "Tue 09:00")],
)
def test_the_next_time_the_desk_opens_or_closes(at: str, change: str) -> None:
    assert next_change(when(at), CALENDAR) == when(change)


KINDS = ("CaseOpened", "CaseTagged", "CasePrioritised", "CaseEscalated", "CaseMoved", "NoteAdded", "FieldsFilled")
ACTIONS = st.one_of(
    st.builds(lambda level: {"do": "set_priority", "priority": level}, st.integers(1, 4)),
    st.builds(lambda tag: {"do": "tag", "tags": [tag]}, st.sampled_from("abc")),
    st.builds(lambda tag: {"do": "untag", "tags": [tag]}, st.sampled_from("abc")),
    st.builds(lambda where: {"do": "move", "department": where}, st.sampled_from(["tills", "deliveries"])),
    st.builds(lambda value: {"do": "fill", "values": {"n": value}}, st.integers(0, 2)),
    st.sampled_from([{"do": "escalate"}, {"do": "note", "text": "again"}, {"do": "close"}]),
)
CONDITIONS = st.one_of(
    st.just({}),
    st.builds(lambda level: {"fact": "priority", "at_most": level}, st.integers(1, 4)),
    st.builds(lambda tag: {"fact": "tags", "contains": tag}, st.sampled_from("abc")),
    st.just({"fact": "desk_open", "is": True}),
)
WAITS = st.builds(
    lambda hours, since, time: {"for": {"hours": hours}, "since": since, "time": time},
    st.integers(1, 30),
    st.sampled_from([str(since) for since in Since]),
    st.sampled_from(["working", "wall"]),
)
HEADS = st.one_of(
    st.builds(lambda kinds: {"events": kinds}, st.lists(st.sampled_from(KINDS), min_size=1, max_size=7, unique=True)),
    st.builds(lambda wait: {"every": wait}, WAITS),
)


@st.composite
def rule_sets(draw: Any) -> dict[str, Any]:
    """Any rules, with every circle that can be made of them."""
    written = []
    for number in range(draw(st.integers(1, 12))):
        head, condition = draw(HEADS), draw(CONDITIONS)
        then = draw(st.lists(ACTIONS, min_size=1, max_size=3))
        written.append({"id": f"r{number}", **head, "when": condition, "then": then, "stop": draw(st.booleans())})
    return {"rules": written}


WEEK = Period(when("Mon 00:00"), when("Sun 00:00"))


def drafted(document: dict[str, Any]) -> Draft:
    found = read_rules(document, known=RULE_FACTS)
    since = dict.fromkeys(found.of_time, WEEK.start)
    return Draft(found, since, House(frozenset({"tills", "deliveries"})), DEFAULT_CALENDAR)


@settings(max_examples=200, deadline=None)
@given(rule_sets(), st.lists(st.integers(1, 5_000), max_size=5))
def test_any_rules_come_to_an_end_and_to_the_same_end(document: dict[str, Any], minutes: list[int]) -> None:
    story: list[CaseEvent] = [opened()]
    for number, minute in enumerate(sorted(minutes)):
        at = when("Mon 09:00") + timedelta(minutes=minute)
        story.append(CustomerWrote(case_id=story[0].case_id, actor=CUSTOMER, at=at, text=f"{number}"))
    first, second = (replay(story, drafted(document), WEEK, {}) for _ in range(2))
    assert first.firings == second.firings
    asked = [fired.at for fired in first.firings]
    assert asked == sorted(asked)
    for at in asked:  # whatever the circles, an hour holds so many and the one trace that says so
        assert sum(at - timedelta(hours=1) < other <= at for other in asked) <= FIRINGS_MAX + 1


def test_a_gift_that_the_desk_takes_back_makes_no_circle_in_a_replay_either() -> None:
    give = {"do": "assign", "agent": "li@desk.example"}
    draft = drafted({"rules": [{"id": "give", "events": ["CaseOpened", "CaseReturned"], "then": [give]}]})
    li = Colleague(uuid4(), "Li", everywhere=True)
    draft = dataclasses.replace(draft, house=House(colleagues={"li@desk.example": li}))
    story: list[CaseEvent] = [opened()]
    told: dict[str, Any] = {"case_id": story[0].case_id, "at": when("Mon 10:00"), "agent_id": li.id, "agent_name": "Li"}
    story.append(CaseReturned(**told, actor=SYSTEM, reason="agent_vanished"))
    assert [fired.guard for fired in replay(story, draft, WEEK, {}).firings] == ["", "circle"]
    locked = dataclasses.replace(li, locked=True)
    draft = dataclasses.replace(draft, house=House(colleagues={"li@desk.example": locked}))
    (fired, *_) = replay(story, draft, WEEK, {}).firings
    assert fired.outcomes[0]["outcome"] == "agent.locked"


@settings(max_examples=100, deadline=None)
@given(rule_sets(), st.integers(1, 4), st.booleans())
def test_rules_fire_in_their_order_and_alike_for_the_same_facts(
    document: dict[str, Any], level: int, there: bool
) -> None:
    found = read_rules(document)
    facts = {"priority": level, "tags": ("a",), "desk_open": there}
    for kind in KINDS:
        fired = [firing.rule.id for firing in evaluate(found, facts, kind)]
        assert fired == [firing.rule.id for firing in evaluate(found, facts, kind)]
        held = [rule for rule in found.rules if kind in rule.events and rule.when.holds(facts)]
        until = next((place for place, rule in enumerate(held) if rule.stop), len(held))
        assert fired == [rule.id for rule in held[: until + 1]]


def test_every_action_and_event_is_in_the_reference() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "reference" / "rules.md").read_text("utf-8")
    for name in (*REQUIRED, *RULE_FACTS, *EVENT_KINDS):
        assert f"`{name}`" in page, name
