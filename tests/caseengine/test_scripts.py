"""Call scripts: which question comes next, what is an answer, and where the answers land."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseengine.model.case_errors import FieldsInvalid, ScriptAnswerInvalid, ScriptNotFound, ScriptStepNotNow
from caseengine.model.errors import RulebookInvalid
from caseengine.model.script import in_language, next_step, path, read_answer, read_scripts
from caseengine.operations import answer_script
from caseengine.operations.scripting import script_run
from caseengine.rulebooks import Rulebook, decide
from tests.caseengine.office import Office, when
from tests.caseengine.test_forms import FORM

AT = when("Mon 09:30")


def words(text: str) -> dict[str, str]:
    return {"en": text}


TILL: dict[str, Any] = {
    "title": {"en": "A till is down", "de": "Eine Kasse steht"},
    "start": "device",
    "steps": {
        "device": {
            "ask": {"en": "What is it?", "de": "Was ist es?"},
            "kind": "choice",
            "choices": [
                {"value": "till", "label": words("A till")},
                {"value": "reader", "label": words("A card reader")},
            ],
            "field": "device",
            "next": {"till": "number", "otherwise": "light"},
        },
        "number": {"ask": words("Which till?"), "kind": "number", "field": "till", "next": "sells"},
        "light": {"ask": words("Is the light on?"), "kind": "yes_no", "next": {"no": "since"}},
        "sells": {"ask": words("Can you still sell?"), "kind": "yes_no", "next": "since"},
        "since": {"ask": words("Since when?"), "kind": "date"},
    },
}
SCRIPTS = {"scripts": {"till-down": TILL}}


def changed(**change: Any) -> dict[str, Any]:
    return {"scripts": {"till-down": {**TILL, **change}}}


def with_step(name: str, **change: Any) -> dict[str, Any]:
    return changed(steps={**TILL["steps"], name: {**TILL["steps"].get(name, {}), **change}})


def test_each_answer_decides_what_comes_next() -> None:
    script = read_scripts(SCRIPTS)["till-down"]
    asked = []
    answers: dict[str, Any] = {}
    for answer in ("till", 4, True, "2026-03-01"):
        step = next_step(script, answers)
        assert step is not None
        asked.append(step.id)
        answers[step.id] = answer
    assert asked == ["device", "number", "sells", "since"]
    assert next_step(script, answers) is None
    assert path(script, {**answers, "device": "reader"})[0] == ["device"]  # the other way was left
    assert next_step(script, {"device": "reader", "light": True}) is None
    assert in_language(script.title, "de-AT") == "Eine Kasse steht"
    assert in_language(script.title, "fr") == "A till is down"


@pytest.mark.parametrize(
    ("step", "right", "wrong"),
    [
        ("device", ["till"], ["fridge", 4, None]),
        ("number", [4, 4.5], ["4", True, float("nan"), 10**400]),
        ("sells", [True, False], ["yes", 1]),
        ("since", ["2026-03-01"], ["1.3.2026", "2026-02-30", "20260301", 4]),
    ],
)
def test_an_answer_is_of_the_kind_that_was_asked_for(step: str, right: list[Any], wrong: list[Any]) -> None:
    asked = read_scripts(SCRIPTS)["till-down"].steps[step]
    assert [read_answer(asked, one) for one in right] == right
    for one in wrong:
        with pytest.raises(ScriptAnswerInvalid):
            read_answer(asked, one)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (changed(start="nowhere"), "unknown_step"),
        (changed(start=["sells"]), "unknown_step"),
        (changed(start={"sells": 1}), "unknown_step"),
        (with_step("since", next="nowhere"), "unknown_step"),
        (with_step("since", next="sells"), "loop"),
        (with_step("since", next="since"), "loop"),
        (with_step("lost", ask=words("Hm?"), kind="text"), "unreachable"),
        (with_step("since", kind="colour"), "unknown"),
        (with_step("since", ask={}), "language"),
        (with_step("since", ask={"en": " "}), "text"),
        (with_step("since", colour="red"), "entry"),
        (with_step("since", next={"yes": "sells"}), "step"),
        (with_step("sells", next={"maybe": "since"}), "answer"),
        (with_step("device", choices=[]), "list"),
        (with_step("number", choices=[{"value": "a", "label": words("A")}]), "list"),
        (with_step("number", field="A b"), "name"),
        ({"scripts": []}, "mapping"),
        ({"script": {}}, "unknown"),
    ],
)
def test_a_script_that_leads_nowhere_or_round_is_refused(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        read_scripts(document)
    assert refused.value.problem == problem


@given(st.dictionaries(st.sampled_from(list("abcde")), st.sampled_from(list("abcdef")), min_size=1))
def test_a_script_that_was_read_always_ends(following: dict[str, str]) -> None:
    steps = {name: {"ask": words("?"), "kind": "text", "next": after} for name, after in following.items()}
    steps["f"] = {"ask": words("?"), "kind": "text"}
    start = next(iter(following))
    try:
        script = read_scripts({"scripts": {"s": {"title": words("S"), "start": start, "steps": steps}}})["s"]
    except RulebookInvalid:
        return
    answers: dict[str, Any] = {}
    while (step := next_step(script, answers)) is not None:
        assert step.id not in answers
        answers[step.id] = "x"
    assert len(answers) <= len(steps)


@pytest.fixture
async def desk(office: Office) -> Office:
    await office.do(decide, Rulebook.FORMS, {"forms": {"incident": FORM}}, by=office.sam.actor, at=AT)
    await office.do(decide, Rulebook.SCRIPTS, SCRIPTS, by=office.sam.actor, at=AT)
    return office


async def answered(office: Office, number: str, step: str, answer: Any, **more: Any) -> Any:
    return await office.do(answer_script, number, "till-down", step, answer, by=office.li.actor, at=AT, **more)


async def test_answers_land_on_the_case_and_in_its_fields(desk: Office) -> None:
    case = await desk.report()
    await answered(desk, case.number, "device", "till", language="de")
    now = await answered(desk, case.number, "number", 4)
    assert now.fields == {"device": "till", "till": 4}
    run = await desk.see(script_run, case.id, "till-down")
    assert (run.walked, run.asked and run.asked.id) == (["device", "number"], "sells")
    assert "ScriptAnswered by Li" in await desk.told(case)
    await desk.rows_equal_fold(case)


async def test_a_call_goes_on_by_the_script_it_began_with(desk: Office) -> None:
    case = await desk.report()
    await answered(desk, case.number, "device", "till")
    await desk.do(decide, Rulebook.SCRIPTS, {"scripts": {}}, by=desk.sam.actor, at=AT)
    run = await desk.see(script_run, case.id, "till-down")
    assert (run.version, run.asked and run.asked.id) == (1, "number")
    await answered(desk, case.number, "number", 4)
    with pytest.raises(ScriptNotFound):  # to begin anew takes what is in force
        await answered(desk, case.number, "device", "till")


async def test_an_answer_is_corrected_and_the_script_goes_on_from_there(desk: Office) -> None:
    case = await desk.report()
    await answered(desk, case.number, "device", "till")
    await answered(desk, case.number, "number", 4)
    await answered(desk, case.number, "number", 5)
    assert (await desk.case(case)).fields["till"] == 5
    await answered(desk, case.number, "device", "reader")
    run = await desk.see(script_run, case.id, "till-down")
    assert (run.walked, run.asked and run.asked.id) == (["device"], "light")


async def test_what_is_not_asked_is_not_answered(desk: Office) -> None:
    case = await desk.report()
    for step in ("number", "nothing"):
        with pytest.raises(ScriptStepNotNow):
            await answered(desk, case.number, step, 4)
    with pytest.raises(ScriptAnswerInvalid):
        await answered(desk, case.number, "device", "fridge")
    await answered(desk, case.number, "device", "till")
    with pytest.raises(FieldsInvalid):  # the form wants a till from 1
        await answered(desk, case.number, "number", 0)
    assert (await desk.told(case)).count("ScriptAnswered by Li") == 1


async def test_a_script_whose_first_step_has_another_name_now_begins_anew(office: Office) -> None:
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    one = {"title": words("Short"), "start": "one", "steps": {"one": {"ask": words("Which?"), "kind": "text"}}}
    await office.do(decide, Rulebook.SCRIPTS, {"scripts": {"short": one}}, by=office.mo.actor, at=AT)
    case = await office.report()
    await office.do(answer_script, case.number, "short", "one", "A till", **by)
    uno = {**one, "start": "uno", "steps": {"uno": one["steps"]["one"]}}  # type: ignore[index]
    await office.do(decide, Rulebook.SCRIPTS, {"scripts": {"short": uno}}, by=office.mo.actor, at=AT)
    await office.do(answer_script, case.number, "short", "uno", "A reader", **by)
    run = await office.see(script_run, case.id, "short")
    assert (run.version, run.answers) == (2, {"uno": "A reader"})


async def test_a_step_that_is_asked_goes_on_though_scripts_begin_with_it_now(office: Office) -> None:
    by: dict[str, Any] = {"by": office.li.actor, "at": AT}
    await office.do(decide, Rulebook.FORMS, {"forms": {"incident": FORM}}, by=office.mo.actor, at=AT)
    await office.do(decide, Rulebook.SCRIPTS, SCRIPTS, by=office.mo.actor, at=AT)
    case = await office.report()
    await office.do(answer_script, case.number, "till-down", "device", "reader", **by)
    steps = {name: TILL["steps"][name] for name in ("light", "since")}
    await office.do(decide, Rulebook.SCRIPTS, changed(start="light", steps=steps), by=office.mo.actor, at=AT)
    await office.do(answer_script, case.number, "till-down", "light", True, **by)
    run = await office.see(script_run, case.id, "till-down")
    assert (run.version, run.walked, run.asked) == (1, ["device", "light"], None)
