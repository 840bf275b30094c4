"""Custom fields: what a form may say, what it takes, and when it wants what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.forms import DEPTH_MAX, SCHEMA_BYTES_MAX, VALUES_BYTES_MAX, Form, read_forms, too_large
from caseengine.model.case_errors import FieldsInvalid
from caseengine.model.case_type import CaseType
from caseengine.model.errors import RulebookInvalid
from caseengine.model.fields import same
from caseengine.model.lifecycle import Status
from caseengine.model.resolution import Resolution, ResolutionCode
from caseengine.operations import classify, fill, resolve
from caseengine.rulebooks import Rulebook, decide
from tests.caseengine.office import CUSTOMER, Office, when

AT = when("Mon 09:30")
SOLVED = Resolution(ResolutionCode.SOLVED, "Replaced the drum")
FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "device": {"enum": ["till", "reader"]},
        "till": {"type": "integer", "minimum": 1},
        "since": {"type": "string", "format": "date"},
        "mail": {"type": "string", "format": "email"},
    },
    "required": ["device"],
    "if": {"properties": {"device": {"const": "till"}}, "required": ["device"]},
    "then": {"required": ["till"]},
    "else": {"properties": {"serial": {"type": "string", "minLength": 3}}},
    "dependentRequired": {"since": ["mail"]},
}


@pytest.fixture
async def desk(office: Office) -> Office:
    """A desk whose incidents have a form."""
    await office.do(decide, Rulebook.FORMS, {"forms": {"incident": FORM}}, by=office.sam.actor, at=AT)
    return office


async def filled(office: Office, number: str, **values: Any) -> dict[str, Any]:
    return dict((await office.do(fill, number, values, by=office.li.actor, at=AT)).fields)


async def wrong(office: Office, number: str, **values: Any) -> list[tuple[str, str]]:
    with pytest.raises(FieldsInvalid) as refused:
        await filled(office, number, **values)
    return [(one["field"], one["problem"]) for one in refused.value.problems]


async def test_what_is_missing_is_no_matter_before_the_end(desk: Office) -> None:
    case = await desk.report()
    assert await filled(desk, case.number, since="2026-03-01") == {"since": "2026-03-01"}
    with pytest.raises(FieldsInvalid) as refused:
        await desk.do(resolve, case.number, SOLVED, by=desk.li.actor, at=AT)
    assert refused.value.params["named"] == ["device", "mail"]
    await filled(desk, case.number, device="till", mail="ana@shop.example")
    with pytest.raises(FieldsInvalid) as refused:
        await desk.do(resolve, case.number, SOLVED, by=desk.li.actor, at=AT)
    assert refused.value.problems == [{"field": "till", "problem": "required"}]  # because it is a till
    await filled(desk, case.number, till=4)
    assert (await desk.do(resolve, case.number, SOLVED, by=desk.li.actor, at=AT)).status is Status.RESOLVED
    await desk.rows_equal_fold(case)


async def test_what_is_wrong_is_named_and_nothing_is_kept(desk: Office) -> None:
    case = await desk.report()
    problems = await wrong(desk, case.number, device="fridge", till=0, since="soon", colour="red", mail="nowhere")
    assert problems == [
        *(("colour", "unknown"), ("device", "enum"), ("mail", "format"), ("since", "format"), ("till", "minimum")),
    ]
    assert await wrong(desk, case.number, till="four") == [("till", "type")]
    assert (await desk.case(case)).fields == {}


async def test_a_condition_brings_fields_of_its_own(desk: Office) -> None:
    case = await desk.report()
    assert await wrong(desk, case.number, device="reader", serial="x") == [("serial", "minLength")]
    assert await filled(desk, case.number, device="reader", serial="xyz") == {"device": "reader", "serial": "xyz"}


async def test_a_value_is_taken_away_and_the_same_again_leaves_no_fact(desk: Office) -> None:
    case = await desk.report()
    await filled(desk, case.number, device="till", till=4)
    before = (await desk.case(case)).version
    await filled(desk, case.number, till=4)
    assert (await desk.case(case)).version == before
    assert await filled(desk, case.number, till=None) == {"device": "till"}


async def test_one_and_yes_are_two_values(desk: Office) -> None:
    case = await desk.report()
    await filled(desk, case.number, till=1)
    assert await wrong(desk, case.number, till=True) == [("till", "type")]
    assert [same(known, told) for known, told in ((1, True), (1, 1.0), ([1], [True]), ({"a": 0}, {"a": False}))] == [
        *(False, False, False, False),
    ]
    assert same({"a": [1, "x", None]}, {"a": [1, "x", None]})


async def test_fields_of_another_type_stay_but_count_no_more(desk: Office) -> None:
    case = await desk.report()
    await filled(desk, case.number, till=4)
    by: dict[str, Any] = {"by": desk.li.actor, "at": AT}
    await desk.do(classify, case.number, CaseType.QUESTION, reason="Only asking", **by)
    assert (await desk.case(case)).fields == {"till": 4}
    assert await wrong(desk, case.number, till=5) == [("till", "unknown")]
    assert (await desk.do(resolve, case.number, SOLVED, **by)).status is Status.RESOLVED


async def test_a_desk_without_forms_has_no_fields_and_resolves_as_ever(office: Office) -> None:
    case = await office.report()
    assert await wrong(office, case.number, till=4) == [("till", "unknown")]
    await office.do(resolve, case.number, SOLVED, by=office.li.actor, at=AT)


async def test_a_customer_is_never_stuck_in_a_form(desk: Office) -> None:
    case = await desk.report()
    withdrawn = Resolution(ResolutionCode.WITHDRAWN, "never mind")
    assert (await desk.do(resolve, case.number, withdrawn, by=CUSTOMER, at=AT)).status is Status.RESOLVED


async def test_too_much_is_refused(desk: Office) -> None:
    case = await desk.report()
    assert await wrong(desk, case.number, serial="x" * VALUES_BYTES_MAX) == [("", "too_large")]


def test_what_cannot_be_kept_is_no_value() -> None:
    assert too_large({"till": float("inf")})
    assert too_large({"till": 2**70})
    assert too_large({"till": [float("nan")]})
    assert too_large({"till": ["a\x00b"]})
    assert not too_large({"till": [1, 2.5, True, "x", None]})


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        inner = {"type": "object", "properties": {"a": inner}}
    return inner


@pytest.mark.parametrize(
    ("schema", "where", "problem"),
    [
        ({"type": "string"}, "forms.incident", "object"),
        ([], "forms.incident", "object"),
        ({**FORM, "$ref": "https://example.org/x"}, "forms.incident.$ref", "not_allowed"),
        ({**FORM, "patternProperties": {}}, "forms.incident.patternProperties", "not_allowed"),
        (
            {"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}},
            "forms.incident.properties.a.pattern",
            "not_allowed",
        ),
        ({"type": "object", "properties": {"a": {"format": "regex"}}}, "forms.incident.properties.a.format", "unknown"),
        (
            {"type": "object", "properties": {"a": {"titles": {"de": " "}}}},
            "forms.incident.properties.a.titles",
            "text",
        ),
        ({"type": "object", "properties": {"A b": {}}}, "forms.incident.properties.A b", "name"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "forms.incident.properties.a.type", "schema"),
        ({"type": "object", "properties": {"a": {"title": "x" * SCHEMA_BYTES_MAX}}}, "forms.incident", "too_large"),
        ({"type": "object", "properties": {f"f{n}": {} for n in range(99)}}, "forms.incident.properties", "too_many"),
    ],
)
def test_a_form_that_could_hang_or_makes_no_sense_is_refused(schema: Any, where: str, problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_forms({"forms": {"incident": schema}})
    assert (refused.value.where, refused.value.problem) == (where, problem)


def test_titles_by_language_are_no_matter_to_what_is_taken() -> None:
    choices = [{"const": "damaged", "titles": {"en": "It is damaged", "de": "Es ist kaputt"}}, {"const": "not_wanted"}]
    schema = {"type": "object", "properties": {"reason": {"titles": {"de": "Grund"}, "oneOf": choices}}}
    form = read_forms({"forms": {"return": schema}})[CaseType.RETURN]
    assert form.problems({"reason": "damaged"}, whole=True) == []
    assert form.problems({"reason": "lost"}, whole=False) == [{"field": "reason", "problem": "oneOf"}]


def test_a_form_is_only_so_deep() -> None:
    read_forms({"forms": {"incident": nested(DEPTH_MAX)}})
    with pytest.raises(RulebookInvalid):
        read_forms({"forms": {"incident": nested(DEPTH_MAX + 1)}})


@pytest.mark.parametrize("document", [{"form": {}}, {"forms": []}, {"forms": {"party": FORM}}])
def test_a_document_that_is_no_forms_is_refused(document: Any) -> None:
    with pytest.raises(RulebookInvalid):
        read_forms(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(["type", "properties", "required", "if", "then", "anyOf", "enum", "minimum", "object", "a"])


@given(st.dictionaries(WORDS | st.text(max_size=4), JSON, max_size=5))
def test_any_document_is_a_form_or_refused_as_one(schema: dict[str, Any]) -> None:
    try:
        forms = read_forms({"forms": {"incident": {"type": "object", "properties": {"a": {}}, **schema}}})
    except RulebookInvalid:
        return
    assert isinstance(forms[CaseType.INCIDENT].problems({"a": 1, "b": "x"}, whole=True), list)


@given(st.dictionaries(st.sampled_from(["device", "till", "serial", "since", "mail"]), JSON, max_size=5))
def test_whole_means_at_least_as_strict(values: dict[str, Any]) -> None:
    form: Form = read_forms({"forms": {"incident": FORM}})[CaseType.INCIDENT]
    partly = form.problems(values, whole=False)
    assert all(one in form.problems(values, whole=True) for one in partly)
