"""Signing in and out, being there, and the colleagues."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from aiohttp import web

from app.http.answer_makers import agent_answer, departments_answer
from app.http.answers import AgentsAnswer, DepartmentsAnswer, SessionAnswer
from app.http.bodies import PresenceBody, SignInBody
from app.http.endpoint import Call, Endpoint, Scope
from app.http.sessions import Sessions, SignedIn
from caseengine.agents import Agents, Presence, all_agents
from caseengine.departments import all_departments
from caseengine.model.errors import AgentNotFound
from caseengine.operations.routing import ROUTING
from storage.engine import Database


class SessionRoutes:
    """`/api/session`, `/api/presence`, `/api/agents`, `/api/departments`."""

    def __init__(self, database: Database, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._database = database
        self._sessions = sessions
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        return [*self._session(), *self._colleagues()]

    def _session(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/api/session",
                scope=Scope.PUBLIC,
                summary="Sign in; sets the session cookie.",
                about="After eight wrong tries from one place signing in is paused for that address and place.",
                handle=self.sign_in,
                body=SignInBody,
                answer=SessionAnswer,
                status=HTTPStatus.CREATED,
                refuses=("http.sign_in_failed", "http.too_many_tries", "http.sign_in_busy", "http.cross_site"),
            ),
            Endpoint(
                method="GET",
                path="/api/session",
                scope=Scope.AGENT,
                summary="Who is signed in.",
                about="Also how a page that was loaded anew gets its token back.",
                handle=self.current,
                answer=SessionAnswer,
            ),
            Endpoint(
                method="DELETE",
                path="/api/session",
                scope=Scope.AGENT,
                summary="Sign out.",
                about="The session is gone at once, its live feeds within a second.",
                handle=self.sign_out,
            ),
            Endpoint(
                method="PUT",
                path="/api/presence",
                scope=Scope.AGENT,
                summary="Say whether you are there; again at least every two minutes while you are.",
                handle=self.be_present,
                body=PresenceBody,
            ),
        ]

    def _colleagues(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/api/agents",
                scope=Scope.AGENT,
                summary="The agents, to give a case to.",
                handle=self.agents,
                answer=AgentsAnswer,
            ),
            Endpoint(
                method="DELETE",
                path="/api/agents/{id}/sessions",
                scope=Scope.SUPERVISOR,
                summary="Sign an agent out everywhere.",
                about="A lost laptop, a leaver: the sessions are gone at once, live feeds within a second.",
                handle=self.end_sessions,
                refuses=("agent.not_found",),
            ),
            Endpoint(
                method="GET",
                path="/api/departments",
                scope=Scope.AGENT,
                summary="All departments, to move a case to.",
                handle=self.departments,
                answer=DepartmentsAnswer,
            ),
        ]

    async def sign_in(self, call: Call) -> web.Response:
        body: SignInBody = call.body
        signed_in, token = await self._sessions.sign_in(body.email, body.password, place=call.request.remote or "")
        response = web.json_response(text=self._answer(signed_in).model_dump_json(), status=HTTPStatus.CREATED)
        self._sessions.set_cookie(response, token)
        return response

    async def current(self, call: Call) -> SessionAnswer:
        return self._answer(call.agent)

    async def sign_out(self, call: Call) -> web.Response:
        await self._sessions.sign_out(call.agent)
        if not await self._sessions.any_of(call.agent.agent.id):
            await self._be(call.agent.agent.id, Presence.OFFLINE)
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        self._sessions.drop_cookie(response)
        return response

    async def be_present(self, call: Call) -> None:
        await self._be(call.agent.agent.id, call.body.presence, call.body.reason)

    async def agents(self, call: Call) -> AgentsAnswer:
        at = self._now()
        async with self._database.snapshot() as snapshot:
            return AgentsAnswer(agents=[agent_answer(agent, at) for agent in await all_agents(snapshot)])

    async def departments(self, call: Call) -> DepartmentsAnswer:
        async with self._database.snapshot() as snapshot:
            return departments_answer(await all_departments(snapshot))

    async def end_sessions(self, call: Call) -> None:
        agent_id = read_id(call.path("id"))
        if agent_id is None:
            raise AgentNotFound
        async with self._database.unit_of_work() as work:
            agent = await Agents(work).get(agent_id)
        await self._be(agent.id, Presence.OFFLINE)
        await self._sessions.end_all(agent.id)

    async def _be(self, agent_id: UUID, presence: Presence, reason: str = "") -> None:
        async with self._database.unit_of_work() as work:
            Agents(work).seen(agent_id, presence, reason=reason, at=self._now())
            work.after_commit_wake(ROUTING)

    def _answer(self, signed_in: SignedIn) -> SessionAnswer:
        return SessionAnswer(agent=agent_answer(signed_in.agent, self._now()), csrf=signed_in.csrf)


def read_id(text: str) -> UUID | None:
    """An id of an address; None when it cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        return None
