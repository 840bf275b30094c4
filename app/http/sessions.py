"""Who is signed in: a session on our side, a cookie no script can read, and a token against other sites."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from aiohttp import web

from app.http.body import SAFE_METHODS
from app.http.errors import CrossSite, NotSignedIn, SignInFailed
from app.http.passwords import Passwords, hash_password
from app.http.tries import Tries
from app.tables import agent_sessions
from caseengine.agents import Agent, Agents, all_agents
from caseengine.model.errors import AgentNotFound
from storage.engine import Database
from storage.transaction import Snapshot, insertion

__all__ = ["COOKIE", "CSRF_HEADER", "SESSIONS_ENDED", "Sessions", "SignedIn", "hash_password"]

COOKIE = "nightdesk_session"
CSRF_HEADER = "X-CSRF-Token"
SESSIONS_ENDED = "session"
"""The wake-up topic of those who have to notice that a session ended."""
TOKEN_BYTES = 32
IDLE_MAX = timedelta(hours=8)
AGE_MAX = timedelta(days=7)
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An agent with a session."""

    agent: Agent
    csrf: str
    token_hash: bytes


class Sessions:
    """The sessions of agents. The table keeps the SHA-256 of a token; the token itself is in the cookie alone."""

    def __init__(self, database: Database, now: Callable[[], datetime], *, secure: bool) -> None:
        self._database = database
        self._now = now
        self._secure = secure
        self._tries = Tries()
        self._passwords = Passwords()

    async def sign_in(self, email: str, password: str, *, place: str) -> tuple[SignedIn, str]:
        """A new session and its token.

        Args:
            place: the network address that asks.

        Raises:
            SignInFailed: wrong address or password; the same words and the same work for either.
            TooManyTries, SignInBusy: the password was not looked at.
        """
        at = self._now()
        self._tries.count(email, place, at)
        agent = await self._agent_by_email(email)
        if not await self._passwords.fits(agent.password_hash if agent else None, password) or agent is None:
            raise SignInFailed
        self._tries.succeeded(email, place)
        return await self._begin(agent, at)

    async def of(self, request: web.Request) -> SignedIn:
        """The agent behind a request; one that changes something must come from our own page.

        Raises:
            NotSignedIn: no session, or it has ended.
            CrossSite: the token of the page is missing or wrong.
        """
        token = request.cookies.get(COOKIE, "")
        found = await self._find(_hash(token))
        if request.method not in SAFE_METHODS and not hmac.compare_digest(
            request.headers.get(CSRF_HEADER, "").encode("utf-8", "surrogateescape"), found.csrf.encode()
        ):
            raise CrossSite
        return found

    async def sign_out(self, signed_in: SignedIn) -> None:
        """End the session; open feeds of it end with it."""
        await self._end(agent_sessions.c.token_hash == signed_in.token_hash)

    async def any_of(self, agent_id: UUID) -> bool:
        """Whether the agent is still signed in somewhere."""
        at = self._now()
        async with self._database.snapshot() as snapshot:
            rows = await snapshot.rows(sa.select(agent_sessions).where(agent_sessions.c.agent_id == agent_id))
        return any(_goes_on(row, at) for row in rows)

    async def end_all(self, agent_id: UUID) -> None:
        """End every session of an agent."""
        await self._end(agent_sessions.c.agent_id == agent_id)

    async def still_signed_in(self, snapshot: Snapshot, hashes: Collection[bytes]) -> Mapping[bytes, Agent]:
        """Which of these sessions go on, and what their agents may see by now; it does not prolong them."""
        rows = await snapshot.rows(sa.select(agent_sessions).where(agent_sessions.c.token_hash.in_(hashes)))
        at = self._now()
        by_id = {agent.id: agent for agent in await all_agents(snapshot)}
        return {row.token_hash: by_id[row.agent_id] for row in rows if _goes_on(row, at) and row.agent_id in by_id}

    def set_cookie(self, response: web.Response, token: str) -> None:
        age_s = int(AGE_MAX.total_seconds())
        response.set_cookie(
            COOKIE, token, httponly=True, secure=self._secure, samesite="Strict", path="/", max_age=age_s
        )

    def drop_cookie(self, response: web.Response) -> None:
        response.del_cookie(COOKIE, httponly=True, secure=self._secure, samesite="Strict", path="/")

    async def _begin(self, agent: Agent, at: datetime) -> tuple[SignedIn, str]:
        token, csrf = secrets.token_urlsafe(TOKEN_BYTES), secrets.token_urlsafe(TOKEN_BYTES)
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(agent_sessions).where(agent_sessions.c.seen_at < at - IDLE_MAX))
            work.write(
                insertion(
                    agent_sessions, token_hash=_hash(token), agent_id=agent.id, csrf=csrf, signed_in_at=at, seen_at=at
                )
            )
        return SignedIn(agent, csrf, _hash(token)), token

    async def _find(self, token_hash: bytes) -> SignedIn:
        at = self._now()
        async with self._database.unit_of_work() as work:
            row = await work.first(sa.select(agent_sessions).where(agent_sessions.c.token_hash == token_hash))
            if row is None or not _goes_on(row, at):
                raise NotSignedIn
            if at - row.seen_at > SEEN_EVERY:
                work.write(
                    sa.update(agent_sessions).where(agent_sessions.c.token_hash == token_hash).values(seen_at=at)
                )
            return SignedIn(await Agents(work).get(row.agent_id), row.csrf, token_hash)

    async def _end(self, which: sa.ColumnElement[bool]) -> None:
        async with self._database.unit_of_work() as work:
            work.write(sa.delete(agent_sessions).where(which))
            work.after_commit_wake(SESSIONS_ENDED)

    async def _agent_by_email(self, email: str) -> Agent | None:
        async with self._database.unit_of_work() as work:
            try:
                return await Agents(work).by_email(email)
            except AgentNotFound:
                return None


def _goes_on(row: sa.Row[Any], at: datetime) -> bool:
    seen_at: datetime = row.seen_at
    signed_in_at: datetime = row.signed_in_at
    return at - seen_at <= IDLE_MAX and at - signed_in_at <= AGE_MAX


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
