"""The OpenAPI 3.1 document, made of the endpoints themselves."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from pydantic.json_schema import models_json_schema

from app.http.endpoint import Endpoint, Scope
from app.http.problems import PROBLEMS
from app.http.sessions import COOKIE, CSRF_HEADER, SAFE_METHODS

REF = "#/components/schemas/{model}"
GENERAL = ("http.body_not_json", "http.body_invalid", "http.body_too_large")
SCOPED = ("http.not_signed_in",)


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
            "description": "The agents' side of the desk. Refusals are application/problem+json with a stable `code`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": _schemas(listed), "securitySchemes": _security()},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "responses": _responses(endpoint),
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint)],
    }
    if endpoint.body is not None:
        content = {"application/json": {"schema": _ref(endpoint.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.scope is not Scope.PUBLIC:
        changes = endpoint.method not in SAFE_METHODS
        operation["security"] = [{"session": [], **({"csrf": []} if changes else {})}]
    return operation


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    status = endpoint.status if endpoint.answer is not None else HTTPStatus.NO_CONTENT
    done: dict[str, Any] = {"description": status.phrase}
    if endpoint.answer is not None:
        done["content"] = {"application/json": {"schema": _ref(endpoint.answer)}}
    codes = list(endpoint.refuses)
    codes += GENERAL if endpoint.body or endpoint.query else ()
    codes += SCOPED if endpoint.scope is not Scope.PUBLIC else ()
    codes += ("http.cross_site",) if endpoint.scope is not Scope.PUBLIC and endpoint.method not in SAFE_METHODS else ()
    codes += ("http.role_too_low",) if endpoint.scope is Scope.SUPERVISOR else ()
    by_status: dict[str, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(str(PROBLEMS[code]["status"]), []).append(code)
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    refused = {found: {"description": ", ".join(known), "content": problem} for found, known in by_status.items()}
    return {str(int(status)): done, **refused}


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", endpoint.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema(ref_template=REF)
    shown = schema["properties"].items()
    return [{"name": name, "in": "query", "required": False, "schema": known} for name, known in shown]


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    models = [(model, "validation") for one in endpoints for model in (one.body, one.query) if model is not None]
    answers = [(one.answer, "serialization") for one in endpoints if one.answer is not None]
    unique = list(dict.fromkeys([*models, *answers]))
    _, document = models_json_schema(unique, ref_template=REF)  # type: ignore[arg-type]
    return {**document.get("$defs", {}), "Problem": _PROBLEM}


def _ref(model: Any) -> Mapping[str, str]:
    return {"$ref": REF.format(model=model.__name__)}


def _security() -> dict[str, Any]:
    return {
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    }


def _operation_id(endpoint: Endpoint) -> str:
    noun = re.sub(r"[{}]", "", endpoint.path.removeprefix("/api/")).replace("/", "_").replace("-", "_")
    return f"{endpoint.method.lower()}_{noun}"


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do."},
        "code": {"type": "string", "description": "Stable; what programs should look at."},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
