"""The OpenAPI 3.1 document, made of the endpoints themselves."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.http.body import JSON, SAFE_METHODS
from app.http.endpoint import Endpoint, Scope
from app.http.problems import MEDIA_TYPE, PROBLEMS
from app.http.sessions import COOKIE, CSRF_HEADER

REF = "#/components/schemas/{model}"
QUERY = ("http.body_invalid",)
RAW_BODY = ("http.body_broken", "http.body_too_large", "http.body_too_slow")
BODY = (*RAW_BODY, "http.body_not_json", "http.body_type_wrong", "http.body_invalid")
ALWAYS = ("http.unknown_host", "http.unavailable")
ABOUT = (
    "The agents' side of the desk. Sign in with POST /api/session: the answer sets a cookie and holds a token, which "
    f"goes with every change in the header {CSRF_HEADER}. Every refusal is application/problem+json (RFC 9457) with a "
    "stable code. What you may not see answers like what does not exist."
)
NAMES = {
    "mail": ("The number of a mail, as an activity's details name it.", "41"),
    "number": ("A case number, however it is typed.", "CAS-01041-V9D3"),
    "id": ("An id as lists give it.", "4b7e3f0a-6f0e-4a53-9b62-0d6a4e0f9c11"),
    "item": ("The id of an item of the checklist.", "photo"),
    "script": ("The id of a call script.", "till-down"),
    "kind": ("A kind of rulebook.", "rules"),
    "file": ("The id of an attachment.", "0f4f4a44-9a3b-4b7c-8c51-f7b1f5d0d3aa"),
}


def openapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document for these endpoints."""
    listed = list(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in listed:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Nightdesk",
            "version": version("nightdesk"),
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(listed), "securitySchemes": _security()},
    }


@cache
def examples() -> Mapping[str, Any]:
    """An example for each body and answer, by the name of its shape."""
    document: Mapping[str, Any] = yaml.safe_load(files("app.http").joinpath("examples.yaml").read_text("utf-8"))
    return document


def problem_codes(endpoint: Endpoint) -> list[str]:
    """The code of every problem it may answer."""
    scoped = endpoint.scope is not Scope.PUBLIC
    codes = [*endpoint.refuses, *ALWAYS]
    codes += QUERY if endpoint.query else ()
    codes += BODY if endpoint.body else RAW_BODY if endpoint.takes else ()
    codes += ("http.not_signed_in",) if scoped else ()
    codes += ("http.cross_site",) if endpoint.method not in SAFE_METHODS else ()
    codes += ("http.role_too_low",) if endpoint.scope is Scope.SUPERVISOR else ()
    return list(dict.fromkeys(codes))


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "tags": [endpoint.path.split("/")[2]],
        "summary": endpoint.summary,
        "responses": {**_done(endpoint), **_refused(problem_codes(endpoint))},
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
    }
    if endpoint.about:
        operation["description"] = endpoint.about
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: _shown(endpoint.body)}}
    if endpoint.takes:
        raw = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": {endpoint.takes: raw}}
    if endpoint.scope is not Scope.PUBLIC:
        changes = endpoint.method not in SAFE_METHODS
        operation["security"] = [{"session": [], **({"csrf": []} if changes else {})}]
    return operation


def _done(endpoint: Endpoint) -> dict[str, Any]:
    status = endpoint.status if endpoint.has_answer else HTTPStatus.NO_CONTENT
    done: dict[str, Any] = {"description": status.phrase}
    if endpoint.answer is not None:
        done["content"] = {JSON: _shown(endpoint.answer)}
    elif endpoint.has_answer:
        done["content"] = {endpoint.media_type: {"schema": {"type": "string"}}}
    return {str(int(status)): done}


def _refused(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(PROBLEMS[code]["status"]), []).append(code)
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}}
    return {
        status: {"description": ", ".join(known), "content": content} for status, known in sorted(by_status.items())
    }


def _shown(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": REF.format(model=model.__name__)}, "example": examples()[model.__name__]}


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": NAMES[name][0],
            "schema": {"type": "string", "minLength": 1},
            "example": NAMES[name][1],
        }
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(ref_template=REF)
    shown = schema["properties"].items()
    return [{"name": name, "in": "query", "required": False, "schema": _present(known)} for name, known in shown]


def _present(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A query has no null: what is left out is not there."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**rest, **choices[0]}


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    models = [(model, "validation") for one in endpoints for model in (one.body, one.query) if model is not None]
    answers = [(one.answer, "serialization") for one in endpoints if one.answer is not None]
    unique = list(dict.fromkeys([*models, *answers]))
    _, document = models_json_schema(unique, ref_template=REF)  # type: ignore[arg-type]
    return {**document.get("$defs", {}), "Problem": PROBLEM}


def _security() -> dict[str, Any]:
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }


def _operation_id(endpoint: Endpoint) -> str:
    noun = re.sub(r"[{}]", "", endpoint.path.removeprefix("/api/")).replace("/", "_").replace("-", "_")
    return f"{endpoint.method.lower()}_{noun}"


PROBLEM = {
    "title": "Problem",
    "description": "Why not (RFC 9457). The parameters of the refusal stand beside these fields.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "description": "Where it is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "code": {"type": "string", "description": "Stable; what programs should look at."},
        "errors": {
            "type": "array",
            "description": "What is wrong where, when the shape is.",
            "items": {
                "type": "object",
                "required": ["at", "what"],
                "properties": {
                    "at": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "what": {"type": "string"},
                },
            },
        },
    },
}
