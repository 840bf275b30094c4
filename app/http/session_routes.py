"""Signing in and out, and being there."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from app.http.endpoint import Call, Endpoint, Scope
from app.http.sessions import COOKIE, Sessions, SignedIn
from app.http.shapes import AgentsAnswer, PresenceBody, SessionAnswer, SignInBody, agent_answer
from caseengine.agents import Agents, Presence, all_agents
from storage.engine import Database


class SessionRoutes:
    """`/api/session`, `/api/presence`, `/api/agents`."""

    def __init__(self, database: Database, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._database = database
        self._sessions = sessions
        self._now = now

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/api/session",
                scope=Scope.PUBLIC,
                summary="Sign in; sets the session cookie.",
                handle=self.sign_in,
                body=SignInBody,
                answer=SessionAnswer,
                status=HTTPStatus.CREATED,
                refuses=("http.sign_in_failed", "http.too_many_tries"),
            ),
            Endpoint(
                method="GET",
                path="/api/session",
                scope=Scope.AGENT,
                summary="Who is signed in.",
                handle=self.current,
                answer=SessionAnswer,
            ),
            Endpoint(
                method="DELETE", path="/api/session", scope=Scope.AGENT, summary="Sign out.", handle=self.sign_out
            ),
            Endpoint(
                method="PUT",
                path="/api/presence",
                scope=Scope.AGENT,
                summary="Say whether you are there; again at least every two minutes while you are.",
                handle=self.be_present,
                body=PresenceBody,
            ),
            Endpoint(
                method="GET",
                path="/api/agents",
                scope=Scope.AGENT,
                summary="The agents, to assign a case to.",
                handle=self.agents,
                answer=AgentsAnswer,
            ),
        ]

    async def sign_in(self, call: Call) -> web.Response:
        body: SignInBody = call.body
        signed_in, token = await self._sessions.sign_in(body.email, body.password, source=call.request.remote or "")
        response = web.json_response(text=_session(signed_in).model_dump_json(), status=HTTPStatus.CREATED)
        self._sessions.set_cookie(response, token)
        return response

    async def current(self, call: Call) -> SessionAnswer:
        return _session(call.agent)

    async def sign_out(self, call: Call) -> web.Response:
        await self._be(call.agent, Presence.OFFLINE)
        await self._sessions.sign_out(call.agent)
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.del_cookie(COOKIE, path="/")
        return response

    async def be_present(self, call: Call) -> None:
        await self._be(call.agent, call.body.presence)

    async def agents(self, call: Call) -> AgentsAnswer:
        async with self._database.snapshot() as snapshot:
            return AgentsAnswer(agents=[agent_answer(agent) for agent in await all_agents(snapshot)])

    async def _be(self, signed_in: SignedIn, presence: Presence) -> None:
        async with self._database.unit_of_work() as work:
            Agents(work).seen(signed_in.agent.id, presence, at=self._now())


def _session(signed_in: SignedIn) -> SessionAnswer:
    return SessionAnswer(agent=agent_answer(signed_in.agent), csrf=signed_in.csrf)
