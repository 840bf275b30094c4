"""The API's own description: `/api/openapi.json` for programs, `/api/docs` for people."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import orjson
from aiohttp import web
from jinja2 import ChainableUndefined, DictLoader, Environment

from app.http.body import JSON
from app.http.endpoint import Endpoint
from app.http.openapi import openapi
from app.http.problems import PROBLEMS

DOCUMENT = "/api/openapi.json"
DOCS = "/api/docs"


class ApiPages:
    """Both are made once: they say what this release does."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        document = openapi(endpoints)
        self._document = orjson.dumps(document, option=orjson.OPT_INDENT_2)
        style = _asset("api_docs.css")
        self._page = render(document, style)
        self._policy = _policy(style)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(DOCUMENT, self.document),
            web.get(DOCS, self.page),
        ]

    async def document(self, _: web.Request) -> web.Response:
        return web.Response(body=self._document, content_type=JSON)

    async def page(self, _: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": self._policy}
        return web.Response(text=self._page, content_type="text/html", headers=headers)


def render(document: Mapping[str, Any], style: str) -> str:
    """The page: plain HTML, no script."""
    environment = Environment(
        loader=DictLoader({"page": _asset("api_docs.html")}),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = _pretty
    environment.filters["kind"] = _kind
    environment.filters["rules"] = _rules
    groups = _by_tag(document)
    return environment.get_template("page").render(document=document, groups=groups, problems=PROBLEMS, style=style)


def _by_tag(document: Mapping[str, Any]) -> Mapping[str, list[tuple[str, str, Mapping[str, Any]]]]:
    """Operations by their first noun, in the order of the document."""
    groups: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return groups


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema's type in a few words: "string or null", "list of CaseAnswer"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    named = schema.get("type", "anything")
    named = " or ".join(named) if isinstance(named, list) else str(named)
    return f"{named} ({schema['format']})" if "format" in schema else named


def _rules(schema: Mapping[str, Any]) -> str:
    """Limits in words."""
    known = [part for choice in schema.get("anyOf", ()) for part in [_rules(choice)] if part]
    words = {
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minimum": "from {}",
        "maximum": "up to {}",
        "default": "{} when left out",
    }
    found = [words[name].format(value) for name, value in schema.items() if name in words and value is not None]
    return ", ".join([*known, *found])


def _pretty(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _asset(name: str) -> str:
    return files("app.http").joinpath(name).read_text("utf-8")
