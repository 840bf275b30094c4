"""The agents' screen and the desk are of one mind about forms: what fits, and what is missing."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from caseengine.forms import CHECKER, read_forms
from caseengine.model.case_type import CaseType
from tests.node.client import node_or_skip
from tools.openapi import ROOT

pytestmark = pytest.mark.node

ESBUILD = ROOT / "web" / "node_modules" / ".bin" / "esbuild"
DAMAGED = {"properties": {"a": {"const": "damaged"}}, "required": ["a"]}
FORMS: list[dict[str, Any]] = [
    {
        "properties": {"a": {"enum": ["damaged"]}, "b": {}},
        "required": ["a"],
        "if": DAMAGED,
        "then": {"required": ["b"]},
    },
    {"properties": {"a": {}}, "if": DAMAGED, "then": {"properties": {"b": {"type": "boolean"}}, "required": ["b"]}},
    {"properties": {}, "if": DAMAGED, "else": {"properties": {"b": {"type": "number", "exclusiveMinimum": 0}}}},
    {"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}},
    {"properties": {"a": {}}, "dependentSchemas": {"a": {"properties": {"b": {}}, "required": ["b"]}}},
    {"properties": {"a": {}}, "allOf": [{"if": DAMAGED, "then": {"required": ["b"]}}, {"properties": {"b": {}}}]},
    {
        "properties": {
            "a": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "contains": {"const": "x"}}
        }
    },
    {"properties": {"a": {"type": ["integer", "null"], "minimum": 2, "maximum": 3}, "b": {"not": {"type": "string"}}}},
    {"properties": {"a": {"type": "string", "format": "date"}, "b": {"type": "string", "format": "email"}}},
    {"properties": {"a": {"type": "string", "minLength": 2, "maxLength": 4}}, "additionalProperties": False},
    {"properties": {"a": {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}}},
    {"properties": {"a": {"oneOf": [{"const": "damaged"}, {"const": True}, {"minimum": 1}]}}, "minProperties": 1},
    {"properties": {"a": {"anyOf": [{"type": "boolean"}, {"minItems": 1, "maxItems": 2}]}}, "maxProperties": 1},
]
VALUES: list[Any] = [
    *("damaged", "lost", "x", "", "2026-02-28", "2026-02-30", "ana@corner", "🌙🌙", 0, 1, 2, 2.5, True, False, None),
    *([], ["x"], ["x", "x"], ["x", 1, True], {}, {"b": 1}, {"b": "1"}),
]


Ask = Callable[[list[tuple[dict[str, Any], dict[str, Any]]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What the screen makes of forms and values."""
    node = node_or_skip(ESBUILD, "`npm ci` in web/")
    bundle = tmp_path_factory.mktemp("forms") / "forms.mjs"
    script = Path(__file__).with_name("forms.mjs")
    build = [
        str(ESBUILD),
        str(script),
        "--bundle",
        "--platform=node",
        "--format=esm",
        f"--outfile={bundle}",
        "--log-level=error",
    ]
    subprocess.run(build, check=True)

    def asked(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, Any]]:
        printed = subprocess.run([node, bundle], input=json.dumps(pairs).encode(), check=True, capture_output=True)
        return list(json.loads(printed.stdout))

    return asked


def test_the_same_values_fit_and_the_same_fields_are_missing(ask: Ask) -> None:
    dice = random.Random(7)
    pairs = [
        ({"type": "object", **form}, {name: dice.choice(VALUES) for name in dice.sample("abc", dice.randint(0, 3))})
        for form in FORMS
        for _ in range(150)
    ]
    for (form, values), screen in zip(pairs, ask(pairs), strict=True):
        assert screen["holds"] == Draft202012Validator(form, format_checker=CHECKER).is_valid(values), (form, values)
        desk = read_forms({"forms": {"return": form}})[CaseType.RETURN]
        wanted = [one["field"] for one in desk.missing_of(values) if one["problem"] == "required"]
        missing = [name for name in wanted if name not in values]  # of one that is there, a part is missing
        assert screen["missing"] == missing, (form, values)
        assert set(missing) <= set(screen["asked"]) <= desk.names, (form, values)


def test_of_several_ways_those_that_are_left_are_asked_for(ask: Ask) -> None:
    ways = [
        {"properties": {"how": {"const": "card"}, "digits": {"type": "string"}}, "required": ["digits"]},
        {"properties": {"how": {"const": "cash"}, "till": {"type": "integer"}}, "required": ["till"]},
    ]
    form = {"type": "object", "properties": {"how": {"enum": ["card", "cash"]}}, "oneOf": ways}
    before, card, cash = ask([(form, {}), (form, {"how": "card"}), (form, {"how": "cash"})])
    assert (before["asked"], before["missing"]) == (["how", "digits", "till"], [])
    assert (card["asked"], card["missing"]) == (["how", "digits"], ["digits"])
    assert (cash["asked"], cash["missing"]) == (["how", "till"], ["till"])
