"""A route says who may call it and what goes in and out; the same words make the OpenAPI document.

A route without a scope cannot be written: `scope` has no default.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from app.http.errors import BodyInvalid, BodyNotJson, BodyTooLarge, NotSignedIn, RoleTooLow
from app.http.sessions import SignedIn
from caseengine.agents import AgentRole

BODY_MAX = 64 * 1024  # bytes


class Scope(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a slip is noticed and nothing is assigned by accident."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)


class Answer(BaseModel):
    """A response body."""

    model_config = ConfigDict(from_attributes=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked: its path, query and body are of the declared shape, and the caller is in scope."""

    request: web.Request
    body: Any = None
    query: Any = None
    signed_in: SignedIn | None = None

    @property
    def agent(self) -> SignedIn:
        """Who is signed in.

        Raises:
            NotSignedIn: nobody (the route is public).
        """
        if self.signed_in is None:
            raise NotSignedIn
        return self.signed_in

    def path(self, name: str) -> str:
        return self.request.match_info[name]


Handle = Callable[[Call], Awaitable[BaseModel | web.StreamResponse | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One route.

    Attributes:
        refuses: codes of the problems it may answer beside the general ones.
    """

    method: str
    path: str
    scope: Scope
    summary: str
    handle: Handle
    body: type[Body] | None = None
    query: type[Body] | None = None
    answer: type[BaseModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    refuses: Sequence[str] = field(default=())


SignedInBy = Callable[[web.Request], Awaitable[SignedIn]]


def as_route(endpoint: Endpoint, signed_in_by: SignedInBy) -> web.RouteDef:
    """The aiohttp route: scope first, then shape, then the handler."""

    async def run(request: web.Request) -> web.StreamResponse:
        caller = None if endpoint.scope is Scope.PUBLIC else await signed_in_by(request)
        if endpoint.scope is Scope.SUPERVISOR and caller is not None and caller.agent.role is not AgentRole.SUPERVISOR:
            raise RoleTooLow
        query = _checked(endpoint.query, dict(request.query)) if endpoint.query else None
        body = _checked(endpoint.body, await _read_json(request)) if endpoint.body else None
        answer = await endpoint.handle(Call(request, body, query, caller))
        return answer if isinstance(answer, web.StreamResponse) else _response(answer, endpoint.status)

    return web.route(endpoint.method, endpoint.path, run)


async def _read_json(request: web.Request) -> Any:
    """
    Raises:
        BodyTooLarge, BodyNotJson: before anything of it is used.
    """
    if (request.content_length or 0) > BODY_MAX:
        raise BodyTooLarge(BODY_MAX)
    raw = await request.content.read(BODY_MAX + 1)
    while len(raw) <= BODY_MAX and not request.content.at_eof():
        raw += await request.content.read(BODY_MAX + 1 - len(raw))
    if len(raw) > BODY_MAX:
        raise BodyTooLarge(BODY_MAX)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BodyNotJson from error


def _checked(model: type[Body], document: Any) -> Body:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise BodyInvalid([{"at": list(item["loc"]), "what": item["msg"]} for item in found]) from error


def _response(answer: BaseModel | None, status: HTTPStatus) -> web.Response:
    if answer is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    document = answer.model_dump_json(by_alias=True)
    return web.Response(text=document, status=status, content_type="application/json")
