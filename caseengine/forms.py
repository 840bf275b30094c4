"""The forms of case types: a JSON Schema says which custom fields a case has, and which of them when.

Document: {"forms": {"incident": {"type": "object", "properties": {...}, "required": [...], "if": ..., "then": ...}}}.
Of JSON Schema 2020-12 a form may use what ends: no `$ref`, and no patterns, which can take for ever.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from caseengine.model.case import Case
from caseengine.model.case_errors import FieldsInvalid
from caseengine.model.case_type import CaseType
from caseengine.model.errors import RulebookInvalid
from caseengine.model.fields import news
from caseengine.model.script import read_words
from caseengine.rulebooks import NOBODY_ELSE, Newcomers, Rulebook, rulebook
from storage.transaction import Snapshot

NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
FIELDS_MAX = 60
DEPTH_MAX = 8
SCHEMA_BYTES_MAX = 32_768
VALUES_BYTES_MAX = 16_384
ITEMS_MAX = 200
INTEGER_MAX = 2**53
"""The largest that is the same number in every reader of JSON."""
FORMATS = ("date", "email")
TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
SCHEMAS = ("if", "then", "else", "not", "items", "contains")
LISTS = ("allOf", "anyOf", "oneOf")
BY_NAME = ("properties", "dependentSchemas")
TITLES = "titles"
"""The title by language; for JSON Schema a word like any other that it does not know."""
PLAIN = (
    *("$schema", "$comment", "type", "title", TITLES, "description", "default", "examples", "enum", "const", "format"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("uniqueItems", "required", "dependentRequired", "additionalProperties", "minProperties", "maxProperties"),
)
MISSING = ("required", "dependentRequired", "minProperties")
"""What is wrong while a form is only half filled in."""
COMPOUND = ("anyOf", "oneOf", "not")
"""Wrong as a whole; of what is half filled in, nobody can tell. A text or a number is not filled in by halves."""
CHECKER = FormatChecker(FORMATS)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one type; `names` are its fields, also those that only appear under a condition."""

    schema: Mapping[str, Any] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def problems(self, values: Mapping[str, Any], *, whole: bool) -> list[Mapping[str, str]]:
        """What is wrong with these values, by field; `whole`: what is missing is wrong too."""
        unknown = [{"field": name, "problem": "unknown"} for name in sorted(set(values) - self.names)]
        mine = {name: value for name, value in values.items() if name in self.names}
        errors = Draft202012Validator(self.schema, format_checker=CHECKER).iter_errors(mine) if self.schema else ()
        told = [one for error in errors if whole or not _is_unfinished(error) for one in _told(error)]
        return unknown + sorted(_once(told), key=lambda one: (one["field"], one["problem"]))

    def missing(self, case: Case) -> list[Mapping[str, str]]:
        """What the form still wants before the case is done. Fields it does not know are left from another type."""
        return self.missing_of(case.fields)

    def missing_of(self, fields: Mapping[str, Any]) -> list[Mapping[str, str]]:
        """As `missing`, of the fields alone."""
        return self.problems({name: value for name, value in fields.items() if name in self.names}, whole=True)


NO_FORM = Form()


async def form_of(snapshot: Snapshot, case_type: CaseType) -> Form:
    """The form in force for a type; one without fields when none was written."""
    return read_forms((await rulebook(snapshot, Rulebook.FORMS)).document).get(case_type, NO_FORM)


