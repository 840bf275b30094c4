"""A route says who may call it and what goes in and out; the same words make the OpenAPI document.

A route without a scope cannot be written: `scope` has no default.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, StringConstraints

from app.http.body import JSON, read_body, read_query
from app.http.errors import NotSignedIn, RoleTooLow
from app.http.sessions import SignedIn
from caseengine.agents import AgentRole

EVENT_STREAM = "text/event-stream"
DECLARED = "endpoint"
"""The attribute of a route's function that holds its declaration."""

Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
"""Text without NUL, which PostgreSQL cannot keep."""


class Scope(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    AGENT = "agent"
    SUPERVISOR = "supervisor"


class Body(BaseModel):
    """A request body or query: unknown fields are refused, so that nothing is assigned by accident."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A response body."""

    model_config = ConfigDict(from_attributes=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked: its query and body are of the declared shape, and the caller is in scope."""

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
        about: what the summary has no room for.
        media_type: of the answer.
        takes: what a body is that no shape describes: its bytes, which the function itself reads.
        refuses: codes of the problems it may answer beside the general ones.
    """

    method: str
    path: str
    scope: Scope
    summary: str
    handle: Handle
    about: str = ""
    body: type[Body] | None = None
    takes: str = ""
    query: type[Body] | None = None
    answer: type[BaseModel] | None = None
    media_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    refuses: Sequence[str] = field(default=())

    @property
    def has_answer(self) -> bool:
        return self.answer is not None or self.media_type != JSON


SignedInBy = Callable[[web.Request], Awaitable[SignedIn]]


def as_route(endpoint: Endpoint, signed_in_by: SignedInBy) -> web.RouteDef:
    """The aiohttp route: scope first, then shape, then the function. What can be read can be asked for with HEAD."""

    async def run(request: web.Request) -> web.StreamResponse:
        caller = None if endpoint.scope is Scope.PUBLIC else await signed_in_by(request)
        if endpoint.scope is Scope.SUPERVISOR and caller is not None and caller.agent.role is not AgentRole.SUPERVISOR:
            raise RoleTooLow
        query = read_query(request, endpoint.query) if endpoint.query else None
        body = await read_body(request, endpoint.body) if endpoint.body else None
        answer = await endpoint.handle(Call(request, body, query, caller))
        return answer if isinstance(answer, web.StreamResponse) else _response(answer, endpoint.status)

    setattr(run, DECLARED, endpoint)
    if endpoint.method == "GET":
        return web.get(endpoint.path, run, allow_head=endpoint.media_type != EVENT_STREAM)
    return web.route(endpoint.method, endpoint.path, run)


def _response(answer: BaseModel | None, status: HTTPStatus) -> web.Response:
    if answer is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    return web.Response(text=answer.model_dump_json(by_alias=True), status=status, content_type=JSON)
