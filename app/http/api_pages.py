"""The API's own description: `/api/openapi.json` for programs, `/api/docs` for people."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any, NamedTuple

import orjson
from aiohttp import web
from jinja2 import ChainableUndefined, DictLoader, Environment

from app.http.body import JSON
from app.http.endpoint import Endpoint
from app.http.openapi import openapi
from app.http.problems import PROBLEMS

DOCUMENT = "/api/openapi.json"
DOCS = "/api/docs"


class Made(NamedTuple):
    """Both, as they are sent."""

    document: bytes
    page: str
    policy: str


class ApiPages:
    """Both are made once, when somebody first asks: they say what this release does."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = endpoints

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(DOCUMENT, self.document),
            web.get(DOCS, self.page),
        ]

    async def document(self, _: web.Request) -> web.Response:
        made = await self._in_thread()
        return web.Response(body=made.document, content_type=JSON)

    async def page(self, _: web.Request) -> web.Response:
        made = await self._in_thread()
        headers = {"Content-Security-Policy": made.policy}
        return web.Response(text=made.page, content_type="text/html", headers=headers)

    async def _in_thread(self) -> Made:
        """Half a second of work, which nobody else waits for."""
        return await asyncio.to_thread(lambda: self._made)

    @cached_property
    def _made(self) -> Made:
        document, style = openapi(self._endpoints), _asset("api_docs.css")
        return Made(orjson.dumps(document, option=orjson.OPT_INDENT_2), render(document, style), _policy(style))


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