def taken_in(form: Form, case: Case, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of values for a case's fields those that are new; None takes one away. What is missing yet is no matter here.

    Raises:
        FieldsInvalid: what the form does not take, each field named.
    """
    new = news(case.fields, values)
    kept = {name: value for name, value in case.fields.items() if name in form.names}
    merged = {name: value for name, value in {**kept, **new}.items() if value is not None}
    problems = [{"field": "", "problem": "too_large"}] if too_large(merged) else form.problems(merged, whole=False)
    if new and problems:
        raise FieldsInvalid(list(problems))
    return new


def read_forms(document: Mapping[str, Any]) -> Mapping[CaseType, Form]:
    """
    Raises:
        RulebookInvalid: an unknown type, no JSON Schema, or one that uses what forms must not.
    """
    forms = document.get("forms", {})
    if set(document) - {"forms"} or not isinstance(forms, Mapping):
        raise RulebookInvalid("forms", "mapping")
    return {_case_type(name): _form(f"forms.{name}", schema) for name, schema in forms.items()}


async def check_forms(_: Snapshot, forms: Mapping[CaseType, Form], __: Newcomers = NOBODY_ELSE) -> None:
    """What a new version must not say; one that is in force is read as ever.

    Raises:
        RulebookInvalid: a field is wanted that none of the form is; no case could ever be done.
    """
    for case_type, form in forms.items():
        if unknown := sorted(set(_wanted(form.schema)) - form.names):
            raise RulebookInvalid(f"forms.{case_type}.required.{unknown[0]}", "unknown_field")


def too_large(values: Mapping[str, Any]) -> bool:
    """Values no form takes, whatever it says: too much of it, numbers that are none, text that cannot be kept."""
    return any(_is_odd(value) for value in values.values()) or len(orjson.dumps(values)) > VALUES_BYTES_MAX


def _case_type(name: Any) -> CaseType:
    try:
        return CaseType(name)
    except ValueError:
        raise RulebookInvalid(f"forms.{name}", "unknown_type") from None


def _form(where: str, schema: Any) -> Form:
    if not isinstance(schema, Mapping) or schema.get("type") != "object" or "properties" not in schema:
        raise RulebookInvalid(where, "object")
    try:
        size = len(orjson.dumps(schema))
    except TypeError:
        raise RulebookInvalid(where, "json") from None
    if size > SCHEMA_BYTES_MAX:
        raise RulebookInvalid(where, "too_large")
    _check(schema, where, 0)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise RulebookInvalid(".".join([where, *map(str, error.absolute_path)]), "schema") from error
    names = frozenset(_names(schema))
    for name in names:
        if not NAME.match(name):
            raise RulebookInvalid(f"{where}.properties.{name}", "name")
    if len(names) > FIELDS_MAX:
        raise RulebookInvalid(f"{where}.properties", "too_many")
    return Form(schema, names)


def _check(schema: Any, where: str, depth: int) -> None:
    """Every part uses only what forms may."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping) or depth > DEPTH_MAX:
        raise RulebookInvalid(where, "too_deep" if isinstance(schema, Mapping) else "schema")
    for word in schema:
        if word not in (*PLAIN, *SCHEMAS, *LISTS, *BY_NAME):
            raise RulebookInvalid(f"{where}.{word}", "not_allowed")
    if schema.get("format", FORMATS[0]) not in FORMATS:
        raise RulebookInvalid(f"{where}.format", "unknown")
    if TITLES in schema:
        read_words(schema[TITLES], f"{where}.{TITLES}")
    if not isinstance(schema.get("additionalProperties", True), bool):
        raise RulebookInvalid(f"{where}.additionalProperties", "yes_or_no")
    for place, part in _parts(schema):
        _check(part, f"{where}.{place}", depth + 1)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((word, schema[word]) for word in SCHEMAS if word in schema)
    for word in LISTS:
        several = schema.get(word, [])
        yield from (
            (f"{word}[{place}]", part) for place, part in enumerate(several if isinstance(several, list) else ())
        )
    for word in BY_NAME:
        named = schema.get(word, {})
        yield from ((f"{word}.{name}", part) for name, part in (named if isinstance(named, Mapping) else {}).items())


def _names(schema: Any) -> Iterator[str]:
    """The fields that are given at the top, whatever the condition."""
    for part in _of_the_whole(schema):
        yield from part.get("properties", {})


def _wanted(schema: Any) -> Iterator[str]:
    """The fields that have to be there, or are asked whether they are."""
    for part in _of_the_whole(schema):
        yield from part.get("required", ())
        for known, names in part.get("dependentRequired", {}).items():
            yield from (known, *names)
        yield from part.get("dependentSchemas", {})


def _of_the_whole(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema and its parts that speak of all fields together, not of what one of them holds."""
    if isinstance(schema, Mapping):
        yield schema
        parts = [schema.get(word) for word in ("if", "then", "else")]
        parts += [part for word in LISTS for part in schema.get(word, ())]
        for part in (*parts, *schema.get("dependentSchemas", {}).values()):
            yield from _of_the_whole(part)


def _is_unfinished(error: ValidationError) -> bool:
    has_parts = isinstance(error.instance, (list, Mapping))
    return error.validator in MISSING or (error.validator in COMPOUND and has_parts)


def _told(error: ValidationError) -> Iterator[Mapping[str, str]]:
    if error.validator == "required" and not error.absolute_path:
        yield from (
            {"field": name, "problem": "required"} for name in error.validator_value if name not in error.instance
        )
    elif error.validator == "dependentRequired" and not error.absolute_path:
        wanted = [name for known, names in error.validator_value.items() if known in error.instance for name in names]
        yield from ({"field": name, "problem": "required"} for name in wanted if name not in error.instance)
    else:
        yield {"field": str(next(iter(error.absolute_path), "")), "problem": str(error.validator)}


def _once(told: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    return list({(one["field"], one["problem"]): one for one in told}.values())


def _is_odd(value: Any, depth: int = 0) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, str):
        return "\x00" in value  # PostgreSQL cannot keep it
    if isinstance(value, (list, Mapping)):
        inner = value if isinstance(value, list) else value.values()
        return len(value) > ITEMS_MAX or depth > DEPTH_MAX or any(_is_odd(one, depth + 1) for one in inner)
    return isinstance(value, int) and abs(value) > INTEGER_MAX
