"""Conditions: what holds, what does not, and what is refused when it is written."""

from typing import Any

import pytest

from caseengine.facts import KNOWN
from caseengine.model.condition import ALWAYS, DEPTH_MAX, read_condition
from caseengine.model.errors import RulebookInvalid
from caseengine.model.reasons import reasons

FACTS = {
    "priority": 2,
    "department": "tills",
    "tags": ("vip", "Till"),
    "words": "The till JAMS",
    "tier": None,
    "fields.till": 1,
    "fields.seen": True,
}


@pytest.mark.parametrize(
    ("document", "holds"),
    [
        ({"fact": "priority", "is": 2}, True),
        ({"fact": "priority", "is": "2"}, False),
        ({"fact": "department", "is": "Tills"}, True),
        ({"fact": "department", "in": ["deliveries", "tills"]}, True),
        ({"fact": "priority", "at_most": 2}, True),
        ({"fact": "priority", "at_least": 3}, False),
        ({"fact": "tier", "at_least": 1}, False),
        ({"fact": "department", "at_least": 1}, False),
        ({"fact": "tags", "contains": "till"}, True),
        ({"fact": "tags", "contains": "til"}, False),
        ({"fact": "words", "contains": "jams"}, True),
        ({"fact": "priority", "contains": "2"}, False),
        ({"fact": "tier", "exists": False}, True),
        ({"fact": "fields.till", "is": 1}, True),
        ({"fact": "fields.till", "is": 1.0}, True),
        ({"fact": "fields.till", "is": True}, False),
        ({"fact": "fields.till", "in": [True, "1"]}, False),
        ({"fact": "fields.seen", "is": True}, True),
        ({"fact": "fields.seen", "is": 1}, False),
        ({"fact": "fields.seen", "in": [1, True]}, True),
        ({"fact": "fields.none", "exists": True}, False),
        ({"all": [{"fact": "priority", "is": 2}, {"not": {"fact": "tier", "is": "A"}}]}, True),
        ({"any": [{"fact": "priority", "is": 1}, {"fact": "tier", "is": "A"}]}, False),
    ],
)
def test_a_condition_holds_or_not(document: dict[str, Any], holds: bool) -> None:
    read = read_condition(document, where="when", known=KNOWN)
    assert read.holds(FACTS) is holds
    assert read.document == document


@pytest.mark.parametrize(
    ("document", "where", "problem"),
    [
        ("priority", "when", "condition"),
        ([], "when", "condition"),
        ({"fact": "colour", "is": "red"}, "when.colour", "unknown_fact"),
        ({"fact": "priority"}, "when", "comparison"),
        ({"fact": "priority", "is": 1, "in": [1]}, "when", "comparison"),
        ({"fact": "priority", "matches": ".*"}, "when", "comparison"),
        ({"fact": "priority", "in": []}, "when.in", "value"),
        ({"fact": "priority", "at_least": True}, "when.at_least", "value"),
        ({"fact": "words", "contains": ""}, "when.contains", "value"),
        ({"all": []}, "when.all", "list"),
        ({"all": [{"any": [{"fact": "priority", "is": [1]}]}]}, "when.all[0].any[0].is", "value"),
        ({"fact": ["priority"], "is": 1}, "when", "comparison"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(document: Any, where: str, problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_condition(document, where="when", known=KNOWN)
    assert refused.value.params == {"where": where, "problem": problem}


def test_nothing_asked_always_holds() -> None:
    assert read_condition({}, where="when") is ALWAYS
    assert ALWAYS.holds({})


def test_a_condition_is_not_nested_without_end() -> None:
    document: dict[str, Any] = {"fact": "priority", "is": 1}
    for _ in range(DEPTH_MAX + 1):
        document = {"not": document}
    with pytest.raises(RulebookInvalid):
        read_condition(document, where="when")


def test_case_does_not_matter_where_it_is_told_why_either() -> None:
    for how, wanted in (("is", "TILL"), ("in", ["x", "TILL"]), ("contains", "TIL")):
        document = {"fact": "words", how: wanted}
        facts = {"words": "tiLL"}
        assert read_condition(document, where="when").holds(facts)
        assert reasons(document, facts) == ({**document, "found": "tiLL"},)
